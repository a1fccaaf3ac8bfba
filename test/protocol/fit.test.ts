import assert from 'node:assert/strict';
import {
  fieldWarnings,
  fit,
  profileFor,
  setup,
  UNKNOWN_PROFILE,
  type FitOptions,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../../src/protocol';
import { deepFreeze } from './schema-values';

const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const FLASH = 'gemini-3.1-flash-live-preview';
const LIVE = 'gemini-3.8-live';
const THINKING = 'gemini-3.8-live-extended-thinking';
const TRANSLATE = 'gemini-3.5-live-translate-preview';
const TRANSCRIBE = 'gemini-3.5-transcribe-live';

/** A configuration fitted to a model: the setup without its name, and the paths of the warnings. */
function fitted(
  model: string,
  config: LiveConnectConfig,
  options: FitOptions = {},
): { rest: Omit<LiveClientSetup, 'model'>; paths: string[]; messages: string[] } {
  const frozen = deepFreeze(structuredClone(config));
  const message = deepFreeze(setup({ model, config: frozen, backend: options.backend, lenient: true }).setup);
  const { setup: out, warnings } = fit(profileFor(model), message, options);
  const { model: _model, ...rest } = out;
  return {
    rest,
    paths: warnings.map(({ path }) => path),
    messages: warnings.map(({ message: text }) => text),
  };
}

describe('protocol: fit', () => {
  it('changes nothing that a model accepts', () => {
    const config: LiveConnectConfig = {
      responseModalities: ['AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } }, languageCode: 'en-US' },
      systemInstruction: 'Be brief.',
      tools: [{ functionDeclarations: [{ name: 'f' }] }, { googleSearch: {} }],
      sessionResumption: {},
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      contextWindowCompression: { slidingWindow: {} },
      realtimeInputConfig: { turnCoverage: 'TURN_INCLUDES_ALL_INPUT' },
      historyConfig: { initialHistoryInClientContent: true },
      mediaResolution: 'MEDIA_RESOLUTION_LOW',
    };
    for (const model of [NATIVE, FLASH, LIVE, 'someone-elses-model']) {
      const { rest, paths } = fitted(model, config);
      assert.deepEqual(paths, [], model);
      const { model: _model, ...plain } = setup({ model, config }).setup;
      assert.deepEqual(rest, plain, model);
    }
  });

  it('proactive audio: v1alpha on 2.5, always on in 3.8, unknown to 3.1', () => {
    const on = { proactivity: { proactiveAudio: true } };
    const kept = fitted(NATIVE, on, { apiVersion: 'v1alpha' });
    assert.deepEqual([kept.rest, kept.paths], [on, []]);
    assert.deepEqual(fitted(NATIVE, on, { backend: 'vertex', apiVersion: 'v1beta1' }).rest.proactivity, {
      proactiveAudio: true,
    });
    for (const [model, config, words] of [
      [NATIVE, on, /v1alpha/],
      [FLASH, on, /does not have it/],
      [LIVE, on, /always on/],
      [LIVE, { proactivity: { proactiveAudio: false } }, /cannot be turned off/],
    ] as const) {
      const { rest, paths, messages } = fitted(model, config, { apiVersion: 'v1beta' });
      assert.deepEqual([rest, paths], [{}, ['proactivity']], model);
      assert.match(messages[0]!, words);
    }
  });

  it('affective dialog: v1alpha on 2.5, nowhere else', () => {
    const config = { enableAffectiveDialog: true };
    assert.deepEqual(fitted(NATIVE, config, { apiVersion: 'v1alpha' }).rest, { generationConfig: config });
    for (const [model, apiVersion] of [
      [NATIVE, 'v1beta'],
      [FLASH, 'v1alpha'],
      [LIVE, 'v1alpha'],
    ] as const) {
      const { rest, paths } = fitted(model, config, { apiVersion });
      assert.deepEqual([rest, paths], [{}, ['generationConfig.enableAffectiveDialog']], model);
    }
  });

  it('thinking: a budget, a level, nothing, or a level that is required', () => {
    const budget = { thinkingConfig: { thinkingBudget: 512, includeThoughts: true } };
    const level = { thinkingConfig: { thinkingLevel: 'LOW' } };
    assert.deepEqual(fitted(NATIVE, budget).rest.generationConfig, budget);
    assert.deepEqual(fitted(FLASH, level).rest.generationConfig, level);
    assert.deepEqual(fitted(NATIVE, level).rest, {});
    assert.deepEqual(fitted(FLASH, budget).rest.generationConfig, {
      thinkingConfig: { includeThoughts: true },
    });
    assert.deepEqual(fitted(LIVE, budget).rest, {});
    assert.deepEqual(fitted(LIVE, level).paths, ['generationConfig.thinkingConfig']);
    assert.deepEqual(fitted(NATIVE, { thinkingConfig: { thinkingBudget: 99_999 } }).rest, {});
    // Extended thinking: none, a wrong one, and one that is a level of others.
    for (const config of [{}, budget, { thinkingConfig: { thinkingLevel: 'MINIMAL' } }]) {
      const { rest, paths } = fitted(THINKING, config);
      assert.equal(rest.generationConfig?.thinkingConfig?.thinkingLevel, 'LOW');
      assert.ok(paths.includes('generationConfig.thinkingConfig.thinkingLevel'));
    }
    assert.deepEqual(fitted(THINKING, { thinkingConfig: { thinkingLevel: 'HIGH' } }).paths, []);
  });

  it('functions: what runs beside the conversation, per model', () => {
    const declare = (behavior?: string): LiveConnectConfig => ({
      tools: [{ functionDeclarations: [{ name: 'f', ...(behavior && { behavior }) }] }],
    });
    const behaviorOf = (model: string, behavior: string): unknown =>
      fitted(model, declare(behavior)).rest.tools?.[0]?.functionDeclarations?.[0]?.behavior;
    assert.equal(behaviorOf(NATIVE, 'NON_BLOCKING'), 'NON_BLOCKING');
    assert.equal(behaviorOf(FLASH, 'NON_BLOCKING'), undefined);
    assert.equal(behaviorOf(FLASH, 'BLOCKING'), undefined);
    assert.equal(behaviorOf(LIVE, 'BLOCKING'), 'BLOCKING');
    assert.equal(behaviorOf(THINKING, 'BLOCKING'), undefined);
    const path = 'tools[0].functionDeclarations[0].behavior';
    assert.deepEqual(fitted(FLASH, declare('NON_BLOCKING')).paths, [path]);
    assert.ok(fitted(THINKING, declare('BLOCKING')).paths.includes(path));
    // What a model does anyway needs no warning.
    assert.deepEqual(fitted(FLASH, declare('BLOCKING')).paths, []);
    assert.deepEqual(fitted(FLASH, declare()).paths, []);
  });

  it('tools: what a model does not have is left out, and an emptied list too', () => {
    const config = { tools: [{ codeExecution: {}, googleSearch: {} }, { urlContext: {} }] };
    const { rest, paths } = fitted(LIVE, config);
    assert.deepEqual(rest.tools, [{ googleSearch: {} }]);
    assert.deepEqual(paths, ['tools[0].codeExecution', 'tools[1].urlContext']);
    assert.deepEqual(fitted('gemini-live-2.5-flash-preview', config).paths, []);
    assert.equal(fitted(LIVE, { tools: [{ codeExecution: {} }] }).rest.tools, undefined);
    assert.deepEqual(fitted(LIVE, { tools: [] }).rest.tools, []);
  });

  it('text as answer of a speaking model becomes a transcription', () => {
    const { rest, paths, messages } = fitted(FLASH, { responseModalities: ['TEXT'] });
    assert.deepEqual(rest, {
      generationConfig: { responseModalities: ['AUDIO'] },
      outputAudioTranscription: {},
    });
    assert.deepEqual(paths, ['generationConfig.responseModalities']);
    assert.match(messages[0]!, /transcription/);
    assert.deepEqual(fitted('gemini-2.0-flash-live-001', { responseModalities: ['TEXT'] }).paths, []);
    const both = fitted('gemini-2.0-flash-live-001', { responseModalities: ['TEXT', 'AUDIO'] });
    assert.deepEqual(both.rest.generationConfig, { responseModalities: ['TEXT'] });
  });

  it('voices of other models are left out, unknown ones are pointed at', () => {
    const voice = (voiceName: string): LiveConnectConfig => ({
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } },
    });
    assert.deepEqual(fitted('gemini-live-2.5-flash-preview', voice('Sulafat')).rest, {});
    const unknown = fitted(LIVE, voice('Alloy'));
    assert.deepEqual(unknown.rest.generationConfig, voice('Alloy'));
    assert.equal(unknown.paths.length, 1);
    assert.equal(fitted(LIVE, { speechConfig: { languageCode: 'tlh-XX' } }).paths.length, 1);
  });

  it('translation and transcription take what they take', () => {
    const config: LiveConnectConfig = {
      systemInstruction: 'Be kind.',
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      translationConfig: { targetLanguageCode: 'pl' },
      historyConfig: { initialHistoryInClientContent: true },
      mediaResolution: 'MEDIA_RESOLUTION_LOW',
      responseModalities: ['AUDIO'],
    };
    const translate = fitted(TRANSLATE, config);
    assert.deepEqual(translate.rest, {
      generationConfig: { responseModalities: ['AUDIO'], translationConfig: { targetLanguageCode: 'pl' } },
    });
    assert.deepEqual(translate.paths.sort(), [
      'generationConfig.mediaResolution',
      'historyConfig',
      'systemInstruction',
      'tools[0].functionDeclarations',
    ]);
    assert.deepEqual(fitted(TRANSCRIBE, {}).rest, { generationConfig: { responseModalities: ['TEXT'] } });
    assert.deepEqual(fitted(TRANSCRIBE, { speechConfig: { languageCode: 'en-US' } }).paths, [
      'generationConfig.speechConfig',
    ]);
    assert.deepEqual(fitted(FLASH, { translationConfig: { targetLanguageCode: 'pl' } }).rest, {});
  });

  it('an empty handle is no handle: {handle: null} is refused', () => {
    const profile = profileFor(FLASH);
    for (const handle of [null, ''] as unknown as string[]) {
      assert.deepEqual(fit(profile, { sessionResumption: { handle } }).setup, { sessionResumption: {} });
    }
    assert.deepEqual(fit(profile, { sessionResumption: { handle: 'h' } }).setup.sessionResumption, {
      handle: 'h',
    });
  });

  it('fields of the other service', () => {
    const config: LiveConnectConfig = {
      sessionResumption: { transparent: true },
      explicitVadSignal: true,
      labels: { team: 'a' },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', method: 'SEVERITY', threshold: 'OFF' }],
      tools: [{ retrieval: {} }],
    };
    const gemini = fitted(NATIVE, config);
    assert.deepEqual(gemini.rest, {
      sessionResumption: {},
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    });
    assert.deepEqual(gemini.paths.sort(), [
      'explicitVadSignal',
      'labels',
      'safetySettings[0].method',
      'sessionResumption.transparent',
      'tools[0].retrieval',
    ]);
    assert.deepEqual(fitted(NATIVE, config, { backend: 'vertex' }).paths, []);
    // A model that one of the services does not have is let through, and said.
    assert.deepEqual(fitted(FLASH, {}, { backend: 'vertex' }).paths, ['model']);
  });

  it('what the caller wants as it is wins, unchanged and without a word', () => {
    const keep = deepFreeze({
      generationConfig: { thinkingConfig: { thinkingBudget: 7 }, responseModalities: ['TEXT'] },
      proactivity: { proactiveAudio: false },
      sessionResumption: { transparent: true, handle: 'raw' },
      tools: [{ codeExecution: {} }],
      labels: { a: 'b' },
    });
    const config: LiveConnectConfig = {
      thinkingConfig: { thinkingLevel: 'LOW' },
      temperature: 0.5,
      responseModalities: ['AUDIO'],
      tools: [{ functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING' }] }],
    };
    const { rest, paths } = fitted(FLASH, config, { keep });
    assert.deepEqual(rest, {
      ...keep,
      generationConfig: {
        responseModalities: ['TEXT'],
        temperature: 0.5,
        thinkingConfig: { thinkingLevel: 'LOW', thinkingBudget: 7 },
      },
    });
    assert.deepEqual(paths, []);
    assert.deepEqual(
      fitted(THINKING, {}, { keep: { generationConfig: { thinkingConfig: { thinkingLevel: 'MINIMAL' } } } })
        .paths,
      [],
    );
  });

  it('warns a dialog with the names of its fields, and never throws', () => {
    const paths = (model: string, config: LiveConnectConfig): string[] =>
      fieldWarnings(profileFor(model), config).map(({ path }) => path);
    assert.deepEqual(paths(LIVE, { thinkingConfig: { thinkingBudget: 1 } }), ['thinkingConfig']);
    assert.deepEqual(paths(LIVE, { generationConfig: { thinkingConfig: { thinkingBudget: 1 } } }), [
      'generationConfig.thinkingConfig',
    ]);
    assert.deepEqual(paths(NATIVE, { proactivity: { proactiveAudio: true } }), []);
    assert.deepEqual(paths(LIVE, { speechConfig: 'Kore' as never }), ['']);
    assert.deepEqual(paths(LIVE, { tools: [{ tool: async () => ({}), callTool: () => undefined }] }), []);
    assert.deepEqual(fieldWarnings(UNKNOWN_PROFILE, null), []);
    assert.deepEqual(fieldWarnings(profileFor(NATIVE), { labels: { a: 'b' } }, { backend: 'vertex' }), []);
  });
});

import assert from 'node:assert/strict';
import {
  apiVersionFor,
  PROFILES,
  priceOf,
  profileFor,
  schemas,
  UNKNOWN_PROFILE,
  type ModelProfile,
  type UsageMetadata,
} from '../../src/protocol';

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} instead of ${expected}`);

describe('protocol: profiles of models', () => {
  it('finds the family of every model that is documented, on both services', () => {
    const families: Array<[string, string]> = [
      ['gemini-2.5-flash-native-audio-preview-12-2025', 'Gemini 2.5 native audio'],
      ['gemini-2.5-flash-preview-native-audio-dialog', 'Gemini 2.5 native audio'],
      [
        'publishers/google/models/gemini-live-2.5-flash-preview-native-audio-09-2025',
        'Gemini 2.5 native audio',
      ],
      ['gemini-live-2.5-flash-native-audio', 'Gemini 2.5 native audio'],
      ['gemini-live-2.5-flash-preview', 'Gemini Live half-cascade'],
      ['models/gemini-2.0-flash-live-001', 'Gemini Live half-cascade'],
      ['models/gemini-3.1-flash-live-preview', 'Gemini 3.1 Flash Live'],
      ['projects/p/locations/l/publishers/google/models/gemini-3.8-live', 'Gemini 3.8 Live'],
      ['gemini-3.8-live-extended-thinking', 'Gemini 3.8 Live extended thinking'],
      ['gemini-3.5-live-translate-preview', 'Gemini 3.5 Live Translate'],
      ['gemini-3.5-transcribe-live', 'Gemini 3.5 Transcribe Live'],
      ['gemini-9-live', 'unknown model'],
      ['', 'unknown model'],
    ];
    for (const [model, name] of families) assert.equal(profileFor(model).name, name, model);
  });

  it('agrees with the model matrix', () => {
    const of = (pick: (profile: ModelProfile) => unknown): unknown[] =>
      [
        'gemini-2.5-flash-native-audio',
        'gemini-3.1-flash-live-preview',
        'gemini-3.8-live',
        'gemini-3.8-live-extended-thinking',
      ].map((model) => pick(profileFor(model)));
    assert.deepEqual(
      of(({ thinking }) => thinking.style),
      ['budget', 'level', 'none', 'level'],
    );
    assert.deepEqual(
      of(({ thinking }) => thinking.required ?? false),
      [false, false, false, true],
    );
    assert.deepEqual(
      of(({ tools }) => tools.default),
      ['BLOCKING', 'BLOCKING', 'NON_BLOCKING', 'NON_BLOCKING'],
    );
    assert.deepEqual(
      of(({ scheduling }) => scheduling),
      [true, false, true, false],
    );
    assert.deepEqual(
      of(({ proactive }) => proactive),
      ['v1alpha', 'no', 'always', 'always'],
    );
    assert.deepEqual(
      of(({ affective }) => affective),
      ['v1alpha', 'no', 'no', 'no'],
    );
    assert.deepEqual(
      of(({ contentMidSession }) => contentMidSession),
      [true, false, true, true],
    );
    assert.deepEqual(
      of(({ contextUpdate }) => contextUpdate),
      [false, false, true, true],
    );
    assert.deepEqual(
      of(({ turnCoverage }) => turnCoverage.default),
      [
        'TURN_INCLUDES_ONLY_ACTIVITY',
        'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
        'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
        'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
      ],
    );
  });

  it('is consistent with itself and with the schema', () => {
    const tool = schemas.client.defs['Tool']!;
    const coverage = enumOf('RealtimeInputConfig', 'turnCoverage');
    const resolutions = enumOf('GenerationConfig', 'mediaResolution');
    const levels = enumOf('ThinkingConfig', 'thinkingLevel');
    for (const row of [...PROFILES, UNKNOWN_PROFILE]) {
      const { thinking, tools, turnCoverage, prices } = row;
      for (const name of tools.builtIn) assert.ok(name in tool, `${row.name}: ${name}`);
      for (const value of turnCoverage.values) assert.ok(coverage.includes(value), value);
      if (row !== UNKNOWN_PROFILE) assert.ok(turnCoverage.values.includes(turnCoverage.default), row.name);
      for (const value of row.mediaResolution) assert.ok(resolutions.includes(value), value);
      for (const level of thinking.levels ?? []) assert.ok(levels.includes(level), level);
      if (thinking.required) assert.ok(thinking.levels?.includes(thinking.default!), row.name);
      if (tools.behaviors.length > 0) assert.ok(tools.behaviors.includes(tools.default), row.name);
      assert.ok(row.modalities.length > 0 && row.backends.length > 0 && row.inputs.length > 0, row.name);
      assert.equal(row.maxFramesPerSecond > 0, row.inputs.includes('video'), row.name);
      for (const price of Object.values(prices)) assert.ok(price === true || price > 0, row.name);
      // No prefix of one row hides behind an equal one of another.
      for (const prefix of row.prefixes) assert.equal(profileFor(prefix), row, prefix);
    }
  });

  it('asks for v1alpha where a model has the field only there', () => {
    const affective = { enableAffectiveDialog: true };
    assert.equal(apiVersionFor('gemini-2.5-flash-native-audio', affective), 'v1alpha');
    assert.equal(apiVersionFor('gemini-2.5-flash-native-audio', { generationConfig: affective }), 'v1alpha');
    assert.equal(apiVersionFor('gemini-3.8-live', affective), 'v1beta');
    assert.equal(apiVersionFor('gemini-3.8-live', { proactivity: { proactiveAudio: true } }), 'v1beta');
    assert.equal(apiVersionFor('gemini-3.8-live', {}, true), 'v1alpha');
  });
});

describe('protocol: prices', () => {
  const profile = profileFor('gemini-3.8-live');

  it('are counted by modality', () => {
    const { usd, parts, estimated } = priceOf(profile, {
      promptTokenCount: 1_600_000,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 1_000_000 },
        { modality: 'AUDIO', tokenCount: 500_000 },
        { modality: 'VIDEO', tokenCount: 60_000 },
        { modality: 'IMAGE', tokenCount: 40_000 },
      ],
      responseTokenCount: 300_000,
      responseTokensDetails: [
        { modality: 'AUDIO', tokenCount: 200_000 },
        { modality: 'TEXT', tokenCount: 100_000 },
      ],
      thoughtsTokenCount: 100_000,
    });
    near(parts.textIn, 0.75);
    near(parts.audioIn, 1.5);
    near(parts.videoIn, 0.1);
    near(parts.textOut, 0.9);
    near(parts.audioOut, 2.4);
    near(usd, 5.65);
    assert.equal(estimated, false);
  });

  it('count what no detail names: as text beside details, as sound where there are none', () => {
    // A receipt of gemini-3.8-live (discuss.ai.google.dev/t/188765): 25 tokens of the prompt are in no detail.
    const receipt: UsageMetadata = {
      promptTokenCount: 522,
      responseTokenCount: 42,
      totalTokenCount: 564,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 332 },
        { modality: 'AUDIO', tokenCount: 165 },
      ],
      responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 42 }],
      thoughtsTokenCount: 136,
    };
    near(priceOf(profile, receipt).usd, (357 * 0.75 + 165 * 3 + 136 * 4.5 + 42 * 12) / 1e6);
    near(priceOf(profile, { promptTokenCount: 100, responseTokenCount: 10 }).usd, (100 * 3 + 10 * 12) / 1e6);
  });

  it('survive what a network may send', () => {
    const hostile = {
      promptTokenCount: -5,
      responseTokenCount: Number.NaN,
      thoughtsTokenCount: Number.POSITIVE_INFINITY,
      promptTokensDetails: [{ modality: 'SMELL', tokenCount: 4 }, {}],
      responseTokensDetails: [{ modality: 'AUDIO', tokenCount: -1 }],
    };
    near(priceOf(profile, hostile).usd, (4 * 0.75) / 1e6);
    assert.equal(priceOf(profile, {}).usd, 0);
  });

  it('of an unknown model are the dearest known, and say that they are a guess', () => {
    const usage = { promptTokenCount: 1000, responseTokenCount: 1000 };
    const { usd, estimated } = priceOf(profileFor('gemini-9'), usage);
    assert.equal(estimated, true);
    for (const row of PROFILES) assert.ok(priceOf(row, usage).usd <= usd, row.name);
  });
});

function enumOf(type: string, field: string): string[] {
  const def = schemas.client.defs[type]![field]!.type as { enum: string[] | string };
  return Array.isArray(def.enum) ? def.enum : [];
}

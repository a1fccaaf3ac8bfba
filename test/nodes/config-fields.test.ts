import assert from 'node:assert/strict';
import { valuesOf } from '../../nodes/config/credentials';
import { FIELDS, type FieldName } from '../../nodes/config/fields';
import { sessionSettings } from '../../nodes/config/settings';
import { LiveSession } from '../../src/live';
import { scriptedEars, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { events, helper, run, sessionFlow, until } from './support';

type Json = Record<string, unknown>;

const NATIVE = 'gemini-2.5-flash-native-audio-latest';
const HALF = 'gemini-live-2.5-flash';
const TRANSLATE = 'gemini-3.5-live-translate-preview';
const detection = (value: Json): Json => ({ realtimeInputConfig: { automaticActivityDetection: value } });
const generation = (value: Json): Json => ({ generationConfig: value });
const safety = (category: string, threshold: string): Json => ({
  safetySettings: [{ category: `HARM_CATEGORY_${category}`, threshold }],
});

/** What is filled in in the dialog, and what of it stands in the setup message. */
const ROWS: ReadonlyArray<[fields: Partial<Record<FieldName, unknown>>, wire: Json]> = [
  [{ model: NATIVE }, { model: `models/${NATIVE}` }],
  [{ instructions: 'Be brief.' }, { systemInstruction: { parts: [{ text: 'Be brief.' }], role: 'user' } }],
  [
    { voice: 'Kore' },
    generation({ speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } } }),
  ],
  [{ language: 'de-DE' }, generation({ speechConfig: { languageCode: 'de-DE' } })],
  [{}, generation({ responseModalities: ['AUDIO'] })],
  [{ modality: 'TEXT', model: 'gemini-2.0-flash-live-001' }, generation({ responseModalities: ['TEXT'] })],
  [{ temperature: '0.5' }, generation({ temperature: 0.5 })],
  [{ topP: 0.9 }, generation({ topP: 0.9 })],
  [{ topK: '40' }, generation({ topK: 40 })],
  [{ maxOutputTokens: '500' }, generation({ maxOutputTokens: 500 })],
  [{ seed: '-7' }, generation({ seed: -7 })],
  [
    { translateTo: 'de-DE', model: TRANSLATE },
    generation({ translationConfig: { targetLanguageCode: 'de-DE' } }),
  ],
  [{ thinkingLevel: 'HIGH' }, generation({ thinkingConfig: { thinkingLevel: 'HIGH' } })],
  [{ thinkingBudget: '0', model: NATIVE }, generation({ thinkingConfig: { thinkingBudget: 0 } })],
  [{ includeThoughts: true, model: NATIVE }, generation({ thinkingConfig: { includeThoughts: true } })],
  [{ affective: true, model: NATIVE }, generation({ enableAffectiveDialog: true })],
  [{ proactive: true, model: NATIVE }, { proactivity: { proactiveAudio: true } }],
  [{ googleSearch: true }, { tools: [{ googleSearch: {} }] }],
  [
    { codeExecution: true, urlContext: true, model: 'gemini-2.0-flash-live-001' },
    { tools: [{ codeExecution: {} }, { urlContext: {} }] },
  ],
  [{ safetyHarassment: 'BLOCK_NONE' }, safety('HARASSMENT', 'BLOCK_NONE')],
  [{ safetyHate: 'OFF' }, safety('HATE_SPEECH', 'OFF')],
  [{ safetySexual: 'BLOCK_ONLY_HIGH' }, safety('SEXUALLY_EXPLICIT', 'BLOCK_ONLY_HIGH')],
  [{ safetyDangerous: 'BLOCK_LOW_AND_ABOVE' }, safety('DANGEROUS_CONTENT', 'BLOCK_LOW_AND_ABOVE')],
  [{ inputTranscription: true }, { inputAudioTranscription: {} }],
  [{ inputLanguages: 'en-US, de' }, { inputAudioTranscription: { languageCodes: ['en-US', 'de'] } }],
  [{ outputTranscription: true }, { outputAudioTranscription: {} }],
  [{ outputLanguages: 'fr-FR' }, { outputAudioTranscription: { languageCodes: ['fr-FR'] } }],
  [{ detection: 'manual' }, detection({ disabled: true })],
  [
    { startSensitivity: 'START_SENSITIVITY_LOW' },
    detection({ startOfSpeechSensitivity: 'START_SENSITIVITY_LOW' }),
  ],
  [{ endSensitivity: 'END_SENSITIVITY_HIGH' }, detection({ endOfSpeechSensitivity: 'END_SENSITIVITY_HIGH' })],
  [{ prefixPaddingMs: '0' }, detection({ prefixPaddingMs: 0 })],
  [{ silenceMs: '800' }, detection({ silenceDurationMs: 800 })],
  [{ activityHandling: 'NO_INTERRUPTION' }, { realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } }],
  [
    { turnCoverage: 'TURN_INCLUDES_ALL_INPUT' },
    { realtimeInputConfig: { turnCoverage: 'TURN_INCLUDES_ALL_INPUT' } },
  ],
  [{ mediaResolution: 'MEDIA_RESOLUTION_HIGH' }, generation({ mediaResolution: 'MEDIA_RESOLUTION_HIGH' })],
  [{ resumption: true }, { sessionResumption: {} }],
  [{ compression: true }, { contextWindowCompression: { slidingWindow: {} } }],
  [
    { compression: true, triggerTokens: '20000', targetTokens: '8000' },
    { contextWindowCompression: { triggerTokens: '20000', slidingWindow: { targetTokens: '8000' } } },
  ],
  // Hidden fields are not sent, and the raw JSON wins over everything, the model's profile included.
  [{ raw: '{"topP": 0.3}', topP: '0.9' }, generation({ topP: 0.3 })],
  [{ raw: '{"tools": [{"codeExecution": {}}]}' }, { tools: [{ codeExecution: {} }] }],
  [
    { raw: '{"generationConfig": {"stopSequences": ["END"]}}', temperature: '1' },
    generation({ stopSequences: ['END'], temperature: 1 }),
  ],
];

/** What must not be there. */
const ABSENT: ReadonlyArray<[fields: Partial<Record<FieldName, unknown>>, path: string]> = [
  [{ inputTranscription: false, inputLanguages: 'de' }, 'inputAudioTranscription'],
  [{ outputTranscription: false }, 'outputAudioTranscription'],
  [{ resumption: false }, 'sessionResumption'],
  [{}, 'contextWindowCompression'],
  [{ thinkingBudget: '100' }, 'generationConfig.thinkingConfig'],
  [{ thinkingLevel: 'LOW', model: NATIVE }, 'generationConfig.thinkingConfig'],
  [{ proactive: true }, 'proactivity'],
  [
    { detection: 'manual', silenceMs: '100' },
    'realtimeInputConfig.automaticActivityDetection.silenceDurationMs',
  ],
  [{ raw: '{"inputAudioTranscription": null}' }, 'inputAudioTranscription'],
  [{ codeExecution: true }, 'tools'],
  [{ explicitVad: true }, 'explicitVadSignal'],
];

/** Fields that are no part of the setup message; each has tests elsewhere, or below. */
const ELSEWHERE: FieldName[] = [
  ...([
    'endpoint',
    'url',
    'tokenFrom',
    'token',
    'apiKey',
    'tokenUses',
    'tokenMinutes',
    'tokenStart',
  ] as const),
  ...(['tokenLock', 'project', 'location', 'serviceAccount', 'scenario', 'seedHistory', 'replay'] as const),
  ...(['reconnect', 'attempts', 'firstDelay', 'maxDelay', 'rotateMinutes', 'watchEmpty', 'nudge'] as const),
  ...(['watchSilent', 'watchTool', 'watchServer', 'turnsPerMinute', 'startsPerMinute'] as const),
  ...([
    'concurrentSessions',
    'costConversation',
    'costDay',
    'costWarn',
    'apiVersion',
    'setupTimeout',
  ] as const),
  ...(['headers', 'proxyMode', 'proxyUrl', 'proxyUser', 'proxyPassword', 'ca'] as const),
];

/** Fails unless everything of the first is in the second. */
function contains(expected: unknown, actual: unknown): void {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return assert.deepEqual(actual, expected);
  }
  if (Object.keys(expected).length === 0) return assert.deepEqual(actual, {});
  for (const [name, value] of Object.entries(expected)) contains(value, (actual as Json | undefined)?.[name]);
}

describe('fields of the config node', () => {
  let server: LocalLiveServer;

  before(async () => {
    server = await startServer({ ears: scriptedEars([]), voice: toneVoice(), keepJournal: true, clock: 20 });
  });
  afterEach(() => helper.unload());
  after(() => server.close());

  /** Connects with these fields; a service as strict as the real one must be content. @returns the setup message */
  async function setupOf(fields: object): Promise<Json> {
    const seen = server.journal.length;
    const flow = await run(sessionFlow(server.url, {}, { reconnect: false, ...fields }));
    flow.send('session', { action: 'connect' });
    await until('ready', () =>
      events(flow, 'events', 'state').some(({ payload }) => (payload as { to: string }).to === 'ready'),
    );
    assert.deepEqual(flow.errors, []);
    const first = server.journal.slice(seen).find(({ kind }) => kind === 'received');
    return (first as { message: { setup: Json } } | undefined)?.message.setup ?? {};
  }

  for (const [fields, wire] of ROWS) {
    it(`${JSON.stringify(fields)} → ${JSON.stringify(wire)}`, async () =>
      contains(wire, await setupOf(fields)));
  }

  for (const [fields, path] of ABSENT) {
    it(`${JSON.stringify(fields)} → no ${path}`, async () => {
      const value = path
        .split('.')
        .reduce<unknown>((object, step) => (object as Json | undefined)?.[step], await setupOf(fields));
      assert.equal(value, undefined);
    });
  }

  it('are all of them here, or known to be elsewhere', () => {
    const here = new Set(ROWS.flatMap(([fields]) => Object.keys(fields)));
    const missing = Object.keys(FIELDS).filter(
      (name) => !here.has(name) && !ELSEWHERE.includes(name as FieldName) && name !== 'explicitVad',
    );
    assert.deepEqual(missing, []);
  });

  it('exist on Vertex AI only where it alone has them', async () => {
    const values = valuesOf({ endpoint: 'vertex', project: 'p', model: HALF, explicitVad: true }, {});
    const seen = server.journal.length;
    const session = new LiveSession({
      ...sessionSettings(values, [], 'vertex'),
      endpoint: { backend: 'vertex', baseUrl: server.url, token: 'ya29.x', project: 'p', location: 'l' },
    });
    await session.connect();
    await session.close();
    const first = server.journal.slice(seen).find(({ kind }) => kind === 'received');
    const { setup } = (first as unknown as { message: { setup: Json } }).message;
    assert.equal(setup.explicitVadSignal, true);
    assert.equal(setup.model, `projects/p/locations/l/publishers/google/models/${HALF}`);
    assert.deepEqual(setup.sessionResumption, { transparent: true });
  });

  it('decide how the session behaves', () => {
    const settings = (fields: Partial<Record<FieldName, unknown>>) =>
      sessionSettings(valuesOf({ endpoint: 'local', ...fields }, {}), [], 'gemini');
    assert.deepEqual(settings({}).recovery, { seed: 'auto', replay: true });
    assert.equal(settings({ reconnect: false }).recovery, false);
    assert.deepEqual(
      settings({
        attempts: '3',
        firstDelay: '0.2',
        maxDelay: 9,
        rotateMinutes: '8',
        seedHistory: false,
        replay: false,
      }).recovery,
      {
        maxAttempts: 3,
        firstDelayMs: 200,
        maxDelayMs: 9000,
        rotateAfterMs: 480_000,
        seed: 'none',
        replay: false,
      },
    );
    assert.deepEqual(settings({}).watchdogs, { emptyTurn: true, nudge: false });
    assert.deepEqual(
      settings({ watchEmpty: false, nudge: true, watchSilent: '0', watchTool: '3', watchServer: '1.5' })
        .watchdogs,
      { emptyTurn: false, nudge: false, silentAudioMs: false, toolAnswerMs: 3000, serverSilentMs: 1500 },
    );
    assert.deepEqual(settings({ turnsPerMinute: '5', startsPerMinute: 6, concurrentSessions: '7' }).limits, {
      turnsPerMinute: 5,
      sessionStartsPerMinute: 6,
      concurrentSessions: 7,
    });
    assert.deepEqual(settings({ costConversation: '0.5', costDay: '3', costWarn: '50' }).costLimits, {
      conversationUsd: 0.5,
      dayUsd: 3,
      warnAt: 0.5,
    });
    assert.equal(settings({ setupTimeout: '4' }).setupTimeoutMs, 4000);
  });
});

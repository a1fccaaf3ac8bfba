import type { Random } from '../support/random';

const pcm = (ms: number): string => Buffer.alloc(ms * 48, 3).toString('base64');
const audio = (ms: number): object => ({
  modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: pcm(ms) } }] },
});

/** A whole good turn, as a model of the first generation sends it. */
export const TURN: readonly object[] = [
  { serverContent: { inputTranscription: { text: ' what is' } } },
  { serverContent: { inputTranscription: { text: ' the time', finished: true } } },
  { serverContent: { modelTurn: { parts: [{ text: 'thinking', thought: true }] } } },
  { serverContent: { outputTranscription: { text: 'It is' } } },
  { serverContent: audio(40) },
  { serverContent: { ...audio(40), outputTranscription: { text: ' noon.' } } },
  { toolCall: { functionCalls: [{ id: 'clock', name: 'clock', args: {} }] } },
  { serverContent: { interrupted: true } },
  { serverContent: { generationComplete: true } },
  { serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 9, promptTokenCount: 4 } },
  { sessionResumptionUpdate: { newHandle: 'handle', resumable: true } },
];

/** Good messages of every kind: what is mutated. */
export const MESSAGES: readonly object[] = [
  ...TURN,
  { setupComplete: { sessionId: 's' } },
  { serverContent: {} },
  { serverContent: { ...audio(20), outputTranscription: { text: 'a word' }, interrupted: true } },
  { serverContent: { turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED' } },
  { serverContent: { generationComplete: true, turnComplete: true, interrupted: true } },
  { serverContent: { modelTurn: { parts: [{ executableCode: { code: '1', language: 'PYTHON' } }] } } },
  {
    serverContent: {
      modelTurn: { parts: [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }] },
    },
  },
  { serverContent: { modelTurn: { parts: [{ functionCall: { id: 'b', name: 'g', args: {} } }] } } },
  { serverContent: { groundingMetadata: { webSearchQueries: ['q'] }, waitingForInput: true } },
  { serverContent: { interactionStatus: 'IN_PROGRESS' } },
  { toolCall: { functionCalls: [{ id: 'a', name: 'f', args: { x: 1 } }, { name: 'no id' }] } },
  { toolCallCancellation: { ids: ['a', 'clock', 'nobody'] } },
  { usageMetadata: { totalTokenCount: 3, candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }] } },
  { goAway: { timeLeft: '50s' } },
  { sessionResumptionUpdate: { newHandle: '', resumable: false, lastConsumedClientMessageIndex: '7' } },
  { voiceActivity: { type: 'ACTIVITY_START', audioOffset: '1.5s' } },
  { voiceActivityDetectionSignal: { vadSignalType: 'VAD_SIGNAL_TYPE_EOS' } },
];

/** What stands where something else was expected. */
export const VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  true,
  [],
  {},
  [[]],
  ['a', 5],
  'audio/pcm;rate=0',
  'audio/pcm;rate=99999999999',
  '-5s',
  '1e9s',
  '99999999999999999999',
  '\ud800',
  { toString: 1, valueOf: null, then: 'x' },
];

const deep = (levels: number, open: string, inner: string, close: string): string =>
  open.repeat(levels) + inner + close.repeat(levels);

/** Frames that no message grows into by mutation. */
export const ODDITIES: ReadonlyArray<(random: Random) => string | Buffer> = [
  () => '',
  () => Buffer.alloc(0),
  () => 'null',
  () => '"serverContent"',
  () => '[{"setupComplete":{}}]',
  // The connection is to be left at once.
  () => '{"goAway":{"timeLeft":"0.01s"}}',
  () => '\ufeff{"goAway":{}}',
  () => '{"goAway":{"timeLeft":"1s"}}{"goAway":{}}',
  () => '{"serverContent":{"turnComplete":true},"serverContent":null}',
  () => '{"__proto__":{"goAway":{}},"constructor":{"prototype":{"polluted":true}}}',
  (random) => deep(1 + random.below(20_000), '[', '', ']'),
  (random) => deep(1 + random.below(2000), '{"serverContent":', 'null', '}'),
  (random) =>
    JSON.stringify({ serverContent: { outputTranscription: { text: 'y'.repeat(random.below(100_000)) } } }),
  (random) =>
    JSON.stringify({
      toolCallCancellation: { ids: Array.from({ length: random.below(2000) }, (_, i) => `id ${i}`) },
    }),
  (random) =>
    JSON.stringify({
      serverContent: {
        modelTurn: {
          parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: '!'.repeat(random.below(500)) } }],
        },
      },
    }),
];

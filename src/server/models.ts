import type { Route } from './routes';

/**
 * What sets one family of models apart, as the server must show it. Sources: docs/protocol.md, "Models".
 * New models are new rows, not new branches.
 */
export interface ModelTraits {
  /** Order and shape of the frames of an answer. */
  readonly order: 'native' | 'combined';
  /** The model answers in text when asked for it. */
  readonly text: boolean;
  /** A thought part precedes the answer even when nobody asked for thoughts. */
  readonly thinksAloud: boolean;
  /** `realtimeInput.mediaChunks` is still taken. */
  readonly mediaChunks: boolean;
  /** `clientContent` is taken after the conversation has begun. */
  readonly contentMidSession: boolean;
  /** `sessionResumption: { handle: null }` counts as no handle. */
  readonly nullHandle: boolean;
  /** Audio of one chunk in ms, smallest and largest. */
  readonly chunkMs: readonly [number, number];
}

const NATIVE: ModelTraits = {
  order: 'native',
  text: false,
  thinksAloud: true,
  mediaChunks: true,
  contentMidSession: true,
  nullHandle: true,
  chunkMs: [40, 80],
};

const GEN_3_1: ModelTraits = {
  order: 'combined',
  text: false,
  thinksAloud: false,
  mediaChunks: false,
  contentMidSession: false,
  nullHandle: false,
  chunkMs: [160, 240],
};

const GEN_3_8: ModelTraits = { ...GEN_3_1, contentMidSession: true };

/** Half-cascade models speak through a separate voice and can also write. */
const HALF_CASCADE: ModelTraits = { ...NATIVE, text: true, thinksAloud: false };

/** First match wins, so the longer prefix comes first. */
const MODELS: ReadonlyArray<readonly [prefix: string, traits: ModelTraits]> = [
  ['gemini-2.5-flash-native-audio', NATIVE],
  ['gemini-2.5-flash-preview-native-audio', NATIVE],
  ['gemini-live-2.5-flash-native-audio', NATIVE],
  ['gemini-live-2.5-flash-preview-native-audio', NATIVE],
  ['gemini-live-2.5-flash', HALF_CASCADE],
  ['gemini-2.0-flash-live', HALF_CASCADE],
  ['gemini-2.0-flash-exp', HALF_CASCADE],
  ['gemini-3.1-flash-live', GEN_3_1],
  ['gemini-3.5-live', GEN_3_8],
  ['gemini-3.5-transcribe-live', GEN_3_8],
  ['gemini-3.8-live', GEN_3_8],
];

/** How each backend writes a model's resource name. */
const RESOURCE = {
  gemini: /^models\/([^/]+)$/,
  vertex: /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\/([^/]+)$/,
};

/** Traits of a model by its resource name on this backend, or undefined when the backend does not serve it. */
export function traitsOf(model: string, backend: Route['backend']): ModelTraits | undefined {
  const name = RESOURCE[backend].exec(model)?.[1];
  if (name === undefined) return undefined;
  return MODELS.find(([prefix]) => name.startsWith(prefix))?.[1];
}

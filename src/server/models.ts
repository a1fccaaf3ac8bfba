import type { Route } from './routes';

/**
 * What sets one family of models apart, as the server must show it. The table is the server's own: it stands for the
 * service, and knows nothing of what the client believes. Sources: docs/protocol.md, "What the local server does".
 * New models are new rows, not new branches.
 */
export interface ModelTraits {
  /** Order and shape of the frames of an answer. */
  readonly order: 'native' | 'combined';
  /** What the model can be asked to answer in. */
  readonly modalities: readonly ('AUDIO' | 'TEXT')[];
  /** False for a model that only writes down what it hears. */
  readonly answers: boolean;
  /** A thought part precedes the answer even when nobody asked for thoughts. */
  readonly thinksAloud: boolean;
  /** Which field of `thinkingConfig` is taken. */
  readonly thinking: 'budget' | 'level' | 'none';
  /** Levels that are taken. */
  readonly thinkingLevels: readonly string[];
  /** The setup must name a level. */
  readonly thinkingRequired: boolean;
  /** `hangs`: a setup with it is never answered. `always`: it cannot be switched off. */
  readonly proactivity: 'v1alpha' | 'hangs' | 'always' | 'no';
  readonly affective: 'v1alpha' | 'hangs' | 'no';
  readonly translation: boolean;
  /** System instructions and tools are taken. */
  readonly instructions: boolean;
  /** `realtimeInput.mediaChunks` is still taken. */
  readonly mediaChunks: boolean;
  /** `clientContent` is taken after the conversation has begun. */
  readonly contentMidSession: boolean;
  /** Where an initial history must end with the user, and where input before it is an error. */
  readonly history: { readonly endsWithUser: boolean; readonly beforeInput: boolean };
  readonly contextUpdate: boolean;
  /** `sessionResumption: { handle: null }` counts as no handle. */
  readonly nullHandle: boolean;
  /** Behaviours that a function may be declared with, the default first. */
  readonly behaviors: readonly ('BLOCKING' | 'NON_BLOCKING')[];
  /** `functionResponse.scheduling` is taken. */
  readonly scheduling: boolean;
  /** Form of the ids of tool calls. */
  readonly callIds: 'long' | 'short' | 'uuid';
  /** A handle follows the answer to a tool call, asked for or not. */
  readonly handleAfterTool: boolean;
  /** `interactionStatus` tells apart "the turn is over" and "nothing more comes". */
  readonly background: boolean;
  /** Audio of one chunk in ms, smallest and largest. */
  readonly chunkMs: readonly [number, number];
}

const NATIVE: ModelTraits = {
  order: 'native',
  modalities: ['AUDIO'],
  answers: true,
  thinksAloud: true,
  thinking: 'budget',
  thinkingLevels: [],
  thinkingRequired: false,
  proactivity: 'v1alpha',
  affective: 'v1alpha',
  translation: false,
  instructions: true,
  mediaChunks: true,
  contentMidSession: true,
  history: { endsWithUser: true, beforeInput: false },
  contextUpdate: false,
  nullHandle: true,
  behaviors: ['BLOCKING', 'NON_BLOCKING'],
  scheduling: true,
  callIds: 'long',
  handleAfterTool: false,
  background: false,
  chunkMs: [40, 80],
};

/** Half-cascade models speak through a separate voice and can also write. */
const HALF_CASCADE: ModelTraits = {
  ...NATIVE,
  modalities: ['AUDIO', 'TEXT'],
  thinksAloud: false,
  proactivity: 'no',
  affective: 'no',
};

const GEN_3_1: ModelTraits = {
  ...NATIVE,
  order: 'combined',
  thinksAloud: false,
  thinking: 'level',
  thinkingLevels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'],
  proactivity: 'hangs',
  affective: 'hangs',
  mediaChunks: false,
  contentMidSession: false,
  history: { endsWithUser: false, beforeInput: true },
  nullHandle: false,
  behaviors: ['BLOCKING'],
  scheduling: false,
  callIds: 'short',
  handleAfterTool: true,
  chunkMs: [160, 240],
};

const GEN_3_8: ModelTraits = {
  ...GEN_3_1,
  thinking: 'none',
  proactivity: 'always',
  affective: 'no',
  contentMidSession: true,
  contextUpdate: true,
  behaviors: ['NON_BLOCKING', 'BLOCKING'],
  scheduling: true,
};

const GEN_3_8_THINKING: ModelTraits = {
  ...GEN_3_8,
  thinking: 'level',
  thinkingLevels: ['LOW', 'MEDIUM', 'HIGH'],
  thinkingRequired: true,
  behaviors: ['NON_BLOCKING'],
  scheduling: false,
  background: true,
};

const TRANSLATE: ModelTraits = {
  ...GEN_3_1,
  thinking: 'none',
  proactivity: 'no',
  affective: 'no',
  translation: true,
  instructions: false,
};

const TRANSCRIBE: ModelTraits = { ...TRANSLATE, translation: false, modalities: ['TEXT'], answers: false };

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
  ['gemini-3.5-live-translate', TRANSLATE],
  ['gemini-3.5-transcribe-live', TRANSCRIBE],
  ['gemini-3.5-live-transcribe', TRANSCRIBE],
  ['gemini-3.5-live', GEN_3_8],
  ['gemini-3.8-live-extended-thinking', GEN_3_8_THINKING],
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
  const traits = MODELS.find(([prefix]) => name.startsWith(prefix))?.[1];
  return traits && backend === 'vertex' ? { ...traits, callIds: 'uuid', handleAfterTool: false } : traits;
}

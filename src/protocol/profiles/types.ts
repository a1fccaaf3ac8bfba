import type { Backend } from '../config';

/** Levels of `thinkingConfig.thinkingLevel`, from the quickest answer to the longest thought. */
export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';

/** What a function does to the conversation while it runs: the model waits for it, or speaks on. */
export type ToolBehavior = 'BLOCKING' | 'NON_BLOCKING';

/** Which part of the input belongs to a turn. */
export type TurnCoverage =
  'TURN_INCLUDES_ONLY_ACTIVITY' | 'TURN_INCLUDES_ALL_INPUT' | 'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO';

/** How a model is told how much to think. */
export interface ThinkingProfile {
  /**
   * `budget`: `thinkingBudget`. `level`: `thinkingLevel`. `none`: `thinkingConfig` is refused altogether. `any`: nobody
   * knows, all passes.
   */
  style: 'budget' | 'level' | 'none' | 'any';
  /** The accepted levels of style `level`. */
  levels?: readonly ThinkingLevel[];
  /** What the model does when nothing is given; where it is {@link required}, what we give then. */
  default?: ThinkingLevel;
  /** Without a level the setup is refused. */
  required?: boolean;
  /** Smallest and largest budget (tokens) of style `budget`; -1 leaves it to the model. */
  budget?: { min: number; max: number };
}

/** Which tools a model takes. */
export interface ToolProfile {
  /** Accepted values of `functionDeclarations[].behavior`; empty: the model calls no functions. */
  behaviors: readonly ToolBehavior[];
  /** What a declaration without `behavior` means. */
  default: ToolBehavior;
  /** Whether the field `behavior` is read at all; where not, it is refused although its value is the default. */
  behaviorField: boolean;
  /** Fields of a `Tool` beside `functionDeclarations` that the model takes. */
  builtIn: readonly string[];
}

/** Prices in US dollars per million tokens. */
export interface Prices {
  textIn: number;
  audioIn: number;
  /** Pictures and video. */
  videoIn: number;
  /** Text, transcripts and thoughts. */
  textOut: number;
  audioOut: number;
  /** Nobody has published prices for this model: these are the dearest of its kind. */
  estimated?: true;
}

/** What differs between families of models. The rows stand in `rows.ts`, each with its sources. */
export interface ModelProfile {
  /** Name to show. */
  name: string;
  /** Beginnings of the names of its models; the longest that fits decides. */
  prefixes: readonly string[];
  /** API version of the Gemini API on which the model is served. */
  apiVersion: string;
  /** Services that have it. */
  backends: readonly Backend[];
  /** What may be sent to it. */
  inputs: ReadonlyArray<'audio' | 'video' | 'text'>;
  /** How a user's text is sent in mid-session: some models close with 1007 on `clientContent`. */
  textLane: 'clientContent' | 'realtimeInput';
  /** Whether `clientContent` is accepted after the conversation has begun. */
  contentMidSession: boolean;
  /**
   * How an earlier conversation is told to a fresh session: `history` = `historyConfig` and one `clientContent`,
   * `instructions` = folded into the system instruction, `none` = the model takes neither.
   */
  seeding: 'history' | 'instructions' | 'none';
  /** A seeded history must end with a turn of the user. */
  seedEndsWithUser: boolean;
  /** After a seeded history the model waits for a blank `realtimeInput.text` before it answers to it. */
  seedNeedsNudge: boolean;
  /** Whether `realtimeInput.mediaChunks` is accepted. */
  mediaChunks: boolean;
  /** Whether `systemInstruction` is accepted. */
  instructions: boolean;
  /** Whether `generationConfig.translationConfig` is accepted. */
  translation: boolean;
  thinking: ThinkingProfile;
  tools: ToolProfile;
  /** Whether `functionResponses[].scheduling` is accepted. */
  scheduling: boolean;
  /** `proactivity`: needs v1alpha on the Gemini API, is always on (turning it off is refused), or is unknown. */
  proactive: 'v1alpha' | 'always' | 'no';
  /** `enableAffectiveDialog`: needs v1alpha on the Gemini API, or is unknown. */
  affective: 'v1alpha' | 'no';
  /** Whether `contextUpdate` changes instructions and tools in mid-session. */
  contextUpdate: boolean;
  /** The model may go on after `turnComplete`: only `interactionStatus: IDLE` ends the interaction. */
  background: boolean;
  /** Accepted `responseModalities`, the default first. */
  modalities: ReadonlyArray<'AUDIO' | 'TEXT'>;
  /** Names for `prebuiltVoiceConfig.voiceName`; empty: unknown. */
  voices: readonly string[];
  /** BCP-47 codes that are documented; empty: unknown. */
  languages: readonly string[];
  /** The model chooses the language by itself: `speechConfig.languageCode` is a hint at best. */
  choosesLanguage: boolean;
  /** `values` are those that are accepted; empty: unknown. */
  turnCoverage: { default: TurnCoverage; values: readonly TurnCoverage[] };
  /** Accepted values of `mediaResolution`; empty: unknown, or none where {@link maxFramesPerSecond} is 0. */
  mediaResolution: readonly string[];
  /** Pictures that are looked at per second; more are paid for and not seen. 0: none. */
  maxFramesPerSecond: number;
  limits: {
    inputTokens?: number;
    outputTokens?: number;
    /** Longest session (ms) where compression does not lift the limit. */
    sessionMs?: number;
  };
  prices: Prices;
}

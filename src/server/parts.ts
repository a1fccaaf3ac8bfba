/**
 * The exchangeable parts of the local Live server: what hears, what decides and what speaks.
 *
 * The server itself knows only these shapes. `createEars`, `createMind` and `createVoice` build the shipped ones
 * from a scenario; tests hand in scripted ones.
 */

/** Something a user may say that the scenario knows. The ears can only recognise what is listed here. */
export interface Phrase {
  /** Stable name of the phrase inside its scenario, for example `kitchen-light-on`. */
  readonly id: string;
  /** The wording that is reported as the transcript when this phrase was heard. */
  readonly text: string;
  /** Other wordings with the same meaning. They are matched too, each with its own transcript. */
  readonly also?: readonly string[];
}

/** What the ears made of one utterance. */
export interface Hearing {
  /** Best transcript; empty when nothing could be made of the sound at all. */
  readonly text: string;
  /** The scenario phrase it stands for; absent when the utterance was rejected or free text was recognised. */
  readonly phrase?: Phrase;
  /** Distance for `dtw` (lower is better); 0 for recognisers without a measure. */
  readonly score: number;
  /** False when the best candidate was too far away to be believed. `text` then still names the candidate. */
  readonly accepted: boolean;
  /** Which recogniser made it. `text` marks typed input, which was not heard at all. */
  readonly recognizer: 'dtw' | 'pocketsphinx' | 'scripted' | 'text';
}

/** Turns one utterance into text. */
export interface Ears {
  readonly name: string;
  /** Wordings of the scenario that cannot be heard on this machine, only typed; worth telling at the start. */
  readonly deaf?: readonly string[];
  /**
   * @param pcm one utterance, 16 kHz mono, cut out by the server's voice activity detection
   * @param phrases what may have been said
   */
  hear(pcm: Int16Array, phrases: readonly Phrase[]): Promise<Hearing>;
}

/** Where a word lies in spoken audio. */
export interface SpokenWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Spoken audio. */
export interface Speech {
  /** 24 kHz mono; empty when `source` is `none`. */
  readonly pcm: Int16Array;
  /** Word times when the voice knows them; otherwise the server spreads the words evenly. */
  readonly words?: readonly SpokenWord[];
  /** How it was made: a shipped clip, several clips joined, a system voice, or no voice found. */
  readonly source: 'clip' | 'composed' | 'espeak-ng' | 'flite' | 'none';
}

/** Turns text into speech. */
export interface Voice {
  speak(text: string): Promise<Speech>;
}

/** A function the client declared in `setup.tools[].functionDeclarations`. */
export interface DeclaredFunction {
  readonly behavior?: string;
  readonly name?: string;
  readonly description?: string;
  readonly parameters?: unknown;
  readonly parametersJsonSchema?: unknown;
}

/** A function the mind wants to have called. One that the client did not declare is not called. */
export interface CallRequest {
  readonly name: string;
  readonly args: Record<string, unknown>;
  /** What the mind wants to have back with the answer, as plain JSON. It does not go over the wire. */
  readonly plan?: unknown;
}

/** The client's answer to a call. */
export interface CallResult extends CallRequest {
  readonly id: string;
  /** What the user had said. */
  readonly text: string;
  readonly response: Record<string, unknown>;
  /** Pictures and sounds that came with the answer. */
  readonly parts?: readonly ResultPart[];
  /** More answers to the same call follow. */
  readonly willContinue?: boolean;
}

/** A picture or a sound in an answer to a call: what it is, and how large. */
export interface ResultPart {
  readonly mimeType: string;
  readonly bytes: number;
}

/** A tool of the service that the client has asked for, and that the local server can play. */
export type BuiltInTool = 'googleSearch' | 'codeExecution' | 'urlContext';

/** What a built-in tool is played to have done. */
export interface BuiltInUse {
  readonly search?: {
    readonly queries: readonly string[];
    readonly sources: ReadonlyArray<{ readonly title: string; readonly uri: string }>;
  };
  readonly code?: { readonly code: string; readonly output: string };
  readonly urls?: ReadonlyArray<{ readonly url: string; readonly read: boolean }>;
}

/** A picture that came as a frame of video: what its first bytes tell. */
export interface SeenPicture {
  /** As the client declared it, for example `image/jpeg`. */
  readonly mimeType: string;
  readonly bytes: number;
  /** Pixels, of JPEG and PNG. */
  readonly width?: number;
  readonly height?: number;
  /** Equal for equal bytes. */
  readonly digest: string;
}

/** One user turn as the mind sees it. */
export interface MindInput {
  /** What was typed, or the transcript of what was heard. */
  readonly text: string;
  /** Set when the turn was spoken. */
  readonly hearing?: Hearing;
  /** Facts of this conversation. They live behind the resumption handle, so a resumed session still knows them. */
  readonly memory: Map<string, string>;
  readonly tools: readonly DeclaredFunction[];
  /** Tools of the service that the client has asked for. */
  readonly builtIn?: readonly BuiltInTool[];
  /** The newest picture that the client has sent. */
  readonly picture?: SeenPicture;
  readonly now: Date;
  /** The same turn again, with what came of the calls that were asked for. */
  readonly results?: readonly CallResult[];
  /** The results came while the model spoke on, and nobody waited for them. */
  readonly late?: boolean;
}

/** What the mind answers. */
export interface Reply {
  /** The answer as text; it is spoken and transcribed. May be empty when there are calls. */
  readonly say: string;
  /**
   * Functions to be called after (BLOCKING) or before (NON_BLOCKING) this is said. The mind is asked again when the
   * client has answered.
   */
  readonly calls?: readonly CallRequest[];
  /** What a built-in tool did for this answer. */
  readonly used?: BuiltInUse;
}

/** Decides the answer. */
export interface Mind {
  reply(input: MindInput): Reply | Promise<Reply>;
  /** Takes note of what the user said before this session; nothing is answered. */
  learn?(text: string, memory: Map<string, string>): void;
  /** What may be said at this moment besides the phrases of the scenario, such as "yes" to an open question. */
  expects?(memory: ReadonlyMap<string, string>): readonly Phrase[];
}

/**
 * A loaded and validated scenario. `src/server/scenario` extends this with its rules; the server needs only
 * the phrases, which it hands to the ears, and the name, which it shows.
 */
export interface Scenario {
  readonly name: string;
  /** File it was read from; absent for scenarios made in code. */
  readonly file?: string;
  readonly phrases: readonly Phrase[];
}

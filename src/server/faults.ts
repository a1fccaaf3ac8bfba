import type { LiveServerContent } from '../protocol';
import type { Close } from './closes';

/** A `goAway` that comes by itself; see {@link Faults.goAway}. */
export interface GoAwayFault extends GoAway {
  /** How long after `setupComplete` it is sent (ms). Without this and `afterTurns`: at once. */
  readonly afterMs?: number;
  /** It is sent right after that many completed turns of this connection. */
  readonly afterTurns?: number;
}

/** In every turn of the model (true), or in the n-th of a connection only. */
export type OnTurn = boolean | number;

/** What a `goAway` says and what follows it. */
export interface GoAway {
  /** As it stands on the wire; default `50s`. Text that is no duration is sent as it is, and then means 50 s. */
  readonly timeLeft?: string;
  /** How the connection ends when the time is up; default 1011 "Deadline expired …". `false`: it does not end. */
  readonly thenClose?: Close | false;
  /** The server says nothing more after it, as was reported. */
  readonly silentAfter?: boolean;
}

/**
 * Misbehaviour on demand, for tests of clients. All off by default. `server.faults` can be changed while the server
 * runs; each connection keeps the faults with which it began. All times are in ms on the server's clock: with
 * `clock: 10` they pass in a tenth.
 */
export interface Faults {
  /** The upgrade request is never answered. */
  neverUpgrade?: boolean;
  /** The upgrade is refused with this status and body; 429 and 409 were reported. */
  httpStatus?: { readonly status: number; readonly body?: string };
  /** The setup is read but never answered. */
  neverSetupComplete?: boolean;
  /** `goAway` is the first frame, before `setupComplete`; after it all goes on as usual. */
  goAwayBeforeSetup?: boolean;
  /** `goAway` in the middle of the conversation, and the end of the connection that follows. */
  goAway?: GoAwayFault;
  /** The n-th frame (1 = `setupComplete`) is replaced by bytes that are no JSON. */
  badFrame?: number;
  /** The n-th frame is padded with blanks to 8 MB; it stays a good message. */
  hugeFrame?: number;
  /** Each message comes in several WebSocket frames. */
  fragmented?: boolean;
  /** Names of fields in snake_case. */
  snakeCase?: boolean;
  /** Sound in the url-safe alphabet of base64. */
  urlSafeBase64?: boolean;
  /** `candidates…` for `response…` in the token counts, as Vertex AI spells them. */
  vertexSpelling?: boolean;
  /** The server stops reading once the setup is complete, as a stalled network does. */
  stalledReader?: boolean;
  /** Pings are answered that much later; pongs of 8 to 30 s were reported. */
  pongDelayMs?: number;
  /** A new resumption handle comes in this interval, asked for or not; with 3.1 models about 1200 was seen. */
  handlesEveryMs?: number;
  /** After that many frames the server says nothing more, on a socket that stays open. */
  silentAfterFrames?: number;
  /** The TCP connection is cut right after the n-th frame that carries sound. */
  terminateAfterAudio?: number;
  /** The TCP connection is cut that long after `setupComplete` (ms). */
  terminateAfterMs?: number;
  /** The chance, for each frame in either direction, that the TCP connection is cut there. Follows `seed`. */
  dropProbability?: number;
  /** The server closes after that many frames (0 = as soon as the socket is open). */
  close?: Close & { readonly afterFrames: number };
  /** The server closes that long after `setupComplete`; without a close: 1011 "Internal error encountered.". */
  closeAfterMs?: { readonly ms: number; readonly close?: Close };
  /** Setups with a resumption handle are refused with this close. */
  refuseResumption?: Close;
  /**
   * A resumed conversation is accepted, and then never answers (`silent`), or closes with the first message that
   * follows the setup.
   */
  poisonedHandles?: 'silent' | Close;
  /** The model says nothing: `generationComplete` and `turnComplete` without anything before them. */
  emptyTurn?: OnTurn;
  /** The `turnCompleteReason` of turns without a word. */
  emptyTurnReason?: LiveServerContent['turnCompleteReason'];
  /** Sound of the right length in which there is nothing to hear. */
  silentAudio?: OnTurn;
  /** A tone in place of speech. */
  toneAudio?: OnTurn;
  /** The model stays silent after its BLOCKING calls were answered. */
  noAnswerAfterTool?: boolean;
  /** Each `toolCall` is sent twice. */
  duplicateToolCall?: boolean;
  /** Calls stand in `modelTurn.parts` too, before `toolCall`. */
  callInModelTurn?: boolean;
  /** Audio that comes while a BLOCKING call runs ends the connection with 1008 "Operation is not implemented …". */
  toolCallsInterruptedByAudio?: boolean;
}

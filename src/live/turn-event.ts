import type { UsageMetadata } from '../protocol';
import type { Grounding } from './grounding';
import type { TurnTimings } from './timings';

/** A piece of code that the model ran during its answer, and what came of it. */
export interface CodeRun {
  id?: string;
  language?: string;
  code?: string;
  /** The service's outcome, such as `OUTCOME_OK`. */
  outcome?: string;
  output?: string;
}

/** A function that the model called in a turn. */
export interface TurnCall {
  id: string;
  name: string;
}

/**
 * When things happened in a turn (epoch ms). The three ends of an answer differ: everything is generated, everything
 * has been heard, and the service holds the turn to be over.
 */
export interface TurnTimes {
  /** The model's first content. */
  begun?: number;
  generationComplete?: number;
  interrupted?: number;
  /**
   * The last sample was played. Mostly this comes after the turn event; then the event `activity` with type
   * `playback-drained` tells it.
   */
  playbackDrained?: number;
  turnComplete?: number;
}

/** What waited to be sent when a turn ended, and what was given up since the turn before it. */
export interface TurnQueue {
  /** Audio that waits to be sent (ms). */
  queuedAudioMs: number;
  /** Audio given up since the last turn (ms). */
  droppedAudioMs: number;
  /** Pictures given up since the last turn. */
  droppedVideoFrames: number;
  /** Bytes that the socket holds and the network has not taken. */
  bufferedBytes: number;
}

/** A whole turn: what one side asked and the other answered. */
export interface TurnDetails {
  turn: number;
  /** What the user said (transcript) or wrote. */
  user: string;
  /** What `say()` asked the model to announce in this turn. */
  say?: string;
  /** The model was asked about pictures alone (`watching`). */
  watch?: true;
  /** Everything the model said. */
  model: string;
  /** What the model thought, where it tells. */
  thought: string;
  /** The part of `model` that was played; cut at a word boundary when the turn was interrupted. */
  heard: string;
  tools: TurnCall[];
  /** Code that the model ran, each with its result, in order. */
  code: CodeRun[];
  /** Sources on which the answer rests, one entry per message that told some. */
  grounding: Grounding[];
  usage?: UsageMetadata;
  /** Price of the turn (USD); undefined where the model's prices are not known. */
  costUsd?: number;
  timings: TurnTimings;
  times: TurnTimes;
  queue: TurnQueue;
  /** `complete`, `interrupted`, `lost`, `closed`, or the service's `turnCompleteReason`. */
  reason: string;
  interrupted: boolean;
  /** The connection ended in mid-turn. */
  incomplete: boolean;
  /** Duration of the answer (ms). */
  audioMs: number;
  /** Audio that came after `generationComplete` or `interrupted` and was not played (ms). */
  lateAudioMs: number;
  waitingForInput: boolean;
  /** The service's last word on the interaction, such as `IN_PROGRESS`: it may go on after this turn. */
  interactionStatus?: string;
}

/** What is watched, and for how long; `false` switches one off. */
export interface WatchdogOptions {
  /** Warn of a turn in which the model neither says, nor writes, nor calls anything. Default true. */
  emptyTurn?: boolean;
  /** Warn when the answer has been silent for that long although audio flows (ms). Default 5000. */
  silentAudioMs?: number | false;
  /** Warn when nothing follows the answer to a function call for that long (ms). Default 10000. */
  toolAnswerMs?: number | false;
  /** Warn when the service owes an answer and sends nothing for that long (ms). Default 15000. */
  serverSilentMs?: number | false;
  /** Ask the model to go on after an empty turn, once until a turn succeeds. Default false. */
  nudge?: boolean;
}

/** Codes of the warnings that watchdogs tell. */
export type WatchdogCode = 'EMPTY_TURN' | 'SILENT_AUDIO' | 'NO_ANSWER_AFTER_TOOL' | 'SERVER_SILENT';

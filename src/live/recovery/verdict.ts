import type { LiveError } from '../errors';
import type { Pause } from './backoff';

/** A connection, or an attempt at one, is over. */
export interface Ending {
  /** How it ended; code `CLOSED` when it was closed from this side. */
  error: LiveError;
  /** It was closed from this side in order to connect again. */
  planned: boolean;
  /** The service had accepted the setup. */
  ready: boolean;
  /** It was a good connection: the model said something on it, or it lived for long. */
  proven: boolean;
  /** A turn was under way. */
  busy: boolean;
  /** The service had announced the end. */
  announced: boolean;
  /** The service refused a message with 1007, on the second connection in a row. */
  refusedAgain: boolean;
  /** The next attempt begins in another way, see `Revival`: that is worth trying at once. */
  relearned: boolean;
}

/** What follows: another attempt after a pause, or the end of the session in that state. */
export type Verdict = { again: true; pause: Pause } | { again: false; state: 'closed' | 'failed' };

/**
 * Decides what follows the end of a connection. The first line that fits counts:
 *
 * | ending | then |
 * |---|---|
 * | the next attempt begins in another way | again, at once |
 * | closed from here to connect again | again, at once; after a pause if the connection did not prove good |
 * | announced by GoAway, with whatever code (1000, 1008 and 1011 were seen) | again, after a pause |
 * | `fatal` | failed |
 * | a message was refused, on the second connection in a row | failed: a third would fare no better |
 * | `done` when the session was ready and no turn was under way | closed |
 * | `wait` | again, after the long pause |
 * | `retry`, `fresh`, `done` | again, after a pause |
 *
 * An announced end cannot hide a fatal one: if key or model are refused now, so they are with the next setup.
 */
export function judge(ending: Ending): Verdict {
  const { error, planned, ready, proven, busy, announced, relearned, refusedAgain } = ending;
  if (relearned) return { again: true, pause: 'none' };
  if (planned) return { again: true, pause: proven ? 'none' : 'backoff' };
  if (announced) return { again: true, pause: 'backoff' };
  if (error.policy === 'fatal' || refusedAgain) return { again: false, state: 'failed' };
  if (error.policy === 'done' && ready && !busy) return { again: false, state: 'closed' };
  return { again: true, pause: error.policy === 'wait' ? 'wait' : 'backoff' };
}

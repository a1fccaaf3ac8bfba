import { wyoming, type WakeWordService } from '../../src/media';
import { asError, NodeError } from '../shared/errors';
import type { RedNode } from '../shared/types';
import { listOf, numberOf, textOf } from '../shared/values';
import { silero, type TurnFields } from './turns';

/** What the dialog says about sleep; an older flow has none of it. */
export interface SleepFields {
  /** Empty: only by the action `sleep` (s). */
  sleepAfter?: string | number;
  wakeOn?: 'speech' | 'phrase' | 'wyoming' | 'message';
  /** Several are separated by semicolons. */
  wakePhrase?: string;
  /** `tcp://host:port` */
  wyoming?: string;
  /** Several are separated by semicolons; empty: all that the service knows. */
  wyomingNames?: string;
  /** Empty: never (min). */
  freshAfter?: string | number;
}

/** What a sleeping session is told of it. */
export interface SleepSettings {
  afterMs?: number;
  wakeOn: 'speech' | 'message' | WakeWordService;
  voice?: { detector: () => ReturnType<typeof silero> };
  phrase?: string[];
  freshAfterMs?: number;
}

/**
 * The dialog's fields as an option of the session. There always is one: the flow may send any session to sleep.
 *
 * @param folder where packages are looked for that are no part of the normal installation
 * @throws NodeError `BAD_CONFIG`
 */
export function sleepOf(def: SleepFields & TurnFields, node: RedNode, folder: string): SleepSettings {
  const afterMs = 1000 * numberOf(def.sleepAfter, 'time of sleep (s)', { min: 0.1, max: 86_400, default: 0 });
  const freshAfter = numberOf(def.freshAfter, 'time of a fresh start (min)', {
    min: 0,
    max: 525_600,
    default: Infinity,
  });
  const wake = def.wakeOn || 'speech';
  const heard = wake === 'speech' || wake === 'phrase';
  return {
    ...(afterMs > 0 && { afterMs }),
    ...(freshAfter !== Infinity && { freshAfterMs: 60_000 * freshAfter }),
    wakeOn: wakeOnOf(def, wake),
    ...(wake === 'phrase' && { phrase: phrasesOf(def) }),
    ...(heard &&
      afterMs > 0 &&
      def.detector === 'silero' && { voice: { detector: () => silero(node, folder) } }),
  };
}

function wakeOnOf(def: SleepFields, wake: unknown): SleepSettings['wakeOn'] {
  switch (wake) {
    case 'speech':
    case 'phrase':
      return 'speech';
    case 'message':
      return 'message';
    case 'wyoming':
      return serviceOf(def);
    default:
      throw new NodeError(
        'BAD_CONFIG',
        `What wakes the session must be "speech", "phrase", "wyoming" or "message", not "${String(wake)}".`,
      );
  }
}

function phrasesOf({ wakePhrase }: SleepFields): string[] {
  const phrases = listOf(wakePhrase);
  if (phrases.length > 0) return phrases;
  throw new NodeError(
    'BAD_CONFIG',
    'The session wakes on a phrase, and none is set. Write it into the dialog.',
  );
}

function serviceOf(def: SleepFields): WakeWordService {
  try {
    return wyoming({ url: textOf(def.wyoming)?.trim() ?? '', names: listOf(def.wyomingNames) });
  } catch (error) {
    throw new NodeError('BAD_CONFIG', asError(error).message);
  }
}

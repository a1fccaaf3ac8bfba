import type { SleepOptions } from '../../src/live';
import { wyoming, type WakeWordService } from '../../src/media';
import { asError, NodeError, quoted } from '../shared/errors';
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

/**
 * The dialog's fields as an option of the session; undefined: it sleeps only when it is told to, until it hears a voice.
 *
 * @param folder where packages are looked for that are no part of the normal installation
 * @throws NodeError `BAD_CONFIG`
 */
export function sleepOf(
  def: SleepFields & TurnFields,
  node: RedNode,
  folder: string,
): SleepOptions | undefined {
  const afterMs = 1000 * numberOf(def.sleepAfter, 'time of sleep (s)', { min: 0.1, max: 86_400, default: 0 });
  const bounds = { min: 0, max: 525_600, default: Infinity };
  const freshAfter = numberOf(def.freshAfter, 'time of a fresh start (min)', bounds);
  const settings: SleepOptions = {
    ...(afterMs > 0 && { afterMs }),
    ...(freshAfter !== Infinity && { freshAfterMs: 60_000 * freshAfter }),
    // The dialog does not ask: who presses a button to speak presses it to wake.
    ...(def.turnDetection !== 'push-to-talk' && wakingOf(def, node, folder, afterMs > 0)),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

/** @param heard there is a row for who finds voices, because the session sleeps by itself */
function wakingOf(
  def: SleepFields & TurnFields,
  node: RedNode,
  folder: string,
  heard: boolean,
): SleepOptions | undefined {
  const voice =
    heard && def.detector === 'silero' ? { voice: { detector: () => silero(node, folder) } } : undefined;
  switch (def.wakeOn || 'speech') {
    case 'speech':
      return voice;
    case 'phrase':
      return { phrase: phrasesOf(def), ...voice };
    case 'wyoming':
      return { wakeOn: serviceOf(def) };
    case 'message':
      return { wakeOn: 'message' };
    default:
      throw new NodeError(
        'BAD_CONFIG',
        `What wakes the session must be "speech", "phrase", "wyoming" or "message", not ${quoted(def.wakeOn)}.`,
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

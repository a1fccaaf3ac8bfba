import { LiveError } from '../errors';
import { timerMs } from './time';

/**
 * How a session keeps its conversation alive. All times in milliseconds. The defaults follow what users of other clients
 * reported about the service: connections of about ten minutes, pongs that take half a minute, GoAways that never come.
 */
export interface RecoveryOptions {
  /**
   * How often in a row it connects again before it gives up and is `failed`. A connection counts as good, and the count
   * starts anew, once the model has said something on it or it has lived longer than {@link maxDelayMs}. Default: 10 for a
   * session that has not been ready since `connect()`, so that a mistake is told soon; without limit afterwards, because a
   * router may be away for a night.
   */
  maxAttempts?: number;
  /** Pause before the first new attempt; it doubles with each further one. Default 500. */
  firstDelayMs?: number;
  /** Ceiling of the pause. Default 30000. */
  maxDelayMs?: number;
  /** Part of each pause that is left to chance, 0 to 1, so that many clients do not come back at once. Default 0.5. */
  jitter?: number;
  /** Pause after a close that asks for patience: a quota is used up, too many sessions. Default 60000. */
  waitDelayMs?: number;
  /** Connections that ask with the same handle and break before the model has said anything. Default 3. */
  triesWithHandle?: number;
  /** How long a resumed conversation may stay silent after new input before its handle counts as poisoned; after speech, which
   * may be a noise, twice as long, from the second utterance on. Default 20000. */
  poisonMs?: number;
  /** Age at which a connection is replaced, because the service ends it at about ten minutes. 0 = never. Default 510000. */
  rotateAfterMs?: number;
  /** How long before the announced end a connection is left, even in the middle of an answer. Default 10000. */
  handoverMarginMs?: number;
  /** How long a connection may bring no byte at all, not even a pong, before it counts as dead. 0 = for ever. Default 90000. */
  deadPeerMs?: number;
  /** `auto`: what was said is told to a session that starts afresh, as its model takes it. `none`: it is not. Default `auto`. */
  seed?: 'auto' | 'none';
  /**
   * Whether input that the service may have lost with a connection is sent again. On Vertex AI this asks for transparent
   * resumption, and each message arrives exactly once; elsewhere what was said since the last turn is said again.
   * Default true.
   */
  replay?: boolean;
  /** Source of chance, 0 to 1; for tests. Default `Math.random`. */
  random?: () => number;
}

/** {@link RecoveryOptions} with nothing left open. */
export type RecoverySettings = Required<Omit<RecoveryOptions, 'maxAttempts'>> & {
  /** Undefined: 10 at first, no limit once the session has been ready. */
  maxAttempts: number | undefined;
  /** False: one connection, and whatever ends it ends the session. */
  enabled: boolean;
};

const DEFAULTS: Required<Omit<RecoveryOptions, 'maxAttempts'>> = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  jitter: 0.5,
  waitDelayMs: 60_000,
  triesWithHandle: 3,
  poisonMs: 20_000,
  rotateAfterMs: 510_000,
  handoverMarginMs: 10_000,
  deadPeerMs: 90_000,
  seed: 'auto',
  replay: true,
  random: Math.random,
};

/**
 * Fills in the defaults.
 *
 * @throws LiveError `BAD_CONFIG` for a number that is none, or negative
 */
export function recoverySettings(options: RecoveryOptions | false | undefined): RecoverySettings {
  const given = Object.entries(options || {}).filter(([, value]) => value !== undefined);
  const settings = { maxAttempts: undefined, ...DEFAULTS, ...(Object.fromEntries(given) as RecoveryOptions) };
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || typeof (DEFAULTS[name as keyof typeof DEFAULTS] ?? 0) !== 'number') continue;
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new LiveError('BAD_CONFIG', `recovery.${name} must be a number from 0 up, not ${String(value)}`);
    }
    if (name.endsWith('Ms')) Object.assign(settings, { [name]: timerMs(value) });
  }
  return { ...settings, jitter: Math.min(1, settings.jitter), enabled: options !== false };
}

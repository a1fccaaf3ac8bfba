import type { RecoverySettings } from './options';

/** How long to pause before the next attempt: not at all, longer and longer, or as long as a quota needs. */
export type Pause = 'none' | 'backoff' | 'wait';

type Settings = Pick<
  RecoverySettings,
  'maxAttempts' | 'firstDelayMs' | 'maxDelayMs' | 'jitter' | 'waitDelayMs' | 'random'
>;

/** Attempts of a session that has never been ready: what keeps it from connecting is likely to stay. */
const FIRST_ATTEMPTS = 10;

/** Counts attempts that follow each other without success, and says how long to pause before the next. */
export class Backoff {
  /** Attempts since the last good connection. */
  attempts = 0;

  constructor(private readonly settings: Settings) {}

  /** A connection was good: the next trouble is a new one. */
  reset(): void {
    this.attempts = 0;
  }

  /**
   * The pause before another attempt (ms), undefined when there were enough. `none` is for attempts that are planned:
   * they are no sign of trouble and are not counted.
   *
   * @param proven the session has been ready before.
   */
  next(pause: Pause, proven: boolean): number | undefined {
    if (pause === 'none') return 0;
    const { maxAttempts = proven ? Infinity : FIRST_ATTEMPTS } = this.settings;
    const { firstDelayMs, maxDelayMs, jitter, waitDelayMs, random } = this.settings;
    if (this.attempts >= maxAttempts) return undefined;
    const full =
      pause === 'wait' ? waitDelayMs : Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(30, this.attempts));
    this.attempts++;
    // Chance only shortens, so that the ceiling is one; a used-up quota is given its full time.
    const share = pause === 'wait' ? 1 + jitter * random() : 1 - jitter * random();
    return Math.round(full * share);
  }
}

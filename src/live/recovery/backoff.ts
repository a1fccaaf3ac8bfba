import type { RecoverySettings } from './options';

/** How long to pause before the next attempt: not at all, longer and longer, or as long as a quota needs. */
export type Pause = 'none' | 'backoff' | 'wait';

type Settings = Pick<
  RecoverySettings,
  'maxAttempts' | 'firstDelayMs' | 'maxDelayMs' | 'jitter' | 'waitDelayMs' | 'random'
>;

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
   */
  next(pause: Pause): number | undefined {
    if (pause === 'none') return 0;
    const { maxAttempts, firstDelayMs, maxDelayMs, jitter, waitDelayMs, random } = this.settings;
    if (this.attempts >= maxAttempts) return undefined;
    const full =
      pause === 'wait' ? waitDelayMs : Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(30, this.attempts));
    this.attempts++;
    // Chance only shortens, so that the ceiling is one; a used-up quota is given its full time.
    const share = pause === 'wait' ? 1 + jitter * random() : 1 - jitter * random();
    return Math.round(full * share);
  }
}

import { timerMs } from '../recovery/time';

/**
 * Tells when something that is expected does not come. Whether time is up is looked at by one timer that is set anew
 * only when it fires: what comes many times a second merely notes the time.
 */
export class Overdue {
  private timer: NodeJS.Timeout | undefined;
  private due = 0;
  private span = 0;

  /** @param ms how long to wait (ms); 0: never fires. */
  constructor(
    private readonly ms: number,
    private readonly fire: () => void,
  ) {}

  get waiting(): boolean {
    return this.timer !== undefined;
  }

  /** From now on something is expected. @param extra patience on top of the usual (ms) */
  expect(extra = 0): void {
    if (!(this.ms > 0)) return;
    this.span = timerMs(this.ms + extra);
    this.due = performance.now() + this.span;
    this.timer ??= this.set(this.span);
  }

  /** A sign of life: the time begins anew. @param now monotonic ms */
  touch(now: number): void {
    if (this.timer) this.due = now + this.span;
  }

  /** It came, or is not expected any more. */
  off(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private set(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const rest = this.due - performance.now();
      this.timer = rest > 0 ? this.set(rest) : undefined;
      if (!this.timer) this.fire();
    }, ms);
  }
}

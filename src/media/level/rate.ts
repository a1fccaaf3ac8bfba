/** A pause in the sound (ms): nothing can be said of the time around it. */
const PAUSE_MS = 1000;

/** Counts how fast sound comes, against the times at which it was captured. */
export class RateCount {
  private from: number | undefined;
  private last = 0;
  private bytes = 0;

  /**
   * @param perMs bytes that a millisecond of the sound should have
   * @param everyMs time for one count (ms)
   */
  constructor(
    private readonly perMs: number,
    private readonly everyMs: number,
  ) {}

  /**
   * @param at when the last sample of the piece was captured (epoch ms); undefined: nobody knows, and the count begins anew
   * @returns how many times as fast as it should be sound has come, once there was enough time
   */
  push(bytes: number, at: number | undefined): number | undefined {
    // Also a clock that is set back.
    if (at === undefined || this.from === undefined || at < this.last || at - this.last > PAUSE_MS) {
      this.begin(at);
      return undefined;
    }
    this.last = at;
    this.bytes += bytes;
    const passed = at - this.from;
    if (passed < this.everyMs) return undefined;
    const ratio = this.bytes / this.perMs / passed;
    this.begin(at);
    return ratio;
  }

  private begin(at: number | undefined): void {
    this.from = at;
    this.last = at ?? 0;
    this.bytes = 0;
  }
}

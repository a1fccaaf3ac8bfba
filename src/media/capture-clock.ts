/** The quickest delivery of this time is believed to have come without delay (ms). */
const WINDOW_MS = 5000;
/** Sound is never late by more: then the device has paused, or the clock was set (ms). */
const MOST_LATE_MS = 3000;

/**
 * Tells when sound was captured, by how much of it there was before, and not by when it arrives: on a busy machine sound waits
 * in pipes and comes in bursts, but no sample is lost there. The piece that came quickest says how position and clock belong together.
 *
 * It follows a device that runs slower than its rate or leaves something out after 5 s at most, and at once when it is off by
 * more than 3 s.
 */
export class CaptureClock {
  private positionMs = 0;
  /** Arrival minus position, rising: the first is the smallest of the window. */
  private readonly offsets: { at: number; ms: number }[] = [];

  /** @param now a clock (epoch ms) */
  constructor(private readonly now: () => number = Date.now) {}

  /** When the last sample of the next piece, which has just arrived, was captured (ms of the clock). @param ms length of the piece */
  next(ms: number): number {
    const at = this.now();
    this.positionMs += ms;
    const offset = at - this.positionMs;
    const { offsets } = this;
    if (offsets.length > 0 && offset - offsets[0]!.ms > MOST_LATE_MS) offsets.length = 0;
    while (offsets.length > 0 && offsets.at(-1)!.ms >= offset) offsets.pop();
    offsets.push({ at, ms: offset });
    while (at - offsets[0]!.at > WINDOW_MS) offsets.shift();
    return this.positionMs + offsets[0]!.ms;
  }
}

import type { Turn } from './turn';

/** A loudspeaker that is stopped for good must not be waited for (ms). */
const MAX_REST_MS = 10 * 60_000;
/** A sink may be a little behind what the clock expects (ms). */
const MIN_WAIT_MS = 20;
/** A sink that fails or is stopped ends the waiting early, so it is looked for now and then (ms). */
const MAX_WAIT_MS = 1000;

/** Tells when the sound of an answer has been heard to its end. One timer per turn that still plays. */
export class Playback {
  private readonly timers = new Map<Turn, NodeJS.Timeout>();
  /** Turns of which it was told. */
  private readonly over = new WeakSet<Turn>();

  /** @param drained called once; not when the sound is aborted */
  constructor(private readonly drained: (turn: Turn) => void) {}

  /** The turn's sound is whole: from now on its end is looked for. */
  watch(turn: Turn): void {
    if (turn.audioMs > 0 && !this.timers.has(turn) && !this.over.has(turn))
      this.look(turn, performance.now() + MAX_REST_MS);
  }

  /** Forgets all. */
  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private look(turn: Turn, until: number): void {
    if (!turn.playing) {
      this.timers.delete(turn);
      this.over.add(turn);
      if (!turn.heard) this.drained(turn);
      return;
    }
    if (performance.now() > until) {
      this.timers.delete(turn);
      return;
    }
    const wait = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, turn.restMs));
    const timer = setTimeout(() => this.look(turn, until), wait);
    // Playing on after a lost connection is no reason to keep a process alive.
    this.timers.set(turn, timer.unref());
  }
}

/** How far a stream has been heard. */
export interface Played {
  /** Position in ms from the start of the stream. */
  ms: number;
  /** True when it follows from the clock and not from a device. */
  estimated: boolean;
  /** Set when the sink that decides plays no more of it: its device failed, or it was stopped. */
  over?: true;
}

/** Who reports a played position; see {@link Playhead.report}. */
export interface PlayedOptions {
  /** The position is a guess from the clock. */
  estimated?: boolean;
  /** Name of the sink, so that two speakers can be told apart. */
  sink?: string;
  /** This sink decides, even if another one was first. */
  master?: boolean;
  /** The sink plays no more of the stream, although there is more. Another one may decide from then on. */
  over?: boolean;
  /**
   * Where its sound goes: into the `plain` air, which a microphone beside it hears (default); through an echo canceller
   * (`cancelled`), whose microphone does not hear it; or `away`, where no microphone of this machine hears it: a browser, which
   * cancels echo itself.
   */
  room?: 'plain' | 'cancelled' | 'away';
  /** With `cancelled`: which echo canceller; the same as `meta.canceller` of its microphone. */
  canceller?: string;
}

const GUESS = 0;
const SINK = 1;
const MASTER = 2;

/**
 * Decides whose played position counts (contracts, "Played position"): the sink marked master, else the real-time sink
 * that reported first; a guess by nobody's device gives way to any of them. File sinks do not report.
 */
export class Playhead {
  #played: Played = { ms: 0, estimated: true };
  #owner: { rank: number; sink: string } | undefined;

  get played(): Played {
    return { ...this.#played };
  }

  /** Takes a report; true when the position changed. A sink's own position never goes back. */
  report(
    ms: number,
    { estimated = false, sink = '', master = false, over = false }: PlayedOptions = {},
  ): boolean {
    if (!Number.isFinite(ms)) return false;
    const rank = master ? MASTER : estimated && sink === '' ? GUESS : SINK;
    const same = this.#owner !== undefined && this.#owner.sink === sink && this.#owner.rank === rank;
    // A sink that never decided has nothing to give up.
    if (over ? !same : this.#owner && !same && rank <= this.#owner.rank) return false;
    const before = this.#played;
    const next: Played = { ms: Math.max(0, ms, same ? before.ms : 0), estimated, ...(over && { over }) };
    const changed = next.ms !== before.ms || next.estimated !== before.estimated || next.over !== before.over;
    this.#owner = over ? undefined : { rank, sink };
    this.#played = next;
    return changed;
  }
}

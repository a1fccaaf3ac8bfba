const GATE_MS = 10_000;

/**
 * Keeps the microphone quiet while a function runs for which the model waits: sound that comes meanwhile makes some
 * models close with 1008 "Operation is not implemented, or supported, or enabled" (js-genai #1236, livekit #4545), or
 * cancels the call. A function that never answers must not make the user mute for ever, so the gate opens by itself.
 */
export class ToolGate {
  /** Until when each call holds the sound back (monotonic ms). */
  private readonly calls = new Map<string, number>();
  private readonly ms: number;
  private timer: NodeJS.Timeout | undefined;
  private told = false;

  /**
   * @param ms how long one call may hold the sound back (ms); false: never.
   * @param changed told when sound is held back from now on, and when it is not any more.
   */
  constructor(
    ms: number | false = GATE_MS,
    private readonly changed: (closed: boolean) => void,
  ) {
    this.ms = ms || 0;
  }

  /** Whether sound is to be given up now. */
  get closed(): boolean {
    return this.calls.size > 0 && performance.now() < this.until;
  }

  /** A function runs for which the model waits. @param ago how long it has been running (ms) */
  called(key: string, ago = 0): void {
    if (this.ms - ago <= 0) return;
    this.calls.set(key, performance.now() + this.ms - ago);
    this.look();
  }

  over(key: string): void {
    if (this.calls.delete(key)) this.look();
  }

  clear(): void {
    this.calls.clear();
    this.look();
  }

  private get until(): number {
    return Math.max(...this.calls.values());
  }

  /** Tells a change, and sees to it that the end of the time is one. */
  private look(): void {
    clearTimeout(this.timer);
    const { closed } = this;
    if (closed) {
      this.timer = setTimeout(() => this.look(), Math.ceil(this.until - performance.now())).unref();
    }
    if (closed === this.told) return;
    this.told = closed;
    this.changed(closed);
  }
}

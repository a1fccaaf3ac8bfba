/** One timer per open call. */
export class Deadlines {
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(private readonly expired: (key: string) => void) {}

  /** @param ms from now; a deadline that was set before is gone */
  set(key: string, ms: number): void {
    this.off(key);
    const timer = setTimeout(
      () => {
        this.timers.delete(key);
        this.expired(key);
      },
      Math.max(0, ms),
    );
    // The connection keeps a process alive, not a call that nobody answers.
    timer.unref();
    this.timers.set(key, timer);
  }

  off(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
  }

  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}

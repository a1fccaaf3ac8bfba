/** A fresh frame that somebody has asked for: it is open until the next frame comes, whatever pace and duplicates say. */
export class Wish {
  #open = false;
  #wake: (() => void) | undefined;

  get open(): boolean {
    return this.#open;
  }

  make(): void {
    this.#open = true;
    this.#wake?.();
  }

  /** A frame has come. @returns whether it was wished for */
  grant(): boolean {
    const open = this.#open;
    this.#open = false;
    return open;
  }

  /** Waits that long (ms), but no longer once a frame is wished for, or the signal aborts. One waits at a time. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#open || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }
}

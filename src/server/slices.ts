/** Longest stretch of computing that may keep 20 ms audio frames waiting, ms. */
const SLICE_MS = 2;

/** Cuts long computations into slices, so that sound in the same process keeps flowing. */
export class Slices {
  #end = performance.now() + SLICE_MS;

  /** Is it time to let others work? Ask often; it is cheap. */
  get due(): boolean {
    return performance.now() > this.#end;
  }

  /** Lets everything that waits run once. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#end = performance.now() + SLICE_MS;
  }
}

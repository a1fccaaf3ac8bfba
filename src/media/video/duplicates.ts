import { gridDifference, type Shot } from './grid';

/** When a frame is worth sending. */
export interface DuplicateOptions {
  /** A frame is new when a cell of its grid differs by more than this, 0 to 255; undefined: every frame is. */
  readonly threshold: number | undefined;
  /** A frame that is not new is sent all the same after this time (ms); 0: never. */
  readonly heartbeatMs: number;
}

/**
 * Tells which frames show something new. Each is compared with the last one that was sent, not with the one before it: what
 * changes slowly adds up.
 */
export class Duplicates {
  /** Frames that were held back. */
  skipped = 0;
  #sent: { grid: Buffer | undefined; at: number } | undefined;

  constructor(private readonly options: DuplicateOptions) {}

  /**
   * Judges a frame; unless it is to be skipped, it counts as sent.
   *
   * @param wanted it is to be sent whatever it shows
   */
  judge({ grid, at }: Pick<Shot, 'grid' | 'at'>, wanted = false): 'new' | 'repeated' | 'skip' {
    const differs = !this.#sent || this.#differs(grid);
    if (!differs && !wanted && !this.#due(at)) {
      this.skipped += 1;
      return 'skip';
    }
    this.#sent = { grid, at };
    return differs ? 'new' : 'repeated';
  }

  #differs(grid: Buffer | undefined): boolean {
    const { threshold } = this.options;
    const before = this.#sent?.grid;
    if (threshold === undefined || !grid || !before) return true;
    return gridDifference(grid, before) > threshold;
  }

  #due(at: number): boolean {
    const { heartbeatMs } = this.options;
    return heartbeatMs > 0 && at - (this.#sent?.at ?? 0) >= heartbeatMs;
  }
}

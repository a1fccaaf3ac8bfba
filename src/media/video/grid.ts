import type { FoundJpeg } from './jpeg';

/** Cells of the grey picture by which two frames are compared: their brightness is an average over some hundred pixels. */
export const GRID = { width: 32, height: 18 } as const;

/** Bytes of a grid: one per cell, 0 (black) to 255 (white). */
export const GRID_BYTES = GRID.width * GRID.height;

/**
 * How much two grids differ: the greatest difference of any cell, 0 to 255. The greatest and not the average, because what
 * happens on a screen happens in a few cells: a typed word changes one of them by about 5.
 */
export function gridDifference(one: Buffer, other: Buffer): number {
  let greatest = 0;
  for (let i = 0; i < GRID_BYTES; i++) greatest = Math.max(greatest, Math.abs(one[i]! - other[i]!));
  return greatest;
}

/** A frame with its grid, where one was asked for. */
export interface Shot extends FoundJpeg {
  readonly grid?: Buffer;
}

/** Frames or grids that may wait for their counterparts; ffmpeg writes both at once. */
const MOST_APART = 8;

/**
 * Puts frames and grids together that come through two pipes, by their order. The pipes are read in no fixed order, so either may
 * be ahead; but what is far ahead has lost its counterpart, and from then on every pair would be wrong.
 */
export class Pairs {
  readonly #jpegs: FoundJpeg[] = [];
  readonly #grids: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);

  /** Called with the next frame. @returns pairs that are complete now */
  jpeg(found: FoundJpeg): Shot[] {
    this.#jpegs.push(found);
    return this.#match();
  }

  /** Called with the next bytes of the pipe of grids. @returns pairs that are complete now */
  gridBytes(chunk: Buffer): Shot[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (; this.#rest.length >= GRID_BYTES; this.#rest = this.#rest.subarray(GRID_BYTES)) {
      this.#grids.push(Buffer.from(this.#rest.subarray(0, GRID_BYTES)));
    }
    return this.#match();
  }

  /** Whether they have come apart, so that nothing can be trusted any more. */
  get apart(): boolean {
    return Math.max(this.#jpegs.length, this.#grids.length) > MOST_APART;
  }

  #match(): Shot[] {
    const count = Math.min(this.#jpegs.length, this.#grids.length);
    const grids = this.#grids.splice(0, count);
    return this.#jpegs.splice(0, count).map((found, i) => ({ ...found, grid: grids[i]! }));
  }
}

import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Bytes of the heap that data takes after a forced garbage collection. Compiled code is not counted: V8 goes on
 * compiling what runs often for an hour and longer, and throws away what it has not used for some collections.
 */
export function heapInUse(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // The first one may leave behind what only a finalizer lets go.
  collect();
  collect();
  const code = getHeapCodeStatistics();
  return process.memoryUsage().heapUsed - code.code_and_metadata_size - code.bytecode_and_metadata_size;
}

/** The slope of values over their places: the median of the slopes of all pairs, which a few odd ones do not bend. */
export function slopeOf(points: ReadonlyArray<readonly [at: number, value: number]>): number {
  const slopes = points.flatMap(([at, value], i) =>
    points.slice(i + 1).map(([later, other]) => (other - value) / (later - at)),
  );
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)] ?? 0;
}

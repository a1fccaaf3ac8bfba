import { DIMENSIONS, type Features } from './features';

/** A constant of this module: an imported one is looked up again for each of millions of uses. */
const SIZE = DIMENSIONS;

/** Longest ratio of two utterances' lengths that can still be the same words. */
const MAX_TEMPO = 2;
/** Half width of the corridor around the diagonal, as a share of the longer utterance. */
const CORRIDOR = 0.2;
const MIN_CORRIDOR = 4;
/** Frames at the start within which one utterance may wait for the other: endpoints are never exact. */
const LOOSE_START = 3;

/** Ways to reach a pair of frames: how far back the previous pair lies, and which pair is passed on the way. */
const STEPS = [
  { di: 1, dj: 1 },
  { di: 2, dj: 1, via: [1, 0] },
  { di: 1, dj: 2, via: [0, 1] },
  { di: 1, dj: 0 },
  { di: 0, dj: 1 },
] as const;

/** Work space, grown as needed; a comparison never yields, so one is enough. */
let local = new Float32Array(0);
let total = new Float32Array(0);
let steps = new Uint8Array(0);

/**
 * Dynamic time warping with a limited slope: each step goes on in both utterances, at most twice as fast in one of
 * them, so that a short word cannot be stretched over a long one.
 *
 * @returns mean distance per frame; `Infinity` when the lengths differ too much
 */
export function distance(a: Features, b: Features): number {
  return warp(a, b) ? total[a.frames * b.frames - 1]! / (a.frames + b.frames) : Infinity;
}

/** Which frames of two utterances belong together, last pair first; empty when the lengths differ too much. */
export function align(a: Features, b: Features): Array<[number, number]> {
  const pairs: Array<[number, number]> = [];
  const m = b.frames;
  if (!warp(a, b) || !Number.isFinite(total[a.frames * m - 1]!)) return pairs;
  let [i, j] = [a.frames - 1, m - 1];
  for (;;) {
    pairs.push([i, j]);
    if (i === 0 && j === 0) return pairs;
    const step = STEPS[steps[i * m + j]!]!;
    if ('via' in step) pairs.push([i - step.via[0], j - step.via[1]]);
    [i, j] = [i - step.di, j - step.dj];
  }
}

/** Fills the work space; false when the lengths cannot fit. */
function warp(a: Features, b: Features): boolean {
  const [n, m] = [a.frames, b.frames];
  if (n > m * MAX_TEMPO || m > n * MAX_TEMPO) return false;
  if (local.length < n * m) {
    [local, total, steps] = [new Float32Array(n * m), new Float32Array(n * m), new Uint8Array(n * m)];
  }
  const width = Math.max(MIN_CORRIDOR, Math.ceil(CORRIDOR * Math.max(n, m)));
  total.fill(Infinity, 0, n * m);
  for (let i = 0; i < n; i++) {
    const middle = (i * m) / n;
    const last = Math.min(m - 1, Math.ceil(middle + width));
    for (let j = Math.max(0, Math.floor(middle - width)); j <= last; j++) {
      const at = i * m + j;
      local[at] = between(a.data, i * SIZE, b.data, j * SIZE);
      if (at === 0) total[0] = local[0]!;
      else reach(i, j, m);
    }
  }
  return true;
}

/** Finds the cheapest way to (i, j). Going on in both utterances counts twice, so that every path weighs n + m. */
function reach(i: number, j: number, m: number): void {
  const at = i * m + j;
  const here = local[at]!;
  let best = Infinity;
  let step = 0;
  if (i > 0 && j > 0) best = total[at - m - 1]! + 2 * here;
  if (i > 1 && j > 0) {
    const cost = total[at - 2 * m - 1]! + 2 * local[at - m]! + here;
    if (cost < best) {
      best = cost;
      step = 1;
    }
  }
  if (i > 0 && j > 1) {
    const cost = total[at - m - 2]! + 2 * local[at - 1]! + here;
    if (cost < best) {
      best = cost;
      step = 2;
    }
  }
  if (i > 0 && (i < LOOSE_START || j < LOOSE_START)) {
    const cost = total[at - m]! + here;
    if (cost < best) {
      best = cost;
      step = 3;
    }
  }
  if (j > 0 && (i < LOOSE_START || j < LOOSE_START)) {
    const cost = total[at - 1]! + here;
    if (cost < best) {
      best = cost;
      step = 4;
    }
  }
  total[at] = best;
  steps[at] = step;
}

function between(a: Float32Array, ai: number, b: Float32Array, bi: number): number {
  let sum = 0;
  for (let d = 0; d < SIZE; d++) {
    const difference = a[ai + d]! - b[bi + d]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

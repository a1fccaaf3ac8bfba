import { DIMENSIONS, type Features } from './features';

/** Longest ratio of two utterances' lengths that can still be the same words. */
const MAX_TEMPO = 2;
/** Half width of the corridor around the diagonal, as a share of the longer utterance. */
const CORRIDOR = 0.2;
const MIN_CORRIDOR = 4;

/** Work space, grown as needed; one comparison runs at a time. */
let local = new Float32Array(0);
let total = new Float32Array(0);

/**
 * Dynamic time warping with a limited slope: each step goes on in both utterances, at most twice as fast in one of
 * them, so that a short word cannot be stretched over a long one.
 *
 * @param giveUp stops early (with `Infinity`) once the distance cannot be less than this
 * @returns mean distance per frame; `Infinity` when the lengths differ too much
 */
export function distance(a: Features, b: Features, giveUp = Infinity): number {
  const [n, m] = [a.frames, b.frames];
  if (n > m * MAX_TEMPO || m > n * MAX_TEMPO) return Infinity;
  if (local.length < n * m) [local, total] = [new Float32Array(n * m), new Float32Array(n * m)];
  const width = Math.max(MIN_CORRIDOR, Math.ceil(CORRIDOR * Math.max(n, m)));
  const limit = giveUp * (n + m);
  total.fill(Infinity, 0, n * m);
  for (let i = 0; i < n; i++) {
    const middle = (i * m) / n;
    const first = Math.max(0, Math.floor(middle - width));
    const last = Math.min(m - 1, Math.ceil(middle + width));
    let least = Infinity;
    for (let j = first; j <= last; j++) {
      const here = between(a.data, i * DIMENSIONS, b.data, j * DIMENSIONS);
      const at = i * m + j;
      local[at] = here;
      const best = cheapest(i, j, m, here);
      total[at] = best;
      if (best < least) least = best;
    }
    if (least > limit && i > 2) return Infinity;
  }
  return total[n * m - 1]! / (n + m);
}

/** Cost of the best path to (i, j). The first frames may start late in one utterance: endpoints are never exact. */
function cheapest(i: number, j: number, m: number, here: number): number {
  if (i === 0 && j === 0) return here;
  const at = i * m + j;
  let best = Infinity;
  if (i > 0 && j > 0) best = total[at - m - 1]! + 2 * here;
  if (i > 1 && j > 0) best = Math.min(best, total[at - 2 * m - 1]! + 2 * local[at - m]! + here);
  if (i > 0 && j > 1) best = Math.min(best, total[at - m - 2]! + 2 * local[at - 1]! + here);
  if (i < 3 || j < 3) {
    if (i > 0) best = Math.min(best, total[at - m]! + here);
    if (j > 0) best = Math.min(best, total[at - 1]! + here);
  }
  return best;
}

function between(a: Float32Array, ai: number, b: Float32Array, bi: number): number {
  let sum = 0;
  for (let d = 0; d < DIMENSIONS; d++) {
    const difference = a[ai + d]! - b[bi + d]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

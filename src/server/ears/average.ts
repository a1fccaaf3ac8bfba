import { align } from './dtw';
import { DIMENSIONS, type Features } from './features';

const ROUNDS = 3;

/**
 * The typical way of saying something: several voices are laid over the one of middle length by time warping and
 * averaged frame by frame, a few times over. One average is heard better in a strange voice than all its parts,
 * because what is special about a single voice cancels out; and it costs one comparison.
 */
export function average(utterances: readonly Features[]): Features {
  const byLength = [...utterances].sort((a, b) => a.frames - b.frames);
  let typical = byLength[byLength.length >> 1]!;
  for (let round = 0; round < ROUNDS; round++) {
    const sum = new Float32Array(typical.data.length);
    const voices = new Float32Array(typical.frames);
    for (const utterance of utterances) lay(utterance, typical, sum, voices);
    typical = {
      frames: typical.frames,
      data: sum.map((value, index) => value / Math.max(1, voices[Math.floor(index / DIMENSIONS)]!)),
    };
  }
  return typical;
}

/** Adds one utterance to the sum; frames that share one place count as one. */
function lay(utterance: Features, typical: Features, sum: Float32Array, voices: Float32Array): void {
  const pairs = align(typical, utterance);
  const share = new Float32Array(typical.frames);
  for (const [i] of pairs) share[i]! += 1;
  for (const [i, j] of pairs) {
    voices[i]! += 1 / share[i]!;
    for (let d = 0; d < DIMENSIONS; d++) {
      sum[i * DIMENSIONS + d]! += utterance.data[j * DIMENSIONS + d]! / share[i]!;
    }
  }
}

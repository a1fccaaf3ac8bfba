/** Zero crossings of the filter on each side: more is steeper and later (16 at 24 kHz are 0.7 ms). */
const CROSSINGS = 16;
/** Steps of the filter's table between two samples. */
const STEPS = 256;
/** Where the filter begins to close, as a share of the lower of the two rates' bands. */
const BAND = 0.92;

/**
 * Changes the rate of a stream of samples with a windowed sinc, piece by piece, without a seam between pieces. The
 * browser's own resampling is not used: Firefox refuses a microphone in a context of another rate.
 */
export class Resampler {
  readonly #step: number;
  readonly #half: number;
  readonly #table: Float32Array;
  #kept: Float32Array;
  /** Where the next sample lies, in samples of what is kept. */
  #at: number;

  /** @param from rate of what is pushed (Hz) @param to rate of what comes out (Hz) */
  constructor(from: number, to: number) {
    this.#step = from / to;
    const cutoff = Math.min(1, to / from) * BAND;
    this.#half = Math.ceil(CROSSINGS / cutoff);
    this.#table = filter(this.#half, cutoff);
    this.#kept = new Float32Array(this.#half); // silence before the first sample
    this.#at = this.#half;
  }

  /** How many samples of silence bring out the rest at the end of a stream. */
  get tail(): number {
    return this.#half;
  }

  push(input: Float32Array): Float32Array {
    const samples = new Float32Array(this.#kept.length + input.length);
    samples.set(this.#kept);
    samples.set(input, this.#kept.length);
    const last = samples.length - this.#half; // beyond it the filter would reach over the edge
    const count = Math.max(0, Math.ceil((last - this.#at) / this.#step));
    const output = new Float32Array(count);
    for (let index = 0; index < count; index += 1) {
      output[index] = this.#sample(samples, this.#at);
      this.#at += this.#step;
    }
    const done = Math.max(0, Math.floor(this.#at) - this.#half);
    this.#kept = samples.slice(done);
    this.#at -= done;
    return output;
  }

  #sample(samples: Float32Array, at: number): number {
    const first = Math.max(0, Math.ceil(at - this.#half));
    const end = Math.min(samples.length - 1, Math.floor(at + this.#half));
    let sum = 0;
    for (let index = first; index <= end; index += 1) {
      const place = Math.abs(at - index) * STEPS;
      const left = Math.floor(place);
      const low = this.#table[left]!;
      sum += samples[index]! * (low + (this.#table[left + 1]! - low) * (place - left));
    }
    return sum;
  }
}

/** One side of the filter (it is symmetric): sinc under a Blackman window, with two zeros after it for the interpolation. */
function filter(half: number, cutoff: number): Float32Array {
  const table = new Float32Array(half * STEPS + 2);
  for (let index = 0; index < half * STEPS; index += 1) {
    const x = index / STEPS;
    const phase = Math.PI * cutoff * x;
    const sinc = index === 0 ? 1 : Math.sin(phase) / phase;
    const turn = (Math.PI * x) / half;
    table[index] = cutoff * sinc * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
  }
  return table;
}

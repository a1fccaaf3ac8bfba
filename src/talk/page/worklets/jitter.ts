import { Resampler } from './resampler';

/** Sound that is kept before an answer begins, so that pieces may come unevenly (ms). */
const TARGET_MS = 60;
/** It grows when that was too little, up to this. */
const MOST_MS = 400;
/** After so much sound without a gap it shrinks again. */
const CALM_MS = 20_000;
/** Samples of an answer that are turned into the rate of the device at once: little, for the sound thread must not be late. */
const PIECE = 64;

/** One answer on its way to the speaker. */
interface Stream {
  readonly id: number;
  readonly rate: number;
  readonly at: number;
  readonly resampler: Resampler;
  /** Pieces as they came, and how far the first of them is used up. */
  readonly pieces: Int16Array[];
  used: number;
  /** Samples that are there still, at the stream's own rate. */
  left: number;
  /** At the rate of the device. */
  ready: Float32Array;
  /** Nothing more will come. */
  ended: boolean;
  drained: boolean;
  /** It waits for more sound before it begins, or goes on. */
  waiting: boolean;
  waitedMs: number;
  received: number;
  played: number;
}

/** Told about a stream: how far it was played (ms), and whether that is all. */
export interface Progress {
  stream: number;
  ms: number;
  over?: 'end' | 'flush';
}

/**
 * Answers, one after the other, from pieces that come unevenly to blocks that must be there in time. A flush is heard
 * within one block: what is left fades over it, so that it does not click.
 */
export class JitterBuffer {
  readonly #streams: Stream[] = [];
  readonly #rate: number;
  readonly #told: (progress: Progress) => void;
  #targetMs = TARGET_MS;
  #calmMs = 0;
  #fading: Float32Array | undefined;

  /** @param rate rate of the device (Hz) @param told hears of every stream that is over */
  constructor(rate: number, told: (progress: Progress) => void) {
    this.#rate = rate;
    this.#told = told;
  }

  /** The stream that plays and how far it is; nothing when all is silent. */
  get progress(): Progress | undefined {
    const stream = this.#streams[0];
    return stream && !stream.waiting ? { stream: stream.id, ms: this.#playedMs(stream) } : undefined;
  }

  /** @param at where in the stream the first sample lies (ms) */
  begin(id: number, rate: number, at = 0): void {
    if (this.#find(id)) return;
    this.#streams.push({
      ...{ id, rate, at, resampler: new Resampler(rate, this.#rate), pieces: [], used: 0, left: 0 },
      ...{ ready: new Float32Array(0), ended: false, drained: false, waiting: true, waitedMs: 0 },
      ...{ received: 0, played: 0 },
    });
  }

  push(id: number, pcm: Int16Array): void {
    const stream = this.#find(id);
    if (!stream || stream.ended || pcm.length === 0) return;
    stream.pieces.push(pcm);
    stream.left += pcm.length;
    stream.received += pcm.length;
    stream.waitedMs = 0;
  }

  end(id: number): void {
    const stream = this.#find(id);
    if (stream) stream.ended = true;
  }

  /** Gone at once. Tells how far it was played. */
  flush(id: number): void {
    const index = this.#streams.findIndex((stream) => stream.id === id);
    const [stream] = index < 0 ? [] : this.#streams.splice(index, 1);
    if (!stream) return;
    if (index === 0 && stream.played > 0 && !stream.waiting) {
      this.#fill(stream, 128);
      this.#fading = stream.ready;
    }
    this.#told({ stream: id, ms: this.#playedMs(stream), over: 'flush' });
  }

  /** Fills a block for the device; what is not there is silence. */
  pull(output: Float32Array): void {
    output.fill(0);
    if (this.#fading) {
      output.set(faded(this.#fading.subarray(0, output.length)));
      this.#fading = undefined;
      return;
    }
    const stream = this.#streams[0];
    if (!stream || !this.#mayPlay(stream, output.length)) return;
    this.#fill(stream, output.length);
    const count = Math.min(output.length, stream.ready.length);
    const block = stream.ready.subarray(0, count);
    output.set(count < output.length && !stream.drained ? faded(block) : block);
    stream.ready = stream.ready.slice(count);
    stream.played += count;
    this.#after(stream, count < output.length, (1000 * output.length) / this.#rate);
  }

  /** Enough is there, or all, or what is there has waited so long that more is not to be expected soon. */
  #mayPlay(stream: Stream, samples: number): boolean {
    if (!stream.waiting) return true;
    const leftMs = (1000 * stream.left) / stream.rate;
    stream.waitedMs += (1000 * samples) / this.#rate;
    const late = stream.left > 0 && stream.waitedMs > 2 * this.#targetMs;
    if (!stream.ended && !late && leftMs < this.#targetMs) return false;
    stream.waiting = false;
    return true;
  }

  #after(stream: Stream, short: boolean, blockMs: number): void {
    if (short && stream.drained) {
      this.#streams.shift();
      this.#told({ stream: stream.id, ms: this.#playedMs(stream), over: 'end' });
    } else if (short) {
      stream.waiting = true;
      stream.waitedMs = 0;
      this.#calmMs = 0;
      this.#targetMs = Math.min(MOST_MS, this.#targetMs * 1.5);
    } else if ((this.#calmMs += blockMs) > CALM_MS) {
      this.#calmMs = 0;
      this.#targetMs = Math.max(TARGET_MS, this.#targetMs * 0.8);
    }
  }

  #fill(stream: Stream, count: number): void {
    while (stream.ready.length < count && !stream.drained) {
      const piece = take(stream);
      if (piece) stream.ready = joined(stream.ready, stream.resampler.push(piece));
      else if (!stream.ended) return;
      else {
        stream.drained = true;
        stream.ready = joined(stream.ready, stream.resampler.push(new Float32Array(stream.resampler.tail)));
      }
    }
  }

  /** The silence that brings out the rest of the filter is no part of the answer. */
  #playedMs(stream: Stream): number {
    return stream.at + Math.min((1000 * stream.played) / this.#rate, (1000 * stream.received) / stream.rate);
  }

  #find(id: number): Stream | undefined {
    return this.#streams.find((stream) => stream.id === id);
  }
}

/** The next samples of a stream, if there are any. */
function take(stream: Stream): Float32Array | undefined {
  const piece = stream.pieces[0];
  if (!piece) return undefined;
  const part = piece.subarray(stream.used, stream.used + PIECE);
  stream.used += part.length;
  stream.left -= part.length;
  if (stream.used === piece.length) {
    stream.pieces.shift();
    stream.used = 0;
  }
  return Float32Array.from(part, (sample) => sample / 32_768);
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function faded(samples: Float32Array): Float32Array {
  return samples.map((sample, index) => sample * (1 - index / samples.length));
}

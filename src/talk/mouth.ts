import { createMedia, PCM_16K, PcmFramer, type MediaHandle } from '../media';
import { Bucket } from './limits';
import { MICROPHONE_RATE } from './wire';

const BYTES_PER_SECOND = MICROPHONE_RATE * 2;
/** A clock in a browser may run fast, and a stalled network gives back at once what it held (seconds). */
const SLACK = 1.25;
const BURST_S = 5;

/**
 * The microphone of a page: the sound of whoever has the floor, in pieces of 20 ms.
 *
 * There is no pre-roll as with other microphones: between two presses of the button nothing comes, so the last 300 ms may be
 * minutes old.
 */
export class Mouth {
  readonly #writer = createMedia({
    format: PCM_16K,
    policy: 'drop-oldest',
    preRollMs: 0,
    label: 'microphone of the talk page',
    meta: { source: 'browser', echoCancelled: true },
  });
  readonly #framer = new PcmFramer(PCM_16K);
  readonly #bytes: Bucket;
  /** When sound was last taken (monotonic, ms). */
  lastAt = -Infinity;

  constructor(private readonly now: () => number) {
    this.#bytes = new Bucket(BYTES_PER_SECOND * SLACK, BYTES_PER_SECOND * BURST_S, now);
  }

  get handle(): MediaHandle {
    return this.#writer.handle;
  }

  /** Takes sound; false when it is more than a microphone of the right rate gives. */
  take(pcm: Buffer): boolean {
    this.lastAt = this.now();
    if (!this.#bytes.take(pcm.length)) return false;
    if (this.handle.muted) return true;
    for (const frame of this.#framer.push(pcm)) this.#writer.write(frame);
    return true;
  }

  /** Somebody stopped talking: what is left goes out, and nobody else's sound is put behind it. */
  pause(): void {
    const rest = this.#framer.flush();
    if (rest) this.#writer.write(rest);
  }

  close(): void {
    this.#writer.abort('NODE_CLOSED', 'The talk page was closed.');
  }
}

import { blockAlign, checkFormat, isPcm, type MediaFormat } from './format';
import { MediaError } from './errors';

/**
 * Cuts PCM that comes in pieces of any size into frames of equal length (default 20 ms: 640 bytes at 16 kHz mono). Bytes that
 * make no whole frame wait for the next piece, so no sample is ever torn.
 */
export class PcmFramer {
  /** Bytes of a frame. */
  readonly frameBytes: number;
  readonly #align: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @throws MediaError `UNSUPPORTED_FORMAT` when the format is not PCM with a sample rate */
  constructor(format: MediaFormat, frameMs = 20) {
    const { rate = 0, ...pcm } = checkFormat(format);
    if (!isPcm(pcm)) {
      throw new MediaError('UNSUPPORTED_FORMAT', `Only PCM can be cut into frames, not ${format.mime}.`);
    }
    this.#align = blockAlign(pcm);
    this.frameBytes = Math.max(1, Math.floor((rate * frameMs) / 1000)) * this.#align;
  }

  /** Takes a piece, gives the frames that are complete now. They share the piece's memory. */
  push(piece: Buffer): Buffer[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    const frames: Buffer[] = [];
    let start = 0;
    for (; start + this.frameBytes <= bytes.length; start += this.frameBytes) {
      frames.push(bytes.subarray(start, start + this.frameBytes));
    }
    this.#rest = bytes.subarray(start);
    return frames;
  }

  /** The whole samples that are left, shorter than a frame; half a sample at the very end is dropped. */
  flush(): Buffer | undefined {
    const whole = this.#rest.length - (this.#rest.length % this.#align);
    const last = this.#rest.subarray(0, whole);
    this.#rest = Buffer.alloc(0);
    return last.length > 0 ? last : undefined;
  }
}

import { Transform, type TransformCallback } from 'node:stream';
import OpusScript from 'opusscript';
import prism from 'prism-media';
import { MediaError } from './errors';
import { SAMPLE_BYTES } from './format';
import { WebmOpusDemuxer } from './webm';

/** What {@link decodeOpus} takes apart and what it makes. */
export interface OpusOptions {
  container: 'webm' | 'ogg';
  /** Rate of the PCM (Hz): one of {@link OPUS_RATES}; the decoder converts, no resampler is needed. */
  rate: number;
  /** Channels of the PCM: 1 or 2. */
  channels: number;
}

/** Rates (Hz) that an Opus decoder can produce (RFC 6716 section 2.1.3). */
export const OPUS_RATES: readonly number[] = [8000, 12000, 16000, 24000, 48000];

/** Rate (Hz) in which the header counts the samples to skip (RFC 7845 section 5.1). */
const PRE_SKIP_RATE = 48_000;

/** A demuxer that holds back more than this waits for an end that never comes: an Ogg page has at most 65,307 bytes. */
const MAX_HELD = { ogg: 128 * 1024, webm: 4 * 1024 * 1024 };

/** Input is decoded in pieces of this size (bytes), so that a large write neither blocks for long nor swells the output. */
const PIECE = 8 * 1024;

/**
 * Decoders that live at the same time. opusscript 0.0.8 keeps all in one heap of 16 MiB and addresses its output at twice the
 * pointer it allocated: the 29th decoder writes out of bounds (measured).
 */
const MAX_DECODERS = 24;

const waiting: Array<() => void> = [];
let decoders = 0;

/** Whether another {@link decodeOpus} would begin at once instead of waiting for a running one to end. */
export function opusDecoderFree(): boolean {
  return decoders < MAX_DECODERS;
}

function release(): void {
  decoders -= 1;
  waiting.shift()?.();
}

/**
 * Decodes Opus in WebM or Ogg to PCM16, without an ffmpeg process: bytes in, bytes out. What the encoder put in front to warm up
 * (pre-skip) is left out; damaged packets are skipped. At most 24 work at once, more wait for their turn.
 *
 * The stream fails with MediaError `BAD_INPUT` when the bytes are not what they should be, `EMPTY_INPUT` when there are none
 * (prism-media itself would end quietly with no output).
 *
 * @throws MediaError `UNSUPPORTED_FORMAT` for a container, rate or number of channels it does not know
 */
export function decodeOpus(options: OpusOptions): Transform {
  const { container, rate, channels } = options;
  if (container !== 'webm' && container !== 'ogg') {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      `Opus is read from "webm" or "ogg", not from "${String(container)}".`,
    );
  }
  if (!OPUS_RATES.includes(rate) || (channels !== 1 && channels !== 2)) {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      `Opus cannot be decoded to ${rate} Hz with ${channels} channels. Use 1 or 2 channels at ${OPUS_RATES.join(', ')} Hz.`,
    );
  }
  return new OpusDecoder(options);
}

type Demuxer = Transform & { _remainder?: Buffer | null };

class OpusDecoder extends Transform {
  readonly #options: OpusOptions;
  readonly #demuxer: Demuxer;
  #decoder: OpusScript | undefined;
  #cancelWait: (() => void) | undefined;
  #failure: Error | undefined;
  #input = 0;
  #headers = 0;
  #decoded = 0;
  #damaged = 0;
  #skipBytes = 0;

  constructor(options: OpusOptions) {
    super();
    this.#options = options;
    this.#demuxer = options.container === 'ogg' ? new prism.opus.OggDemuxer() : new WebmOpusDemuxer();
    this.#demuxer.on('head', (head: Buffer) => this.#begin(head));
    // The demuxer is called, not piped: packets come back at once and in step, and its errors where they are expected.
    this.#demuxer.push = (packet: Buffer): boolean => {
      this.#decode(packet);
      return true;
    };
  }

  #begin(head: Buffer): void {
    this.#headers += 1;
    if (this.#headers > 1 || head.length < 12) return;
    const samples = Math.round((head.readUInt16LE(10) * this.#options.rate) / PRE_SKIP_RATE);
    this.#skipBytes = samples * this.#options.channels * SAMPLE_BYTES;
  }

  #decode(packet: Buffer): void {
    if (packet.length === 0 || this.destroyed || !this.#decoder) return;
    let pcm: Buffer;
    try {
      pcm = this.#decoder.decode(packet);
    } catch {
      this.#damaged += 1;
      return;
    }
    this.#decoded += 1;
    const skip = Math.min(this.#skipBytes, pcm.length);
    this.#skipBytes -= skip;
    if (pcm.length > skip) this.push(pcm.subarray(skip));
  }

  override _construct(callback: TransformCallback): void {
    const start = (): void => {
      this.#cancelWait = undefined;
      decoders += 1;
      try {
        this.#decoder = new OpusScript(
          this.#options.rate as ConstructorParameters<typeof OpusScript>[0],
          this.#options.channels,
        );
        callback();
      } catch (error) {
        release();
        callback(error as Error);
      }
    };
    if (this.destroyed) return callback();
    if (opusDecoderFree()) return start();
    waiting.push(start);
    this.#cancelWait = () => {
      waiting.splice(waiting.indexOf(start), 1);
      callback();
    };
  }

  override destroy(error?: Error): this {
    // Node calls _destroy only after _construct has called back, so a stream that waits for its turn would never close.
    const cancel = this.#cancelWait;
    this.#cancelWait = undefined;
    super.destroy(error);
    cancel?.();
    return this;
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.#input += chunk.length;
    for (let at = 0; at < chunk.length && !this.#failure; at += PIECE) {
      this.#demuxer._transform(
        chunk.subarray(at, at + PIECE),
        'binary',
        (error) => (this.#failure ??= error ?? undefined),
      );
      if ((this.#demuxer._remainder?.length ?? 0) > MAX_HELD[this.#options.container]) {
        this.#failure ??= new Error('a part of it has no end');
      }
    }
    callback(this.#failure && this.#bad(this.#failure.message, this.#failure));
  }

  override _flush(callback: TransformCallback): void {
    if (this.#failure) return callback(this.#bad(this.#failure.message, this.#failure));
    if (this.#input === 0)
      return callback(new MediaError('EMPTY_INPUT', 'There is no audio: not one byte came.'));
    if (this.#headers === 0) return callback(this.#bad('there is no Opus header in it'));
    if (this.#decoded > 0) return callback();
    if (this.#damaged > 0) return callback(this.#bad(`all ${this.#damaged} packets are damaged`));
    callback(new MediaError('EMPTY_INPUT', 'There is no audio in it: only headers.'));
  }

  #bad(why: string, cause?: Error): MediaError {
    const name = this.#options.container === 'ogg' ? 'Ogg' : 'WebM';
    return new MediaError(
      'BAD_INPUT',
      `This is not readable as Opus in ${name}: ${why}. Check that the file is complete, or convert it to WAV.`,
      { cause },
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#demuxer.destroy();
    if (this.#decoder) {
      this.#decoder.delete();
      this.#decoder = undefined;
      release();
    }
    callback(error);
  }
}

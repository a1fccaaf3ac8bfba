import { MediaChannel, type MediaOptions } from './channel';
import { isMediaError, MediaError, type MediaErrorCode } from './errors';
import { blockAlign, checkFormat } from './format';
import { MediaHandle } from './handle';

const POLICIES = ['drop-oldest', 'block', 'retain', 'latest'];

/** Why a writer gives up: usually `INTERRUPTED`, `CANCELLED`, `SOURCE_FAILED` or `NODE_CLOSED`. */
export type AbortCode = MediaErrorCode;

/** The writing end of a media stream, kept by the source alone; {@link MediaWriter.handle} is what others get. */
export class MediaWriter {
  readonly handle: MediaHandle;
  readonly #channel: MediaChannel;
  readonly #align: number;
  #rest: Buffer | undefined;

  /** @throws MediaError `UNSUPPORTED_FORMAT`, `BAD_INPUT` when format or policy make no sense */
  constructor(options: MediaOptions) {
    const format = checkFormat(options.format);
    if (!POLICIES.includes(options.policy)) {
      throw new MediaError(
        'BAD_INPUT',
        `"${String(options.policy)}" is no overflow policy. Use one of ${POLICIES.join(', ')}.`,
      );
    }
    this.#align = blockAlign(format);
    this.#channel = new MediaChannel(format, options.policy, options);
    this.handle = new MediaHandle(this.#channel, options);
  }

  /** Whether a write still reaches anybody; false after end, abort and expiry. */
  get writable(): boolean {
    return this.#channel.state === 'open';
  }

  /**
   * Hands a chunk to all readers. The Buffer is kept, not copied: do not change it afterwards. PCM that ends in the middle
   * of a sample keeps that part back for the next write, so that no reader ever loses half a sample.
   *
   * @param capturedAt when it was captured (epoch ms); default: the time the chunk carries already, else now
   * @returns false when the writer should wait for {@link ready} (only `block`), or is closed
   */
  write(chunk: Buffer, capturedAt?: number): boolean {
    const whole = this.#wholeSamples(chunk);
    if (whole.length === 0) return this.writable;
    return this.#channel.write(whole, capturedAt);
  }

  #wholeSamples(chunk: Buffer): Buffer {
    const joined = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const torn = joined.length % this.#align;
    this.#rest = torn === 0 ? undefined : joined.subarray(joined.length - torn);
    return torn === 0 ? joined : joined.subarray(0, joined.length - torn);
  }

  /** Resolves when a `block` writer may go on; at once for the others and for a closed one. Never rejects. */
  ready(): Promise<void> {
    return this.#channel.ready();
  }

  /** Says, as a `warning` event of the handle, that something was lost or went wrong; the stream goes on. */
  warn(code: MediaErrorCode, message: string): void {
    this.#channel.warn(code, message);
  }

  /** Nothing more comes: every reader gets what is left, then ends. */
  end(): void {
    this.#rest = undefined;
    this.#channel.end();
  }

  /**
   * Gives the stream up: every reader is destroyed at once with an error that carries this code, and unread data is gone.
   * It also works after {@link end}, because an answer may be interrupted while it still plays.
   */
  abort(reason: AbortCode | MediaError, message?: string): void {
    const error = isMediaError(reason)
      ? reason
      : new MediaError(reason, message ?? `${this.#channel.name} was stopped (${reason}).`);
    this.#rest = undefined;
    this.#channel.abort(error);
  }
}

/**
 * Starts a media stream. Keep the writer, give away `writer.handle`.
 *
 * @throws MediaError `UNSUPPORTED_FORMAT`, `BAD_INPUT` when format or policy make no sense
 */
export function createMedia(options: MediaOptions): MediaWriter {
  return new MediaWriter(options);
}

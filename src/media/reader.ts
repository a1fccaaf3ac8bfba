import { Readable } from 'node:stream';
import { bytesPerMs, type MediaFormat } from './format';
import { ChunkQueue } from './queue';

/** How to open a reader. */
export interface OpenOptions {
  /** Bound of this reader's own queue (ms), instead of the stream's; the reader that paces a file has none. */
  queueMs?: number;
}

/** What a reader needs of the stream it reads. Internal. */
export interface ReaderSource {
  readonly format: MediaFormat;
  readonly policy: string;
  readonly capBytes: number;
  isPace(reader: MediaReader): boolean;
  drained(): void;
  close(reader: MediaReader): void;
}

/**
 * One consumer's view of a media stream: an object-mode Readable of Buffers (object mode, so that chunks keep their
 * identity and with it their capture time; it pipes into ordinary byte streams all the same). Made by `handle.open()`.
 *
 * Its queue is its own; what it cannot take in time it loses alone. When the writer aborts, it is destroyed at once with a
 * {@link MediaError} that carries the writer's code. An `error` that nobody listens to is not thrown.
 */
export class MediaReader extends Readable {
  /** Chunks this reader lost because it was too slow. */
  dropped = 0;
  /** The same in ms (for anything but PCM an estimate). */
  droppedMs = 0;
  readonly #source: ReaderSource;
  readonly #queue = new ChunkQueue();
  readonly #capBytes: number;
  #wanted = false;
  #ending = false;

  constructor(source: ReaderSource, { queueMs }: OpenOptions) {
    // No read-ahead: what stands in Node's own buffer could neither be dropped as the oldest nor replaced by the latest.
    super({ objectMode: true, highWaterMark: 0 });
    this.#source = source;
    this.#capBytes = queueMs === undefined ? source.capBytes : queueMs * bytesPerMs(source.format);
    // An abort is news for whoever listens, and must not be an uncaught exception when nobody does.
    this.on('error', () => {});
  }

  /** Bytes that wait in this reader's queue. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** The same in ms (for anything but PCM an estimate). */
  get queuedMs(): number {
    return this.#queue.bytes / bytesPerMs(this.#source.format);
  }

  /** Takes a chunk from the writer and returns how many chunks that cost. Internal. */
  accept(chunk: Buffer): number {
    if (this.#wanted && this.#queue.length === 0) {
      this.#wanted = false;
      this.push(chunk);
      return 0;
    }
    return this.seed(chunk);
  }

  /** Puts a chunk into the queue, without handing it out yet. Internal. */
  seed(chunk: Buffer): number {
    this.#queue.push(chunk);
    if (this.#source.isPace(this)) return 0;
    const lost = this.#queue.trim(this.#capBytes, this.#source.policy === 'latest' ? 1 : Infinity);
    this.dropped += lost.chunks;
    this.droppedMs += lost.bytes / bytesPerMs(this.#source.format);
    return lost.chunks;
  }

  /** No more chunks will come. Internal. */
  finish(): void {
    this.#ending = true;
    if (this.#wanted && this.#queue.length === 0) this.push(null);
  }

  override _read(): void {
    const chunk = this.#queue.shift();
    if (chunk) {
      this.push(chunk);
      this.#source.drained();
    } else if (this.#ending) {
      this.push(null);
    } else {
      this.#wanted = true;
    }
  }

  /** After an abort nothing may come out any more, not even a chunk that Node had taken already. */
  override read(size?: number): Buffer | null {
    return this.destroyed ? null : (super.read(size) as Buffer | null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#queue.clear();
    this.#source.close(this);
    callback(error);
  }
}

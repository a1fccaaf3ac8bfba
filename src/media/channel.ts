import { EventEmitter } from 'node:events';
import { MediaError } from './errors';
import { bytesPerMs, type MediaFormat } from './format';
import { callListeners } from './listeners';
import { Playhead, type PlayedOptions } from './playhead';
import { ChunkQueue } from './queue';
import { MediaReader, type OpenOptions } from './reader';
import { capturedAt, stamp } from './stamp';

/**
 * What happens when a reader is slower than the writer, and what a reader that comes late gets (contracts, "MediaHandle"):
 * `drop-oldest` for live audio, `block` for files, `retain` for model turns, `latest` for video.
 */
export type OverflowPolicy = 'drop-oldest' | 'block' | 'retain' | 'latest';

/** `open` while it is written; `ended` and `aborted` by the writer; `expired` once what it held was released. */
export type MediaState = 'open' | 'ended' | 'aborted' | 'expired';

/** Counters of a stream. */
export interface MediaStats {
  /** Chunks written. */
  written: number;
  /** Bytes written. */
  bytes: number;
  /** Chunks that some reader, or the retained turn, lost because of its bound. */
  dropped: number;
  /** Readers open now. */
  readers: number;
  /** Readers ever opened. */
  opened: number;
}

/** Events of a stream, with their arguments. */
export interface MediaEvents {
  /** The writer ended; readers may still have something to read. */
  end: [];
  /** The writer aborted; readers are gone. */
  abort: [error: MediaError];
  /** What was held is released; nobody can open it any more. */
  expired: [];
  /** Played position in ms, and whether it is an estimate. */
  played: [ms: number, estimated: boolean];
  /** A sink told its position (ms), whether it is the one that decides or not. Guesses by the clock are left out. */
  sink: [ms: number, report: PlayedOptions];
  /** Something was lost or went wrong on the way; the stream goes on. */
  warning: [error: MediaError];
  /** A sink asked the source to be silent (true) or to go on (false). */
  mute: [muted: boolean];
  /** A reader wants to see, or hear, what is now: a source that skips or waits gives its next chunk at once. */
  wanted: [];
  /** A reader came or went; the number of readers open now. */
  reader: [count: number];
}

/** What {@link createMedia} needs to know; see there. */
export interface MediaOptions {
  /** What the chunks are. */
  format: MediaFormat;
  policy: OverflowPolicy;
  /** A few words for people: shown in the Debug sidebar. */
  label?: string;
  /** Live audio that every new reader gets first (ms). Default 300. */
  preRollMs?: number;
  /** Bound of a queue (ms). Default: 1000 for `drop-oldest`, 2000 for `block`, 600000 for `retain`. */
  capMs?: number;
  /** How long something unread is held (ms). Default 30000. */
  expireMs?: number;
  /** Anything that belongs to the stream, e.g. `{turn, conversation}`. */
  meta?: Record<string, unknown>;
}

const DEFAULT_CAP_MS = { 'drop-oldest': 1000, block: 2000, retain: 600_000, latest: 1000 } as const;

/** What the writer, the handle and the readers of one stream share. Internal: only those three touch it. */
export class MediaChannel {
  readonly events = new EventEmitter<MediaEvents>();
  readonly playhead = new Playhead();
  readonly stats = { written: 0, bytes: 0, dropped: 0, opened: 0 };
  readonly capBytes: number;
  state: MediaState = 'open';
  error: MediaError | undefined;
  muted = false;
  readonly readers = new Set<MediaReader>();
  /** What a reader that opens now would get. */
  readonly #held = new ChunkQueue();
  readonly #preRollBytes: number;
  readonly #expireMs: number;
  #expiry: NodeJS.Timeout | undefined;
  #waiting: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(
    readonly format: MediaFormat,
    readonly policy: OverflowPolicy,
    options: MediaOptions,
  ) {
    const perMs = bytesPerMs(format);
    this.capBytes = (options.capMs ?? DEFAULT_CAP_MS[policy]) * perMs;
    this.#preRollBytes = (options.preRollMs ?? 300) * perMs;
    this.#expireMs = options.expireMs ?? 30_000;
    // Session, sinks and helpers of one flow may all listen; the default of 10 would warn about a leak that is none.
    this.events.setMaxListeners(50);
    this.#watchExpiry();
  }

  /** Hands a chunk to every reader; false when a `block` writer should wait for {@link ready}. */
  write(chunk: Buffer, at: number | undefined): boolean {
    if (this.state !== 'open') return false;
    stamp(chunk, at ?? capturedAt(chunk) ?? Date.now());
    this.stats.written += 1;
    this.stats.bytes += chunk.length;
    this.#hold(chunk);
    if (this.readers.size > 0) this.#handOut(chunk);
    return !this.#full;
  }

  #handOut(chunk: Buffer): void {
    for (const reader of [...this.readers]) {
      try {
        this.stats.dropped += reader.accept(chunk);
      } catch (error) {
        // A 'data' listener threw. It must not take the writer's stack (a socket, a device) and other readers with it.
        reader.destroy();
        this.warn('BAD_INPUT', `A reader of ${this.name} threw "${String(error)}" and was closed.`, error);
      }
    }
  }

  #hold(chunk: Buffer): void {
    if (this.policy === 'block' && this.readers.size > 0) return;
    this.#held.push(chunk);
    if (this.policy === 'drop-oldest') this.#held.trim(this.#preRollBytes);
    if (this.policy === 'latest') this.#held.trim(Infinity, 1);
    if (this.policy === 'retain' && this.#held.bytes > this.capBytes) {
      this.stats.dropped += this.#held.trim(this.capBytes).chunks;
    }
  }

  /** The pace of a `block` stream: its longest-lived reader, or what is held while there is none. */
  get #pace(): MediaReader | undefined {
    return this.policy === 'block'
      ? (this.readers.values().next().value as MediaReader | undefined)
      : undefined;
  }

  isPace(reader: MediaReader): boolean {
    return this.#pace === reader;
  }

  get #full(): boolean {
    if (this.policy !== 'block') return false;
    return (this.#pace?.queuedBytes ?? this.#held.bytes) >= this.capBytes;
  }

  /** Resolves when a `block` writer may go on, or when there is nothing left to write for. */
  ready(): Promise<void> {
    if (this.state !== 'open' || !this.#full) return Promise.resolve();
    if (!this.#waiting) {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => (resolve = done));
      this.#waiting = { promise, resolve };
    }
    return this.#waiting.promise;
  }

  /** A reader took something, or came, or went: lets a waiting writer go on at half of the bound. */
  drained(): void {
    if (!this.#waiting) return;
    const queued = this.#pace?.queuedBytes ?? this.#held.bytes;
    if (this.state === 'open' && queued > this.capBytes / 2) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }

  open(options: OpenOptions): MediaReader {
    const reader = new MediaReader(this, options);
    if (this.state === 'aborted' || this.state === 'expired') {
      reader.destroy(this.error);
      return reader;
    }
    this.stats.opened += 1;
    // Everything but a file goes to every reader; what was kept of a file belongs to the first one.
    for (const chunk of this.#held) this.stats.dropped += reader.seed(chunk);
    if (this.policy === 'block') this.#held.clear();
    this.readers.add(reader);
    if (this.state === 'ended') reader.finish();
    this.#readersChanged();
    return reader;
  }

  close(reader: MediaReader): void {
    if (this.readers.delete(reader)) this.#readersChanged();
  }

  #readersChanged(): void {
    this.drained();
    this.#watchExpiry();
    this.emit('reader', this.readers.size);
  }

  end(): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    for (const reader of [...this.readers]) reader.finish();
    this.drained();
    this.#watchExpiry();
    this.emit('end');
  }

  abort(error: MediaError): void {
    // Also after expiry: a long turn that a speaker still reads must fall silent when it is interrupted.
    if (this.state === 'aborted') return;
    this.#close('aborted', error);
    for (const reader of [...this.readers]) reader.destroy(error);
    this.emit('abort', error);
  }

  #close(state: MediaState, error: MediaError): void {
    this.state = state;
    this.error = error;
    this.#held.clear();
    clearTimeout(this.#expiry);
    this.drained();
  }

  /** Files wait for a first (or next) reader; the others are kept for late readers for a while after their end. */
  #watchExpiry(): void {
    const waits =
      this.policy === 'block'
        ? this.readers.size === 0 && (this.state === 'open' || this.#held.length > 0)
        : this.state === 'ended';
    if (!waits) {
      clearTimeout(this.#expiry);
      this.#expiry = undefined;
    } else if (!this.#expiry) {
      this.#expiry = setTimeout(() => this.#expire(), this.#expireMs).unref();
    }
  }

  #expire(): void {
    const seconds = this.#expireMs / 1000;
    const lost = this.stats.opened === 0 && this.#held.length > 0 && this.policy !== 'drop-oldest';
    const message = `${this.name} was released ${seconds} s after it was ready. Open it earlier, or write it to a file.`;
    this.#close('expired', new MediaError('EXPIRED', message));
    if (lost) {
      this.warn('EXPIRED', `Nobody opened ${this.name} within ${seconds} s: it was released unread.`);
    }
    this.emit('expired');
  }

  /** Says that something was lost or went wrong while the stream goes on. */
  warn(code: MediaError['code'], message: string, cause?: unknown): void {
    this.emit('warning', new MediaError(code, message, { cause }));
  }

  /** Calls every listener; one that throws costs neither the others nor the caller anything. */
  emit<K extends keyof MediaEvents>(event: K, ...args: MediaEvents[K]): void {
    callListeners(this.events, event, args, (error) => {
      if (event === 'warning') return;
      this.warn('BAD_INPUT', `A "${event}" listener of ${this.name} threw "${String(error)}".`, error);
    });
  }

  /** What messages call the stream; the handle puts its label here. */
  name = 'the media stream';
}

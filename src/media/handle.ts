import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type {
  MediaChannel,
  MediaEvents,
  MediaOptions,
  MediaState,
  MediaStats,
  OverflowPolicy,
} from './channel';
import { redact, type MediaError } from './errors';
import { formatMime, isPcm, pcmDurationMs, type MediaFormat } from './format';
import type { Played, PlayedOptions } from './playhead';
import type { MediaReader, OpenOptions } from './reader';

const BRAND = Symbol.for('gemini-live.media-handle');
const TYPE = 'GeminiLiveMedia';

/** What is left of a handle after JSON; see {@link isMediaDescription}. */
export interface MediaDescription {
  type: typeof TYPE;
  id: string;
  label?: string;
  /** MIME type with parameters. */
  format: string;
  state: MediaState;
  policy: OverflowPolicy;
  /** Written so far (ms), PCM only. */
  durationMs?: number;
  readers: number;
  [meta: string]: unknown;
}

/**
 * A stream of audio or images as it travels in `msg.payload`. It has one writer elsewhere and any number of readers:
 * each `open()`, `pipe()` and `for await` is a reader of its own.
 *
 * It survives Node-RED's cloning as the same object: lodash.clonedeep copies what it knows and hands back what has a tag
 * that it does not know, which is what `Symbol.toStringTag` is for here.
 */
export class MediaHandle {
  readonly id: string = randomUUID();
  readonly label: string;
  /** Anything that belongs to the stream, e.g. `{turn, conversation}`. */
  readonly meta: Record<string, unknown>;
  readonly [BRAND] = true;
  readonly #channel: MediaChannel;

  /** Use `createMedia()`. */
  constructor(channel: MediaChannel, options: Pick<MediaOptions, 'label' | 'meta'>) {
    this.#channel = channel;
    this.label = options.label ?? '';
    this.meta = options.meta ?? {};
    channel.name = this.label === '' ? `the ${formatMime(channel.format)} stream` : this.label;
  }

  get format(): MediaFormat {
    return this.#channel.format;
  }

  get policy(): OverflowPolicy {
    return this.#channel.policy;
  }

  get state(): MediaState {
    return this.#channel.state;
  }

  /** Why it was aborted or has expired. */
  get error(): MediaError | undefined {
    return this.#channel.error;
  }

  /** Written so far (ms); 0 for anything but PCM, whose duration only a decoder knows. */
  get durationMs(): number {
    return pcmDurationMs(this.format, this.#channel.stats.bytes);
  }

  get stats(): MediaStats {
    return { ...this.#channel.stats, readers: this.#channel.readers.size };
  }

  /** Events, see {@link MediaEvents}. There is no `error` event: nothing here can end the process. */
  get events(): EventEmitter<MediaEvents> {
    return this.#channel.events;
  }

  on<K extends keyof MediaEvents>(event: K, listener: (...args: MediaEvents[K]) => void): this {
    this.events.on(event, listener as never);
    return this;
  }

  once<K extends keyof MediaEvents>(event: K, listener: (...args: MediaEvents[K]) => void): this {
    this.events.once(event, listener as never);
    return this;
  }

  off<K extends keyof MediaEvents>(event: K, listener: (...args: MediaEvents[K]) => void): this {
    this.events.off(event, listener as never);
    return this;
  }

  /**
   * Opens a reader with a queue of its own. On a stream that was aborted or has expired the reader is destroyed with that
   * error (`code` says why), in the next tick, so that there is time to listen.
   */
  open(options: OpenOptions = {}): MediaReader {
    return this.#channel.open(options);
  }

  /**
   * Pipes a reader of its own into a byte stream. Unlike Node's pipe, an aborted stream ends the destination (unless
   * `end: false`), a destination that fails or closes closes only this reader, and its failure becomes a `warning` event.
   */
  pipe<T extends NodeJS.WritableStream>(destination: T, options: { end?: boolean } = {}): T {
    const reader = this.open();
    const leave = (): void => void reader.destroy();
    const failed = (error: Error): void => {
      leave();
      this.#channel.warn(
        'WRITE_FAILED',
        `Piping ${this.#channel.name} failed: ${redact(error.message)}`,
        error,
      );
    };
    destination.on('error', failed);
    destination.on('close', leave);
    reader.once('error', () => {
      if (options.end !== false) destination.end();
    });
    reader.once('close', () => {
      destination.off('close', leave);
      // A file may still fail while it flushes what it was given: the guard goes when the destination does.
      if (options.end === false) destination.off('error', failed);
    });
    return reader.pipe(destination, options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return this.open()[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  }

  /** How far it has been heard, see {@link reportPlayed}. */
  get played(): Played {
    return this.#channel.playhead.played;
  }

  /**
   * A sink says how far it has played (ms from the start). The sink marked `master`, else the first real-time sink that
   * reports, decides; file sinks must not report. Reports are taken after an abort, too: that is when they matter.
   */
  reportPlayed(ms: number, options: PlayedOptions = {}): void {
    const decides = this.#channel.playhead.report(ms, options);
    if (Number.isFinite(ms) && options.estimated !== true) this.#channel.emit('sink', ms, options);
    if (!decides) return;
    const { ms: position, estimated } = this.played;
    this.#channel.emit('played', position, estimated);
  }

  /** Whether a sink asked the source to be silent. */
  get muted(): boolean {
    return this.#channel.muted;
  }

  /** Control that flows back from a sink to the source: be silent, or go on. */
  setMuted(muted: boolean): void {
    if (muted === this.#channel.muted) return;
    this.#channel.muted = muted;
    this.#channel.emit('mute', muted);
  }

  /**
   * Asks the source for what is now, for a question that is about it: a source of video then gives its next frame, although
   * that may show nothing new or come before its time. Other sources do not heed it.
   */
  want(): void {
    if (this.state === 'open') this.#channel.emit('wanted');
  }

  get [Symbol.toStringTag](): string {
    return TYPE;
  }

  /** A description for JSON, file contexts and MQTT; the media itself does not survive those. */
  toJSON(): MediaDescription {
    // Only what JSON can always hold: a circular or odd value in somebody's meta data must not throw in the sidebar.
    const plain = Object.entries(this.meta).filter(([, value]) =>
      /^(string|number|boolean)$/.test(typeof value),
    );
    return {
      ...Object.fromEntries(plain),
      type: TYPE,
      id: this.id,
      ...(this.label !== '' && { label: this.label }),
      format: formatMime(this.format),
      state: this.state,
      policy: this.policy,
      ...(isPcm(this.format) && { durationMs: Math.round(this.durationMs) }),
      readers: this.#channel.readers.size,
    };
  }

  /** One line, e.g. `model turn 3 · audio/pcm;rate=24000 · 2.4 s · open · 1 reader`. */
  toString(): string {
    const readers = this.#channel.readers.size;
    const parts = [
      this.label,
      formatMime(this.format),
      isPcm(this.format)
        ? `${(this.durationMs / 1000).toFixed(1)} s`
        : `${this.#channel.stats.written} chunks`,
      this.error && this.state === 'aborted' ? `${this.state} (${this.error.code})` : this.state,
      `${readers} ${readers === 1 ? 'reader' : 'readers'}`,
    ];
    return parts.filter((part) => part !== '').join(' · ');
  }

  [inspect.custom](): string {
    return `${TYPE} <${this.toString()}>`;
  }
}

/** Whether something is a media handle, also one of another loaded copy of this package. */
export function isMediaHandle(value: unknown): value is MediaHandle {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** Whether something is what JSON leaves of a handle: there is no media in it; "to-messages" would have carried that. */
export function isMediaDescription(value: unknown): value is MediaDescription {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isMediaHandle(value) &&
    Reflect.get(value, 'type') === TYPE
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveSession } from '../../src/live';
import {
  isMediaError,
  MediaError,
  pace,
  PCM_16K,
  PcmFramer,
  type EchoGuard,
  type MediaFormat,
  type MediaHandle,
  type MediaReader,
} from '../../src/media';

/** Most audio of a file that may wait in the session (ms). */
const QUEUE_MS = 2000;

/** What the uplink needs to know of its session. */
export interface UplinkOptions {
  /** The session that goes on now; undefined while there is none: then live audio is nobody's. */
  session(): LiveSession | undefined;
  /** Live audio goes through it; files do not. */
  echo: EchoGuard;
  /** Files are sent as fast as they are spoken. */
  realtime: boolean;
}

/**
 * Brings audio of several sources to the session, one at a time: live audio replaces live audio, files wait for each other, and
 * while a file is sent the microphone is not. Nothing is ever mixed.
 */
export class Uplink {
  /** Files and markers, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #live: AbortController | undefined;
  /** Of the live audio. */
  #reader: MediaReader | undefined;
  #cancel = new AbortController();

  constructor(private readonly options: UplinkOptions) {}

  /** Live audio is being listened to, whether there is a session for it or not. */
  get listening(): boolean {
    return this.#live !== undefined;
  }

  /** Listens to live audio until it ends or other live audio comes. Returns at once. */
  listen(handle: MediaHandle): void {
    this.#live?.abort();
    const control = new AbortController();
    this.#live = control;
    this.#forwardLive(handle, control.signal)
      .catch(() => {}) // reported by the node that owns the device
      .finally(() => {
        if (this.#live !== control) return;
        this.#live = undefined;
        this.options.session()?.audioStreamEnd();
      });
  }

  /** Sends a file after those that wait. Resolves when it was sent or cancelled; rejects when its stream breaks. */
  send(handle: MediaHandle): Promise<void> {
    const { signal } = this.#cancel;
    // Opened now: a stream that nobody reads expires, and the files before this one may be long.
    const reader = handle.open();
    return this.enqueue(() => this.#forwardFile(reader, handle.format, signal));
  }

  /** Resolves when what live audio has brought so far is with the session. */
  async settled(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#reader && this.#reader.queuedBytes > 0);
  }

  /** Does something when the files before it are through. */
  enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#queued === 0) {
      // Nothing to wait for: markers keep their place among live audio.
      return this.#count(async () => work());
    }
    const before = this.#queue;
    return this.#count(async () => {
      await before;
      return work();
    });
  }

  /** Gives up all files, and lets go of live audio. */
  cancel(): void {
    this.cancelFiles();
    this.#live?.abort();
    this.#live = undefined;
  }

  /** Gives up all files: their connection is gone. */
  cancelFiles(): void {
    this.#cancel.abort();
    this.#cancel = new AbortController();
  }

  #count<T>(work: () => Promise<T>): Promise<T> {
    this.#queued += 1;
    const result = work().finally(() => (this.#queued -= 1));
    this.#queue = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  async #forwardLive(handle: MediaHandle, signal: AbortSignal): Promise<void> {
    const reader = handle.open();
    this.#reader = reader;
    const stop = (): void => void reader.destroy();
    signal.addEventListener('abort', stop, { once: true });
    // Behind what was said before: that is still being read.
    const mute = (muted: boolean): void => void (muted && setImmediate(() => this.#paused(handle, signal)));
    handle.on('mute', mute);
    try {
      for await (const chunk of reader as AsyncIterable<Buffer>) {
        if (signal.aborted) return;
        if (this.#sending > 0) continue;
        this.options.session()?.audio.write(this.options.echo.filter(chunk, handle));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      handle.off('mute', mute);
      signal.removeEventListener('abort', stop);
      reader.destroy();
    }
  }

  /** Whoever was muted in the middle of a word has ended it: nobody waits for the rest. It goes on with the next sound. */
  #paused(handle: MediaHandle, signal: AbortSignal): void {
    if (signal.aborted || !handle.muted || handle.state !== 'open' || this.#sending > 0) return;
    this.options.session()?.audioStreamEnd();
  }

  /** Files that are being sent: 0 or 1. */
  #sending = 0;

  async #forwardFile(reader: MediaReader, format: MediaFormat, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return void reader.destroy();
    const stop = (): void => void reader.destroy();
    signal.addEventListener('abort', stop, { once: true });
    this.#sending += 1;
    const listener = this.options.session();
    // A file is a message: it wakes whoever sleeps. Why that cannot be is told by the session's events.
    if (listener?.asleep) listener.wake().catch(() => {});
    try {
      const frames = framed(reader, format);
      const source = this.options.realtime ? pace(frames, PCM_16K, { signal }) : frames;
      for await (const frame of source) {
        const session = this.options.session();
        if (signal.aborted || !session) return;
        session.audio.write(frame);
        await room(session, signal);
      }
      if (!signal.aborted) this.options.session()?.audioStreamEnd();
    } catch (error) {
      if (!signal.aborted) throw isMediaError(error) ? error : new MediaError('SOURCE_FAILED', String(error));
    } finally {
      this.#sending -= 1;
      signal.removeEventListener('abort', stop);
      reader.destroy();
    }
  }
}

/** Even pieces of 20 ms: what a decoder gives comes in lumps of a second. */
async function* framed(reader: AsyncIterable<Buffer>, format: MediaFormat): AsyncGenerator<Buffer> {
  const framer = new PcmFramer(format);
  for await (const chunk of reader) yield* framer.push(chunk);
  const rest = framer.flush();
  if (rest) yield rest;
}

/** The session keeps only some seconds of audio that it cannot send yet: a file waits rather than lose its beginning. */
async function room(session: LiveSession, signal: AbortSignal): Promise<void> {
  while (session.stats.queuedAudioMs > QUEUE_MS && !signal.aborted) await sleep(20);
}

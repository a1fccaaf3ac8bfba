import { setTimeout as sleep } from 'node:timers/promises';
import { isMediaError, MediaError } from '../errors';
import type { MediaHandle } from '../handle';
import { createMedia, type MediaWriter } from '../writer';
import { Duplicates } from './duplicates';
import { describeFrame, type FrameInfo } from './frame';
import type { RunOptions } from './grab';
import type { Shot } from './grid';
import { jpegSize } from './jpeg';
import { nameOf, runSource } from './run';
import { completeSettings, type PictureSettings, type Settings } from './settings';
import type { VideoSource } from './source';
import { Wish } from './wish';

/** What {@link captureVideo} is doing. */
export type VideoState = 'opening' | 'watching' | 'waiting';

/** Options of {@link captureVideo}. */
export interface VideoOptions extends PictureSettings {
  readonly source: VideoSource;
  readonly ffmpegPath?: string;
  /** Ends the capture. The handle ends when the source was released. */
  readonly signal?: AbortSignal;
  /** How long the first frame may take, ms (default 10 000). */
  readonly startTimeoutMs?: number;
  /** How long there may be no frame later, ms (default 5000, or three times the distance of two frames if that is more). */
  readonly silenceTimeoutMs?: number;
  /**
   * What happens when the source fails: `never` gives up, `later` (default) tries again if it has worked before, `always` also if it
   * has not. In between it waits, longer each time.
   */
  readonly retry?: 'never' | 'later' | 'always';
  /** First wait before it tries again, ms (default 1000); it doubles up to 30 times that. */
  readonly retryMs?: number;
  /** Told when the state changes. */
  readonly onState?: (state: VideoState) => void;
}

/** How much longer the waits between attempts may become. */
const LONGEST_WAIT = 30;

/**
 * Watches a source of pictures: JPEG frames, one per chunk, of which every reader gets the latest. Each is stamped with the time at
 * which its first byte came; {@link frameInfo} has its size and number as well. Frames that show nothing new are skipped.
 *
 * Returns at once. A reader that wants a fresh frame (`handle.want()`) gets the next one that the source gives, also one that shows
 * nothing new; a source that is asked for each picture is asked at once. While the handle is muted nothing is written. If the source cannot be opened, the handle aborts with an error that says why
 * (`DEVICE_NOT_FOUND`, `DEVICE_FAILED`, `NOT_FOUND`, `SOURCE_FAILED`, `BAD_INPUT`, `NO_FFMPEG`, `FFMPEG_CAPABILITY`); if it breaks later,
 * that is a `warning`, and it is opened again.
 *
 * @throws MediaError `BAD_INPUT` for settings out of bounds
 */
export function captureVideo(options: VideoOptions): MediaHandle {
  const settings = completeSettings(options);
  const label = nameOf(options.source);
  const writer = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest', label });
  new Capture(writer, settings, options).run().catch((error: unknown) => {
    writer.abort(
      isMediaError(error)
        ? error
        : new MediaError('SOURCE_FAILED', `Capturing ${label} failed: ${String(error)}`),
    );
  });
  return writer.handle;
}

/** Writes shots that show something new into a stream. */
export class FrameWriter {
  readonly #duplicates: Duplicates;
  #sequence = 0;

  constructor(
    private readonly writer: MediaWriter,
    settings: Settings,
    private readonly wish = new Wish(),
  ) {
    this.#duplicates = new Duplicates(settings);
  }

  write(shot: Shot): void {
    const wanted = this.wish.grant();
    if (this.writer.handle.muted) return;
    const verdict = this.#duplicates.judge(shot, wanted);
    if (verdict === 'skip') return;
    const { jpeg, at } = shot;
    this.#sequence += 1;
    const info = infoOf(shot, this.#sequence);
    this.writer.write(describeFrame(jpeg, verdict === 'repeated' ? { ...info, repeated: true } : info), at);
  }
}

function infoOf({ jpeg, at }: Shot, sequence: number): FrameInfo {
  const { width, height } = jpegSize(jpeg) ?? { width: 0, height: 0 };
  return { at, width, height, sequence };
}

/** One capture, with its attempts to open the source. */
class Capture {
  readonly #frames: FrameWriter;
  readonly #signal: AbortSignal;
  readonly #wish = new Wish();
  #worked = false;

  constructor(
    private readonly writer: MediaWriter,
    private readonly settings: Settings,
    private readonly options: VideoOptions,
  ) {
    this.#frames = new FrameWriter(writer, settings, this.#wish);
    writer.handle.on('wanted', () => this.#wish.make());
    this.#signal = options.signal ?? new AbortController().signal;
  }

  async run(): Promise<void> {
    const { retry = 'later', retryMs = 1000, onState } = this.options;
    let wait = retryMs;
    // Whoever asked for it has the handle before it is told anything.
    await Promise.resolve();
    while (!this.#signal.aborted) {
      onState?.('opening');
      const { error, shots } = await this.#attempt();
      if (!error) break;
      this.#worked ||= shots > 0;
      if (retry === 'never' || (retry === 'later' && !this.#worked)) throw error;
      // An outage is told once, however many attempts it takes.
      if (shots > 0) wait = retryMs;
      if (wait === retryMs) this.writer.warn(error.code, error.message);
      onState?.('waiting');
      await sleep(wait, undefined, { signal: this.#signal }).catch(() => {});
      wait = Math.min(wait * 2, retryMs * LONGEST_WAIT);
    }
    this.writer.end();
  }

  /** Runs the source until it fails, falls silent or is stopped. */
  async #attempt(): Promise<{ error?: MediaError; shots: number }> {
    const { source, ffmpegPath, onState } = this.options;
    const watchdog = new Watchdog(nameOf(source), this.#limits());
    let shots = 0;
    const onShot = (shot: Shot): void => {
      watchdog.fed();
      shots += 1;
      if (shots === 1) onState?.('watching');
      this.#frames.write(shot);
    };
    const signal = AbortSignal.any([this.#signal, watchdog.signal]);
    const { settings } = this;
    const wish = this.#wish;
    try {
      await runSource(source, { settings, signal, onShot, wish, ...(ffmpegPath && { ffmpegPath }) });
      return watchdog.error && !this.#signal.aborted ? { error: watchdog.error, shots } : { shots };
    } catch (error) {
      if (this.#signal.aborted) return { shots };
      if (!isMediaError(error)) throw error;
      return { error, shots };
    } finally {
      watchdog.stop();
    }
  }

  #limits(): { firstMs: number; nextMs: number } {
    const apart = 1000 / this.settings.fps;
    const { startTimeoutMs = 10_000, silenceTimeoutMs = Math.max(5000, 3 * apart) } = this.options;
    return { firstMs: startTimeoutMs, nextMs: silenceTimeoutMs };
  }
}

/** Ends an attempt whose source says nothing. */
class Watchdog {
  error: MediaError | undefined;
  readonly #control = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(
    private readonly name: string,
    private readonly limits: { firstMs: number; nextMs: number },
  ) {
    this.#timer = this.#watch(limits.firstMs, 'gave no picture');
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  fed(): void {
    this.stop();
    this.#timer = this.#watch(this.limits.nextMs, 'gave no more pictures');
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #watch(ms: number, how: string): NodeJS.Timeout {
    return setTimeout(() => {
      const advice = 'Check that it is switched on, sends pictures and may be used from here.';
      const name = `${this.name[0]?.toUpperCase()}${this.name.slice(1)}`;
      this.error = new MediaError('SOURCE_FAILED', `${name} ${how} within ${ms / 1000} s. ${advice}`);
      this.#control.abort(this.error);
    }, ms);
  }
}

/** A picture, and what is known of it. */
export interface Picture extends FrameInfo {
  readonly jpeg: Buffer;
}

/** Frames per second of a screen that is looked at once: the first one comes after an interval or two. */
const LOOK_FPS = 5;

/**
 * Looks once: the picture of now.
 *
 * @throws MediaError as {@link captureVideo} aborts; `CANCELLED` when the signal aborts
 */
export async function takePicture(
  options: Omit<VideoOptions, 'retry' | 'retryMs' | 'onState'>,
): Promise<Picture> {
  const { source, startTimeoutMs = 10_000, signal, ffmpegPath } = options;
  const settings: Settings = { ...completeSettings(options), fps: LOOK_FPS, threshold: undefined };
  const watchdog = new Watchdog(nameOf(source), { firstMs: startTimeoutMs, nextMs: startTimeoutMs });
  const enough = new AbortController();
  let picture: Picture | undefined;
  const onShot: RunOptions['onShot'] = (shot) => {
    picture ??= { jpeg: shot.jpeg, ...infoOf(shot, 1) };
    enough.abort();
  };
  const all = [enough.signal, watchdog.signal, ...(signal ? [signal] : [])];
  try {
    await runSource(source, {
      settings,
      onShot,
      wish: new Wish(),
      signal: AbortSignal.any(all),
      ...(ffmpegPath && { ffmpegPath }),
    });
  } finally {
    watchdog.stop();
  }
  if (picture) return picture;
  throw watchdog.error ?? new MediaError('CANCELLED', `Looking at ${nameOf(source)} was stopped.`);
}

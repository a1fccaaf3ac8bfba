import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { echoCanceller } from './devices';
import { MediaError } from './errors';
import { isPcm, pcmDurationMs, type MediaFormat } from './format';
import { PcmFramer } from './framer';
import type { MediaHandle } from './handle';
import { callListeners } from './listeners';
import type { PlayedOptions } from './playhead';
import type { ToolExit } from './process';
import type { MediaReader } from './reader';
import { explainSpeaker, findSpeaker, Speaker, type SpeakerOptions, type SpeakerPath } from './speaker';
import { MAX_VOLUME, scalePcm } from './volume';

/** What is handed to the device at a time, ms. */
const PIECE_MS = 20;
/** Most that the device is ahead of the ear, ms: more could not be taken back, less would stutter on a busy machine. */
const AHEAD_MS = 60;
/** A device that takes nothing for so long is broken, ms. */
const STUCK_MS = 10_000;
/** An idle device is given back after so long, ms: without a mixer, ALSA lets nobody else play. Starting again costs ≤ 30 ms. */
const IDLE_MS = 30_000;

/** `failed` after the device failed, until the next stream plays. */
export type PlayoutState = 'idle' | 'playing' | 'failed';

/** Options of {@link Playout}. */
export interface PlayoutOptions extends SpeakerOptions {
  /** 0 (silent) to 2 (+6 dB); default 1. */
  readonly volume?: number;
  /** Name under which played positions are reported; default `speaker`. */
  readonly name?: string;
  /** Whether this sink decides about the played position, whoever else plays the same stream. */
  readonly master?: boolean;
}

/** How the playing of one stream ended. */
export interface PlayResult {
  /** How much of it was heard, ms. */
  readonly playedMs: number;
  /** True if it was cut short: by its source, by {@link Playout.stop} or by {@link Playout.close}. */
  readonly aborted: boolean;
}

/** Events of a {@link Playout}. */
export interface PlayoutEvents {
  state: [state: PlayoutState];
  /** Position in the stream that plays, ms. */
  played: [ms: number, handle: MediaHandle];
}

/** One stream in the queue. */
interface Job {
  readonly handle: MediaHandle;
  readonly reader: MediaReader;
  readonly done: Promise<PlayResult>;
  writtenMs: number;
  /** When what was handed over of it will have been heard (performance clock, ms). */
  endsAt: number;
  /** The same in what its device was handed, ms. */
  endsAtMs: number;
  /** What was reported last, ms. */
  reportedMs: number;
  /** Set once `done` is settled: nothing may be written for it any more. */
  over: boolean;
  settle(result: PlayResult | Error): void;
}

/**
 * A loudspeaker that plays streams one after the other.
 *
 * One program (pacat, aplay or ffmpeg) stays open and gets 20 ms pieces, at most 60 ms ahead of the ear; all else waits here,
 * where it can be taken back. A stream that is aborted is silent at once, because the program is killed (measured: no sound
 * after it), and a new one stands ready.
 *
 * The played position is what was handed over minus what is still ahead: by the word of the device (pacat), or by the clock if it
 * plays later than that. It is reported while the stream plays, so that onlookers know when a device is late. Without such a word
 * (aplay, ffmpeg) the device's own delay (50 ms asked for, plus the hardware's) is not in it.
 */
export class Playout extends EventEmitter<PlayoutEvents> {
  state: PlayoutState = 'idle';
  private readonly options: PlayoutOptions;
  private volume = 1;
  private closed = false;
  private readonly queue: Job[] = [];
  private current: Job | undefined;
  private path: SpeakerPath | undefined;
  private speaker: Speaker | undefined;
  /** Settles when every program that was killed has ended. */
  private gone: Promise<unknown> = Promise.resolve();
  private idleTimer: NodeJS.Timeout | undefined;
  /** When the device will have played all it was given (performance clock, ms). */
  private dryAt = 0;
  /** Where the sound goes, as far as it is known; settled once it is known. */
  private looking: Promise<void> = Promise.resolve();
  private room: Pick<PlayedOptions, 'room' | 'canceller'> = { room: 'plain' };

  constructor(options: PlayoutOptions = {}) {
    super();
    this.options = options;
    this.setVolume(options.volume ?? 1);
  }

  /**
   * Plays a stream after those that wait already. Resolves when it was heard to its end or cut short.
   *
   * Rejects with a MediaError: `UNSUPPORTED_FORMAT` (not PCM), `DEVICE_NOT_FOUND`, `DEVICE_FAILED`, `NODE_CLOSED`, or what broke
   * the stream. After a failure the next call tries the device again.
   */
  play(handle: MediaHandle): Promise<PlayResult> {
    const refusal = this.refusal(handle);
    if (refusal) return rejected(refusal);
    if (handle.state === 'aborted') return Promise.resolve({ playedMs: 0, aborted: true });
    const job = this.makeJob(handle);
    this.queue.push(job);
    if (!this.current) void this.work();
    return job.done;
  }

  /** Silence now; the queue is empty afterwards, and the loudspeaker usable. */
  stop(): void {
    for (const job of [...this.queue]) this.cut(job);
    if (this.current) this.cut(this.current);
  }

  /** Stops and gives the device back; nothing runs any more when it resolves. Later calls of {@link play} are refused. */
  async close(): Promise<void> {
    this.closed = true;
    this.stop();
    this.release();
    await Promise.all([this.gone, this.looking]);
  }

  /** Loudness of what is handed over from now on, 0 to 2. */
  setVolume(volume: number): void {
    this.volume = Number.isFinite(volume) ? Math.max(0, Math.min(MAX_VOLUME, volume)) : 1;
  }

  private refusal(handle: MediaHandle): MediaError | undefined {
    if (this.closed) return new MediaError('NODE_CLOSED', 'This loudspeaker was closed.');
    if (isPcm(handle.format)) return undefined;
    const message = `A loudspeaker plays PCM audio, not ${handle.format.mime}. Convert it with an audio-in node first.`;
    return new MediaError('UNSUPPORTED_FORMAT', message);
  }

  private makeJob(handle: MediaHandle): Job {
    let resolve: (result: PlayResult) => void;
    let reject: (error: Error) => void;
    const done = new Promise<PlayResult>((yes, no) => ([resolve, reject] = [yes, no]));
    const onAbort = (): void => this.cut(job);
    const reader = handle.open();
    const job: Job = {
      ...{ handle, reader, done, writtenMs: 0, endsAt: 0, endsAtMs: 0, reportedMs: 0, over: false },
      settle: (result) => {
        if (job.over) return;
        job.over = true;
        // Whoever waits for the end of the sound must not wait for this loudspeaker.
        if (result instanceof Error) this.report(job, true);
        handle.off('abort', onAbort);
        reader.destroy();
        if (result instanceof Error) reject(result);
        else resolve(result);
      },
    };
    handle.on('abort', onAbort);
    return job;
  }

  /** Ends one stream before its end. Sound that the device holds of it is taken back. */
  private cut(job: Job): void {
    if (job.over) return;
    const playedMs = this.report(job, true);
    if (job === this.current && job.writtenMs > 0) this.flush();
    const place = this.queue.indexOf(job);
    if (place >= 0) this.queue.splice(place, 1);
    job.settle({ playedMs, aborted: true });
  }

  private async work(): Promise<void> {
    clearTimeout(this.idleTimer);
    for (let job = this.queue.shift(); job; job = this.queue.shift()) {
      this.current = job;
      this.setState('playing');
      this.perform(job).catch(job.settle);
      const state = await job.done.then(
        () => 'idle' as const,
        () => 'failed' as const,
      );
      this.current = undefined;
      if (!this.queue.length) this.setState(state);
    }
    // A listener of "idle" may have begun the next stream.
    if (!this.closed && !this.current) this.idleTimer = setTimeout(() => this.release(), IDLE_MS).unref();
  }

  private async perform(job: Job): Promise<void> {
    const { format } = job.handle;
    const speaker = await this.speakerFor(format);
    if (job.over) return;
    const following = setInterval(() => this.follow(job), PIECE_MS).unref();
    void job.done.catch(() => {}).finally(() => clearInterval(following));
    const framer = new PcmFramer(format, PIECE_MS);
    let looked: Promise<void> | undefined;
    for await (const chunk of job.reader as AsyncIterable<Buffer>) {
      for (const piece of framer.push(chunk)) {
        if (!(await this.feed(job, speaker, piece))) return;
        looked ??= this.looking = this.lookAround();
      }
    }
    const rest = framer.flush();
    if (rest && !(await this.feed(job, speaker, rest))) return;
    // A device that ran dry waits until its buffer is full again: silence pushes the last words out.
    this.hand(speaker, silence(format, speaker.path.tailMs));
    await this.playedOut(job, speaker);
  }

  /** Waits until all that was handed over was heard. If the device ends meanwhile, {@link lost} has the last word. */
  private async playedOut(job: Job, speaker: Speaker): Promise<void> {
    if (speaker.path.oneShot) {
      speaker.end();
      if ((await speaker.ended).code !== 0) return;
    }
    for (let left = this.left(job); left > 0; left = this.left(job)) {
      await sleep(Math.min(PIECE_MS, left));
      if (job.over || !speaker.alive) return;
    }
    this.report(job);
    job.settle({ playedMs: job.writtenMs, aborted: false });
  }

  /** Hands over one piece when its time has come; false if the stream or the device ended meanwhile. */
  private async feed(job: Job, speaker: Speaker, piece: Buffer): Promise<boolean> {
    const early = this.dryAt - performance.now() - (AHEAD_MS - PIECE_MS);
    if (early > 0) await sleep(early);
    for (let waited = 0; speaker.full && speaker.alive && !job.over; waited += PIECE_MS) {
      if (waited > STUCK_MS) {
        this.flush();
        throw new MediaError('DEVICE_FAILED', `The loudspeaker took no sound for ${STUCK_MS / 1000} s.`);
      }
      await sleep(PIECE_MS);
    }
    if (job.over || !speaker.alive) return false;
    this.hand(speaker, scalePcm(piece, this.volume));
    job.writtenMs += pcmDurationMs(job.handle.format, piece.length);
    job.endsAt = this.dryAt;
    job.endsAtMs = speaker.position.handedMs;
    this.report(job);
    return true;
  }

  private hand(speaker: Speaker, pcm: Buffer): void {
    // If we come late the device is dry already: counting on from then would let us run further ahead.
    this.dryAt = Math.max(this.dryAt, performance.now()) + pcmDurationMs(speaker.format, pcm.length);
    speaker.write(pcm);
  }

  /** How long it takes until all that was handed over was heard (ms). */
  private left({ endsAt, endsAtMs }: Job): number {
    return Math.max(0, endsAt - performance.now(), this.speaker?.position.leftUntil(endsAtMs) ?? 0);
  }

  /** Reports as long as something is to be heard, also when nothing more comes. */
  private follow(job: Job): void {
    if (!job.over && job.reportedMs < job.writtenMs) this.report(job);
  }

  private report(job: Job, over = false): number {
    if (job.writtenMs === 0) return 0;
    const ms = Math.max(0, job.writtenMs - this.left(job));
    job.reportedMs = ms;
    const { name: sink = 'speaker', master } = this.options;
    job.handle.reportPlayed(ms, { sink, master, over, ...this.room });
    this.tell('played', ms, job.handle);
    return ms;
  }

  /**
   * Whether an echo canceller stands before the loudspeaker. Asked for every stream, because cancellers come and go, and when it
   * plays already, because asking takes longer than starting.
   */
  private async lookAround(): Promise<void> {
    if (this.path?.backend !== 'pulse') return;
    const canceller = await echoCanceller('playback', this.options.device);
    this.room = canceller === undefined ? { room: 'plain' } : { room: 'cancelled', canceller };
  }

  private async speakerFor({ rate, channels }: MediaFormat): Promise<Speaker> {
    this.path ??= await findSpeaker(this.options);
    if (this.closed) throw new MediaError('NODE_CLOSED', 'This loudspeaker was closed.');
    // Asked after the wait: a stream that was cut short meanwhile may have started one already.
    const now = this.speaker;
    if (now?.alive && now.format.rate === rate && now.format.channels === channels) return now;
    this.release();
    return this.start(this.path, { mime: 'audio/pcm', rate, channels });
  }

  private start(path: SpeakerPath, format: MediaFormat): Speaker {
    const speaker = new Speaker(path, format);
    this.speaker = speaker;
    this.dryAt = 0;
    if (path.leadMs) this.hand(speaker, silence(format, path.leadMs));
    void speaker.ended.then((exit) => this.lost(speaker, exit));
    return speaker;
  }

  /** The program ended by itself: the device vanished, does not exist, or the sound server went away. */
  private async lost(speaker: Speaker, exit: ToolExit): Promise<void> {
    if (exit.stopped || this.speaker !== speaker) return;
    const job = this.current;
    this.speaker = undefined;
    if (speaker.path.oneShot && exit.code === 0) return;
    this.path = undefined;
    job?.settle(await explainSpeaker(exit, speaker.path, this.options));
  }

  /** Takes back what the device holds; a new program stands ready at once, so that the next stream loses no time. */
  private flush(): void {
    const old = this.speaker;
    this.release();
    if (old && !this.closed) this.start(old.path, old.format);
  }

  private release(): void {
    clearTimeout(this.idleTimer);
    if (!this.speaker) return;
    const exit = this.speaker.kill();
    this.speaker = undefined;
    this.gone = this.gone.then(() => exit);
  }

  private setState(state: PlayoutState): void {
    if (state === this.state) return;
    this.state = state;
    this.tell('state', state);
  }

  /** Events are for onlookers: one that throws must not end the playing, nor the process. */
  private tell<K extends keyof PlayoutEvents>(event: K, ...args: PlayoutEvents[K]): void {
    callListeners(this, event, args, () => {});
  }
}

function silence({ rate = 0, channels = 1 }: MediaFormat, ms: number): Buffer {
  return Buffer.alloc(Math.ceil((rate * ms) / 1000) * channels * 2);
}

/** A rejection that harms nobody who does not look at it. */
function rejected(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}

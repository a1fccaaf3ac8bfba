import path from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import {
  isObject,
  RECORDING_FORMAT,
  RECORDING_VERSION,
  recordingLine,
  Redactor,
  type Frame,
  type LiveClientMessage,
  type RecordingEntry,
  type RecordingHeader,
} from '../../protocol';
import type { FrameTap, TapClosed, TapOpened } from '../tap';
import { LineFile } from './line-file';
import type { RecorderOptions, RecorderStats, RecorderWarning } from './options';

/** What waits to be written: as it came, because reading and cleaning it is no work for the way of the audio. */
interface Waiting {
  ms: number;
  connection: number;
  bytes: number;
  what:
    | { dir: 'sent'; frame: string }
    | { dir: 'received'; frame: Frame }
    | { dir: 'opened' | 'closed'; info: TapOpened | TapClosed };
}

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_QUEUE_BYTES = 8 * 1024 * 1024;
/** Frames that are cleaned in one go (bytes), before others have their turn. */
const BATCH_BYTES = 256 * 1024;
/** Frames are gathered so long (ms), so that fifty conversations do not open a file for each of theirs. */
const GATHER_MS = 50;
/** How long {@link Recorder.close} waits for a disk that does not answer (ms). */
const CLOSE_TIMEOUT_MS = 3000;
/** Kept free below the limit for the line that says why the recording ends (bytes). */
const LAST_LINE = 200;

/**
 * Writes the frames of one session into a file of JSON Lines (docs/recordings.md): give it to the session as `tap`, and
 * {@link close} it after the session. Secrets are taken out. Whatever happens to the file, the session goes on: there is
 * one warning, and what could not be written is counted.
 *
 * ```ts
 * const recorder = new Recorder({ file: 'talk.jsonl', onWarning: ({ message }) => console.warn(message) });
 * const session = new LiveSession({ endpoint, tap: recorder });
 * ```
 */
export class Recorder implements FrameTap {
  /** Absolute path of the recording. */
  readonly file: string;
  private readonly out: LineFile;
  private readonly redactor: Redactor;
  private readonly queue: Waiting[] = [];
  private queued = 0;
  private frames = 0;
  private dropped = 0;
  /** Frames that are being written. */
  private inWork = 0;
  /** Frames left out since the last line. */
  private gap = 0;
  private connection = 0;
  private startedAt: number | undefined;
  private over = false;
  private writing: Promise<void> | undefined;
  private readonly told = new Set<string>();

  constructor(private readonly options: RecorderOptions) {
    const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    this.file = path.resolve(options.file.replaceAll('{time}', time));
    this.out = new LineFile(this.file);
    this.redactor = new Redactor(options);
  }

  get stats(): RecorderStats {
    return { file: this.file, frames: this.frames, bytes: this.out.bytes, dropped: this.dropped };
  }

  opened(info: TapOpened): void {
    this.connection++;
    this.startedAt ??= performance.now();
    this.push({ dir: 'opened', info }, 200);
  }

  sent(frame: string): void {
    this.push({ dir: 'sent', frame }, frame.length);
  }

  received(frame: Frame): void {
    this.push({ dir: 'received', frame }, sizeOf(frame));
  }

  closed(info: TapClosed): void {
    this.push({ dir: 'closed', info }, 200);
  }

  /** Writes what still waits. Resolves when nothing runs any more; never rejects. */
  async close(): Promise<RecorderStats> {
    this.over = true;
    const patience = new AbortController();
    const late = sleep(CLOSE_TIMEOUT_MS, 'late', { signal: patience.signal }).catch(() => {});
    if ((await Promise.race([this.writing, late])) === 'late') {
      const message = `The disk with ${this.file} does not answer: the end of the recording is missing.`;
      this.stop({ code: 'RECORDING_FAILED', message });
    }
    patience.abort();
    return this.stats;
  }

  private push(what: Waiting['what'], bytes: number): void {
    if (this.over) {
      if (isFrame(what)) this.dropped++;
      return;
    }
    const most = this.options.maxQueueBytes ?? MAX_QUEUE_BYTES;
    if (isFrame(what) && this.queued > 0 && this.queued + bytes > most) {
      this.dropped++;
      this.gap++;
      this.warn({
        code: 'RECORDING_GAP',
        message: `The disk is too slow for the recording ${this.file}: frames are left out.`,
      });
      return;
    }
    const ms = Math.round(performance.now() - (this.startedAt ??= performance.now()));
    this.queue.push({ ms, connection: this.connection, bytes, what });
    this.queued += bytes;
    this.writing ??= this.work();
  }

  private async work(): Promise<void> {
    try {
      await sleep(GATHER_MS);
      while (this.queue.length > 0) {
        await this.out.write(this.batch());
        this.frames += this.inWork;
        this.inWork = 0;
        await setImmediate();
      }
    } catch (error) {
      this.stop({
        code: 'RECORDING_FAILED',
        message: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.writing = undefined;
    }
  }

  /** Lines for the next frames; stops the recording where they would exceed the limit. */
  private batch(): string {
    const limit = (this.options.maxBytes ?? MAX_BYTES) - LAST_LINE;
    let lines = '';
    let size = this.out.bytes;
    while (this.queue.length > 0 && lines.length < BATCH_BYTES) {
      const next = this.queue[0] as Waiting;
      const line = this.lineOf(next);
      size += Buffer.byteLength(line);
      // The first line is the header, without which the file is worth nothing.
      if (size > limit && this.out.bytes + lines.length > 0) {
        const text = `The recording ended here: it reached its limit of ${limit + LAST_LINE} bytes.`;
        this.stop({ code: 'RECORDING_FULL', message: `${this.file}: ${text} The session goes on.` });
        return lines + this.note(next, text);
      }
      this.queue.shift();
      this.queued -= next.bytes;
      if (isFrame(next.what)) this.inWork++;
      lines += line;
    }
    return lines;
  }

  private lineOf({ ms, connection, what }: Waiting): string {
    const place = { ms, connection };
    switch (what.dir) {
      case 'opened': {
        const info = what.info as TapOpened;
        const header = connection === 1 ? recordingLine(this.header(info)) : '';
        return header + recordingLine({ ...place, dir: 'opened', message: { session: info.session } });
      }
      case 'closed': {
        const { code, reason, by } = what.info as TapClosed;
        const message = { code, reason: this.redactor.text(reason), by };
        return this.missing(place) + recordingLine({ ...place, dir: 'closed', message });
      }
      case 'sent': {
        const message = this.parsed(what.frame) as LiveClientMessage | undefined;
        return this.missing(place) + (message ? recordingLine({ ...place, dir: 'sent', message }) : '');
      }
      case 'received': {
        const text = textOf(what.frame);
        const message = this.parsed(text);
        const entry: RecordingEntry = message
          ? { ...place, dir: 'received', message }
          : { ...place, dir: 'received', text: this.redactor.broken(text) };
        return this.missing(place) + recordingLine(entry);
      }
    }
  }

  private header({ at, model, endpoint }: TapOpened): RecordingHeader {
    const { redactor } = this;
    return {
      format: RECORDING_FORMAT,
      version: RECORDING_VERSION,
      at,
      model: redactor.text(model),
      endpoint: redactor.text(endpoint),
    };
  }

  private parsed(text: string): Record<string, unknown> | undefined {
    try {
      const value: unknown = JSON.parse(text);
      return isObject(value) ? this.redactor.message(value) : undefined;
    } catch {
      return undefined;
    }
  }

  /** A line that says how many frames were left out before this one. */
  private missing(place: { ms: number; connection: number }): string {
    const { gap } = this;
    this.gap = 0;
    return gap === 0 ? '' : this.note(place, `${gap} frames are missing here: the disk was too slow.`);
  }

  private note({ ms, connection }: { ms: number; connection: number }, text: string): string {
    return recordingLine({ ms, connection, dir: 'note', message: { text } });
  }

  private stop(warning: RecorderWarning): void {
    this.over = true;
    this.dropped += this.queue.filter(({ what }) => isFrame(what)).length;
    if (warning.code === 'RECORDING_FAILED') {
      this.dropped += this.inWork;
      this.inWork = 0;
    }
    this.queue.length = 0;
    this.queued = 0;
    this.warn(warning);
  }

  private warn(warning: RecorderWarning): void {
    if (this.told.has(warning.code)) return;
    this.told.add(warning.code);
    try {
      this.options.onWarning?.(warning);
    } catch {
      // Whoever listens to a recorder must not break the session.
    }
  }
}

const isFrame = ({ dir }: Waiting['what']): boolean => dir === 'sent' || dir === 'received';

function sizeOf(frame: Frame): number {
  if (typeof frame === 'string') return frame.length;
  return Array.isArray(frame) ? frame.reduce((sum, { length }) => sum + length, 0) : frame.byteLength;
}

function textOf(frame: Frame): string {
  if (typeof frame === 'string') return frame;
  if (Buffer.isBuffer(frame)) return frame.toString('utf8');
  return (Array.isArray(frame) ? Buffer.concat(frame) : Buffer.from(frame)).toString('utf8');
}

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMediaError, MediaError } from './errors';
import { FfmpegSink } from './ffmpeg-sink';
import { isPcm, pcmDurationMs } from './format';
import type { MediaHandle } from './handle';
import { WavSink, writeFailed, type Sink } from './wav-sink';

/** Options of {@link writeAudioFile}. */
export interface WriteFileOptions {
  /** PCM of any rate. */
  readonly handle: MediaHandle;
  /** Where to; an existing file is replaced, a missing folder is an error. */
  readonly file: string;
  /** `wav`, or anything ffmpeg writes (`mp3`, `ogg`, `opus`, `flac`, `m4a`, …); default: the file's extension. */
  readonly format?: string;
  readonly ffmpegPath?: string;
  /** Ends the writing; what came so far is kept as a complete file. */
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface WrittenFile {
  /** Absolute path. */
  readonly file: string;
  /** Size of the file; 0 if nothing came, then there is no file. */
  readonly bytes: number;
  /** Duration of the sound in it, ms. */
  readonly durationMs: number;
  /** True if the stream was aborted or the writing stopped before its end. */
  readonly incomplete: boolean;
}

/** A stream given up for these reasons is no failure of its own, even if nothing of it had come yet. */
const STOPS = ['INTERRUPTED', 'CANCELLED', 'NODE_CLOSED'];

/**
 * Writes a stream into a sound file. The file is complete however the stream ends: a WAV header is kept right while writing, other
 * formats are completed by ffmpeg.
 *
 * @throws MediaError `UNSUPPORTED_FORMAT` (unknown extension, no PCM), `NOT_FOUND` (folder), `WRITE_FAILED`, `EMPTY_INPUT`,
 *   `NO_FFMPEG`, `FFMPEG_CAPABILITY`, `FFMPEG_FAILED`, or what broke the stream before anything came. No half file is left then.
 */
export async function writeAudioFile(options: WriteFileOptions): Promise<WrittenFile> {
  const { handle, signal } = options;
  // Before anything else, so that nothing is missed meanwhile.
  const reader = handle.open();
  const stop = (): void => void reader.destroy();
  signal?.addEventListener('abort', stop);
  try {
    const target = await prepare(options);
    if (signal?.aborted) stop();
    return await copy(handle, reader, target, signal);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

interface Target {
  readonly file: string;
  open(): Promise<Sink>;
}

/** Finds all that can be wrong before the first sound comes. */
async function prepare({ handle, file: name, format, ffmpegPath }: WriteFileOptions): Promise<Target> {
  if (!isPcm(handle.format)) {
    const message = `Only PCM audio can be written to a sound file, not ${handle.format.mime}.`;
    throw new MediaError('UNSUPPORTED_FORMAT', message);
  }
  if (!name) throw new MediaError('BAD_INPUT', 'No file name was given for the sound file.');
  const file = path.resolve(name);
  const kind = (format || path.extname(file).slice(1)).toLowerCase();
  if (!kind) {
    const message = `The file name "${name}" has no extension that says its format. Add one, such as .wav or .mp3.`;
    throw new MediaError('UNSUPPORTED_FORMAT', message);
  }
  await checkPlace(file);
  if (kind === 'wav') return { file, open: () => WavSink.open(file, handle.format) };
  const sink = await FfmpegSink.prepare({
    file,
    kind,
    format: handle.format,
    explicit: !!format,
    ffmpegPath,
  });
  return { file, open: () => Promise.resolve(sink.start()) };
}

async function checkPlace(file: string): Promise<void> {
  const folder = path.dirname(file);
  const place = await stat(folder).catch(() => undefined);
  if (!place?.isDirectory()) {
    throw new MediaError(
      'NOT_FOUND',
      `The folder ${folder} does not exist. Create it, or choose another one.`,
    );
  }
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory()) {
    throw new MediaError('WRITE_FAILED', `${file} is a folder. Add a file name, such as reply.wav.`);
  }
  await access(there ? file : folder, constants.W_OK).catch((error: unknown) => {
    throw writeFailed(file, error);
  });
}

async function copy(
  handle: MediaHandle,
  reader: AsyncIterable<Buffer>,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  const { file } = target;
  let sink: Sink | undefined;
  let pcmBytes = 0;
  let incomplete = false;
  const next = reader[Symbol.asyncIterator]();
  try {
    for (;;) {
      const chunk = await next.next().catch((error: unknown) => {
        // The stream was aborted, or we were told to stop: what came is kept.
        const harmless = signal?.aborted || sink || (isMediaError(error) && STOPS.includes(error.code));
        if (!harmless) throw error;
        incomplete = true;
        return { done: true as const, value: undefined };
      });
      if (chunk.done) break;
      sink ??= await target.open();
      await sink.write(chunk.value);
      pcmBytes += chunk.value.length;
    }
    incomplete ||= handle.state === 'aborted' || signal?.aborted === true;
    await sink?.finish();
  } catch (error) {
    await sink?.discard();
    throw error;
  }
  if (!sink && !incomplete) {
    throw new MediaError('EMPTY_INPUT', `The stream ended without any sound, so ${file} was not written.`);
  }
  const bytes = sink ? (await stat(file)).size : 0;
  return { file, bytes, durationMs: pcmDurationMs(handle.format, pcmBytes), incomplete };
}

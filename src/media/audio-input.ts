import { Readable } from 'node:stream';
import {
  checkInput,
  checkOutput,
  checkSource,
  type AudioSource,
  type CheckedSource,
} from './audio-arguments';
import { checkFile, fileBytes, peek, streamBytes, withTemporaryFile, type Peeked } from './audio-source';
import { isMediaError, MediaError, redact } from './errors';
import { blockAlign, isPcm, PCM_16K, type MediaFormat } from './format';
import { PcmFramer } from './framer';
import type { MediaHandle } from './handle';
import { httpBytes } from './http-source';
import { decodeOpus, opusDecoderFree, OPUS_RATES } from './opus';
import { pace } from './pacer';
import { transcode, type TranscodeOptions } from './transcode';
import type { WavHeader } from './wav';
import { createMedia, type MediaWriter } from './writer';

/** Options of {@link openAudioInput}. */
export interface AudioInputOptions {
  source: AudioSource;
  /** What arrives; needed for raw PCM only, everything else tells by its first bytes. */
  format?: MediaFormat;
  /** PCM that comes out. Default: 16 kHz mono. */
  output?: MediaFormat;
  /** As fast as it is spoken, from the moment of the first reader (true), or as fast as the first reader takes it (false, default). */
  realtime?: boolean;
  ffmpegPath?: string;
  /** Ends it with `CANCELLED`, or with the MediaError that is the signal's reason. */
  signal?: AbortSignal;
  label?: string;
  meta?: Record<string, unknown>;
  /** How long it is held when nobody opens it (ms). Default 30000. */
  expireMs?: number;
}

/** What may wait for the first reader (ms): in real time only as much as makes no audible burst. */
const AHEAD_MS = { realtime: 40, fast: 2000 };

/** Readers that change places (a redeployed sink) leave a moment without any; only after it (ms) nobody wants the rest. */
const UNREAD_MS = 1000;

/**
 * Opens a file, URL, Buffer or stream of any audio as PCM in 20 ms chunks. ffmpeg is used where it is needed: not for raw PCM and
 * WAV of the right format, nor for Opus in WebM or Ogg.
 *
 * What turns out later is delivered as an abort of the handle, so that every reader fails with the error: `NOT_FOUND`,
 * `READ_FAILED`, `EMPTY_INPUT`, `BAD_INPUT`, `SOURCE_FAILED`, `NO_FFMPEG`, `FFMPEG_CAPABILITY`, `FFMPEG_FAILED`, `WRITE_FAILED`,
 * `CANCELLED`. ffmpeg is stopped with the signal, when the last reader has left for a second, and when nobody came in time.
 *
 * @throws MediaError at once `BAD_INPUT` for arguments that make no sense, `UNSUPPORTED_FORMAT` for formats that are no audio
 */
export function openAudioInput(options: AudioInputOptions): MediaHandle {
  const { signal, realtime = false } = options;
  const input = checkSource(options.source);
  const output = checkOutput(options.output ?? PCM_16K);
  const format = options.format && checkInput(options.format);
  const writer = createMedia({
    format: output,
    policy: 'block',
    label: options.label ?? input.name,
    meta: options.meta,
    capMs: realtime ? AHEAD_MS.realtime : AHEAD_MS.fast,
    expireMs: options.expireMs,
  });
  const stop = stopWithHandle(writer, signal);
  const pcm = decode({
    ...input,
    format,
    output,
    ffmpegPath: options.ffmpegPath,
    signal: stop.signal,
    writer,
  });
  void feed(
    writer,
    realtime ? pace(frames(pcm, output), output, { signal: stop.signal }) : frames(pcm, output),
  )
    .catch((error: unknown) => writer.abort(asMediaError(error, input.name)))
    .finally(stop.dispose);
  return writer.handle;
}

async function feed(writer: MediaWriter, pcm: AsyncIterable<Buffer>): Promise<void> {
  for await (const frame of pcm) {
    if (!writer.write(frame)) await writer.ready();
    if (!writer.writable) return;
  }
  const { label, durationMs } = writer.handle;
  if (durationMs === 0 && writer.writable)
    throw new MediaError('EMPTY_INPUT', `There is no audio in ${label}.`);
  writer.end();
}

async function* frames(pcm: AsyncIterable<Buffer>, format: MediaFormat): AsyncGenerator<Buffer> {
  const framer = new PcmFramer(format);
  for await (const piece of pcm) yield* framer.push(piece);
  const last = framer.flush();
  if (last) yield last;
}

/** One signal for every reason to stop; nothing stays attached to the caller's signal once all is done. */
function stopWithHandle(writer: MediaWriter, signal?: AbortSignal): { signal: AbortSignal; dispose(): void } {
  const { handle } = writer;
  const stop = new AbortController();
  const cancel = (): void => {
    const reason: unknown = signal?.reason;
    writer.abort(
      isMediaError(reason) ? reason : new MediaError('CANCELLED', `Reading ${handle.label} was cancelled.`),
    );
  };
  let unread: NodeJS.Timeout | undefined;
  handle.once('abort', () => stop.abort());
  handle.once('expired', () => stop.abort());
  handle.on('reader', (count) => {
    clearTimeout(unread);
    if (count > 0 || handle.state !== 'open') return;
    unread = setTimeout(
      () => writer.abort('CANCELLED', `Reading ${handle.label} was stopped: nobody reads it any more.`),
      UNREAD_MS,
    ).unref();
  });
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const dispose = (): void => {
    stop.abort();
    clearTimeout(unread);
    signal?.removeEventListener('abort', cancel);
  };
  return { signal: stop.signal, dispose };
}

interface Job extends CheckedSource {
  format: MediaFormat | undefined;
  output: Required<MediaFormat>;
  ffmpegPath: string | undefined;
  signal: AbortSignal;
  writer: MediaWriter;
}

/** PCM in the output format, in pieces of any size. */
async function* decode(job: Job): AsyncGenerator<Buffer> {
  const { source, name, signal, output } = job;
  const raw = job.format && isPcm(job.format) ? job.format : undefined;
  // Addresses with credentials are fetched here, and not by ffmpeg: see httpBytes.
  if ('url' in source && !(/^https?:/i.test(source.url) && redact(source.url) !== source.url)) {
    return yield* transcode({ ...job, raw, input: { url: source.url } });
  }
  if (raw) return yield* rawPcm(job, raw);
  if ('file' in source) await checkFile(source.file);
  if (signal.aborted) return;
  const { sniffed, bytes } = await peek(bytesOf(source, signal), name);
  const file = 'file' in source ? source.file : undefined;
  if (sniffed.kind === 'jpeg') {
    throw new MediaError('BAD_INPUT', `${name} is a JPEG image, not audio. Give a file with sound.`);
  }
  if (sniffed.kind === 'wav' && sameFormat(sniffed.header.format, output)) {
    return yield* wavSamples(bytes, sniffed.header);
  }
  if (
    sniffed.kind === 'opus' &&
    OPUS_RATES.includes(output.rate) &&
    output.channels <= 2 &&
    opusDecoderFree()
  ) {
    return yield* opusSamples(bytes, { ...output, container: sniffed.container });
  }
  yield* throughFfmpeg(job, { sniffed, bytes }, file);
}

function throughFfmpeg(job: Job, { sniffed, bytes }: Peeked, file?: string): AsyncIterable<Buffer> {
  const run = (input: TranscodeOptions['input']): AsyncIterable<Buffer> => transcode({ ...job, input });
  if (file !== undefined) return closeFirst(bytes, () => run({ file }));
  if (sniffed.kind !== 'mp4-index-last') return run({ bytes });
  return withTemporaryFile(bytes, job.signal, (temporary) => run({ file: temporary }));
}

async function* closeFirst(
  bytes: AsyncIterable<Buffer>,
  then: () => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const _ of bytes) break;
  yield* then();
}

function bytesOf(source: AudioSource, signal: AbortSignal): AsyncIterable<Buffer> {
  if ('file' in source) return fileBytes(source.file, signal);
  if ('url' in source) return httpBytes(source.url, signal);
  return streamBytes('stream' in source ? source.stream : Readable.from([source.buffer]), signal);
}

async function* rawPcm(job: Job, format: MediaFormat): AsyncGenerator<Buffer> {
  const { source, name, signal, writer } = job;
  const align = blockAlign(format);
  const torn = (bytes: number): string =>
    `The PCM of ${name} ends in the middle of a sample (${bytes} bytes, ${align} per sample). ` +
    'Check its rate and channels, and that it really is 16-bit PCM.';
  const size =
    'buffer' in source ? source.buffer.length : 'file' in source ? await checkFile(source.file) : 0;
  if (size % align !== 0) throw new MediaError('BAD_INPUT', torn(size));
  let came = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of bytesOf(source, signal)) {
      came += piece.length;
      yield piece;
    }
  };
  if (sameFormat(format, job.output)) yield* counted();
  else yield* transcode({ ...job, raw: format, input: { bytes: counted() } });
  if (came % align !== 0) writer.warn('BAD_INPUT', torn(came));
}

async function* wavSamples(bytes: AsyncIterable<Buffer>, header: WavHeader): AsyncGenerator<Buffer> {
  let skip = header.dataOffset;
  let left = header.dataBytes;
  for await (const piece of bytes) {
    const samples = piece.subarray(Math.min(skip, piece.length)).subarray(0, left);
    skip -= Math.min(skip, piece.length);
    left -= samples.length;
    if (samples.length > 0) yield samples;
    if (left <= 0) return;
  }
}

async function* opusSamples(
  bytes: AsyncIterable<Buffer>,
  format: Required<MediaFormat> & { container: 'webm' | 'ogg' },
): AsyncGenerator<Buffer> {
  const decoder = decodeOpus(format);
  const input = Readable.from(bytes);
  input.on('error', (error) => decoder.destroy(error));
  try {
    yield* input.pipe(decoder);
  } finally {
    input.destroy();
  }
}

function sameFormat(a: MediaFormat | undefined, b: MediaFormat): boolean {
  return a !== undefined && a.mime === b.mime && a.rate === b.rate && (a.channels ?? 1) === (b.channels ?? 1);
}

function asMediaError(error: unknown, name: string): MediaError {
  if (isMediaError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MediaError('SOURCE_FAILED', `Cannot read audio from ${name}: ${redact(message)}.`, {
    cause: error,
  });
}

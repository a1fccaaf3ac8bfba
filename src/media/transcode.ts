import { PassThrough, Readable } from 'node:stream';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { isMediaError, MediaError, redact, type MediaErrorCode } from './errors';
import { resolveFfmpeg } from './ffmpeg';
import type { MediaFormat } from './format';

/** What {@link transcode} needs. */
export interface TranscodeOptions {
  /** A local file, a URL that ffmpeg opens itself, or bytes that come through its stdin. */
  input: { file: string } | { url: string } | { bytes: AsyncIterable<Buffer> };
  /** PCM format of what comes in, when it is raw. */
  raw?: MediaFormat;
  output: Required<MediaFormat>;
  ffmpegPath?: string;
  /** Ends ffmpeg at once; the output then ends quietly. */
  signal: AbortSignal;
  /** What messages call the input. */
  name: string;
}

/** Nothing within this time (ms) means that a server is gone; without a limit ffmpeg waits for ever (measured). */
const NETWORK_TIMEOUT_MS = 10_000;

/**
 * Steep enough that nothing above the new band folds back into it: ffmpeg's default lets 8.5 kHz through at −26 dB as an alias at
 * 16 kHz, this puts it below what 16 bits can hold, like soxr, which many builds lack.
 */
const RESAMPLE = 'aresample=filter_size=64:phase_shift=10:cutoff=0.97';

/**
 * Lets ffmpeg turn anything into PCM16, as fast as the output is taken. When the iteration ends, for whatever reason, ffmpeg is
 * gone.
 *
 * @throws MediaError `NOT_FOUND`, `SOURCE_FAILED`, `BAD_INPUT`, `NO_FFMPEG`, `FFMPEG_CAPABILITY`, `FFMPEG_FAILED`
 */
export async function* transcode(options: TranscodeOptions): AsyncGenerator<Buffer, void, undefined> {
  const { input, signal, name } = options;
  const { path, version } = await resolveFfmpeg({ path: options.ffmpegPath, need: { muxer: 's16le' } });
  if (signal.aborted) return;
  const stdin = 'bytes' in input ? Readable.from(input.bytes, { objectMode: false }) : undefined;
  // Not destroyed by its own end: fluent-ffmpeg takes a closed output for a reason to kill ffmpeg and report a failure.
  const output = new PassThrough({ autoDestroy: false });
  output.on('error', () => {});
  const command = withPath(build(options, stdin, version), path);
  const run = start(command, output);
  const stop = (): void => {
    run.stop();
    output.destroy();
  };
  let inputError: Error | undefined;
  stdin?.on('error', (error) => {
    inputError = error;
    stop();
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of output) yield chunk as Buffer;
    const failure = await run.finished;
    if (failure && !signal.aborted && !inputError) throw explain(failure, name, address(input));
  } catch (error) {
    if (!inputError && !signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    stdin?.destroy();
    await run.finished;
  }
  if (inputError && !signal.aborted) throw inputError;
}

/** What stands behind `-i`; with `file:` in front no path can be taken for a protocol or an option. */
function address(input: TranscodeOptions['input']): string {
  if ('file' in input) return `file:${input.file}`;
  return 'url' in input ? input.url : 'pipe:0';
}

function build(
  { input, raw, output }: TranscodeOptions,
  stdin: Readable | undefined,
  version: string,
): FfmpegCommand {
  const command = ffmpeg(stdin ?? address(input)).inputOptions(
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
  );
  if (raw) command.inputOptions('-f', 's16le', '-ar', String(raw.rate), '-ac', String(raw.channels ?? 1));
  if ('url' in input) command.inputOptions(...networkOptions(input.url, version));
  return command
    .outputOptions(
      '-map',
      '0:a:0',
      '-af',
      RESAMPLE,
      '-ac',
      String(output.channels),
      '-ar',
      String(output.rate),
    )
    .outputOptions('-c:a', 'pcm_s16le', '-f', 's16le');
}

/** Builds of unreleased sources are called by the number of commits; RTSP's options changed at about this one (2021). */
const RTSP_CHANGED = 102_000;

/**
 * What limits the time of a network address. RTSP's limit is called `stimeout` before ffmpeg 5, where `timeout` means to listen for
 * connections instead: the bundled build of 2018 ("N-47683-…") would wait for ever.
 */
export function networkOptions(url: string, version: string): [string, ...string[]] {
  const limit = String(NETWORK_TIMEOUT_MS * 1000);
  if (!/^rtsps?:/i.test(url)) return ['-rw_timeout', limit];
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? Infinity);
  const commits = Number(/^N-(\d+)/.exec(version)?.[1] ?? Infinity);
  const old = major < 5 || commits < RTSP_CHANGED;
  return ['-rtsp_transport', 'tcp', old ? '-stimeout' : '-timeout', limit];
}

interface CommandInside {
  _getFfmpegPath(callback: (error: Error | null, path: string) => void): void;
  _spawnFfmpeg(args: string[], options: object, onProcess: unknown, onEnd?: unknown): void;
}

/** Stands in for the line buffers that fluent-ffmpeg forgets when ffmpeg cannot be started. */
const NO_LINES = { get: (): string => '' };

/**
 * Binds one command to one ffmpeg. fluent-ffmpeg 2.1.3 (archived, so its inside will not change) keeps a single path for the
 * whole process, and throws outside of any caller's reach when the program cannot be started: both are mended here.
 */
function withPath(command: FfmpegCommand, path: string): FfmpegCommand {
  const inside = command as unknown as CommandInside;
  const spawn = inside._spawnFfmpeg.bind(command);
  inside._getFfmpegPath = (callback) => callback(null, path);
  inside._spawnFfmpeg = (args, options, onProcess, onEnd) => {
    const end = (onEnd ?? onProcess) as (error?: Error | null, out?: unknown, err?: unknown) => void;
    const guarded = (error?: Error | null, out: unknown = NO_LINES, err: unknown = NO_LINES): void =>
      end(error, out, err);
    try {
      spawn(args, options, onEnd ? onProcess : () => {}, guarded);
    } catch (error) {
      guarded(error as Error);
    }
  };
  return command;
}

/** ffmpeg's failure with what it printed. */
interface Failure {
  error: Error;
  stderr: string;
}

function start(
  command: FfmpegCommand,
  output: PassThrough,
): { finished: Promise<Failure | undefined>; stop(): void } {
  let running = false;
  let stopped = false;
  const finished = new Promise<Failure | undefined>((resolve) => {
    command.on('end', () => resolve(undefined));
    command.on('error', (error: Error, _stdout: unknown, stderr?: string | null) =>
      resolve({ error, stderr: stderr ?? '' }),
    );
  }).finally(() => (running = false));
  const kill = (): void => {
    if (running) command.kill('SIGKILL');
  };
  command.on('start', () => {
    running = true;
    if (stopped) kill();
  });
  command.pipe(output);
  return {
    finished,
    stop: () => {
      stopped = true;
      kill();
    },
  };
}

const KNOWN: Array<[RegExp, MediaErrorCode, string]> = [
  [/404 Not Found|410 Gone|No such file/i, 'NOT_FOUND', 'Check the path or address.'],
  [
    /Connection refused|resolve|timed? ?out|unreachable|Server returned|Unauthorized|Connection reset|Input\/output error/i,
    'SOURCE_FAILED',
    'Check that the server is up and may be reached from here.',
  ],
  [
    /Protocol not found|Unknown (de|en)coder|Decoder .*not found|Unrecognized option|Option .*not found|not available/i,
    'FFMPEG_CAPABILITY',
    'Install a complete ffmpeg, or set FFMPEG_PATH to one.',
  ],
  [
    /matches no streams|does not contain any stream/i,
    'BAD_INPUT',
    'It has no audio track, or is no media file. Choose one with sound.',
  ],
  [
    /Invalid data|moov atom|Could not find codec|EBML|Header missing|Invalid argument|Error opening input/i,
    'BAD_INPUT',
    'It is no audio that ffmpeg knows, or damaged. If it is raw PCM, say so: format {mime: "audio/pcm", rate: 16000}.',
  ],
];

const UNKNOWN: (typeof KNOWN)[number] = [
  /./,
  'FFMPEG_FAILED',
  'Try the file with another program to see whether it is damaged.',
];

/** Turns what ffmpeg printed into an error that says what to do. */
function explain({ error, stderr }: Failure, name: string, source: string): MediaError {
  if (isMediaError(error)) return error;
  // The address is taken out first: its words must not be mistaken for ffmpeg's.
  const printed = stderr.replaceAll(`${source}: `, '').replaceAll(source, '');
  const [, code, advice] = KNOWN.find(([pattern]) => pattern.test(`${printed}\n${error.message}`)) ?? UNKNOWN;
  if (code === 'BAD_INPUT' && /^rtsps?:/i.test(source)) {
    // All that ffmpeg says of an RTSP server that keeps silent is "Invalid data found".
    return new MediaError(
      'SOURCE_FAILED',
      `${name} does not answer as an RTSP server should. Check address and port.`,
    );
  }
  return new MediaError(code, `Cannot read audio from ${name}: ${reason(printed, error)}. ${advice}`);
}

/** ffmpeg's own words, without `[mov,mp4 @ 0x5581]` and credentials. */
function reason(printed: string, error: Error): string {
  const lines = printed.split(/\r?\n/).map((line) => line.replace(/^(\[[^\]]*\]\s*)+/, '').trim());
  const last = lines
    .filter((line) => line !== '' && !/^(Conversion failed|To ignore this)/.test(line))
    .slice(-2);
  if (last[0]?.includes(last[1] ?? '')) last.splice(1);
  return redact(last.length > 0 ? last.join(' / ') : error.message).replace(/[.\s]+$/, '');
}

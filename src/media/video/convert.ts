import { rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MediaError } from '../errors';
import { resolveFfmpeg } from '../ffmpeg';
import { spawnTool } from '../process';
import { outputArgs, type Outputs } from './filters';
import { syncOption } from './grab';
import { GRID_BYTES, type Shot } from './grid';
import type { Settings } from './settings';

/** How long ffmpeg may take for one picture, ms. */
const TIMEOUT_MS = 15_000;
/** Largest picture that is opened, pixels: a file of a few kB may claim to be a picture of gigabytes. */
const MAX_PIXELS = 100_000_000;

/** What {@link convertPicture} needs beside the picture. */
export interface ConvertOptions {
  readonly signal?: AbortSignal;
  readonly ffmpegPath?: string;
}

/**
 * Lets ffmpeg make a JPEG, its grid, or both, of one picture in any format that it reads; of a film, the first picture.
 *
 * @throws MediaError `BAD_INPUT` when it is no picture; `NO_FFMPEG`, `FFMPEG_CAPABILITY`; `CANCELLED`
 */
export async function convertPicture(
  picture: Buffer,
  work: Outputs,
  settings: Settings,
  { signal, ffmpegPath }: ConvertOptions = {},
): Promise<Omit<Shot, 'at'>> {
  const ffmpeg = await resolveFfmpeg({ path: ffmpegPath, need: { encoder: 'mjpeg' } });
  const output = outputArgs(settings, work, await syncOption(ffmpeg), { paced: false });
  const kind = seekable(picture);
  if (!kind) return run(ffmpeg.path, [...inputArgs('pipe:0', 'pipe'), ...output], picture, { work, signal });
  const folder = await mkdtemp(path.join(tmpdir(), 'gemini-live-'));
  try {
    const file = path.join(folder, `picture.${kind.ending}`);
    await writeFile(file, picture, { mode: 0o600 });
    return await run(ffmpeg.path, [...inputArgs(file, 'file', kind.format), ...output], picture, {
      work,
      signal,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Kinds of pictures that must be a file: in HEIC, AVIF and MP4 (all one kind) and TIFF the table of contents may stand at the end,
 * which a pipe cannot reach.
 */
function seekable(bytes: Buffer): { ending: string; format: string } | undefined {
  if (bytes.toString('latin1', 4, 8) === 'ftyp') return { ending: 'mp4', format: 'mov' };
  if (/^(II\*\0|MM\0\*)/.test(bytes.toString('latin1', 0, 4))) return { ending: 'tiff', format: 'image2' };
  return undefined;
}

/** The protocols are limited because some formats are lists of addresses: a picture must not make ffmpeg read files or fetch. */
function inputArgs(input: string, protocol: string, format?: string): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-protocol_whitelist', protocol],
    ...['-threads', '1', '-max_pixels', String(MAX_PIXELS), ...(format ? ['-f', format] : [])],
    ...['-i', input],
  ];
}

async function run(
  command: string,
  args: readonly string[],
  picture: Buffer,
  { work, signal }: { work: Outputs; signal: AbortSignal | undefined },
): Promise<Omit<Shot, 'at'>> {
  if (signal?.aborted) throw cancelled();
  const tool = spawnTool(command, firstOnly(args), {
    stdin: args.includes('pipe:0'),
    extraOutputs: work.grid ? 1 : 0,
  });
  const stop = (): void => void tool.kill();
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, TIMEOUT_MS);
  const jpeg = collect(tool.stdout);
  const grid = collect(tool.output(3));
  tool.stdin?.end(picture);
  const exit = await tool.exited;
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw cancelled();
  const [made, cells] = [Buffer.concat(jpeg), Buffer.concat(grid)];
  if ((work.jpeg && made.length === 0) || (work.grid && cells.length < GRID_BYTES)) {
    const why = exit.stopped
      ? `not ready after ${TIMEOUT_MS / 1000} s`
      : (exit.stderr.split('\n').pop() ?? '');
    throw new MediaError(
      'BAD_INPUT',
      `The picture of ${picture.length} bytes cannot be read (${why.replace(/^(\[[^\]]*\]\s*)+/, '') || 'ffmpeg knows no such format'}). Send JPEG, PNG, WebP, GIF, BMP, TIFF or whatever this ffmpeg reads.`,
    );
  }
  return { jpeg: work.jpeg ? made : picture, ...(work.grid && { grid: cells.subarray(0, GRID_BYTES) }) };
}

/** One frame per output. */
function firstOnly(args: readonly string[]): string[] {
  return args.flatMap((arg) => (/^pipe:[13]$/.test(arg) ? ['-frames:v', '1', arg] : [arg]));
}

function collect(stream: NodeJS.ReadableStream | null): Buffer[] {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

const cancelled = (): MediaError => new MediaError('CANCELLED', 'The work on a picture was stopped.');

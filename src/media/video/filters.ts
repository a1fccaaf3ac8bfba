import { GRID } from './grid';
import type { Length, Rectangle, Settings } from './settings';

/** How the option is called that keeps ffmpeg from doubling and dropping frames: `-vsync` until version 5.0. */
export type SyncOption = '-fps_mode' | '-vsync';

/** Which pipes ffmpeg is to write. */
export interface Outputs {
  /** JPEG on pipe 1. */
  readonly jpeg: boolean;
  /** Grey grids on pipe 3, see {@link GRID}. */
  readonly grid: boolean;
}

/** One thread each: with more, an encoder gives a frame out only when the next one comes (measured: 5.1, both encoders). */
const ONE_THREAD = ['-threads', '1'];

/** A source's frames may come a little early; without this the next one would be taken, and the rate be halved. */
const EARLY = 0.95;

/** An expression of ffmpeg for a length; `of` is the side that percents are of. */
const inPixels = (length: Length, of: 'iw' | 'ih'): string =>
  typeof length === 'number' ? String(length) : `${of}*${parseFloat(length) / 100}`;

/** Black from the pixel in which the rectangle begins to the one in which it ends. */
function mask({ x, y, width, height }: Rectangle): string {
  const span = (from: Length, length: Length, of: 'iw' | 'ih'): [string, string] => {
    const [start, size] = [inPixels(from, of), inPixels(length, of)];
    return [`floor(${start})`, `ceil(${start}+${size})-floor(${start})`];
  };
  const [left, wide] = span(x, width, 'iw');
  const [top, high] = span(y, height, 'ih');
  return `drawbox=x=${left}:y=${top}:w=${wide}:h=${high}:color=black:t=fill`;
}

/** Takes a frame when the last one is long enough ago; the first one at once. */
const pick = (fps: number): string =>
  `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${(EARLY / fps).toFixed(4)})'`;

const shrink = (side: number): string =>
  `scale='min(${side},iw)':'min(${side},ih)':force_original_aspect_ratio=decrease`;

/** ffmpeg's scale of quality goes from 2 (best) to 31; ours from 100 to 1. */
export function quantizer(quality: number): number {
  return Math.round(31 - ((quality - 1) / 99) * 29);
}

/**
 * What ffmpeg does with each frame, and where it writes the result. Masks come first: nothing else ever sees what is under them.
 *
 * @param before filters of the source itself, e.g. a region cut out
 * @param paced false: every frame is taken, because somebody else keeps the pace
 */
export function outputArgs(
  settings: Settings,
  { jpeg, grid }: Outputs,
  sync: SyncOption,
  { before = [], paced = true }: { before?: readonly string[]; paced?: boolean } = {},
): string[] {
  const common = [
    ...(paced ? [pick(settings.fps)] : []),
    ...before,
    ...settings.masks.map(mask),
    shrink(settings.longestSide),
  ].join(',');
  const small = `scale=${GRID.width}:${GRID.height}:flags=area,format=gray`;
  const graph =
    jpeg && grid
      ? `[0:v]${common},split[jpeg][whole];[whole]${small}[grid]`
      : `[0:v]${common}${grid ? `,${small}[grid]` : '[jpeg]'}`;
  const q = String(quantizer(settings.quality));
  const each = [sync, 'passthrough', ...ONE_THREAD, '-flush_packets', '1'];
  return [
    ...['-filter_complex', graph],
    ...(jpeg ? ['-map', '[jpeg]', '-c:v', 'mjpeg', '-q:v', q, '-pix_fmt', 'yuvj420p'] : []),
    ...(jpeg ? [...each, '-f', 'image2pipe', 'pipe:1'] : []),
    ...(grid ? ['-map', '[grid]', '-c:v', 'rawvideo', ...each, '-f', 'rawvideo', 'pipe:3'] : []),
  ];
}

import { resolveFfmpeg } from '../../src/media/ffmpeg';
import { spawnTool } from '../../src/media/process';

/** Grey pixels of a picture. */
export interface Grey {
  width: number;
  height: number;
  /** Brightness of a pixel, 0 to 255. */
  at(x: number, y: number): number;
  /** Brightest and average pixel of a rectangle. */
  span(x: number, y: number, width: number, height: number): { max: number; mean: number };
}

async function through(input: Buffer | undefined, args: string[]): Promise<Buffer> {
  const { path } = await resolveFfmpeg();
  const tool = spawnTool(path, ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args], {
    stdin: input !== undefined,
  });
  const chunks: Buffer[] = [];
  tool.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  tool.stdin?.end(input);
  const exit = await tool.exited;
  if (exit.code !== 0) throw new Error(`ffmpeg: ${exit.stderr}`);
  return Buffer.concat(chunks);
}

/** Makes a picture with ffmpeg: a source of `lavfi` such as `color=red:s=64x48`, or noise and shapes by default. */
export function makePicture(
  source = 'testsrc=s=320x240',
  { format = 'mjpeg', args = [] }: { format?: string; args?: string[] } = {},
): Promise<Buffer> {
  const codec = format === 'webp' ? 'libwebp' : format;
  return through(undefined, [
    ...['-f', 'lavfi', '-i', source, '-frames:v', '1', '-c:v', codec, ...args, '-f', 'image2pipe', 'pipe:1'],
  ]);
}

/** Decodes a picture. */
export async function grey(picture: Buffer, width: number, height: number): Promise<Grey> {
  const pixels = await through(picture, [
    ...['-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
  ]);
  if (pixels.length !== width * height) throw new Error(`${pixels.length} pixels, not ${width} × ${height}`);
  const at = (x: number, y: number): number => pixels[y * width + x]!;
  return {
    width,
    height,
    at,
    span(x, y, wide, high) {
      let [max, sum] = [0, 0];
      for (let row = y; row < y + high; row++) {
        for (let column = x; column < x + wide; column++) {
          max = Math.max(max, at(column, row));
          sum += at(column, row);
        }
      }
      return { max, mean: sum / (wide * high) };
    },
  };
}

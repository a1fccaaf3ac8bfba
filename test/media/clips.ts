import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveFfmpeg, type ResolvedFfmpeg } from '../../src/media/ffmpeg';
import { runTool } from '../../src/media/process';

/** Audio files that a real ffmpeg made, in a folder that goes away. */
export class Clips {
  private constructor(
    readonly folder: string,
    readonly ffmpeg: ResolvedFfmpeg,
  ) {}

  static async open(): Promise<Clips> {
    const ffmpeg = await resolveFfmpeg({ need: { encoder: ['libopus', 'libmp3lame', 'aac'] } });
    return new Clips(await mkdtemp(path.join(tmpdir(), 'clips-')), ffmpeg);
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  bytes(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  /** Runs ffmpeg; the last argument is the name of the file it makes. */
  async make(...args: string[]): Promise<string> {
    const file = this.path(args.pop()!);
    const { code, stderr } = await runTool(
      this.ffmpeg.path,
      ['-v', 'error', '-nostdin', '-y', ...args, file],
      {
        timeoutMs: 60_000,
      },
    );
    if (code !== 0) throw new Error(`${path.basename(file)} could not be made: ${stderr}`);
    return file;
  }

  /** A sine tone; further arguments say how it is written. */
  tone(hz: number, seconds: number, ...args: string[]): Promise<string> {
    return this.make('-f', 'lavfi', '-i', `sine=${hz}:d=${seconds}:r=48000`, ...args);
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Frequency of a pure tone (Hz), from its zero crossings; the first and last 100 ms are left out. */
export function frequency(pcm: Buffer, rate: number): number {
  const edge = rate / 10;
  const samples = new Int16Array(
    pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length - (pcm.length % 2)),
  );
  let crossings = 0;
  for (let i = edge + 1; i < samples.length - edge; i++)
    if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings++;
  return (crossings * rate) / (samples.length - 2 * edge);
}

/** Level against full scale (dB); the first and last 100 ms of 16 kHz audio are left out. */
export function level(pcm: Buffer): number {
  let sum = 0;
  let count = 0;
  for (let at = 3200; at + 3202 < pcm.length; at += 2, count++) sum += pcm.readInt16LE(at) ** 2;
  return 20 * Math.log10(Math.sqrt(sum / count) / 32768 + 1e-9);
}

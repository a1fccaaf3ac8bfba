import { statSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { MediaError } from './errors';
import { resolveFfmpeg } from './ffmpeg';
import type { MediaFormat } from './format';
import { spawnTool, type ToolProcess } from './process';
import type { Sink } from './wav-sink';

/** Container and codec where ffmpeg's own choice by extension would be another one, or may be missing from a build. */
const ENCODINGS: Record<string, { muxer: string; encoder: string }> = {
  mp3: { muxer: 'mp3', encoder: 'libmp3lame' },
  ogg: { muxer: 'ogg', encoder: 'libvorbis' },
  oga: { muxer: 'ogg', encoder: 'libvorbis' },
  opus: { muxer: 'opus', encoder: 'libopus' },
  webm: { muxer: 'webm', encoder: 'libopus' },
  mka: { muxer: 'matroska', encoder: 'libopus' },
  flac: { muxer: 'flac', encoder: 'flac' },
  m4a: { muxer: 'ipod', encoder: 'aac' },
  mp4: { muxer: 'mp4', encoder: 'aac' },
  aac: { muxer: 'adts', encoder: 'aac' },
};

const QUIET = ['-hide_banner', '-loglevel', 'error', '-nostdin'];

/** What to write, and where to. */
interface FfmpegTarget {
  readonly file: string;
  /** `mp3`, `ogg`, … */
  readonly kind: string;
  readonly format: MediaFormat;
  /** Whether the user named the kind, instead of the file's extension. */
  readonly explicit: boolean;
  readonly ffmpegPath?: string;
}

/** Any format that ffmpeg writes: closing its stdin lets it complete the container, wherever the stream was. */
export class FfmpegSink implements Sink {
  private readonly tool: ToolProcess;
  private readonly before: number | undefined;

  private constructor(
    private readonly command: string,
    args: readonly string[],
    private readonly target: FfmpegTarget,
  ) {
    this.before = statSync(target.file, { throwIfNoEntry: false })?.mtimeMs;
    // If this process ends first, ffmpeg still completes the file.
    this.tool = spawnTool(command, args, { stdin: true, exitSignal: 'SIGTERM' });
    this.tool.stdout?.resume();
  }

  /**
   * Finds an ffmpeg that has the codec; nothing is started or written before `start()`.
   * @throws MediaError `NO_FFMPEG`, `FFMPEG_CAPABILITY`
   */
  static async prepare(target: FfmpegTarget): Promise<{ start(): FfmpegSink }> {
    const { file, kind, format, explicit, ffmpegPath } = target;
    const encoding = ENCODINGS[kind];
    const { path } = await resolveFfmpeg({ path: ffmpegPath, need: encoding });
    // Raw PCM has nothing to find out: without this ffmpeg collects seconds of it before it writes anything.
    const now = ['-probesize', '32', '-analyzeduration', '0'];
    const pcm = ['-f', 's16le', '-ar', `${format.rate}`, '-ac', `${format.channels ?? 1}`];
    const known = encoding && ['-f', encoding.muxer, '-c:a', encoding.encoder];
    const output = known ?? (explicit ? ['-f', kind] : []);
    const args = [...QUIET, ...now, ...pcm, '-i', 'pipe:0', '-y', ...output, `file:${file}`];
    return { start: () => new FfmpegSink(path, args, target) };
  }

  async write(pcm: Buffer): Promise<void> {
    const { stdin } = this.tool;
    if (!stdin || stdin.destroyed) {
      await this.tool.exited;
      throw this.failure();
    }
    if (stdin.write(pcm)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdin.off('drain', done).off('close', done);
        resolve();
      };
      stdin.on('drain', done).on('close', done);
    });
  }

  async finish(): Promise<void> {
    this.tool.stdin?.end();
    const { code } = await this.tool.exited;
    if (code !== 0) throw this.failure();
  }

  /** A file that ffmpeg did not even open is not ours to delete. */
  async discard(): Promise<void> {
    await this.tool.kill();
    const { file } = this.target;
    const left = await stat(file).catch(() => undefined);
    if (left?.isFile() && left.mtimeMs !== this.before) await rm(file, { force: true }).catch(() => {});
  }

  private failure(): MediaError {
    const { exit } = this.tool;
    const what = exit?.error
      ? String(exit.error.code)
      : exit?.stderr || `status ${exit?.code ?? exit?.signal}`;
    if (/suitable output format|not contain any stream|choose an output format/i.test(what)) {
      const message = `ffmpeg knows no sound format "${this.target.kind}". Use .wav, .mp3, .ogg, .flac or .m4a.`;
      return new MediaError('UNSUPPORTED_FORMAT', message);
    }
    return new MediaError(
      'FFMPEG_FAILED',
      `ffmpeg (${this.command}) could not write ${this.target.file}: ${what}`,
    );
  }
}

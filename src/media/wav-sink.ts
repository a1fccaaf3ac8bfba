import { open, type FileHandle } from 'node:fs/promises';
import { MediaError } from './errors';
import { pcmDurationMs, type MediaFormat } from './format';
import { wavHeader } from './wav';

/** Something that becomes a sound file. Its methods throw MediaErrors. */
export interface Sink {
  write(pcm: Buffer): Promise<void>;
  /** Completes the file. */
  finish(): Promise<void>;
  /** Gives up after a failure. */
  discard(): Promise<void>;
}

/** A WAV file whose header is right once a second and at the end, so that even a crash leaves a playable file. */
export class WavSink implements Sink {
  private dataBytes = 0;
  private headerBytes = 0;

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
    private readonly format: MediaFormat,
  ) {}

  static async open(file: string, format: MediaFormat): Promise<WavSink> {
    const handle = await open(file, 'w').catch((error: unknown) => {
      throw writeFailed(file, error);
    });
    const sink = new WavSink(file, handle, format);
    await sink.guard(() => sink.writeHeader());
    return sink;
  }

  async write(pcm: Buffer): Promise<void> {
    await this.guard(() => this.handle.write(pcm, 0, pcm.length, this.headerBytes + this.dataBytes));
    this.dataBytes += pcm.length;
    const before = pcmDurationMs(this.format, this.dataBytes - pcm.length);
    const now = pcmDurationMs(this.format, this.dataBytes);
    if (Math.floor(before / 1000) !== Math.floor(now / 1000)) await this.guard(() => this.writeHeader());
  }

  async finish(): Promise<void> {
    await this.guard(() => this.writeHeader());
    await this.guard(() => this.handle.close());
  }

  /** The disk may be full: the sound that fits stays under a right header. */
  async discard(): Promise<void> {
    await this.writeHeader().catch(() => {});
    await this.handle.close().catch(() => {});
  }

  private async writeHeader(): Promise<void> {
    const header = wavHeader(this.format, this.dataBytes);
    this.headerBytes = header.length;
    await this.handle.write(header, 0, header.length, 0);
  }

  private async guard(action: () => Promise<unknown>): Promise<void> {
    await action().catch((error: unknown) => {
      throw writeFailed(this.file, error);
    });
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'this program may not write there. Change its permissions, or choose another place',
  EPERM: 'this program may not write there. Change its permissions, or choose another place',
  EROFS: 'the disk is read-only. Choose another place',
  ENOSPC: 'the disk is full. Make room, or choose another place',
  ENAMETOOLONG: 'the name is too long. Choose a shorter one',
};

/** What the file system says, in words: `WRITE_FAILED`. */
export function writeFailed(file: string, cause: unknown): MediaError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new MediaError('WRITE_FAILED', `${file} cannot be written: ${REASONS[code] ?? message}.`, { cause });
}

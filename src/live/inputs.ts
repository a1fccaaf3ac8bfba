import { Writable } from 'node:stream';

/**
 * A Writable that hands each chunk on at once. Bounds are kept behind it, in the lanes: a microphone must not be
 * held up, and it may pipe for months.
 */
class Sink extends Writable {
  constructor(
    private readonly take: (chunk: Buffer) => void,
    private readonly finish: () => void,
  ) {
    super({ highWaterMark: 1024 * 1024 });
    // A write after end() is the writer's mistake and reaches its callback; it must not end the process.
    this.on('error', () => {});
  }

  /** A chunk that nobody waits for takes no detour through the queue of the stream, which is empty anyway. */
  override write(chunk: unknown, encoding?: unknown, done?: unknown): boolean {
    const plain = encoding === undefined && done === undefined && Buffer.isBuffer(chunk);
    if (!plain || !this.writable || this.writableLength > 0 || this.writableCorked > 0) {
      return super.write(chunk, encoding as BufferEncoding, done as () => void);
    }
    this.take(chunk);
    return true;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.take(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.finish();
    done();
  }
}

/** The Writables of a session. One that was ended or destroyed, by a pipe for example, is replaced by a new one. */
export class Inputs {
  private audioSink: Writable | undefined;
  private videoSink: Writable | undefined;

  constructor(
    private readonly lanes: {
      sendAudio(pcm: Buffer): void;
      flushAudio(): void;
      sendPicture(data: Buffer, mimeType: string): void;
    },
  ) {}

  get audio(): Writable {
    if (!usable(this.audioSink)) {
      this.audioSink = new Sink(
        (pcm) => this.lanes.sendAudio(pcm),
        () => this.lanes.flushAudio(),
      );
    }
    return this.audioSink;
  }

  get video(): Writable {
    if (!usable(this.videoSink)) {
      this.videoSink = new Sink(
        (picture) => this.lanes.sendPicture(picture, pictureType(picture)),
        () => {},
      );
    }
    return this.videoSink;
  }

  close(): void {
    this.audioSink?.destroy();
    this.videoSink?.destroy();
  }
}

function usable(stream: Writable | undefined): stream is Writable {
  return stream !== undefined && stream.writable;
}

/** PNG is the one other kind of picture that flows produce; the service takes both. */
function pictureType(data: Buffer): string {
  return data.length > 3 && data.readUInt32BE(0) === 0x89504e47 ? 'image/png' : 'image/jpeg';
}

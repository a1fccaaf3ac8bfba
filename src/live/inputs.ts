import { Writable } from 'node:stream';

/**
 * A Writable that hands each chunk on at once. Bounds are kept behind it, in the lanes: a microphone must not be
 * held up, and it may pipe for months.
 */
function sink(take: (chunk: Buffer) => void, end: () => void): Writable {
  const stream = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      take(chunk);
      done();
    },
    final(done) {
      end();
      done();
    },
  });
  // A write after end() is the writer's mistake and reaches its callback; it must not end the process.
  return stream.on('error', () => {});
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
      this.audioSink = sink(
        (pcm) => this.lanes.sendAudio(pcm),
        () => this.lanes.flushAudio(),
      );
    }
    return this.audioSink;
  }

  get video(): Writable {
    if (!usable(this.videoSink)) {
      this.videoSink = sink(
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

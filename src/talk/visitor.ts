import type { TalkClient } from './client';
import { Bucket, type TalkLimits } from './limits';
import { refusal } from './refusals';
import { Upload, type TalkFile } from './upload';
import type { TalkErrorCode } from './wire';

/** What one client brings besides its voice: typed texts, files, pictures, each within its bounds. */
export class Visitor {
  /** What its pictures are of. */
  video: 'camera' | 'screen' | 'off' = 'off';
  readonly #upload = new Upload();
  readonly #texts: Bucket;
  readonly #pictures: Bucket;
  #warned = false;

  constructor(
    readonly client: TalkClient,
    private readonly limits: TalkLimits,
    now: () => number,
  ) {
    this.#texts = new Bucket(limits.textsPerSecond, limits.textsPerSecond * 3, now);
    this.#pictures = new Bucket(limits.picturesPerSecond, limits.picturesPerSecond, now);
  }

  /** Whether a typed text may go on. @param taken whether anybody takes texts */
  mayType(text: string, taken: boolean): boolean {
    let code: TalkErrorCode | undefined;
    if (!taken) code = 'NOT_TAKEN';
    else if (text.length > this.limits.textChars) code = 'TOO_LARGE';
    else if (!this.#texts.take()) code = 'TOO_FAST';
    if (code) this.client.refuse(refusal(code));
    return code === undefined;
  }

  /** A file is announced. @param taken whether anybody takes files */
  announce(file: { mime: string; name: string; bytes: number }, taken: boolean): void {
    let code: TalkErrorCode | undefined;
    if (!taken) code = 'NOT_TAKEN';
    else if (file.bytes > this.limits.fileBytes) code = 'TOO_LARGE';
    this.#upload.begin(file, code !== undefined);
    if (code) this.client.refuse(refusal(code));
  }

  /** A piece of the file; false when none was to come. */
  piece(piece: Buffer): boolean {
    return this.#upload.add(piece);
  }

  /** The file is whole: it, or undefined when it is to be taken as if nothing had been sent, or false when it is broken. */
  whole(): TalkFile | undefined | false {
    const file = this.#upload.end();
    if (file === undefined || 'data' in file) return file;
    this.client.refuse(file);
    return false;
  }

  /** Whether one more picture is taken now. */
  mayShow(): boolean {
    return this.#pictures.take();
  }

  /** Tells it once, until it is over, that its microphone sends too much. */
  tooMuch(much: boolean): void {
    if (much && !this.#warned) {
      const message = 'The microphone sends more than 16000 samples per second; some of it was dropped.';
      this.client.refuse(refusal('TOO_FAST', { message, advice: 'Load the page again.' }));
    }
    this.#warned = much;
  }
}

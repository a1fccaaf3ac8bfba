import { refusal } from './refusals';
import type { Refusal } from './wire';

/** A sound that somebody recorded and sent. */
export interface TalkFile {
  /** MIME type with parameters, as the browser named it, e.g. `audio/webm;codecs=opus`. */
  readonly mime: string;
  /** A plain file name, without a folder. */
  readonly name: string;
  readonly data: Buffer;
}

/**
 * Collects one recorded file of a client. What comes of a file that was refused is swallowed: the page had sent it before it
 * could know.
 */
export class Upload {
  #file: { mime: string; name: string; bytes: number } | undefined;
  #pieces: Buffer[] = [];
  #got = 0;
  #swallow = false;

  /** A file is announced; `refused`: nobody wants it. A file before it that is not complete is forgotten. */
  begin(file: { mime: string; name: string; bytes: number }, refused: boolean): void {
    this.#pieces = [];
    this.#got = 0;
    this.#file = refused ? undefined : file;
    this.#swallow = refused;
  }

  /** A piece; false when none was to come, or it is more than was announced. */
  add(piece: Buffer): boolean {
    if (this.#swallow) return true;
    if (!this.#file || this.#got + piece.length > this.#file.bytes) return false;
    // A piece shares the memory of the frame it came in, which nobody else keeps.
    this.#pieces.push(piece);
    this.#got += piece.length;
    return true;
  }

  /** The end: the file, why it cannot be taken, or nothing when it had been refused before. */
  end(): TalkFile | Refusal | undefined {
    const [file, pieces, got, swallow] = [this.#file, this.#pieces, this.#got, this.#swallow];
    this.#file = undefined;
    this.#pieces = [];
    this.#swallow = false;
    if (swallow) return undefined;
    if (!file) return refusal('BAD_MESSAGE');
    if (got !== file.bytes) {
      const message = `The file came incomplete: ${got} of ${file.bytes} bytes.`;
      return refusal('BAD_MESSAGE', { message, advice: 'Send it again.' });
    }
    return { mime: file.mime, name: file.name, data: Buffer.concat(pieces) };
  }
}

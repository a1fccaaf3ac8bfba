/**
 * Why a media stream was given up. The first four are what a writer says when it aborts (contracts, "MediaHandle");
 * the others describe what went wrong with a source, a device or a file.
 */
export type MediaErrorCode =
  /** The person spoke over the answer: nothing of it may be heard any more. */
  | 'INTERRUPTED'
  /** Somebody asked for the stop. */
  | 'CANCELLED'
  /** The source broke (device unplugged, connection lost, process died). */
  | 'SOURCE_FAILED'
  /** The node that produced the stream was closed or redeployed. */
  | 'NODE_CLOSED'
  /** Nobody opened the stream in time, so what it held was released. */
  | 'EXPIRED'
  /** The format is not known or does not fit here. */
  | 'UNSUPPORTED_FORMAT'
  /** A file or URL does not exist. */
  | 'NOT_FOUND'
  /** It exists but cannot be read (permissions, I/O error). */
  | 'READ_FAILED'
  /** It holds no bytes or no audio. */
  | 'EMPTY_INPUT'
  /** It is not what it should be (no audio file, damaged, a wrong argument). */
  | 'BAD_INPUT'
  /** No ffmpeg was found. */
  | 'NO_FFMPEG'
  /** An ffmpeg was found, but it lacks something that is needed. */
  | 'FFMPEG_CAPABILITY'
  /** ffmpeg ended with an error of its own. */
  | 'FFMPEG_FAILED'
  /** A sound device, screen or camera does not exist. */
  | 'DEVICE_NOT_FOUND'
  /** A sound device, screen or camera exists but does not work. */
  | 'DEVICE_FAILED'
  /** A file cannot be written. */
  | 'WRITE_FAILED'
  /** An optional package that voice detection needs is not installed. */
  | 'NO_SILERO'
  /** It is installed, and does not run. */
  | 'SILERO_FAILED'
  /** A wake-word service cannot be reached, stalls, or does not know the word. */
  | 'WAKE_WORD_FAILED';

/** An error of the media floor: `code` is for programs, `message` says what happened, to what, and what to do next. */
export class MediaError extends Error {
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MediaError';
    this.code = code;
  }
}

/** Whether something is a {@link MediaError}, also one of another loaded copy of this package. */
export function isMediaError(value: unknown): value is MediaError {
  return (
    value instanceof Error && value.name === 'MediaError' && typeof (value as MediaError).code === 'string'
  );
}

/**
 * Takes credentials out of text that is about to be shown: `user:password@` of URLs, and query values whose name
 * sounds like a secret (`key`, `token`, `password`, `auth`, `signature`, …).
 *
 * The text may be anything and of any length, so the time it takes must not grow faster than the text.
 */
export function redact(text: string): string {
  return text
    .replace(/[^\s'"<>]+/g, (word) => (word.includes('://') && word.includes('@') ? withoutUser(word) : word))
    .replace(/([?&])([^=&?\s]*)=[^&\s'"]+/g, (parameter, mark: string, name: string) =>
      SECRET_NAME.test(name) ? `${mark}${name}=***` : parameter,
    );
}

const SECRET_NAME = /key|token|secret|pass|pwd|auth|sig/i;

/** A "/" that a password should have encoded must not save it: with a ":" before the last "@", all may be password. */
function withoutUser(word: string): string {
  const start = word.search(/[a-z0-9+.-]:\/\//i) + 4;
  const end = word.lastIndexOf('@');
  if (start < 4 || end < start) return word;
  const before = word.slice(start, end);
  const wholly = before.includes(':') || !before.includes('/');
  const shown = wholly ? '***' : before.replace(/^[^/]*@/, '***@');
  return word.slice(0, start) + shown + word.slice(end);
}

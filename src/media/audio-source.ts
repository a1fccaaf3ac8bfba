import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isMediaError, MediaError, redact } from './errors';
import { sniff, type Sniffed } from './sniff';

/** The beginning of a source is known, and all of it is still to be had. */
export interface Peeked {
  sniffed: Sniffed;
  /** Everything, from the first byte; to be iterated once. */
  bytes: AsyncIterable<Buffer>;
}

/** Bytes of a local file. @throws MediaError `NOT_FOUND`, `READ_FAILED`, `BAD_INPUT` (a directory), `EMPTY_INPUT` */
export async function checkFile(file: string): Promise<number> {
  try {
    const info = await stat(file);
    if (info.isDirectory()) {
      throw new MediaError('BAD_INPUT', `"${file}" is a directory. Give the path of a file in it.`);
    }
    if (!info.isFile())
      throw new MediaError('BAD_INPUT', `"${file}" is not an ordinary file. Give the path of one.`);
    if (info.size === 0) throw new MediaError('EMPTY_INPUT', `"${file}" is empty. Record or copy it again.`);
    return info.size;
  } catch (error) {
    throw fileError(error, file);
  }
}

function fileError(error: unknown, file: string): MediaError {
  if (isMediaError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new MediaError(
      'NOT_FOUND',
      `There is no file "${file}". Check the path; relative paths start at ${process.cwd()}.`,
      { cause: error },
    );
  }
  return new MediaError('READ_FAILED', `Cannot read "${file}": ${message}. Check its permissions.`, {
    cause: error,
  });
}

/** Bytes of a local file, as they are read. */
export async function* fileBytes(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, createReadStream(file));
  } catch (error) {
    throw fileError(error, file);
  }
}

/** Bytes of somebody's stream. It is destroyed when the iteration ends early, or the signal aborts. */
export async function* streamBytes(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const readable = Symbol.asyncIterator in stream ? stream : new Readable().wrap(stream);
  const stop = (): void => void readable.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of readable) {
      if (!(chunk instanceof Uint8Array)) {
        const got = typeof chunk === 'object' ? 'objects' : `${typeof chunk}s`;
        throw new MediaError('BAD_INPUT', `The stream gives ${got}, not Buffers. Send bytes of audio.`);
      }
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  } catch (error) {
    if (isMediaError(error)) throw error;
    const { message } = error as Error;
    throw new MediaError('SOURCE_FAILED', `The stream failed: ${redact(message)}.`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Reads as far as it takes to tell what it is.
 *
 * @throws MediaError `EMPTY_INPUT` when there is not one byte, `BAD_INPUT` when a WAV header is damaged
 */
export async function peek(source: AsyncIterable<Buffer>, name: string): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (;;) {
    const next = await iterator.next();
    if (!next.done) head = head.length > 0 ? Buffer.concat([head, next.value]) : next.value;
    if (next.done && head.length === 0) {
      throw new MediaError('EMPTY_INPUT', `There is no audio in ${name}: not one byte came.`);
    }
    const sniffed = sniff(head, next.done === true);
    if (sniffed) return { sniffed, bytes: resume(head, iterator) };
  }
}

async function* resume(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Keeps bytes in a file of its own while `use` works on it; the file is gone afterwards. @throws MediaError `WRITE_FAILED` */
export async function* withTemporaryFile(
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
  use: (file: string) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gemini-live-'));
  const file = path.join(folder, 'audio');
  try {
    try {
      await pipeline(Readable.from(bytes), createWriteStream(file, { mode: 0o600 }), { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (isMediaError(error)) throw error;
      const { message } = error as Error;
      throw new MediaError('WRITE_FAILED', `Cannot keep the audio in ${folder}: ${message}.`, {
        cause: error,
      });
    }
    yield* use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

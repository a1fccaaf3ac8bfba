import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMedia, PCM_16K, type MediaHandle, type MediaOptions, type MediaWriter } from '../../src/media';
import type { MediaReader } from '../../src/media';

/** 20 ms of 16 kHz mono, every byte the same, so that a chunk can be recognised. */
export const frame = (mark: number): Buffer => Buffer.alloc(640, mark);

/** A writer with few requirements. */
export const media = (options: Partial<MediaOptions> = {}): MediaWriter =>
  createMedia({ format: PCM_16K, policy: 'retain', ...options });

/** Writes frames with these marks. */
export const writeAll = (writer: MediaWriter, marks: number[]): void => {
  for (const mark of marks) writer.write(frame(mark));
};

/** Counts up: `marks(3)` is `[0, 1, 2]`. */
export const marks = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Reads to the end and gives the first byte of each chunk. */
export async function readMarks(source: MediaReader | MediaHandle): Promise<number[]> {
  const read: number[] = [];
  for await (const chunk of source) read.push((chunk as Buffer)[0]!);
  return read;
}

/** Reads to the end and gives all bytes. */
export async function readAll(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What is there to read at this moment, without waiting for more. */
export function readNow(reader: MediaReader): number[] {
  const read: number[] = [];
  for (let chunk = reader.read(); chunk; chunk = reader.read()) read.push(chunk[0]!);
  return read;
}

/** The error that destroys a reader. */
export async function failure(reader: MediaReader): Promise<Error & { code?: string }> {
  const [error] = (await once(reader, 'error')) as [Error & { code?: string }];
  return error;
}

/** Lets everything that is already due happen. */
export const settle = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Collects garbage, although the tests run without `--expose-gc`. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

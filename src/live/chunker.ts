/** Bytes per millisecond of the input format: 16 kHz, mono, 16 bit. */
export const INPUT_BYTES_PER_MS = 32;
/** Shortest and longest chunk that is sent (bytes): 20 ms and 100 ms, as the Live API's pages advise. */
const MIN_BYTES = 20 * INPUT_BYTES_PER_MS;
const MAX_BYTES = 100 * INPUT_BYTES_PER_MS;

/** Turns audio of any chunk size into chunks of 20 to 100 ms of whole samples; nothing is lost or torn. */
export class Chunker {
  private rest: Buffer | undefined;

  /** Bytes that wait for more. */
  get waiting(): number {
    return this.rest?.length ?? 0;
  }

  /** Whether a piece can go as it is. */
  fits({ length }: Buffer): boolean {
    return this.rest === undefined && length >= MIN_BYTES && length <= MAX_BYTES && length % 2 === 0;
  }

  push(input: Buffer): Buffer[] {
    const data = this.rest ? Buffer.concat([this.rest, input]) : input;
    this.rest = undefined;
    if (this.fits(data)) return [data];
    const chunks: Buffer[] = [];
    let start = 0;
    while (data.length - start >= MIN_BYTES) {
      const end = start + Math.min(MAX_BYTES, (data.length - start) & ~1);
      chunks.push(data.subarray(start, end));
      start = end;
    }
    if (start < data.length) this.rest = data.subarray(start);
    return chunks;
  }

  /** What is left, shorter than 20 ms; half a sample at the very end is no sound and is dropped. */
  flush(): Buffer | undefined {
    const { rest } = this;
    this.rest = undefined;
    if (!rest || rest.length < 2) return undefined;
    return rest.subarray(0, rest.length & ~1);
  }
}

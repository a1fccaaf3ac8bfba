/**
 * First in, first out, of buffers; bounded only when {@link trim} is called, because who may lose what is the
 * policy's business. Counts bytes as integers, so that its length in time never drifts.
 */
export class ChunkQueue {
  #chunks: (Buffer | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  /** Number of chunks. */
  get length(): number {
    return this.#chunks.length - this.#head;
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  shift(): Buffer | undefined {
    if (this.length === 0) return undefined;
    const chunk = this.#chunks[this.#head] as Buffer;
    this.#chunks[this.#head++] = undefined;
    this.#bytes -= chunk.length;
    // Consumed entries are given back in blocks: shifting an array of 30,000 one by one would be quadratic.
    if (this.#head > 1024 || this.#head === this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    return chunk;
  }

  /** Drops the oldest chunks until at most `maxBytes` and `maxChunks` are left; the newest always stays. */
  trim(maxBytes: number, maxChunks = Infinity): { chunks: number; bytes: number } {
    const dropped = { chunks: 0, bytes: 0 };
    while (this.length > 1 && (this.#bytes > maxBytes || this.length > maxChunks)) {
      const chunk = this.shift() as Buffer;
      dropped.chunks += 1;
      dropped.bytes += chunk.length;
    }
    return dropped;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  *[Symbol.iterator](): IterableIterator<Buffer> {
    for (let index = this.#head; index < this.#chunks.length; index++) yield this.#chunks[index] as Buffer;
  }
}

/** Keeps the end of a stream of PCM16, from a whole sample on, whatever pieces it came in. */
export class Ring {
  private pieces: Buffer[] = [];
  private bytes = 0;

  get length(): number {
    return this.bytes;
  }

  push(pcm: Buffer): void {
    this.pieces.push(pcm);
    this.bytes += pcm.length;
  }

  /** Forgets all but the end. What is left over is an even number of bytes: half a sample would turn speech into noise. */
  keep(bytes: number): void {
    let excess = Math.max(0, this.bytes - bytes) & ~1;
    this.bytes -= excess;
    while (excess > 0) {
      const first = this.pieces.shift()!;
      if (first.length > excess) this.pieces.unshift(first.subarray(excess));
      excess -= Math.min(first.length, excess);
    }
  }

  /** What is kept, oldest first. */
  get all(): readonly Buffer[] {
    return this.pieces;
  }

  clear(): void {
    this.pieces = [];
    this.bytes = 0;
  }
}

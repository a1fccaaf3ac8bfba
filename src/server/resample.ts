/**
 * Turns chunks of 16-bit PCM of any rate into one of another, by linear interpolation; when it goes down, each output sample
 * is first averaged over the input it stands for, which is filter enough for ears that look at speech below 4 kHz.
 * Keeps its place between chunks, so a stream cut anywhere gives the same samples.
 */
export class Resampler {
  private rest = new Int16Array(0);
  /** Position of the next output sample, counted in input samples from the start of `rest`. */
  private position = 0;
  private readonly step: number;

  /** @param from rate of the input in Hz @param to rate of the output in Hz */
  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    this.step = from / to;
  }

  push(chunk: Int16Array): Int16Array {
    if (this.from === this.to) return chunk;
    const input = new Int16Array(this.rest.length + chunk.length);
    input.set(this.rest);
    input.set(chunk, this.rest.length);
    const reach = Math.max(1, Math.ceil(this.step));
    const count = Math.max(0, Math.floor((input.length - 1 - reach - this.position) / this.step) + 1);
    const out = new Int16Array(count);
    for (let i = 0; i < count; i++) out[i] = this.sample(input, this.position + i * this.step);
    const next = this.position + count * this.step;
    const keepFrom = Math.min(Math.floor(next), input.length);
    this.rest = input.slice(keepFrom);
    this.position = next - keepFrom;
    return out;
  }

  private sample(input: Int16Array, at: number): number {
    const start = Math.floor(at);
    if (this.step <= 1) {
      const share = at - start;
      return Math.round(input[start]! * (1 - share) + input[start + 1]! * share);
    }
    const end = Math.max(start + 1, Math.floor(at + this.step));
    let sum = 0;
    for (let i = start; i < end; i++) sum += input[i]!;
    return Math.round(sum / (end - start));
  }
}

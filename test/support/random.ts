import { randomFrom } from '../../src/server/clock';

/** Random choices that a seed repeats: whatever a test finds with them can be found again. */
export class Random {
  private readonly source: () => number;

  constructor(readonly seed: number) {
    this.source = randomFrom(seed);
  }

  /** From 0 to below `end`, whole numbers only. */
  below(end: number): number {
    return Math.floor(this.source() * end);
  }

  /** True in that share of cases, 0..1. */
  chance(share: number): boolean {
    return this.source() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A copy in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      [result[i], result[other]] = [result[other]!, result[i]!];
    }
    return result;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

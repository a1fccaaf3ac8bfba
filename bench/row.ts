/** One line of the benchmark's table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** How it was measured, and how finely. */
  readonly note: string;
}

/** A row of measured values; without any (the note then says why) its numbers are NaN. */
export function row(name: string, unit: string, values: readonly number[], note: string): Row {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  return { name, unit, min: at(0), median: at(0.5), max: at(1), note };
}

/** The value that 99 of 100 do not exceed: the few late ones are what one hears. */
export function percentile99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}

/** {@link percentile99} for a note. */
export const p99 = (values: readonly number[]): string => `p99 ${percentile99(values).toFixed(2)}`;

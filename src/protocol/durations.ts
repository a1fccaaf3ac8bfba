/**
 * Reads a protobuf duration such as "50s" or "9.5s".
 *
 * @returns milliseconds, or undefined when the text is no duration.
 */
export function parseDuration(text: string | undefined): number | undefined {
  const match = /^(-?\d+(?:\.\d{1,9})?)s$/.exec(text ?? '');
  return match ? Math.round(Number(match[1]) * 1000) : undefined;
}

/** Writes milliseconds as a protobuf duration: 9500 → "9.5s". */
export function formatDuration(ms: number): string {
  return `${Math.round(ms) / 1000}s`;
}

/** Registered globally, so that a chunk keeps its time across two loaded copies of this package. */
const CAPTURED_AT = Symbol.for('gemini-live.captured-at');

/** When the chunk was captured (epoch ms), if it came through a media stream; copies and slices lose it. */
export function capturedAt(chunk: Buffer): number | undefined {
  return (chunk as { [CAPTURED_AT]?: number })[CAPTURED_AT];
}

/** Writes the capture time (epoch ms) onto a chunk; not enumerable, so that a logged Buffer looks as always. */
export function stamp(chunk: Buffer, at: number): Buffer {
  Object.defineProperty(chunk, CAPTURED_AT, { value: at, configurable: true, writable: true });
  return chunk;
}

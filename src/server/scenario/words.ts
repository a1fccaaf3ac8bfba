/** Longest part of an answer that is read out, in characters. */
const MOST_SPOKEN = 200;

/** One part of a value by its path: `room.temperature`. */
export function at(value: unknown, path: string): unknown {
  let part = value;
  for (const key of path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Record<string, unknown>)[key];
  }
  return part;
}

/** An answer in words, without braces, which would be taken for slots. `output` and `result` name the only value there is. */
export function plain(value: unknown): string {
  const text = wordsOf(value).replace(/[{}]/g, '');
  return text.length > MOST_SPOKEN ? `${text.slice(0, MOST_SPOKEN)}…` : text;
}

function wordsOf(value: unknown): string {
  if (value === 'ON' || value === 'OFF') return value.toLowerCase();
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  const { output, result } = value as Record<string, unknown>;
  const only = output ?? result;
  if (only !== undefined) return wordsOf(only);
  return Object.entries(value)
    .map(([key, inner]) => `${key}: ${wordsOf(inner)}`)
    .join(', ');
}

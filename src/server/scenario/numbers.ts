/** Words for whole numbers, in the form speech uses them: `22` ↔ `twenty two`. */

const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/** `0` to `9999` in words; larger or broken numbers digit by digit, as one reads a code aloud. */
export function numberWords(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 9999) {
    return [...String(value)].map((digit) => SMALL[Number(digit)] ?? '').join(' ');
  }
  if (value < 20) return SMALL[value]!;
  if (value < 100)
    return [TENS[Math.floor(value / 10)]!, value % 10 ? SMALL[value % 10]! : ''].join(' ').trim();
  const [unit, name] = value < 1000 ? ([100, 'hundred'] as const) : ([1000, 'thousand'] as const);
  const rest = value % unit;
  return [SMALL[Math.floor(value / unit)]!, name, rest ? numberWords(rest) : ''].join(' ').trim();
}

/**
 * Reads a number below one hundred that starts at `words[at]`.
 *
 * @returns the value and how many words it took, or nothing when no number starts there
 */
export function readNumber(
  words: readonly string[],
  at: number,
): { value: number; length: number } | undefined {
  const word = words[at] ?? '';
  const small = SMALL.indexOf(word);
  if (small >= 0) return { value: small, length: 1 };
  const tens = word ? TENS.indexOf(word) : -1;
  if (tens < 2) return undefined;
  const ones = SMALL.indexOf(words[at + 1] ?? '');
  return ones >= 1 && ones <= 9 ? { value: tens * 10 + ones, length: 2 } : { value: tens * 10, length: 1 };
}

const IRREGULAR_ORDINALS: Record<string, string> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

/** `21` → `twenty first`. */
export function ordinalWords(value: number): string {
  const words = numberWords(value).split(' ');
  const last = words.pop()!;
  words.push(IRREGULAR_ORDINALS[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`));
  return words.join(' ');
}

/** `21` → `21st`, the written form used in transcripts. */
export function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

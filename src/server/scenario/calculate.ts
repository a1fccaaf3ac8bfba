import { toWords } from './pattern';

/** How operations are said and written. */
const OPERATORS: ReadonlyArray<readonly [words: RegExp, sign: string]> = [
  [/\bplus\b|\+/g, '+'],
  [/\bminus\b|[-−–]/g, '-'],
  [/\b(?:times|multiplied by)\b|[×x*]/g, '*'],
  [/\bdivided by\b|[÷/]/g, '/'],
];

/** A sum of two numbers as a program would write it, and what comes out. */
export interface Calculation {
  readonly expression: string;
  readonly output: string;
}

/** Reads `17 times 23`, `seventeen times twenty three` or `17 * 23`. @returns nothing for anything else */
export function calculate(text: string): Calculation | undefined {
  return read(text) ?? read(toWords(text).plain.join(' '));
}

function read(text: string): Calculation | undefined {
  let written = ` ${text.toLowerCase()} `;
  for (const [words, sign] of OPERATORS) written = written.replace(words, ` ${sign} `);
  const found = /^\s*(\d{1,9}(?:\.\d{1,6})?)\s+([-+*/])\s+(\d{1,9}(?:\.\d{1,6})?)\s*$/.exec(written);
  if (!found) return undefined;
  const [a, sign, b] = [Number(found[1]), found[2]!, Number(found[3])];
  const value = sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : a / b;
  if (!Number.isFinite(value)) return undefined;
  return {
    expression: `${a} ${sign} ${b}`,
    output: String(Number(value.toPrecision(12))),
  };
}

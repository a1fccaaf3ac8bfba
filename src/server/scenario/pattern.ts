import { readNumber } from './numbers';

/** What a slot may hold: listed words, a whole number in a range, or (when not declared) any one to six words. */
export type Slot =
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | { readonly kind: 'number'; readonly from: number; readonly to: number; readonly hear: readonly number[] };

/** A text cut into comparable words, each with the spelling it came from. */
export interface Words {
  readonly plain: readonly string[];
  readonly original: readonly string[];
}

/** A pattern such as `turn on the {room} light`, ready to be matched. */
export interface Pattern {
  readonly source: string;
  readonly parts: ReadonlyArray<{ readonly word: string } | { readonly slot: string }>;
}

const OPEN_SLOT_WORDS = 6;
const CONTRACTIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(what|who|where|how|when|it|that|there)'s$/, '$1 is'],
  [/^i'm$/, 'i am'],
  [/^(\w+)'re$/, '$1 are'],
  [/^(\w+)'ll$/, '$1 will'],
  [/^can't$/, 'can not'],
  [/^(\w+)n't$/, '$1 not'],
];

/** Lower case, no punctuation, no contractions, numbers as digits: so that `What's` meets `what is`. */
export function toWords(text: string): Words {
  const plain: string[] = [];
  const original: string[] = [];
  for (const raw of text.replace(/[’`]/g, "'").split(/[\s\-–—]+/)) {
    const spelling = raw.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    if (!spelling) continue;
    let word = spelling.toLowerCase();
    for (const [from, to] of CONTRACTIONS) word = word.replace(from, to);
    for (const piece of word.replace(/[^\p{L}\p{N} ]/gu, '').split(' ')) {
      plain.push(piece);
      original.push(spelling);
    }
  }
  return joinNumbers({ plain, original });
}

function joinNumbers({ plain, original }: Words): Words {
  const joined = { plain: [] as string[], original: [] as string[] };
  for (let at = 0; at < plain.length;) {
    const number = readNumber(plain, at);
    const length = number?.length ?? 1;
    joined.plain.push(number ? String(number.value) : plain[at]!);
    joined.original.push(original.slice(at, at + length).join(' '));
    at += length;
  }
  return joined;
}

/** Compiles a pattern. Slots are written `{name}`. */
export function compile(source: string): Pattern {
  const parts: Array<{ word: string } | { slot: string }> = [];
  for (const piece of source.split(/(\{[^{}]*\})/)) {
    if (piece.startsWith('{')) parts.push({ slot: piece.slice(1, -1) });
    else for (const word of toWords(piece).plain) parts.push({ word });
  }
  return { source, parts };
}

/** Names of the slots in a pattern, in order. */
export function slotsOf(pattern: Pattern): string[] {
  return pattern.parts.flatMap((part) => ('slot' in part ? [part.slot] : []));
}

/**
 * Matches a whole text.
 *
 * @returns the value of each slot, or nothing when the text does not fit
 */
export function match(
  pattern: Pattern,
  words: Words,
  slots: ReadonlyMap<string, Slot>,
): Map<string, string> | undefined {
  const found = new Map<string, string>();
  const fits = (part: number, at: number): boolean => {
    const current = pattern.parts[part];
    if (!current) return at === words.plain.length;
    if ('word' in current) return words.plain[at] === current.word && fits(part + 1, at + 1);
    for (const { length, value } of candidates(slots.get(current.slot), words, at)) {
      found.set(current.slot, value);
      if (fits(part + 1, at + length)) return true;
    }
    found.delete(current.slot);
    return false;
  };
  return fits(0, 0) ? found : undefined;
}

function* candidates(
  slot: Slot | undefined,
  words: Words,
  at: number,
): Generator<{ length: number; value: string }> {
  if (!slot) {
    const longest = Math.min(OPEN_SLOT_WORDS, words.plain.length - at);
    for (let length = longest; length > 0; length--) {
      yield { length, value: words.original.slice(at, at + length).join(' ') };
    }
  } else if (slot.kind === 'number') {
    const word = words.plain[at] ?? '';
    if (/^\d{1,4}$/.test(word) && Number(word) >= slot.from && Number(word) <= slot.to)
      yield { length: 1, value: word };
  } else {
    for (const value of slot.values) {
      const wanted = toWords(value).plain;
      if (wanted.every((word, offset) => words.plain[at + offset] === word))
        yield { length: wanted.length, value };
    }
  }
}

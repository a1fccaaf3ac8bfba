const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Most letters of a transcript that are looked at: a phrase stands near the beginning of what wakes somebody. */
const MAX_CHARS = 2000;
/** A phrase of fewer letters is taken as it is; above, one of so many may be another. */
const EXACT = 5;

/** The words of a text: no case (by way of capitals, which write ß as SS), no accents, no punctuation. */
export function asWords(text: string): string[] {
  const plain = text.slice(0, MAX_CHARS).normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
  return [...segmenter.segment(plain)]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment.replace(/[^\p{L}\p{N}]/gu, ''));
}

/**
 * The first of the phrases that a text holds. Transcripts spell as they like: one letter in five may be another, though not most
 * of a short word, and words may be written together or apart.
 */
export function phraseIn(text: string, phrases: readonly string[]): string | undefined {
  const words = asWords(text);
  return phrases.find((phrase) => holds(words, asWords(phrase)));
}

function holds(words: readonly string[], phrase: readonly string[]): boolean {
  const wanted = phrase.join('');
  const allowed = wanted.length < EXACT ? 0 : wanted.length / EXACT;
  for (let first = 0; first < words.length; first++) {
    for (let last = first + 1; last <= words.length; last++) {
      const run = words.slice(first, last);
      const length = run.join('').length;
      if (length > wanted.length + allowed) break;
      if (length >= wanted.length - allowed && alike(run, phrase, allowed)) return true;
    }
  }
  return false;
}

function alike(run: readonly string[], phrase: readonly string[], allowed: number): boolean {
  // "the house" is as near to "hey house" as "hay hause", but for its first word.
  const each =
    run.length !== phrase.length ||
    run.every((word, at) => distance(word, phrase[at]!) <= slips(phrase[at]!));
  const most = run.length === phrase.length ? Math.round(allowed) : Math.floor(allowed);
  return each && distance(run.join(''), phrase.join('')) <= most;
}

function slips(word: string): number {
  return word.length < 3 ? 0 : word.length < 6 ? 1 : 2;
}

/** Letters to be changed, left out or put in (Levenshtein). */
function distance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  a.forEach((letter, i) => {
    const next = [i + 1];
    b.forEach((other, j) => {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === other ? 0 : 1)));
    });
    row = next;
  });
  return row[b.length]!;
}

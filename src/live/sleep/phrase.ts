const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Most letters of a transcript that are looked at: a phrase stands near the beginning of what wakes somebody. */
const MAX_CHARS = 2000;
/** Below so many letters every one counts; above, one of so many may be another. */
const EXACT = 5;

/** The words of a text: no case, no accents, no punctuation. */
export function asWords(text: string): string[] {
  const plain = text.slice(0, MAX_CHARS).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return [...segmenter.segment(plain)]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment.replace(/[^\p{L}\p{N}]/gu, ''));
}

/**
 * The first of the phrases that a text holds. Words may be written together or apart, and one letter in five may be
 * another: a transcript writes "okay" or "OK", and names as it likes.
 */
export function phraseIn(text: string, phrases: readonly string[]): string | undefined {
  const words = asWords(text);
  return phrases.find((phrase) => holds(words, asWords(phrase)));
}

function holds(words: readonly string[], phrase: readonly string[]): boolean {
  const wanted = [...phrase.join('')];
  const allowed = wanted.length < EXACT ? 0 : Math.round(wanted.length / EXACT);
  for (let first = 0; first < words.length; first++) {
    let run = '';
    for (let last = first; last < words.length; last++) {
      run += words[last]!;
      const letters = [...run];
      if (letters.length > wanted.length + allowed) break;
      if (letters.length >= wanted.length - allowed && distance(letters, wanted) <= allowed) return true;
    }
  }
  return false;
}

/** Letters to be changed, left out or put in (Levenshtein). */
function distance(a: readonly string[], b: readonly string[]): number {
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

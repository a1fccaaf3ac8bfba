import { numberWords, ordinalWords } from '../scenario/numbers';

/** A word as it is pronounced, with the rest that follows it. */
export interface SpokenUnit {
  readonly word: string;
  /** Pause after the word, ms: none, a comma or the end of a sentence. */
  readonly pauseMs: number;
}

const COMMA_MS = 120;
const SENTENCE_MS = 320;

/**
 * Text as it is spoken: numbers, times and ordinals in words, no punctuation, pauses noted. `It is 5:05 PM.` becomes
 * `it is five oh five p m`.
 */
export function spokenUnits(text: string): SpokenUnit[] {
  const units: SpokenUnit[] = [];
  for (const raw of text.replace(/[’`]/g, "'").split(/[\s–—]+/)) {
    const words = wordsOf(raw.replace(/^(?![-−]\d)[^\p{L}\p{N}]+|[^\p{L}\p{N}%]+$/gu, ''));
    const pauseMs = /[.!?:]["')]*$/.test(raw) ? SENTENCE_MS : /[,;]$/.test(raw) ? COMMA_MS : 0;
    words.forEach((word, index) => units.push({ word, pauseMs: index === words.length - 1 ? pauseMs : 0 }));
  }
  return units;
}

/** The words of {@link spokenUnits} in one string: the key under which a clip is filed. */
export function spokenKey(text: string): string {
  return spokenUnits(text)
    .map((unit) => unit.word)
    .join(' ');
}

function wordsOf(token: string): string[] {
  const time = /^(\d{1,2}):(\d{2})$/.exec(token);
  if (time) return timeWords(Number(time[1]), Number(time[2]));
  const place = /^(\d+)(?:st|nd|rd|th)$/.exec(token);
  if (place) return ordinalWords(Number(place[1])).split(' ');
  const number = /^([-−]?)(\d+)(?:\.(\d+))?(%?)$/.exec(token);
  if (number) return spokenNumber(number);
  if (token === 'AM' || token === 'PM') return [token[0]!.toLowerCase(), 'm'];
  return token
    .toLowerCase()
    .split('-')
    .map((word) => word.replace(/[^\p{L}\p{N}']/gu, ''))
    .filter(Boolean);
}

/** −2.5 → `minus two point five`, 40% → `forty percent`. */
function spokenNumber([, minus, whole, decimals, percent]: RegExpExecArray): string[] {
  const words = numberWords(Number(whole)).split(' ');
  const after = [...(decimals ?? '')].map((digit) => numberWords(Number(digit)));
  return [
    ...(minus ? ['minus'] : []),
    ...words,
    ...(decimals ? ['point', ...after] : []),
    ...(percent ? ['percent'] : []),
  ];
}

/** 5:00 → `five`, 5:05 → `five oh five`, 17:30 → `seventeen thirty`. */
function timeWords(hours: number, minutes: number): string[] {
  const words = numberWords(hours).split(' ');
  if (minutes > 0 && minutes < 10) words.push('oh');
  if (minutes > 0) words.push(...numberWords(minutes).split(' '));
  return words;
}

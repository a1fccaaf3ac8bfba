const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * The part of a text that was spoken when a share of its sound was played: as many whole words as fit. It is an
 * approximation, because nobody tells which sound belongs to which word.
 *
 * @param share from 0 (nothing) to 1 (all).
 */
export function cutText(text: string, share: number): string {
  if (!(share > 0)) return '';
  if (share >= 1) return text;
  const length = text.length * share;
  let end = 0;
  for (const { index, segment } of words.segment(text)) {
    if (index + segment.length > length) break;
    end = index + segment.length;
  }
  return text.slice(0, end).trimEnd();
}

/** Scripts that are written without spaces between sentences. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/**
 * A text that arrives in pieces and is told to the outside in pieces and, later, as a whole. The pieces mostly bring
 * their own spaces; between two utterances, where none comes, one is put.
 */
export class TextTrack {
  private told = 0;
  /** Where the utterance began that is under way. */
  private begin = 0;
  private broken = false;

  /** All that has come so far. */
  text = '';

  /** Nothing of it has been told as final yet. */
  get untold(): boolean {
    return this.told === 0;
  }

  /** @param finished the service says that this piece ends the utterance; some repeat the whole of it with that. */
  add(piece: string, finished = false): void {
    const repeated = finished && piece.trim() !== '' && piece.trim() === this.text.slice(this.begin).trim();
    if (!repeated) this.append(piece);
    // Some models call every piece finished: only the end of a sentence is believed.
    if (finished && /[.!?…]["')\]]?\s*$/.test(this.text)) this.break();
  }

  /** What follows is another utterance: the model called a function, or the speaker has finished. */
  break(): void {
    this.broken = this.text !== '';
    this.begin = this.text.length;
  }

  private append(piece: string): void {
    const { text } = this;
    if (this.broken && needsSpace(text.slice(-1), piece.slice(0, 1))) this.text += ' ';
    this.broken = false;
    this.text += text.endsWith(' ') && piece.startsWith(' ') ? piece.slice(1) : piece;
  }

  /** What has come since the last call, trimmed; undefined when there is nothing. */
  takeFinal(): string | undefined {
    const rest = this.text.slice(this.told).trim();
    this.told = this.text.length;
    return rest === '' ? undefined : rest;
  }
}

function needsSpace(before: string, after: string): boolean {
  if (/\s/.test(before) || /[\s.,;:!?…)\]]/.test(after)) return false;
  return !SPACELESS.test(before) && !SPACELESS.test(after);
}

/** Whether a transcript only repeats what was typed: `realtimeInput.text` may come back as input transcription. */
export function isEcho(transcript: string, typed: string): boolean {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  return plain(typed).includes(plain(transcript));
}

/** Texts that were written one after the other are no one word. */
export function joined(before: string, text: string): string {
  return before === '' ? text : `${before}\n${text}`;
}

/** An object in which something stands. */
export function hasKeys(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length > 0;
}

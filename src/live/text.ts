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

/** A text that arrives in pieces and is told to the outside in pieces and, later, as a whole. */
export class TextTrack {
  private told = 0;

  /** All that has come so far. */
  text = '';

  /** Nothing of it has been told as final yet. */
  get untold(): boolean {
    return this.told === 0;
  }

  add(piece: string): void {
    this.text += piece;
  }

  /** What has come since the last call, trimmed; undefined when there is nothing. */
  takeFinal(): string | undefined {
    const rest = this.text.slice(this.told).trim();
    this.told = this.text.length;
    return rest === '' ? undefined : rest;
  }
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

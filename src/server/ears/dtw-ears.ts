import type { Ears, Hearing, Phrase } from '../parts';
import { Slices } from '../slices';
import { distance } from './dtw';
import { extract, type Features } from './features';
import type { Templates } from './templates';

/**
 * Worst score that is believed. A score is the distance to the nearest wording divided by the typical distance to
 * all that the ears know: noise raises both alike. This limit and {@link MARGIN} were chosen on voices and
 * sentences that the hearing test does not use (docs/hearing.md).
 */
export const ACCEPTED_SCORE = 0.84;

/** How much nearer, as a share, the best wording must be than the second, or it is a guess. */
export const MARGIN = 0.02;

/** Score of what cannot be compared: as far away as any wording. */
const UNLIKE_ALL = 1;

/** Longer sounds are no phrase of a list, and not worth the time, samples at 16 kHz. */
const LONGEST = 8 * 16000;

/** Ears that compare the sound of an utterance with the typical sound of each wording. */
export class DtwEars implements Ears {
  readonly name = 'dtw';
  readonly #templates: Templates;

  constructor(templates: Templates) {
    this.#templates = templates;
  }

  /** Can this wording be heard at all? */
  knows(text: string): boolean {
    return this.#templates.wordings.has(text);
  }

  async hear(pcm: Int16Array, phrases: readonly Phrase[]): Promise<Hearing> {
    const nothing: Hearing = { text: '', score: UNLIKE_ALL, accepted: false, recognizer: 'dtw' };
    if (pcm.length > LONGEST) return nothing;
    const slices = new Slices();
    const heard = await extract(pcm, this.#templates.projection, slices);
    if (!heard) return nothing;
    const { ranked, typical } = await this.#rank(heard, phrases, slices);
    const [best, second] = ranked;
    if (!best) return nothing;
    const score = best.distance / typical;
    const clear = !second || best.distance <= second.distance * (1 - MARGIN);
    const accepted = score <= ACCEPTED_SCORE && clear;
    return { text: best.text, ...(accepted && { phrase: best.phrase }), score, accepted, recognizer: 'dtw' };
  }

  /** Distances of the phrases' wordings, nearest first, and the median distance of everything known. */
  async #rank(
    heard: Features,
    phrases: readonly Phrase[],
    slices: Slices,
  ): Promise<{ ranked: Array<{ text: string; phrase: Phrase; distance: number }>; typical: number }> {
    const distances = new Map<string, number>();
    for (const [text, features] of this.#templates.wordings) {
      const value = distance(heard, features);
      if (Number.isFinite(value)) distances.set(text, value);
      if (slices.due) await slices.pause();
    }
    const all = [...distances.values()].sort((a, b) => a - b);
    const ranked = phrases
      .flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])].map((text) => ({ text, phrase })))
      .map((entry) => ({ ...entry, distance: distances.get(entry.text) ?? Infinity }))
      .filter((entry) => Number.isFinite(entry.distance))
      .sort((a, b) => a.distance - b.distance);
    return { ranked, typical: all[all.length >> 1] ?? Infinity };
  }
}

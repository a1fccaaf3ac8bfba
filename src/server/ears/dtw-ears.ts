import type { Ears, Hearing, Phrase } from '../parts';
import { Slices } from '../slices';
import { distance } from './dtw';
import { extract, type Features } from './features';
import type { Templates } from './templates';

/**
 * Worst score that is believed. A score is the distance to the nearest wording divided by the typical distance to
 * all that the ears know: noise raises both alike. How this limit and {@link MARGIN} were chosen, and what they cost,
 * is in docs/hearing.md.
 */
export const ACCEPTED_SCORE = 0.75;

/** How much nearer, as a share, the best wording must be than anything else the ears know, or it is a guess. */
export const MARGIN = 0.02;

/** Score of what cannot be compared: as far away as any wording. */
const UNLIKE_ALL = 1;

/** Longer sounds are no phrase of a list, and not worth the time, samples at 16 kHz. */
const LONGEST = 8 * 16000;

/** Ears that compare the sound of an utterance with the typical sound of each wording. */
export class DtwEars implements Ears {
  readonly name = 'dtw';
  readonly #templates: Templates;

  /** @param deaf wordings of the scenario that can only be typed, because there is no template of them */
  constructor(
    templates: Templates,
    readonly deaf: readonly string[] = [],
  ) {
    this.#templates = templates;
  }

  async hear(pcm: Int16Array, phrases: readonly Phrase[]): Promise<Hearing> {
    const nothing: Hearing = { text: '', score: UNLIKE_ALL, accepted: false, recognizer: 'dtw' };
    if (pcm.length > LONGEST) return nothing;
    const slices = new Slices();
    const heard = await extract(pcm, this.#templates.projection, slices);
    if (!heard) return nothing;
    const ranked = await this.#rank(heard, slices);
    const offered = new Map(phrases.flatMap((phrase) => wordingsOf(phrase).map((text) => [text, phrase])));
    const best = ranked.find(({ text }) => offered.has(text));
    if (!best) return nothing;
    const score = best.distance / ranked[ranked.length >> 1]!.distance;
    const rival = ranked.find(({ text }) => text !== best.text);
    const clear = !rival || best.distance <= rival.distance * (1 - MARGIN);
    const accepted = score <= ACCEPTED_SCORE && clear;
    const phrase = accepted ? offered.get(best.text) : undefined;
    return { text: best.text, ...(phrase && { phrase }), score, accepted, recognizer: 'dtw' };
  }

  /** Everything the ears know, also what the phrases do not ask for, nearest first. */
  async #rank(heard: Features, slices: Slices): Promise<Array<{ text: string; distance: number }>> {
    const ranked: Array<{ text: string; distance: number }> = [];
    for (const [text, features] of this.#templates.wordings) {
      ranked.push({ text, distance: distance(heard, features) });
      if (slices.due) await slices.pause();
    }
    return ranked.filter((entry) => Number.isFinite(entry.distance)).sort((a, b) => a.distance - b.distance);
  }
}

function wordingsOf(phrase: Phrase): string[] {
  return [phrase.text, ...(phrase.also ?? [])];
}

import type { Ears, Hearing, Phrase } from '../parts';
import { distance } from './dtw';
import { extract, type Features } from './features';
import type { Template } from './templates';

/**
 * Worst score that is believed. A score is the distance to the nearest wording divided by the typical distance to
 * all others: noise raises both alike. Chosen on voices and sentences that the hearing test does not use
 * (docs/hearing.md).
 */
export const ACCEPTED_SCORE = 0.72;

/** Longest time that the event loop is kept from audio, ms. */
const SLICE_MS = 2;

interface Candidate {
  readonly phrase: Phrase;
  readonly text: string;
  readonly templates: readonly Features[];
}

/** Ears that compare the sound of an utterance with recorded examples of each wording. */
export class DtwEars implements Ears {
  readonly name = 'dtw';
  readonly #templates = new Map<string, Features[]>();

  constructor(templates: readonly Template[]) {
    for (const { text, features } of templates) {
      const list = this.#templates.get(text) ?? [];
      list.push(features);
      this.#templates.set(text, list);
    }
  }

  /** Wordings of the phrases which these ears have no example of, and so can never hear. */
  deafTo(phrases: readonly Phrase[]): string[] {
    return wordings(phrases)
      .map(({ text }) => text)
      .filter((text) => !this.#templates.has(text));
  }

  async hear(pcm: Int16Array, phrases: readonly Phrase[]): Promise<Hearing> {
    const nothing: Hearing = { text: '', score: Infinity, accepted: false, recognizer: 'dtw' };
    const candidates: Candidate[] = wordings(phrases).flatMap(({ phrase, text }) => {
      const templates = this.#templates.get(text);
      return templates ? [{ phrase, text, templates }] : [];
    });
    const heard = extract(pcm);
    if (!heard || !candidates.length) return nothing;
    const ranked = await rank(heard, candidates);
    const best = ranked[0]!;
    if (!Number.isFinite(best.distance)) return nothing;
    const score = best.distance / typical(ranked);
    const accepted = score <= ACCEPTED_SCORE;
    const { text, phrase } = best.candidate;
    return { text, ...(accepted && { phrase }), score, accepted, recognizer: 'dtw' };
  }
}

function wordings(phrases: readonly Phrase[]): Array<{ phrase: Phrase; text: string }> {
  return phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])].map((text) => ({ phrase, text })));
}

interface Ranked {
  readonly candidate: Candidate;
  readonly distance: number;
}

async function rank(heard: Features, candidates: readonly Candidate[]): Promise<Ranked[]> {
  const ranked: Ranked[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const candidate of candidates) {
    let best = Infinity;
    for (const template of candidate.templates) {
      best = Math.min(best, distance(heard, template));
      if (performance.now() > sliceEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
    ranked.push({ candidate, distance: best });
  }
  return ranked.sort((a, b) => a.distance - b.distance);
}

/** Median distance of the wordings that could be compared at all. */
function typical(ranked: readonly Ranked[]): number {
  const comparable = ranked.filter((entry) => Number.isFinite(entry.distance));
  return comparable[Math.floor(comparable.length / 2)]!.distance;
}

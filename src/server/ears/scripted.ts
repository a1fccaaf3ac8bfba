import type { Ears, Hearing, Phrase } from '../parts';

/**
 * Ears for tests that are not about hearing: every utterance is taken for the next text of a list, whatever it
 * sounds like. After the last text nothing is understood any more.
 */
export function scriptedEars(transcripts: readonly string[]): Ears {
  let next = 0;
  return {
    name: 'scripted',
    hear: (_pcm: Int16Array, phrases: readonly Phrase[]): Promise<Hearing> => {
      const text = transcripts[next++] ?? '';
      const phrase = phrases.find((entry) => entry.text === text || entry.also?.includes(text));
      return Promise.resolve({
        text,
        ...(phrase && { phrase }),
        score: 0,
        accepted: text !== '',
        recognizer: 'scripted',
      });
    },
  };
}

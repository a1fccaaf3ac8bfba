import { createEars } from '../../src/server/ears';
import type { Ears, Phrase } from '../../src/server/parts';
import { loadScenario, type RuleScenario } from '../../src/server/scenario';
import { YES_OR_NO } from '../../src/server/scenario/question';
import { withNoise } from './noise';
import { synthesise, type VoiceName } from './synth';

/** Under which circumstances a voice speaks. */
export type Condition = 'clean' | 'white noise, 20 dB' | 'pink noise, 20 dB';
export const CONDITIONS: readonly Condition[] = ['clean', 'white noise, 20 dB', 'pink noise, 20 dB'];

/** What became of a set of utterances. */
export interface Count {
  right: number;
  wrong: number;
  rejected: number;
  /** Each utterance that was not heard right, for a person to look at. */
  readonly misses: string[];
}

/** The hearing experiment: known voices, known words, and what the shipped ears make of them. */
export class HearingTrial {
  readonly #recordings = new Map<string, Promise<Int16Array>>();

  private constructor(
    readonly scenario: RuleScenario,
    readonly ears: Ears,
    private readonly phrases: readonly Phrase[],
  ) {}

  /** @param asked a question is open, so that "yes" and "no" are listened for */
  static async create(asked = false): Promise<HearingTrial> {
    const scenario = await loadScenario('assistant');
    const phrases = asked ? [...scenario.phrases, ...YES_OR_NO] : scenario.phrases;
    return new HearingTrial(scenario, await createEars(scenario), phrases);
  }

  /** What can be said to an open question. */
  readonly answers = YES_OR_NO.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);

  /** Every wording that can be heard. */
  get wordings(): string[] {
    return this.scenario.phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
  }

  /** Speaks texts that the scenario knows; right means accepted and with the same words. */
  count(voice: VoiceName, condition: Condition, texts: readonly string[]): Promise<Count> {
    return this.#count(voice, condition, texts, (heard, text) => heard === text);
  }

  /** Speaks texts that the scenario does not know; whatever is accepted is wrong. */
  countUnrelated(voice: VoiceName, condition: Condition, texts: readonly string[]): Promise<Count> {
    return this.#count(voice, condition, texts, () => false);
  }

  /** Speaks texts which are no answer; what is taken for yes or no is wrong. */
  countTakenForAnswers(voice: VoiceName, condition: Condition, texts: readonly string[]): Promise<Count> {
    return this.#count(voice, condition, texts, (heard) => !this.answers.includes(heard));
  }

  async #count(
    voice: VoiceName,
    condition: Condition,
    texts: readonly string[],
    isRight: (heard: string, text: string) => boolean,
  ): Promise<Count> {
    const count: Count = { right: 0, wrong: 0, rejected: 0, misses: [] };
    for (const [index, text] of texts.entries()) {
      const hearing = await this.ears.hear(await this.#sound(voice, text, condition, index), this.phrases);
      const outcome = !hearing.accepted ? 'rejected' : isRight(hearing.text, text) ? 'right' : 'wrong';
      count[outcome]++;
      const guess = `${hearing.text} (${hearing.score.toFixed(2)})`;
      if (outcome !== 'right') count.misses.push(`${voice}, ${condition}: "${text}" ${outcome}: ${guess}`);
    }
    return count;
  }

  async #sound(voice: VoiceName, text: string, condition: Condition, seed: number): Promise<Int16Array> {
    const key = `${voice} ${text}`;
    let recording = this.#recordings.get(key);
    if (!recording) this.#recordings.set(key, (recording = synthesise(voice, text, 16000)));
    const pcm = await recording;
    if (condition === 'clean') return pcm;
    return withNoise(pcm, condition === 'white noise, 20 dB' ? 'white' : 'pink', 20, 1000 + seed);
  }
}

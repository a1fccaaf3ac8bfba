import type { Rule, RuleScenario } from '../scenario/rule';
import { FIXED_ANSWERS } from '../scenario/mind';
import { numberWords, ordinalWords } from '../scenario/numbers';
import { CALENDAR_WORDS } from '../scenario/values';
import { spokenKey } from './spoken';

/** Said when a text fits no clip and no other voice is installed. */
export const IN_TRANSCRIPT = 'My answer is in the transcript.';

const HIGHEST_NUMBER = 59;

/** Further numbers are put together from these and the ones below. */
const NUMBER_WORDS = [
  'sixty',
  'seventy',
  'eighty',
  'ninety',
  'hundred',
  'thousand',
  'point',
  'minus',
  'percent',
];

/** What functions of a home answer or ask; it stands in no scenario. */
const HOME_WORDS = [
  ...['sunny', 'cloudy', 'partly cloudy', 'rainy', 'windy', 'snowy', 'foggy', 'clear'],
  ...['JPEG picture', 'PNG picture', 'WEBP picture', 'of', 'by', 'pixels'],
  'Shall I really unlock the front door?',
  'Shall I really open the garage?',
  'The timer for',
  'The user did not allow it, so it was not done.',
];

/**
 * Everything the shipped voice must be able to say for a scenario, as pieces: whole sentences where the words are
 * fixed, the parts around the values otherwise, and the words of the values themselves. Written with punctuation,
 * for the melody of the sentence.
 */
export function fragmentsOf(scenario: RuleScenario): string[] {
  const texts = scenario.rules.flatMap(textsOf);
  const pieces = [...texts, ...FIXED_ANSWERS, IN_TRANSCRIPT]
    .flatMap((text) => withListedValues(text, scenario))
    .flatMap((text) => text.split(/(?<=[.!?:])\s+/))
    .flatMap((sentence) => sentence.split(/\{[^{}]*\}/));
  const numbers = Array.from({ length: HIGHEST_NUMBER + 1 }, (_, value) => numberWords(value));
  const ordinals = Array.from({ length: 31 }, (_, index) => ordinalWords(index + 1));
  const wordings = scenario.phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
  const all = [
    ...pieces,
    ...numbers,
    ...ordinals,
    ...CALENDAR_WORDS,
    ...wordings,
    'oh',
    'A M',
    'P M',
    'on',
    'off',
    ...NUMBER_WORDS,
    ...HOME_WORDS,
  ];
  const byKey = new Map<string, string>();
  for (const text of all) {
    const key = spokenKey(text);
    if (key && !byKey.has(key)) byKey.set(key, text.trim().replace(/^[,.;:\s]+/, ''));
  }
  return [...byKey.values()];
}

/** Everything that a rule may say. */
function textsOf({ say, otherwise, steps, builtIn }: Rule): string[] {
  const ofCalls = steps.flatMap(({ meanwhile, then, later, progress }) => [
    meanwhile ?? '',
    ...[...then, ...later, ...progress].map(({ say }) => say),
  ]);
  return [...say, otherwise ?? '', ...ofCalls, builtIn?.say ?? ''];
}

/** Slots with listed words are spoken inside the sentence, which sounds better than words put together. */
function withListedValues(text: string, scenario: RuleScenario): string[] {
  let texts = [text];
  for (const [name, slot] of scenario.slots) {
    if (slot.kind === 'list') {
      texts = texts.flatMap((entry) =>
        entry.includes(`{${name}}`)
          ? slot.values.map((value) => entry.replaceAll(`{${name}}`, value))
          : [entry],
      );
    }
  }
  return texts.flatMap((entry) =>
    entry.includes('{coin}') ? ['heads', 'tails'].map((side) => entry.replace('{coin}', side)) : [entry],
  );
}

import type { CallResult, Hearing, Mind, MindInput, Reply } from '../parts';
import { playBuiltIn } from './built-in';
import { fill } from './fill';
import type { Rule, RuleScenario } from './rule';
import { match, toWords, type Words } from './pattern';
import { planOf, type Known } from './plan';
import { answered, isOpen, QUESTION_ANSWERS, repeat, YES_OR_NO } from './question';
import { begin, goOn, STEP_ANSWERS } from './steps';
import { noteTold, nothingNew, remark, SIGHT_ANSWERS } from './sight';
import { builtInValues } from './values';

/** How to get what rules cannot give; ends every answer to something unknown. */
export const KEY_ADVICE = 'For real answers, enter a Gemini API key in the config node.';

const UNSURE = 'I am not sure. It sounded a little like: {guess}.';
const NOT_UNDERSTOOD = 'I did not understand that.';
const LIMITS = 'I can hear only {count} phrases, and strange voices badly.';
const NOT_KNOWN = 'I do not know that. I am only rules, not the Gemini model.';
const NEAREST = 'The nearest thing I know is: {guess}.';

/** Every answer that comes from here and not from the scenario; the shipped voice must be able to say them. */
export const FIXED_ANSWERS: readonly string[] = [
  UNSURE,
  NOT_UNDERSTOOD,
  LIMITS,
  NOT_KNOWN,
  NEAREST,
  KEY_ADVICE,
  ...STEP_ANSWERS,
  ...QUESTION_ANSWERS,
  ...SIGHT_ANSWERS,
];

/** Courtesies around a request, which change nothing about it. */
const BEFORE = [
  'please',
  'hey',
  'ok',
  'okay',
  'gemini',
  'can you',
  'could you',
  'would you',
  'will you',
  'now',
];
const AFTER = ['please', 'now', 'for me', 'thanks', 'thank you', 'gemini'];

/** Share of common words from which on a known phrase is worth suggesting. */
const NEAR = 0.5;

const LAST_ANSWER = 'last answer';

/** A request to say a text as it is, such as an announcement of a house: no rule is needed for that. */
const DICTATED = /word for word[^\n]*:\n(.+)$/is;

/** A mind that follows the rules of a scenario, and says so when it does not know. */
export function createMind(scenario: RuleScenario): Mind {
  return {
    reply: (input) => {
      const reply = answer(scenario, input);
      noteTold(reply, input);
      const said = reply.say && reply.say !== nothingNew(input.text);
      if (input.text.trim() && said) input.memory.set(LAST_ANSWER, reply.say);
      return reply;
    },
    learn: (text, memory) => {
      const found = find(scenario, text);
      if (found) remember(found.rule, valuesOf(found.slots, { memory, now: new Date() }), memory);
    },
    expects: (memory) => (isOpen(memory) ? YES_OR_NO : []),
  };
}

function answer(scenario: RuleScenario, input: MindInput): Reply {
  const { hearing, memory, tools, results } = input;
  if (results) return conclude(scenario, input, results);
  if (hearing && !hearing.accepted) return { say: repeat(memory) ?? notRecognised(scenario, hearing) };
  const dictated = DICTATED.exec(input.text)?.[1];
  // Nobody has said it, so it is no answer to an open question.
  const remarked = dictated || hearing ? undefined : remark(input);
  if (remarked) return remarked;
  const decided = input.text.trim() ? answered(input.text, tools, memory) : undefined;
  if (decided) return decided;
  if (dictated) return { say: dictated };
  const found = find(scenario, input.text);
  return found ? follow(scenario, found, input) : { say: notKnown(scenario, input.text) };
}

/** What came of the calls; the rule is the one of the request that they began with, also after a "yes". */
function conclude(scenario: RuleScenario, input: MindInput, results: readonly CallResult[]): Reply {
  const [first] = results;
  const plan = first && planOf(first);
  const text = plan?.text ?? input.text;
  const found = find(scenario, text);
  if (!found) return { say: notKnown(scenario, text) };
  const known = valuesOf(found.slots, input);
  return goOn({ scenario, rule: found.rule, known, input: { ...input, text } }, results, plan);
}

interface Found {
  readonly rule: Rule;
  readonly slots: ReadonlyMap<string, string>;
}

/** The first rule that a text fits. */
function find(scenario: RuleScenario, text: string): Found | undefined {
  for (const words of variants(toWords(text))) {
    for (const rule of scenario.rules) {
      for (const pattern of rule.patterns) {
        const slots = match(pattern, words, scenario.slots);
        if (slots) return { rule, slots };
      }
    }
  }
  return undefined;
}

/** The words as they are, then without courtesies. */
function* variants(words: Words): Generator<Words> {
  yield words;
  let { plain, original } = words;
  for (let changed = true; changed;) {
    changed = false;
    for (const extra of BEFORE.map((text) => text.split(' '))) {
      if (plain.length > extra.length && extra.every((word, at) => plain[at] === word)) {
        [plain, original, changed] = [plain.slice(extra.length), original.slice(extra.length), true];
      }
    }
    for (const extra of AFTER.map((text) => text.split(' '))) {
      const from = plain.length - extra.length;
      if (from > 0 && extra.every((word, at) => plain[from + at] === word)) {
        [plain, original, changed] = [plain.slice(0, from), original.slice(0, from), true];
      }
    }
  }
  if (plain.length !== words.plain.length) yield { plain, original };
}

const valuesOf =
  (
    slots: ReadonlyMap<string, string>,
    { memory, now, picture }: Pick<MindInput, 'memory' | 'now' | 'picture'>,
  ): Known =>
  (key) =>
    slots.get(key) ?? builtInValues(now, picture)[key] ?? memory.get(key);

function remember(rule: Rule, known: Known, memory: Map<string, string>): void {
  for (const [key, value] of rule.remember) {
    memory.set(fill(key, known) ?? key, (fill(value, known) ?? value).replace(/[{}]/g, ''));
  }
}

function follow(scenario: RuleScenario, { rule, slots }: Found, input: MindInput): Reply {
  const { memory } = input;
  const known = valuesOf(slots, input);
  remember(rule, known, memory);
  const acted = playBuiltIn(rule, known, input) ?? begin({ scenario, rule, known, input });
  if (acted) return acted;
  const counter = `said ${rule.id}`;
  const turn = Number(memory.get(counter) ?? 0);
  if (rule.say.length > 1) memory.set(counter, String(turn + 1));
  const say = fill(rule.say[turn % rule.say.length]!, known) ?? fill(rule.otherwise ?? '', known);
  return { say: say ?? '' };
}

/** Something typed (or heard freely) that no rule covers. */
function notKnown(scenario: RuleScenario, text: string): string {
  const near = nearest(scenario, toWords(text).plain);
  return [NOT_KNOWN, near && NEAREST.replace('{guess}', near), KEY_ADVICE].filter(Boolean).join(' ');
}

/** Something spoken that the ears did not believe. */
function notRecognised(scenario: RuleScenario, hearing: Hearing): string {
  const count = scenario.phrases.reduce((sum, phrase) => sum + 1 + (phrase.also?.length ?? 0), 0);
  const heard = hearing.text ? UNSURE.replace('{guess}', hearing.text) : NOT_UNDERSTOOD;
  return [heard, LIMITS.replace('{count}', String(count)), KEY_ADVICE].join(' ');
}

function nearest(scenario: RuleScenario, plain: readonly string[]): string | undefined {
  let best = { text: '', share: NEAR };
  const said = new Set(plain);
  for (const phrase of scenario.phrases) {
    for (const text of [phrase.text, ...(phrase.also ?? [])]) {
      const words = toWords(text).plain;
      const common = words.filter((word) => said.has(word)).length;
      const share = (2 * common) / (words.length + said.size);
      if (share > best.share) best = { text, share };
    }
  }
  return best.text || undefined;
}

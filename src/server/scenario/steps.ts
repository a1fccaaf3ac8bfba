import type { CallResult, MindInput, Reply } from '../parts';
import { fill } from './fill';
import type { Rule, RuleScenario } from './rule';
import type { CallEntry, Step } from './format-tools';
import { planOf, type Known, type Plan } from './plan';
import { ask } from './question';
import { at, plain } from './words';

/** What is said of an answer that the rule has no words for. */
const ANSWERED = 'The function answered: ';
const SO_FAR = 'So far: ';
const FAILED = 'That did not work: ';
const DONE = 'That is done.';
const LACKING = 'The answer lacks something that I need for the next step.';

/** Whole sentences of the above, which the shipped voice must be able to say. */
export const STEP_ANSWERS: readonly string[] = [ANSWERED, SO_FAR, FAILED, DONE, LACKING];

/** A rule that was triggered, and what is known to fill its texts. */
export interface Followed {
  readonly scenario: RuleScenario;
  readonly rule: Rule;
  readonly known: Known;
  readonly input: MindInput;
}

/** Makes the first calls of a rule. @returns nothing when the client has declared none of its functions */
export function begin(followed: Followed): Reply | undefined {
  return go(followed, 0, {});
}

/** The functions have answered: says what came of it, asks back, or makes the next calls. */
export function goOn(followed: Followed, results: readonly CallResult[], plan: Plan | undefined): Reply {
  const { rule, known, input } = followed;
  const failed = results.find(({ response }) => (response['error'] ?? null) !== null);
  if (failed) return { say: FAILED + reason(failed.response['error']) };
  const number = plan?.step ?? 0;
  const step = rule.steps[number];
  const values = { ...plan?.values, ...valuesOf(results, step) };
  const question = ask(results, values, input.memory);
  if (question) return { say: question };
  const partial = results.some(({ willContinue }) => willContinue);
  const say = wordsOf(step, partial, input.late === true, known, values);
  const leads = !partial && results.some((result) => planOf(result)?.leads ?? true);
  const next = leads ? go(followed, number + 1, values) : undefined;
  if (!next) return { say: say ?? inWords(results, partial) };
  return { ...next, say: [say, next.say].filter(Boolean).join(' ') };
}

/** Makes the calls of the next step; steps of which the client has declared no function are passed over. */
function go(followed: Followed, from: number, values: Plan['values']): Reply | undefined {
  const { rule, known, input } = followed;
  for (let step = from; step < rule.steps.length; step++) {
    const { calls, meanwhile } = rule.steps[step]!;
    const declared = calls.flatMap((entry, index) => {
      const name = fill(entry.name, known) ?? entry.name;
      return input.tools.some((tool) => tool.name === name) ? [{ name, entry, index }] : [];
    });
    if (declared.length === 0) continue;
    const requests = declared.flatMap(({ name, entry, index }, at) => {
      const plan: Plan = { text: input.text, step, index, leads: at === 0, values };
      const args = argsOf(followed, entry, values);
      return args ? [{ name, args, plan }] : [];
    });
    if (requests.length < declared.length) return from === 0 ? undefined : { say: LACKING };
    return {
      say: fill(meanwhile ?? '', withValues(known, values)) ?? '',
      calls: requests,
    };
  }
  return undefined;
}

/** Arguments with values in place of slots; nothing when one of them is not known. */
function argsOf(
  { scenario, known }: Followed,
  { args }: CallEntry,
  values: Plan['values'],
): Record<string, unknown> | undefined {
  let lacking = false;
  const value = (entry: unknown): unknown => {
    if (Array.isArray(entry)) return entry.map(value);
    if (typeof entry === 'object' && entry !== null) {
      return Object.fromEntries(Object.entries(entry).map(([key, inner]) => [key, value(inner)]));
    }
    if (typeof entry !== 'string') return entry;
    const only = /^\{([^{}]*)\}$/.exec(entry)?.[1] ?? '';
    // An answer is handed on as it is: a number stays one.
    const handed = at(values, only);
    if (handed !== undefined) return handed;
    const text = fill(entry, withValues(known, values));
    lacking ||= text === undefined;
    return scenario.slots.get(only)?.kind === 'number' ? Number(text) : text;
  };
  const filled = value(args) as Record<string, unknown>;
  return lacking ? undefined : filled;
}

const withValues =
  (known: Known, values: Plan['values']): Known =>
  (key) => {
    const value = at(values, key);
    return value === undefined ? known(key) : plain(value);
  };

/** `result` is the answer of the last call, in the order of the rule. */
function valuesOf(results: readonly CallResult[], step: Step | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const order = (result: CallResult): number => planOf(result)?.index ?? 0;
  for (const result of [...results].sort((a, b) => order(a) - order(b))) {
    values['result'] = result.response;
    const name = step?.calls[order(result)]?.as;
    if (name !== undefined) values[name] = result.response;
    const picture = result.parts?.find(({ mimeType }) => mimeType.startsWith('image/'));
    if (picture) values['picture'] = `${picture.mimeType.slice('image/'.length).toUpperCase()} picture`;
  }
  return values;
}

/** The first wording that fits. */
function wordsOf(
  step: Step | undefined,
  partial: boolean,
  late: boolean,
  known: Known,
  values: Plan['values'],
): string | undefined {
  if (!step) return undefined;
  const wordings = partial ? step.progress : late && step.later.length > 0 ? step.later : step.then;
  for (const { when, say } of wordings) {
    if (when.some(([path, value]) => at(values, path) !== value)) continue;
    const filled = fill(say, withValues(known, values));
    if (filled !== undefined) return filled;
  }
  return undefined;
}

/** The answer itself, in words. */
function inWords(results: readonly CallResult[], partial: boolean): string {
  const { response = {} } = results.at(-1) ?? {};
  if (Object.keys(response).length === 0) return DONE;
  return (partial ? SO_FAR : ANSWERED) + plain(response);
}

/** What went wrong: the `message` of a structured error, or the error in words. */
function reason(error: unknown): string {
  const message = at(error, 'message');
  return plain(typeof message === 'string' ? message : error);
}

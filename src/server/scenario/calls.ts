import type { CallRequest, CallResult } from '../parts';
import { fill } from './fill';
import type { CallRule, RuleScenario } from './format';

type Known = (key: string) => string | undefined;

/** What is said of an answer that the rule has no words for. */
const ANSWERED = 'The function answered: ';
const FAILED = 'That did not work: ';
const DONE = 'That is done.';

/** Longest part of an answer that is read out, in characters. */
const MOST_SPOKEN = 200;

/** The call of a rule, with values in place of its slots; a number where the slot is one. */
export function requestOf({ slots }: RuleScenario, { name, args }: CallRule, known: Known): CallRequest {
  const value = (entry: unknown): unknown => {
    if (Array.isArray(entry)) return entry.map(value);
    if (typeof entry === 'object' && entry !== null) {
      return Object.fromEntries(Object.entries(entry).map(([key, inner]) => [key, value(inner)]));
    }
    if (typeof entry !== 'string') return entry;
    const text = fill(entry, known) ?? '';
    const slot = slots.get(/^\{([^{}]*)\}$/.exec(entry)?.[1] ?? '');
    return slot?.kind === 'number' ? Number(text) : text;
  };
  return { name: fill(name, known) ?? name, args: value(args) as Record<string, unknown> };
}

/**
 * What is said when the functions have answered: the words of the rule, in which `{result}` is the answer and
 * `{result.key}` a part of it; for an error, or without such words, the answer itself.
 */
export function conclusion(rule: CallRule | undefined, results: readonly CallResult[], known: Known): string {
  const { response = {} } = results.at(-1) ?? {};
  if (response['error'] !== undefined) return FAILED + plain(response['error']);
  const ofResult: Known = (key) => {
    if (key === 'result') return plain(response);
    return key.startsWith('result.') ? at(response, key.slice('result.'.length)) : known(key);
  };
  const said = rule?.then === undefined ? undefined : fill(rule.then, ofResult);
  if (said !== undefined) return said;
  return Object.keys(response).length === 0 ? DONE : ANSWERED + plain(response);
}

/** One part of an answer by its path: `room.temperature`. */
function at(value: unknown, path: string): string | undefined {
  let part = value;
  for (const key of path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Record<string, unknown>)[key];
  }
  return plain(part);
}

/** An answer in words, without braces, which would be taken for slots. `output` and `result` name the only value there is. */
function plain(value: unknown): string {
  const text = wordsOf(value).replace(/[{}]/g, '');
  return text.length > MOST_SPOKEN ? `${text.slice(0, MOST_SPOKEN)}…` : text;
}

function wordsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  const { output, result } = value as Record<string, unknown>;
  const only = output ?? result;
  if (only !== undefined) return wordsOf(only);
  return Object.entries(value)
    .map(([key, inner]) => `${key}: ${wordsOf(inner)}`)
    .join(', ');
}

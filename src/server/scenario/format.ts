import type { Phrase } from '../parts';
import { checkValues } from './check-values';
import { readBuiltIn, readSteps } from './format-tools';
import { numberWords } from './numbers';
import { compile, slotsOf, type Pattern, type Slot } from './pattern';
import { Reader, type Fail } from './reader';
import type { RuleScenario } from './rule';

/** A scenario that cannot be used: what is wrong, where, and what is expected there. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  /** `SCENARIO_NOT_FOUND` or `SCENARIO_INVALID`. */
  constructor(
    readonly code: 'SCENARIO_NOT_FOUND' | 'SCENARIO_INVALID',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const RULE_KEYS = ['id', 'hear', 'match', 'remember', 'call', 'builtIn', 'say', 'otherwise'];

/** Widest list of wordings one `hear` line may expand to; more would only be confused with each other. */
const MAX_WORDINGS = 24;

/**
 * Checks a parsed scenario file strictly and compiles it.
 *
 * @throws {ScenarioError} `SCENARIO_INVALID`, naming the first place that is wrong, for example `rules[3].say`
 */
export function parseScenario(json: unknown, file?: string): RuleScenario {
  const fail = (place: string, problem: string): never => {
    throw new ScenarioError(
      'SCENARIO_INVALID',
      `Scenario ${file ?? '(inline)'}: ${place || 'file'}: ${problem}`,
    );
  };
  const read = new Reader(fail);
  const top = read.object(json, '', ['name', 'description', 'slots', 'rules']);
  const name = read.text(top.name, 'name');
  const description = top.description === undefined ? undefined : read.text(top.description, 'description');
  const slots = readSlots(read, top.slots);
  const list = read.list(top.rules, 'rules');
  const ids = new Set<string>();
  const phrases: Phrase[] = [];
  const rules = list.map((entry, index) => {
    const place = `rules[${index}]`;
    const rule = read.object(entry, place, RULE_KEYS);
    const id = read.text(rule.id, `${place}.id`);
    if (ids.has(id)) fail(`${place}.id`, `"${id}" is already the id of another rule`);
    ids.add(id);
    const hear = rule.hear === undefined ? [] : read.texts(rule.hear, `${place}.hear`);
    const typed = rule.match === undefined ? [] : read.texts(rule.match, `${place}.match`);
    if (!hear.length && !typed.length) fail(place, 'needs "hear" or "match", else nothing can trigger it');
    const wordings = hear.flatMap((line, at) => expand(line, slots, `${place}.hear[${at}]`, fail));
    if (wordings.length) phrases.push({ id, text: wordings[0]!, also: wordings.slice(1) });
    return {
      id,
      patterns: [...hear, ...typed].map((line) => readPattern(line, place, fail)),
      remember: readRemember(read, rule.remember, `${place}.remember`),
      steps: readSteps(read, rule.call, `${place}.call`),
      builtIn: readBuiltIn(read, rule.builtIn, `${place}.builtIn`),
      say: read.texts(rule.say, `${place}.say`),
      otherwise: rule.otherwise === undefined ? undefined : read.text(rule.otherwise, `${place}.otherwise`),
    };
  });
  checkValues(rules, fail);
  return { name, description, file, phrases, slots, rules };
}

function readSlots(read: Reader, value: unknown): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  if (value === undefined) return slots;
  for (const [name, entry] of Object.entries(read.object(value, 'slots'))) {
    const place = `slots.${name}`;
    if (Array.isArray(entry)) {
      slots.set(name, { kind: 'list', values: read.texts(entry, place) });
      continue;
    }
    const range = read.object(entry, place, ['from', 'to', 'hear']);
    const hear = range.hear === undefined ? [] : read.list(range.hear, `${place}.hear`);
    slots.set(name, {
      kind: 'number',
      from: read.number(range.from, `${place}.from`),
      to: read.number(range.to, `${place}.to`),
      hear: hear.map((number, index) => read.number(number, `${place}.hear[${index}]`)),
    });
  }
  return slots;
}

function readRemember(read: Reader, value: unknown, place: string): Array<[string, string]> {
  if (value === undefined) return [];
  return Object.entries(read.object(value, place)).map(([key, entry]) => [
    key,
    read.text(entry, `${place}.${key}`),
  ]);
}

function readPattern(line: string, place: string, fail: Fail): Pattern {
  if (/[{}]/.test(line.replace(/\{[^{}]+\}/g, ''))) fail(place, `unbalanced braces in "${line}"`);
  const pattern = compile(line);
  return pattern.parts.length ? pattern : fail(place, `"${line}" contains no word`);
}

/** All wordings of a line that is to be recognised by ear; every slot needs a finite list of values. */
function expand(line: string, slots: ReadonlyMap<string, Slot>, place: string, fail: Fail): string[] {
  let wordings = [line.toLowerCase()];
  for (const name of slotsOf(compile(line))) {
    const slot = slots.get(name);
    if (!slot) return fail(place, `slot {${name}} is not declared in "slots"; free words can only be typed`);
    const values = slot.kind === 'list' ? slot.values : slot.hear.map(numberWords);
    if (!values.length) fail(place, `slot {${name}} has no values to hear; list them in slots.${name}.hear`);
    wordings = wordings.flatMap((text) => values.map((value) => text.replace(`{${name}}`, value)));
  }
  if (wordings.length > MAX_WORDINGS)
    fail(place, `expands to ${wordings.length} wordings, at most ${MAX_WORDINGS}`);
  return wordings;
}

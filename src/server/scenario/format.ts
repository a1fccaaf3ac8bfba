import type { Phrase, Scenario } from '../parts';
import { numberWords } from './numbers';
import { compile, slotsOf, type Pattern, type Slot } from './pattern';

/** A function that a rule calls, if the client has declared it. */
export interface CallRule {
  /** Name of the function; may contain slots. */
  readonly name: string;
  /** Arguments; texts in them may contain slots and remembered values. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Said while, or before, the function runs. */
  readonly meanwhile?: string;
  /** Said when it has answered; `{result}` is the answer, `{result.key}` a part of it. */
  readonly then?: string;
}

/** One thing the assistant can talk about. */
export interface Rule {
  readonly id: string;
  /** Everything that triggers it, typed or heard. */
  readonly patterns: readonly Pattern[];
  /** Written to the conversation's memory; keys and values may contain slots. */
  readonly remember: ReadonlyArray<readonly [key: string, value: string]>;
  /** Called in place of an answer when the client has declared the function. */
  readonly call?: CallRule;
  /** Answers, used in turn. */
  readonly say: readonly string[];
  /** Answer when a value named in `say` is not known. */
  readonly otherwise?: string;
}

/** A validated scenario with its rules. */
export interface RuleScenario extends Scenario {
  readonly description?: string;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly rules: readonly Rule[];
}

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

/** Values which every answer may use without declaring them. */
export const BUILT_IN_VALUES = ['time', 'date', 'weekday', 'coin', 'dice', 'last answer'] as const;

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
    const rule = read.object(entry, place, ['id', 'hear', 'match', 'remember', 'call', 'say', 'otherwise']);
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
      call: rule.call === undefined ? undefined : readCall(read, rule.call, `${place}.call`),
      say: read.texts(rule.say, `${place}.say`),
      otherwise: rule.otherwise === undefined ? undefined : read.text(rule.otherwise, `${place}.otherwise`),
    };
  });
  checkValues(rules, fail);
  return { name, description, file, phrases, slots, rules };
}

type Fail = (place: string, problem: string) => never;

/** Small typed readers that name the place of a mistake. */
class Reader {
  constructor(private readonly fail: Fail) {}

  object(value: unknown, place: string, known?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(place, `expected an object, got ${kindOf(value)}`);
    }
    for (const key of Object.keys(value)) {
      if (known && !known.includes(key)) {
        this.fail(place ? `${place}.${key}` : key, `unknown key; known here: ${known.join(', ')}`);
      }
    }
    return value as Record<string, unknown>;
  }

  list(value: unknown, place: string): unknown[] {
    if (!Array.isArray(value) || value.length === 0) {
      return this.fail(place, `expected a list with at least one entry, got ${kindOf(value)}`);
    }
    return value;
  }

  text(value: unknown, place: string): string {
    if (typeof value !== 'string' || !value.trim())
      return this.fail(place, `expected text, got ${kindOf(value)}`);
    return value;
  }

  /** One text or a list of texts. */
  texts(value: unknown, place: string): string[] {
    if (typeof value === 'string') return [this.text(value, place)];
    return this.list(value, place).map((entry, index) => this.text(entry, `${place}[${index}]`));
  }

  number(value: unknown, place: string): number {
    if (!Number.isInteger(value)) return this.fail(place, `expected a whole number, got ${kindOf(value)}`);
    return value as number;
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length ? 'a list' : 'an empty list';
  if (typeof value === 'string') return value.trim() ? `"${value}"` : 'an empty text';
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
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

function readCall(read: Reader, value: unknown, place: string): CallRule {
  const call = read.object(value, place, ['name', 'args', 'meanwhile', 'then']);
  const text = (key: 'meanwhile' | 'then'): { [key]?: string } =>
    call[key] === undefined ? {} : { [key]: read.text(call[key], `${place}.${key}`) };
  return {
    name: read.text(call.name, `${place}.name`),
    args: call.args === undefined ? {} : read.object(call.args, `${place}.args`),
    ...text('meanwhile'),
    ...text('then'),
  };
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

/** Every value that an answer names must come from somewhere, or a typing mistake would be spoken. */
function checkValues(rules: readonly Rule[], fail: Fail): void {
  const remembered = new Set(rules.flatMap((rule) => rule.remember.map(([key]) => key)));
  for (const [index, rule] of rules.entries()) {
    const own = new Set(rule.patterns.flatMap(slotsOf));
    const builtIn = (key: string): boolean => (BUILT_IN_VALUES as readonly string[]).includes(key);
    const known = (key: string): boolean => own.has(key) || remembered.has(key) || builtIn(key);
    const check = (place: string, text: string, accepted: (key: string) => boolean): void => {
      const unknown = outerValues(text).find((key) => !accepted(key));
      if (unknown !== undefined) {
        fail(
          `rules[${index}].${place}`,
          `{${unknown}} is no slot of this rule, nothing remembered and not built in`,
        );
      }
    };
    for (const text of [...rule.say, ...(rule.otherwise ? [rule.otherwise] : [])]) {
      check('say', text, known);
      for (const key of outerValues(text)) {
        if (!rule.otherwise && !own.has(key) && remembered.has(key)) {
          fail(`rules[${index}].otherwise`, `missing: "say" uses {${key}}, which may not be remembered yet`);
        }
      }
    }
    if (!rule.call) continue;
    check('call.name', rule.call.name, (key) => own.has(key));
    for (const text of textsIn(rule.call.args)) check('call.args', text, known);
    check('call.meanwhile', rule.call.meanwhile ?? '', known);
    check('call.then', rule.call.then ?? '', (key) => /^result(\..+)?$/.test(key) || known(key));
  }
}

/** All texts in a value, however deep. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Names in braces, outermost first level only: `{light {room}}` gives `light {room}`. */
function outerValues(text: string): string[] {
  return [...text.matchAll(/\{((?:[^{}]|\{[^{}]*\})*)\}/g)].map((found) => found[1]!);
}

import type { Rule } from './rule';
import type { BuiltInRule, Step } from './format-tools';
import { slotsOf } from './pattern';
import type { Fail } from './reader';
import { NEWEST_PICTURE } from './values';

/** Values which every answer may use without declaring them. */
export const BUILT_IN_VALUES = [
  'time',
  'date',
  'weekday',
  'coin',
  'dice',
  'last answer',
  NEWEST_PICTURE,
] as const;

type Accepts = (key: string) => boolean;
type Check = (place: string, texts: readonly string[], accepted: Accepts) => void;

/** Every value that an answer names must come from somewhere, or a typing mistake would be spoken. */
export function checkValues(rules: readonly Rule[], fail: Fail): void {
  const remembered = new Set(rules.flatMap((rule) => rule.remember.map(([key]) => key)));
  for (const [index, rule] of rules.entries()) {
    const own = new Set(rule.patterns.flatMap(slotsOf));
    const builtIn: Accepts = (key) => (BUILT_IN_VALUES as readonly string[]).includes(key);
    const known: Accepts = (key) => own.has(key) || remembered.has(key) || builtIn(key);
    const check: Check = (place, texts, accepted) => {
      const unknown = texts.flatMap(outerValues).find((key) => !accepted(key));
      if (unknown === undefined) return;
      fail(
        `rules[${index}].${place}`,
        `{${unknown}} is no slot of this rule, nothing remembered and not built in`,
      );
    };
    for (const text of [...rule.say, ...(rule.otherwise ? [rule.otherwise] : [])]) {
      check('say', [text], known);
      for (const key of outerValues(text)) {
        if (!rule.otherwise && !own.has(key) && (remembered.has(key) || key === NEWEST_PICTURE)) {
          fail(`rules[${index}].otherwise`, `missing: "say" uses {${key}}, which may not be known yet`);
        }
      }
    }
    checkSteps(rule.steps, check, (key) => own.has(key), known);
    if (rule.builtIn) checkBuiltIn(rule.builtIn, check, known);
  }
}

/** A step may use the answers of earlier ones by name, and what it says those of its own as well. */
function checkSteps(steps: readonly Step[], check: Check, own: Accepts, known: Accepts): void {
  const named = new Set<string>();
  const answer = (key: string): boolean => named.has(key.split('.')[0]!) || known(key);
  for (const [index, step] of steps.entries()) {
    const place = steps.length > 1 ? `call[${index}]` : 'call';
    for (const [at, { name, args }] of step.calls.entries()) {
      const inner = step.calls.length > 1 ? `${place}.all[${at}]` : place;
      check(`${inner}.name`, [name], own);
      check(`${inner}.args`, textsIn(args), answer);
    }
    check(`${place}.meanwhile`, [step.meanwhile ?? ''], answer);
    for (const { as } of step.calls) if (as !== undefined) named.add(as);
    named.add('result').add('picture');
    for (const key of ['then', 'later', 'progress'] as const) {
      const paths = step[key].flatMap(({ when }) => when.map(([path]) => `{${path}}`));
      check(`${place}.${key}`, [...paths, ...step[key].map(({ say }) => say)], answer);
    }
  }
}

function checkBuiltIn(rule: BuiltInRule, check: Check, known: Accepts): void {
  const extra = {
    googleSearch: '',
    codeExecution: 'output',
    urlContext: 'url',
  }[rule.tool];
  check('builtIn.say', [rule.say], (key) => key === extra || known(key));
  if (rule.tool === 'codeExecution') check('builtIn.calculate', [rule.calculate], known);
  if (rule.tool !== 'googleSearch') return;
  check('builtIn.queries', rule.queries, known);
  check('builtIn.sources', textsIn(rule.sources), known);
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

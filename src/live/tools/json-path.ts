import { isObject } from '../../protocol';

/** One step of a path: a name of an object, or an index of a list. */
export type PathStep = string | number;

/** Entries that a list may have; a model that needs more is no model. */
const MAX_INDEX = 1000;
const MAX_STEPS = 32;
/** `.name`, `['name']`, `["name"]` or `[0]`, as RFC 9535 writes a path to one value. */
const STEP = /\.([^.[\]'"\s]+)|\[\s*(?:(\d+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/y;

/**
 * Reads a JSON Path (RFC 9535) that leads to one value, such as `$.rooms[0].name`.
 *
 * @throws Error in words, for one that cannot be followed
 */
export function parsePath(text: string): PathStep[] {
  const path = text.startsWith('$') ? text.slice(1) : /^[.[]/.test(text) ? text : `.${text}`;
  const steps: PathStep[] = [];
  for (let at = 0; at < path.length;) {
    STEP.lastIndex = at;
    const found = STEP.exec(path);
    if (!found) throw new Error(`the path ${shown(text)} cannot be read`);
    const [whole, name, index, single, double] = found;
    at += whole.length;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'));
  }
  if (steps.length === 0) throw new Error(`the path ${shown(text)} leads nowhere`);
  if (steps.length > MAX_STEPS) throw new Error(`a path has more than ${MAX_STEPS} steps`);
  return steps;
}

/**
 * Puts a value where a path leads, and makes what is missing on the way.
 *
 * @param change gives the new value for the one that is there
 * @returns how many entries were made
 * @throws Error in words, where the path contradicts what is there
 */
export function setAt(root: object, path: readonly PathStep[], change: (before: unknown) => unknown): number {
  let made = 1;
  let holder: object = root;
  path.forEach((step, depth) => {
    made += makeRoom(holder, step);
    const before = own(holder, step);
    const next = path[depth + 1];
    if (next === undefined) put(holder, step, change(before));
    else if (before === undefined || before === null) put(holder, step, typeof next === 'number' ? [] : {});
    else if (typeof before !== 'object')
      throw new Error(`${shown(String(step))} is a value and cannot hold another`);
    if (next !== undefined) holder = own(holder, step) as object;
  });
  return made;
}

/** A list is filled up to an index that was skipped; what is absurd is refused. */
function makeRoom(holder: object, step: PathStep): number {
  if (typeof step === 'string') {
    if (!isObject(holder)) throw new Error(`a list has no entry ${shown(step)}`);
    // The only name that means something else than an entry.
    if (step === '__proto__') throw new Error('"__proto__" is no name of an argument');
    return 0;
  }
  if (!Array.isArray(holder)) throw new Error(`an object has no entry [${step}]`);
  if (step >= MAX_INDEX) throw new Error(`a list has more than ${MAX_INDEX} entries`);
  let made = 0;
  for (; holder.length < step; made++) holder.push(null);
  return made;
}

function own(holder: object, step: PathStep): unknown {
  return Object.hasOwn(holder, step) ? (holder as Record<PathStep, unknown>)[step] : undefined;
}

function put(holder: object, step: PathStep, value: unknown): void {
  (holder as Record<PathStep, unknown>)[step] = value;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

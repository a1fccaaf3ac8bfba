import { isObject } from '../walk';
import type { LiveClientSetup } from '../wire';

/** Something that was changed so that the model accepts the message. */
export interface FitWarning {
  /** Field, as `generationConfig.thinkingConfig.thinkingBudget` or `tools[0].codeExecution`. */
  path: string;
  /** What was done, why, and what to do. */
  message: string;
}

type Json = Record<string, unknown>;

/** Objects that mean nothing when they are empty; `sessionResumption: {}` and the like mean something. */
const PRUNED = new Set([
  'generationConfig',
  'thinkingConfig',
  'speechConfig',
  'voiceConfig',
  'prebuiltVoiceConfig',
  'realtimeInputConfig',
  'proactivity',
]);

/**
 * A setup that is being fitted. The given object is never changed: what changes is copied on the way there. Fields that
 * the caller wants as they are (`keep`) are neither changed nor warned about.
 */
export class Draft {
  readonly warnings: FitWarning[] = [];

  constructor(
    private setup: LiveClientSetup,
    private readonly keep: LiveClientSetup | undefined,
  ) {}

  /** The setup with the caller's own fields laid over it. */
  get result(): LiveClientSetup {
    return mergeSetup(this.setup, this.keep);
  }

  /** What would be sent at a path. */
  get(path: string): unknown {
    const own = this.kept(path);
    return own === undefined ? at(this.setup, path) : own;
  }

  /** Whether the caller has given this field himself: then it is none of our business. */
  has(path: string): boolean {
    return this.kept(path) !== undefined;
  }

  /** Takes a field out, if it is there. */
  drop(path: string, why: string): void {
    if (this.has(path) || at(this.setup, path) === undefined) return;
    this.setup = change(this.setup as Json, path.split('.'), undefined);
    this.warn(path, `"${path}" was not sent: ${why}.`);
  }

  /** Takes a field out that means nothing. */
  omit(path: string): void {
    if (!this.has(path)) this.setup = change(this.setup as Json, path.split('.'), undefined);
  }

  /** Gives a field another value. */
  put(path: string, value: unknown, why?: string): void {
    if (this.has(path)) return;
    this.setup = change(this.setup as Json, path.split('.'), value);
    if (why) this.warn(path, why);
  }

  warn(path: string, message: string): void {
    this.warnings.push({ path, message });
  }

  private kept(path: string): unknown {
    let value: unknown = this.keep;
    for (const step of path.split('.')) {
      // Anything that is no object stands in place of the whole branch.
      if (value === undefined || !isObject(value)) return value;
      value = value[step];
    }
    return value;
  }
}

/** One setup laid over another: objects are merged, anything else replaces. Both are left alone. */
export function mergeSetup(base: LiveClientSetup, over: LiveClientSetup | undefined): LiveClientSetup {
  return over === undefined ? base : (merge(base, over) as LiveClientSetup);
}

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const out: Json = { ...base };
  for (const [name, value] of Object.entries(over)) out[name] = merge(out[name], value);
  return out;
}

function at(value: unknown, path: string): unknown {
  for (const step of path.split('.')) {
    if (!isObject(value)) return undefined;
    value = value[step];
  }
  return value;
}

/** A copy in which one path has another value, or is gone. */
function change(object: Json, [step = '', ...rest]: string[], value: unknown): Json {
  const { [step]: before, ...others } = object;
  const after = rest.length === 0 ? value : change(isObject(before) ? before : {}, rest, value);
  const gone =
    after === undefined || (PRUNED.has(step) && isObject(after) && Object.keys(after).length === 0);
  // The order of the fields stays, so that messages can be compared by eye.
  if (gone) return others;
  return { ...object, [step]: after };
}

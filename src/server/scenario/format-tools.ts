import type { Reader } from './reader';

/** A function that a rule calls, if the client has declared it. */
export interface CallEntry {
  /** Name of the function; may contain slots. */
  readonly name: string;
  /** Arguments; texts in them may contain slots, remembered values and answers of earlier steps. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Under this name later steps and words find the answer. */
  readonly as?: string;
}

/** Something that may be said of an answer. */
export interface Wording {
  /** Said only if these values are equal to those of the answer, by path. */
  readonly when: ReadonlyArray<readonly [path: string, value: unknown]>;
  readonly say: string;
}

/**
 * Calls that are made at once, and what is said about them. Of `then`, `later` and `progress` the first one is said that fits
 * and whose values are all known.
 */
export interface Step {
  readonly calls: readonly CallEntry[];
  /** Said while, or before, the functions run. */
  readonly meanwhile?: string;
  /** Said when they have answered. */
  readonly then: readonly Wording[];
  /** Said in its place of an answer that came while the model spoke on. */
  readonly later: readonly Wording[];
  /** Said of an answer that is not the last one. */
  readonly progress: readonly Wording[];
}

/** What a built-in tool of the service is played to have done, if the client has asked for the tool. */
export type BuiltInRule = { readonly say: string } & (
  | {
      readonly tool: 'googleSearch';
      readonly queries: readonly string[];
      readonly sources: readonly Source[];
    }
  | { readonly tool: 'codeExecution'; readonly calculate: string }
  | { readonly tool: 'urlContext' }
);

/** A page that a search is played to have found. */
export interface Source {
  readonly title: string;
  readonly uri: string;
}

/** A chain of more steps would be cut short: a model that calls functions for ever is stopped. */
const MOST_STEPS = 4;

const WORDS = ['then', 'later', 'progress'] as const;

/** Names that `as` may not take, because they mean something already. */
const TAKEN = ['result', 'picture'];

/** `call` of a rule: one step or a list of them. */
export function readSteps(read: Reader, value: unknown, place: string): Step[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [readStep(read, value, place)];
  if (value.length > MOST_STEPS) read.fail(place, `has ${value.length} steps, at most ${MOST_STEPS}`);
  return read.list(value, place).map((entry, index) => readStep(read, entry, `${place}[${index}]`));
}

function readStep(read: Reader, value: unknown, place: string): Step {
  const several = read.object(value, place)['all'] !== undefined;
  const own = several ? ['all'] : ['name', 'args', 'as'];
  const step = read.object(value, place, [...own, 'meanwhile', ...WORDS]);
  const calls = several
    ? read.list(step.all, `${place}.all`).map((entry, index) => {
        const inner = `${place}.all[${index}]`;
        return readCall(read, read.object(entry, inner, ['name', 'args', 'as']), inner);
      })
    : [readCall(read, step, place)];
  const [then, later, progress] = WORDS.map((key) => readWordings(read, step[key], `${place}.${key}`)) as [
    Wording[],
    Wording[],
    Wording[],
  ];
  const meanwhile =
    step.meanwhile === undefined ? {} : { meanwhile: read.text(step.meanwhile, `${place}.meanwhile`) };
  return { calls, ...meanwhile, then, later, progress };
}

/** One text, or a list of texts and of `{ when, say }`. */
function readWordings(read: Reader, value: unknown, place: string): Wording[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [{ when: [], say: read.text(value, place) }];
  return read.list(value, place).map((entry, index) => {
    const inner = `${place}[${index}]`;
    if (typeof entry !== 'object') return { when: [], say: read.text(entry, inner) };
    const { when, say } = read.object(entry, inner, ['when', 'say']);
    return {
      when: Object.entries(read.object(when, `${inner}.when`)),
      say: read.text(say, `${inner}.say`),
    };
  });
}

function readCall(read: Reader, call: Record<string, unknown>, place: string): CallEntry {
  const as = call.as === undefined ? undefined : read.text(call.as, `${place}.as`);
  if (as !== undefined && (TAKEN.includes(as) || /[.{}]/.test(as))) {
    read.fail(`${place}.as`, `"${as}" cannot be a name; take one word other than ${TAKEN.join(' and ')}`);
  }
  return {
    name: read.text(call.name, `${place}.name`),
    args: call.args === undefined ? {} : read.object(call.args, `${place}.args`),
    ...(as === undefined ? {} : { as }),
  };
}

const BUILT_IN_KEYS: Readonly<Record<string, readonly string[]>> = {
  googleSearch: ['queries', 'sources'],
  codeExecution: ['calculate'],
  urlContext: [],
};

/** `builtIn` of a rule. */
export function readBuiltIn(read: Reader, value: unknown, place: string): BuiltInRule | undefined {
  if (value === undefined) return undefined;
  const tool = read.text(read.object(value, place)['tool'], `${place}.tool`);
  const keys = Object.hasOwn(BUILT_IN_KEYS, tool) ? BUILT_IN_KEYS[tool]! : undefined;
  if (!keys) return read.fail(`${place}.tool`, `known are ${Object.keys(BUILT_IN_KEYS).join(', ')}`);
  const entry = read.object(value, place, ['tool', 'say', ...keys]);
  const say = read.text(entry.say, `${place}.say`);
  if (tool === 'urlContext') return { tool, say };
  if (tool === 'codeExecution') {
    return {
      tool,
      say,
      calculate: read.text(entry.calculate, `${place}.calculate`),
    };
  }
  const sources = read.list(entry.sources, `${place}.sources`).map((source, index) => {
    const inner = `${place}.sources[${index}]`;
    const { title, uri } = read.object(source, inner, ['title', 'uri']);
    return {
      title: read.text(title, `${inner}.title`),
      uri: read.text(uri, `${inner}.uri`),
    };
  });
  return {
    tool: 'googleSearch',
    say,
    queries: read.texts(entry.queries, `${place}.queries`),
    sources,
  };
}

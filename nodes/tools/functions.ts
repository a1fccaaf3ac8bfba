import { checkDeclaration, fitsSchema } from '../../src/protocol';
import type { DeclaredFunction, FunctionPolicy } from '../shared/registry';

/** One row of the dialog. Older or hand-written flows may leave anything out. */
export interface FunctionRow {
  name: string;
  description?: string;
  /** JSON Schema of an object; no properties: the function takes no arguments. */
  parameters?: Record<string, unknown>;
  behavior?: '' | 'BLOCKING' | 'NON_BLOCKING';
  scheduling?: '' | 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';
  /** Seconds; empty: the engine's own limit. */
  timeout?: number | string;
  confirm?: '' | 'flow' | 'voice';
  /** What the user is asked before the function runs. */
  question?: string;
  /** Seconds. */
  confirmTimeout?: number | string;
}

/** A function that can be declared. */
export interface RoutedFunction {
  declared: DeclaredFunction;
  /** Number of its output. */
  output: number;
  confirm: '' | 'flow' | 'voice';
  question: string;
  /** How long a confirmation may take (ms). */
  confirmMs: number;
  /** How long the flow may take (ms); undefined: the engine's own limit. */
  timeoutMs?: number;
  scheduling?: FunctionPolicy['scheduling'];
}

/** The rows of a dialog: what can be declared, and the mistakes in the rest, in words that name the place. */
export interface Functions {
  byName: Map<string, RoutedFunction>;
  mistakes: string[];
  /** Number of the output for cancelled calls; the one for calls to be confirmed is next. */
  cancelOutput: number;
}

/** The parameter that a function which is to be confirmed by voice has beside its own. */
export const CONFIRMED = 'confirmed';

const SCHEDULINGS = ['WHEN_IDLE', 'INTERRUPT', 'SILENT'];
const CONFIRM_S = 30;
/** The longest time that a timer can be set to (s). */
const MAX_S = 2_147_483;

/** Reads the rows; a mistake costs its row only. */
export function readFunctions(rows: unknown): Functions {
  const list: unknown[] = Array.isArray(rows) ? rows : [];
  const functions: Functions = { byName: new Map(), mistakes: [], cancelOutput: list.length };
  list.forEach((value, output) => {
    const row = (typeof value === 'object' && value !== null ? value : {}) as FunctionRow;
    const found = read(row, output);
    const { name } = row;
    if (!found.problem && functions.byName.has(name))
      found.problem = 'name: there is another row of that name';
    if (!found.problem) functions.byName.set(name, found.routed);
    else {
      const shown =
        typeof name === 'string' && name
          ? `"${name.slice(0, 60)}" (row ${output + 1})`
          : `in row ${output + 1}`;
      functions.mistakes.push(`The function ${shown} has a mistake: ${found.problem}`);
    }
  });
  return functions;
}

function read(row: FunctionRow, output: number): { routed: RoutedFunction; problem?: string } {
  const { parameters, behavior, scheduling, confirm } = row;
  const declared = declarationOf(row);
  const confirmMs = seconds(row.confirmTimeout) ?? CONFIRM_S;
  const timeout = seconds(row.timeout);
  const routed: RoutedFunction = {
    declared,
    output,
    confirm: confirm === 'flow' || confirm === 'voice' ? confirm : '',
    question: typeof row.question === 'string' ? row.question.trim() : '',
    confirmMs: confirmMs * 1000,
    ...(timeout !== undefined && { timeoutMs: timeout * 1000 }),
    ...(scheduling && { scheduling }),
  };
  // What the dialog wrote is looked at, not what is made of it: the place is to be found there.
  const { name, description } = row;
  const [first] = checkDeclaration({
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters }),
    ...(behavior && { behavior }),
  });
  const own = (parameters as { properties?: object } | undefined)?.properties;
  if (first) return { routed, problem: [first.path, first.problem].filter(Boolean).join(': ') };
  if (scheduling && !SCHEDULINGS.includes(scheduling))
    return { routed, problem: `scheduling: it must be ${SCHEDULINGS.join(', ')} or empty.` };
  for (const [field, value] of Object.entries({ timeout, confirmTimeout: confirmMs })) {
    if (value !== undefined && !(value > 0 && value <= MAX_S))
      return { routed, problem: `${field}: it must be a number of seconds greater than 0.` };
  }
  if (confirm === 'voice' && own && CONFIRMED in own)
    return {
      routed,
      problem: `parameters.properties.${CONFIRMED}: a function that is confirmed by voice has this parameter already.`,
    };
  return { routed };
}

/** NaN for what is no number; undefined for nothing. */
function seconds(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

function declarationOf({
  name,
  description,
  parameters,
  behavior,
  confirm,
  question,
}: FunctionRow): DeclaredFunction {
  const schema = confirm === 'voice' ? withConfirmed(parameters, question) : parameters;
  const properties: unknown = schema?.properties;
  const takesArguments =
    typeof properties === 'object' && properties !== null && Object.keys(properties).length > 0;
  return {
    name,
    ...(description && { description }),
    ...(takesArguments && { [fitsSchema(schema) ? 'parameters' : 'parametersJsonSchema']: schema }),
    ...(behavior && { behavior }),
  };
}

function withConfirmed(parameters: FunctionRow['parameters'], question = ''): Record<string, unknown> {
  const { properties } = (parameters ?? {}) as { properties?: object };
  const asks = question ? `the question "${question}"` : 'your question whether to do this';
  return {
    type: 'object',
    ...parameters,
    properties: {
      ...properties,
      [CONFIRMED]: {
        type: 'boolean',
        description: `True only after the user has said yes to ${asks}. Leave it out in the first call.`,
      },
    },
  };
}

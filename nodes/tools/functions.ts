import type { DeclaredFunction, FunctionPolicy } from '../shared/registry';

/** One row of the dialog. Older or hand-written flows may leave anything out. */
export interface FunctionRow {
  name: string;
  description: string;
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

/** A row as the model is told of it. */
export function declarationOf({ name, description, parameters, behavior }: FunctionRow): DeclaredFunction {
  const takesArguments = Object.keys((parameters?.properties as object | undefined) ?? {}).length > 0;
  return {
    name,
    ...(description && { description }),
    ...(takesArguments && { parameters }),
    ...(behavior && { behavior }),
  };
}

/** How the calls of a row are answered. */
export function policyOf({ timeout, scheduling }: FunctionRow): FunctionPolicy {
  const seconds = timeout === undefined || timeout === '' ? NaN : Number(timeout);
  return {
    ...(seconds > 0 && { timeoutMs: Math.round(seconds * 1000) }),
    ...(scheduling && { scheduling }),
  };
}

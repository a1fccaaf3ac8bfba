/** One function of a gemini-live-tools node, as its flow keeps it. */
export interface FunctionRow {
  name: string;
  description: string;
  /** JSON Schema of the arguments: `{type: 'object', properties, required}`. */
  parameters: Json;
  behavior: '' | 'BLOCKING' | 'NON_BLOCKING';
  scheduling: '' | 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';
  /** Seconds; empty: what the session does by itself. */
  timeout: number | '';
  confirm: '' | 'flow' | 'voice';
  question?: string;
  /** Seconds. */
  confirmTimeout?: number;
}

/** Any JSON object. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A function of which only the name is known. */
export function emptyFunction(name: string): FunctionRow {
  return {
    name,
    description: '',
    parameters: { type: 'object', properties: {} },
    behavior: '',
    scheduling: '',
    timeout: '',
    confirm: '',
  };
}

/** The functions of a node as copies that can be edited, whatever a flow file holds. */
export function functionRows(value: unknown): FunctionRow[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((row) => {
    const copy = structuredClone(row);
    if (!isObject(copy['parameters'])) delete copy['parameters'];
    return { ...emptyFunction(''), ...copy };
  });
}

/** A name that is not taken yet: `name`, `name_2`, `name_3` … */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let count = 2; taken.includes(free); count += 1) free = `${name}_${count}`;
  return free;
}

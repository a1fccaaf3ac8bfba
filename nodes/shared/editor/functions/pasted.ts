import { emptyFunction, isObject, type FunctionRow, type Json } from './row';

/** What somebody has typed or pasted as JSON: functions, or the schema of one function's parameters. */
export type Pasted = { functions: FunctionRow[] } | { schema: Json } | { problem: string };

/**
 * Reads a JSON Schema, a function declaration, or a list of declarations, in the forms that are around: the Live API's,
 * with or without `functionDeclarations` and `tools` around it, that of MCP (`inputSchema`) and OpenAI's (`function`).
 */
export function readPasted(text: string): Pasted {
  let value: unknown;
  try {
    value = JSON.parse(text.trim() || '{}');
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const declarations = declarationsIn(value);
  if (declarations) return { functions: declarations.map(toRow) };
  return isObject(value) ? { schema: lowerCase(value) } : { problem: 'neither a schema nor a function' };
}

/** @returns undefined for anything but declarations */
function declarationsIn(value: unknown): Json[] | undefined {
  if (Array.isArray(value)) {
    const inside = value.map(declarationsIn);
    return inside.every((list) => list !== undefined) ? inside.flat() : undefined;
  }
  if (!isObject(value)) return undefined;
  for (const key of ['tools', 'functionDeclarations', 'function_declarations']) {
    if (Array.isArray(value[key])) return declarationsIn(value[key]);
  }
  if (isObject(value['function'])) return declarationsIn(value['function']);
  return typeof value['name'] === 'string' ? [value] : undefined;
}

function toRow(declaration: Json): FunctionRow {
  const { name, description, behavior } = declaration;
  const schema = ['parameters', 'parametersJsonSchema', 'inputSchema', 'input_schema']
    .map((key) => declaration[key])
    .find(isObject);
  return {
    ...emptyFunction(String(name)),
    ...(typeof description === 'string' ? { description } : {}),
    ...(behavior === 'BLOCKING' || behavior === 'NON_BLOCKING' ? { behavior } : {}),
    ...(schema ? { parameters: lowerCase(schema) } : {}),
  };
}

const API_TYPES = ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT'];

/** The API writes types in capitals, JSON Schema does not; here all is JSON Schema. */
function lowerCase(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, lowerKeyword(key, value)]));
}

function lowerKeyword(key: string, value: unknown): unknown {
  if (key === 'type' && typeof value === 'string' && API_TYPES.includes(value)) return value.toLowerCase();
  if ((key === 'properties' || key === '$defs') && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lowerAny(inner)]));
  if (key === 'items' || key === 'additionalProperties') return lowerAny(value);
  if (key === 'anyOf' || key === 'oneOf' || key === 'allOf' || key === 'prefixItems')
    return Array.isArray(value) ? value.map(lowerAny) : value;
  return value;
}

function lowerAny(value: unknown): unknown {
  return isObject(value) ? lowerCase(value) : value;
}

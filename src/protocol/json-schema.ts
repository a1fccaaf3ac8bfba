import { ProtocolError } from './errors';
import { types } from './schema';
import { isObject } from './walk';

type Json = Record<string, unknown>;

const TYPES = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL']);
/** A schema nested deeper than this is a circle. */
const MAX_DEPTH = 64;

/**
 * Turns JSON Schema into the API's `Schema`, exactly as the official SDK does for `parameters` and `response`:
 * upper-case types, `["integer","null"]` and `anyOf` with null as `nullable`, no `additionalProperties`. Anything
 * else passes unchanged, for the service to judge. The input is not changed.
 *
 * @throws ProtocolError `BAD_INPUT` for a schema that allows only null, or gives both `type` and `anyOf`.
 */
export function toSchema(input: unknown, depth = 0): Json {
  if (!isObject(input))
    throw bad(`a schema must be an object, not ${input === null ? 'null' : typeof input}`);
  if (depth > MAX_DEPTH) throw bad('a schema is nested too deeply, or contains itself');
  if (input['type'] && input['anyOf']) throw bad('a schema cannot have both "type" and "anyOf"');

  const out: Json = {};
  const json = withoutNullChoice(input, out);
  for (const [key, value] of Object.entries(json)) {
    if (value === null || value === undefined || key === 'additionalProperties') continue;
    if (key === 'type') Object.assign(out, typeOf(value));
    else if (key === 'items') out['items'] = toSchema(value, depth + 1);
    else if (key === 'anyOf') {
      const choices = Array.isArray(value) ? value : [];
      if (choices.some(isNullType)) out['nullable'] = true;
      out['anyOf'] = choices
        .filter((choice) => !isNullType(choice))
        .map((choice) => toSchema(choice, depth + 1));
    } else if (key === 'properties' && isObject(value)) {
      out['properties'] = Object.fromEntries(
        Object.entries(value).map(([name, property]) => [name, toSchema(property, depth + 1)]),
      );
    } else out[key] = value;
  }
  return out;
}

/**
 * Whether a JSON Schema says only what the API's `Schema` can say. Anything else belongs into `parametersJsonSchema`: in
 * `parameters` the service closes the session over a keyword that it does not know, and over choices that are no texts.
 */
export function fitsSchema(input: unknown, depth = 0): boolean {
  if (!isObject(input) || depth > MAX_DEPTH || (input['type'] && input['anyOf'])) return false;
  const fits = (inner: unknown): boolean => fitsSchema(inner, depth + 1);
  return Object.entries(input).every(([key, value]) => {
    if (key === 'type') return value !== 'null' && (typeof value === 'string' || Array.isArray(value));
    if (key === 'enum') return Array.isArray(value) && value.every((one) => typeof one === 'string');
    if (key === 'items') return fits(value);
    if (key === 'anyOf') return Array.isArray(value) && value.every((one) => isNullType(one) || fits(one));
    if (key === 'properties') return isObject(value) && Object.values(value).every(fits);
    return key === 'additionalProperties' || types.client.get('Schema')?.has(key) === true;
  });
}

/** A choice between null and one schema is that schema, nullable: the API has no null type. */
function withoutNullChoice(json: Json, out: Json): Json {
  const choices = json['anyOf'];
  if (!Array.isArray(choices) || choices.length !== 2) return json;
  const index = choices.findIndex(isNullType);
  const other: unknown = choices[1 - index];
  if (index < 0 || !isObject(other)) return json;
  out['nullable'] = true;
  return other;
}

function typeOf(type: unknown): Json {
  if (typeof type === 'string') {
    if (type === 'null') throw bad('a schema cannot allow null only');
    return { type: typeName(type) };
  }
  if (!Array.isArray(type)) throw bad('"type" of a schema must be a string or a list of strings');
  const names = type.filter((name) => name !== 'null').map((name) => typeName(String(name)));
  const nullable = type.includes('null') ? { nullable: true } : {};
  return names.length === 1
    ? { ...nullable, type: names[0] }
    : { ...nullable, anyOf: names.map((name) => ({ type: name })) };
}

function typeName(name: string): string {
  const upper = name.toUpperCase();
  return TYPES.has(upper) ? upper : 'TYPE_UNSPECIFIED';
}

function isNullType(schema: unknown): boolean {
  return isObject(schema) && schema['type'] === 'null';
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_INPUT', `Function declaration: ${what}`);
}

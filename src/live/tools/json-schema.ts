import { isObject } from '../../protocol';

type Json = Record<string, unknown>;

/** The API writes these int64 fields as text. */
const COUNTS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'];
/** A schema nested deeper than this is a circle. */
const MAX_DEPTH = 64;
/** Names of schemas by name, lists of schemas, and schemas, inside of a schema. */
const MAPS = ['properties', '$defs', 'definitions', 'patternProperties'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const SINGLE = ['items', 'additionalProperties', 'not'];

/**
 * A schema as proper JSON Schema: the API's upper-case types, `nullable` and int64 texts are translated, JSON Schema
 * stays what it is. The input is not changed.
 *
 * @throws Error for a schema that contains itself
 */
export function toJsonSchema(schema: unknown, depth = 0): unknown {
  if (!isObject(schema)) return schema;
  if (depth > MAX_DEPTH) throw new Error('the schema is nested too deeply, or contains itself');
  const inner = (value: unknown): unknown => toJsonSchema(value, depth + 1);
  const entries = Object.entries(schema).flatMap(([key, value]): Array<[string, unknown]> => {
    if (key === '$schema' || key === 'nullable' || key === 'format' || key === 'example') return [];
    if (key === 'type') return typeOf(value);
    if (COUNTS.includes(key) && typeof value === 'string') return [[key, Number(value)]];
    if (MAPS.includes(key) && isObject(value)) {
      return [[key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]))]];
    }
    if (LISTS.includes(key) && Array.isArray(value)) return [[key, value.map(inner)]];
    return [[key, SINGLE.includes(key) ? inner(value) : value]];
  });
  const out = Object.fromEntries(entries);
  return schema['nullable'] === true ? nullable(out) : out;
}

function typeOf(type: unknown): Array<[string, unknown]> {
  if (type === 'TYPE_UNSPECIFIED') return [];
  const lower = (one: unknown): unknown => (typeof one === 'string' ? one.toLowerCase() : one);
  return [['type', Array.isArray(type) ? type.map(lower) : lower(type)]];
}

function nullable(schema: Json): Json {
  const { type } = schema;
  const out = { ...schema };
  if (type !== undefined) out['type'] = [...new Set([type, 'null'].flat())];
  if (Array.isArray(schema['enum'])) out['enum'] = [...schema['enum'], null];
  if (Array.isArray(schema['anyOf'])) out['anyOf'] = [...schema['anyOf'], { type: 'null' }];
  return out;
}

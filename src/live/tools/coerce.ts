import { isObject } from '../../protocol';

type Json = Record<string, unknown>;

const YES = ['true', 'yes', 'on', '1'];
const NO = ['false', 'no', 'off', '0'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Arguments nested deeper than this are left as they are. */
const MAX_DEPTH = 32;

/**
 * Puts the usual slips of a model right, as far as they can only mean one thing: `"21"` where a number stands, `"on"` for
 * `true`, 1 for `"1"`, `"Living_Room"` where `"living room"` is allowed, one value for a list of one, JSON in a text, and
 * null for what may be left out. Everything else stays for the check to find.
 *
 * @param schema proper JSON Schema
 * @returns a copy
 */
export function coerce(value: unknown, schema: unknown, root: unknown = schema, depth = 0): unknown {
  const rule = resolved(schema, root);
  if (!isObject(rule) || depth > MAX_DEPTH) return value;
  const choices = rule['anyOf'] ?? rule['oneOf'];
  if (Array.isArray(choices)) return choice(value, choices, root, depth);
  if (Array.isArray(rule['enum'])) return ofEnum(value, rule['enum']);
  const types = [rule['type'] ?? (isObject(rule['properties']) ? 'object' : [])].flat() as string[];
  if (types.includes(typeName(value)) || (types.includes('number') && typeName(value) === 'integer')) {
    return inside(value, rule, root, depth);
  }
  for (const type of types) {
    const changed = toType(value, type);
    if (changed !== undefined) return inside(changed, rule, root, depth);
  }
  return value;
}

function inside(value: unknown, rule: Json, root: unknown, depth: number): unknown {
  if (Array.isArray(value)) {
    const { items } = rule;
    return items === undefined ? value : value.map((item) => coerce(item, items, root, depth + 1));
  }
  if (!isObject(value)) return value;
  const properties = isObject(rule['properties']) ? rule['properties'] : {};
  const required: unknown = rule['required'];
  const needed = (name: string): boolean => Array.isArray(required) && required.includes(name);
  const entries = Object.entries(value).flatMap(([name, inner]): Array<[string, unknown]> => {
    if (!Object.hasOwn(properties, name)) return [[name, inner]];
    const schema = properties[name];
    if (inner === null && !needed(name) && !takesNull(schema, root)) return [];
    return [[name, coerce(inner, schema, root, depth + 1)]];
  });
  // Not by assignment: a key may be "__proto__".
  return Object.fromEntries(entries);
}

/** The choice of which the value is already, or else the first that it can be turned into. */
function choice(value: unknown, choices: unknown[], root: unknown, depth: number): unknown {
  const type = typeName(value);
  const fits = (schema: unknown): boolean => {
    const rule = resolved(schema, root);
    if (!isObject(rule)) return false;
    if (Array.isArray(rule['enum'])) return rule['enum'].includes(value);
    const types = [rule['type']].flat();
    return types.includes(type) || (type === 'integer' && types.includes('number'));
  };
  const own = choices.find(fits);
  if (own !== undefined) return coerce(value, own, root, depth + 1);
  for (const schema of choices) {
    const changed = coerce(value, schema, root, depth + 1);
    if (changed !== value) return changed;
  }
  return value;
}

/** Spelling is what models get wrong: case, and "_" for a blank. */
function ofEnum(value: unknown, allowed: unknown[]): unknown {
  if (allowed.includes(value) || typeof value === 'object') return value;
  const plain = (one: unknown): string =>
    String(one)
      .trim()
      .toLowerCase()
      .replace(/[\s_-]+/g, ' ');
  const found = allowed.filter((one) => one !== null && plain(one) === plain(value));
  return found.length === 1 ? found[0] : value;
}

function toType(value: unknown, type: string): unknown {
  switch (type) {
    case 'number':
    case 'integer': {
      const text = typeof value === 'string' ? value.trim() : '';
      const number = NUMBER.test(text) ? Number(text) : NaN;
      return Number.isFinite(number) && (type === 'number' || Number.isInteger(number)) ? number : undefined;
    }
    case 'boolean': {
      const word =
        typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : '';
      return YES.includes(word) ? true : NO.includes(word) ? false : undefined;
    }
    case 'string':
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
    case 'array': {
      const parsed = parse(value);
      if (Array.isArray(parsed)) return parsed;
      return value === null || value === undefined ? undefined : [value];
    }
    case 'object': {
      const parsed = parse(value);
      return isObject(parsed) ? parsed : undefined;
    }
    default:
      return undefined;
  }
}

function parse(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

function takesNull(schema: unknown, root: unknown): boolean {
  const rule = resolved(schema, root);
  if (!isObject(rule)) return true;
  const { type, anyOf, oneOf, enum: allowed } = rule;
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.some((one) => takesNull(one, root));
  if (Array.isArray(allowed)) return allowed.includes(null);
  return type === undefined || [type].flat().includes('null');
}

/** A schema in place of a reference to one of the same document. */
function resolved(schema: unknown, root: unknown): unknown {
  let rule = schema;
  for (let hops = 0; isObject(rule) && typeof rule['$ref'] === 'string' && hops < MAX_DEPTH; hops++) {
    const { $ref } = rule;
    if (!$ref.startsWith('#')) return undefined;
    const steps = $ref.slice(1).split('/').slice(1);
    rule = steps.reduce<unknown>((at, step) => {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      return isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    }, root);
  }
  return rule;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

type Json = Record<string, unknown>;

/** Keywords of JSON Schema that the API reads in `parametersJsonSchema` (API reference, FunctionDeclaration). */
const PLAIN = [
  'type',
  'format',
  'title',
  'enum',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'propertyOrdering',
];
/** Those of them that may be lists. */
const LISTS = ['type', 'enum', 'propertyOrdering'];
/** Keywords that say nothing that is lost when they are left out. */
const SILENT = [
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'examples',
  'readOnly',
  'writeOnly',
  'deprecated',
];
/** Keywords that are gathered from all parts of `allOf`. */
const PARTS_OF_ALL = ['$ref', 'allOf', 'properties', 'required'];
/** Levels in which a schema that contains itself is written out. */
const MAX_ROUNDS = 2;
const MAX_DEPTH = 24;
/** Most schemas in one: references of references grow without bounds. */
const MAX_SCHEMAS = 1000;
/** Longest schema as a server writes it, with all that it may refer to (characters of JSON). */
const MAX_INPUT = 1_000_000;
/** Longest schema for the model, which reads it in every turn (characters of JSON). */
const MAX_OUTPUT = 200_000;
const TOO_LARGE = 'its input schema is too large';

/** A schema for the model, and what it does not say any more. */
export interface ModelSchema {
  schema: Json;
  /** Keywords that were left out. The server still knows them, and refuses what does not fit. */
  lost: string[];
}

/**
 * Turns the input schema of a tool into JSON Schema that the model takes: references are written out, `const`, `oneOf` and `allOf`
 * become what means the same, and keywords that the API does not know stay out.
 *
 * @throws Error that says why no model could take it
 */
export function modelSchema(input: unknown): ModelSchema {
  if (!isJson(input)) throw new Error('its input schema is no object');
  const { type } = input;
  if (type !== undefined && type !== 'object') throw new Error('its arguments are no object');
  limit(input, MAX_INPUT);
  const writer = new Writer(input);
  const schema = writer.write(input, 0, []);
  if (isJson(schema.properties) && Object.keys(schema.properties).length === 0) delete schema.properties;
  limit(schema, MAX_OUTPUT);
  return { schema: { ...schema, type: 'object' }, lost: [...writer.lost].sort() };
}

class Writer {
  readonly lost = new Set<string>();
  #count = 0;

  constructor(private readonly root: Json) {}

  /** @param above references that this schema stands in */
  write(input: unknown, depth: number, above: readonly string[]): Json {
    if (depth > MAX_DEPTH) throw new Error(TOO_LARGE);
    this.#counted();
    if (!isJson(input)) return {};
    if (typeof input.$ref === 'string') return this.#reference(input, input.$ref, depth, above);
    const schema = Array.isArray(input.allOf) ? this.#all(input, input.allOf) : input;
    const out: Json = {};
    for (const name of PLAIN) if (isPlain(name, schema[name])) out[name] = schema[name];
    this.#values(schema, out);
    this.#children(schema, out, depth, above);
    const description = this.#description(schema);
    if (description) out.description = description;
    this.#rest(schema);
    return out;
  }

  #reference(input: Json, ref: string, depth: number, above: readonly string[]): Json {
    const { $ref: _ref, ...beside } = input;
    const target = this.#find(ref);
    if (above.filter((one) => one === ref).length >= MAX_ROUNDS) {
      this.lost.add('$ref');
      return { type: isJson(target) && typeof target.type === 'string' ? target.type : 'object' };
    }
    return this.write(isJson(target) ? { ...target, ...beside } : beside, depth + 1, [...above, ref]);
  }

  /** Only what the schema itself holds is looked up, never the network. */
  #find(ref: string): unknown {
    if (!ref.startsWith('#'))
      throw new Error(`its input schema refers to another document (${ref.slice(0, 60)})`);
    let place: unknown = this.root;
    for (const step of ref.slice(1).split('/').filter(Boolean)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      place =
        (isJson(place) || Array.isArray(place)) && Object.hasOwn(place, name)
          ? (place as Json)[name]
          : undefined;
    }
    if (place === undefined)
      throw new Error(`its input schema refers to ${ref.slice(0, 60)}, which is not there`);
    return place;
  }

  /** All of several objects is one object with the properties of all. What stands first counts. */
  #all(input: Json, parts: readonly unknown[]): Json {
    const { allOf: _all, ...own } = input;
    const out: Json = { __proto__: null, ...own };
    const properties: Json = { __proto__: null, ...(isJson(out.properties) && out.properties) };
    const required = new Set(listOf(out.required));
    const add = (raw: unknown, above: readonly string[]): void => {
      if (!isJson(raw)) return;
      this.#counted();
      if (typeof raw.$ref === 'string') {
        // All of itself is itself.
        if (!above.includes(raw.$ref)) add(this.#find(raw.$ref), [...above, raw.$ref]);
      }
      for (const [name, value] of Object.entries(raw)) {
        if (!PARTS_OF_ALL.includes(name) && !Object.hasOwn(out, name)) out[name] = value;
      }
      if (isJson(raw.properties)) {
        for (const [name, child] of Object.entries(raw.properties)) properties[name] ??= child;
      }
      listOf(raw.required).forEach((name) => required.add(name));
      listOf(raw.allOf).forEach((part) => add(part, above));
    };
    parts.forEach((part) => add(part, []));
    if (Object.keys(properties).length) out.properties = properties;
    if (required.size) out.required = [...required];
    return out;
  }

  #counted(): void {
    this.#count += 1;
    if (this.#count > MAX_SCHEMAS) throw new Error(TOO_LARGE);
  }

  #values({ const: only, enum: values, type }: Json, out: Json): void {
    if (only !== undefined) out.enum = [only];
    if (values === undefined && only === undefined) return;
    const list = [...new Set(listOf(out.enum))].filter((value) => value !== null && value !== '');
    // A choice among truth values, or among objects, is nothing that the API can be told.
    const known =
      list.length > 0 && list.every((value) => typeof value === 'string' || typeof value === 'number');
    if (known) {
      out.enum = list;
      out.type = type ?? (list.every((value) => typeof value === 'string') ? 'string' : 'number');
    } else delete out.enum;
  }

  #children(schema: Json, out: Json, depth: number, above: readonly string[]): void {
    const write = (child: unknown): Json => this.write(child, depth + 1, above);
    const { properties, required, items, additionalProperties } = schema;
    if (isJson(properties)) {
      const kept = Object.entries(properties).filter(
        ([name, child]) => child !== false && name !== '__proto__',
      );
      out.properties = Object.fromEntries(kept.map(([name, child]) => [name, typed(write(child))]));
      out.type ??= 'object';
      const known = new Set<unknown>(kept.map(([name]) => name));
      const names = listOf(required).filter((name) => known.has(name));
      if (names.length) out.required = [...new Set(names)];
    }
    if (Array.isArray(items)) out.prefixItems = items.map(write);
    else if (items !== undefined) out.items = typed(write(items));
    if (Array.isArray(schema.prefixItems)) out.prefixItems = schema.prefixItems.map(write);
    if (out.type === 'array' && !out.items && !out.prefixItems) out.items = { type: 'string' };
    if (typeof additionalProperties === 'boolean') out.additionalProperties = additionalProperties;
    else if (isJson(additionalProperties)) out.additionalProperties = write(additionalProperties);
    const choices = [...listOf(schema.anyOf), ...listOf(schema.oneOf)];
    if (choices.length) out.anyOf = choices.map((choice) => typed(write(choice)));
  }

  /** What the API has no keyword for is told in words. */
  #description({ description, default: usual, pattern }: Json): string {
    const words = typeof description === 'string' ? [description] : [];
    if (usual !== undefined && usual !== null) words.push(`(default: ${JSON.stringify(usual).slice(0, 80)})`);
    if (typeof pattern === 'string') words.push(`(pattern: ${pattern.slice(0, 80)})`);
    return words.join(' ');
  }

  #rest(schema: Json): void {
    const told = [
      ...PLAIN,
      ...SILENT,
      'description',
      'default',
      'pattern',
      'const',
      'properties',
      'required',
      'items',
    ];
    const known = [...told, 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', '$ref'];
    for (const name of Object.keys(schema)) {
      if (!known.includes(name) && !name.startsWith('x-')) this.lost.add(name);
    }
  }
}

/** @throws Error when it is so large, or so deep, that it would hold up everything else */
function limit(schema: Json, most: number): void {
  let size = Infinity;
  try {
    size = JSON.stringify(schema).length;
  } catch {
    // It is too deep to be written.
  }
  if (size > most) throw new Error(TOO_LARGE);
}

/** Whether a keyword's value is none that anything can hide in. */
function isPlain(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (Array.isArray(value)) return LISTS.includes(name) && value.every((one) => isPlain('', one));
  return typeof value !== 'object' || value === null;
}

/** A parameter that may be anything is told as a text: the API wants a type. */
function typed(schema: Json): Json {
  return schema.type === undefined && schema.anyOf === undefined ? { type: 'string', ...schema } : schema;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

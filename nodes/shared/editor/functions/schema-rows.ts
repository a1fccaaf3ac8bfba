import { isObject, type Json } from './row';

/** Types that a parameter's list offers. */
export const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type ParameterType = (typeof TYPES)[number];

/** One parameter as a row shows it. What the row has no field for stays in `schema` untouched. */
export interface Parameter {
  name: string;
  required: boolean;
  schema: unknown;
}

/** Keywords that a row shows; the others can be seen and changed as JSON. */
const SHOWN = ['type', 'description', 'enum'];
/** Keywords that make a schema more than a list of properties. */
const BEYOND_ROWS = ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'patternProperties'];

/** @returns the parameters; undefined where rows cannot show them. */
export function readParameters(schema: Json): Parameter[] | undefined {
  const { type = 'object', properties = {}, required = [] } = schema;
  if (type !== 'object' || !isObject(properties) || !Array.isArray(required)) return undefined;
  if (BEYOND_ROWS.some((keyword) => keyword in schema)) return undefined;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property,
  }));
}

/** Puts parameters into a schema. Whatever else it says stays. */
export function writeParameters(schema: Json, parameters: readonly Parameter[]): Json {
  const out: Json = { type: 'object', ...schema };
  out['properties'] = Object.fromEntries(parameters.map(({ name, schema: property }) => [name, property]));
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  if (required.length > 0) out['required'] = required;
  else delete out['required'];
  return out;
}

/** The type that a row shows; undefined for what only JSON can show. */
export function typeOf(schema: unknown): ParameterType | undefined {
  if (!isObject(schema) || BEYOND_ROWS.some((keyword) => keyword in schema)) return undefined;
  return TYPES.find((type) => type === schema['type']);
}

/** The same parameter with another type. What belonged to the old type goes. */
export function withType(schema: unknown, type: ParameterType): Json {
  const description = isObject(schema) ? schema['description'] : undefined;
  return {
    type,
    ...(description === undefined ? {} : { description }),
    ...(type === 'array' ? { items: { type: 'string' } } : {}),
    ...(type === 'object' ? { properties: {} } : {}),
  };
}

/** Sets a keyword, or takes it away with an empty value. */
export function withKeyword(schema: unknown, keyword: string, value: string): unknown {
  if (!isObject(schema)) return schema;
  const { [keyword]: _old, ...rest } = schema;
  return value === '' ? rest : { ...rest, [keyword]: value };
}

/** What a row says of a schema that goes beyond it: `list of string`, `object: street, town`. */
export function summaryOf(schema: unknown): string {
  if (!isObject(schema)) return '';
  const { items, properties } = schema;
  if (schema['type'] === 'array' && isObject(items)) return `list of ${String(items['type'] ?? '…')}`;
  if (schema['type'] === 'object' && isObject(properties)) {
    const names = Object.keys(properties);
    return names.length ? `{ ${names.join(', ')} }` : '{ }';
  }
  return BEYOND_ROWS.filter((keyword) => keyword in schema).join(', ');
}

/** Keywords that the row of this schema does not show. */
export function hiddenKeywords(schema: unknown): string[] {
  const type = typeOf(schema);
  if (!isObject(schema) || type === undefined || type === 'array' || type === 'object') return [];
  const range = isNumeric(type) && !('enum' in schema) ? ['minimum', 'maximum'] : [];
  return Object.keys(schema).filter((keyword) => !SHOWN.includes(keyword) && !range.includes(keyword));
}

/** Whether a row can show and change the allowed values of this schema as text. */
export function hasAllowed(schema: unknown): schema is Json {
  const type = typeOf(schema);
  if (!isObject(schema) || (type !== 'string' && !isNumeric(type))) return false;
  const values = schema['enum'];
  if (values === undefined) return true;
  return Array.isArray(values) && values.every((value) => ['string', 'number'].includes(typeof value));
}

/** Allowed values as text: `kitchen, bedroom`, or for numbers a range `0..100`. */
export function allowedText(schema: unknown): string {
  if (!hasAllowed(schema)) return '';
  const { enum: values, minimum, maximum } = schema;
  if (Array.isArray(values)) return values.map((value) => quoted(String(value))).join(', ');
  if (!isNumeric(typeOf(schema)) || (minimum === undefined && maximum === undefined)) return '';
  return `${minimum ?? ''}..${maximum ?? ''}`;
}

/** Takes over what was typed as allowed values. What makes no sense for the type is left for the check to find. */
export function withAllowed(schema: Json, text: string): Json {
  const numeric = isNumeric(typeOf(schema));
  const { enum: _values, ...out } = schema;
  if (numeric) {
    delete out['minimum'];
    delete out['maximum'];
    const range = /^\s*(-?[\d.]*?)\s*(?:\.\.+|…|–)\s*(-?[\d.]*)\s*$/.exec(text);
    if (range) {
      if (range[1]) out['minimum'] = Number(range[1]);
      if (range[2]) out['maximum'] = Number(range[2]);
      return out;
    }
  }
  const values = unquoted(text).map((value) => (numeric && isNumber(value) ? Number(value) : value));
  return values.length ? { ...out, enum: values } : out;
}

function isNumeric(type: string | undefined): boolean {
  return type === 'number' || type === 'integer';
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/** Values with commas, quotes or spaces at an end stand in quotes. */
function quoted(value: string): string {
  return /[",]|^\s|\s$|^$/.test(value) ? JSON.stringify(value) : value;
}

function unquoted(text: string): string[] {
  const parts = text.match(/"(?:[^"\\]|\\.)*"|[^,"]+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter(Boolean)
    .map(readQuoted);
}

function readQuoted(part: string): string {
  if (!part.startsWith('"')) return part;
  try {
    return String(JSON.parse(part));
  } catch {
    return part;
  }
}

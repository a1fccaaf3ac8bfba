/** A mistake in a function declaration, and where it stands. */
export interface DeclarationProblem {
  /** Where, such as `parameters.properties.room.enum[2]`; empty: the declaration as a whole. */
  path: string;
  /** What is wrong there, and what is right. */
  problem: string;
}

/** Names that the API takes (Live API, "function declarations"): a letter or "_" first, at most 128 characters. */
export const FUNCTION_NAME = /^[A-Za-z_][\w.:-]{0,127}$/;

const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
const BEHAVIORS = ['UNSPECIFIED', 'BLOCKING', 'NON_BLOCKING'];
const SCHEMAS = ['parameters', 'parametersJsonSchema', 'response', 'responseJsonSchema'];
const COUNTS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'];
/** A schema nested deeper than this is a circle, or nothing that a model fills in. */
const MAX_DEPTH = 32;

type Fields = Record<string, unknown>;
type Report = (path: string, problem: string) => void;

/**
 * Looks for mistakes in a function declaration, as written in JSON Schema or in the API's own `Schema`. It uses nothing
 * of Node.js, so that a dialog in a browser finds the same as the runtime.
 *
 * @returns the mistakes in the order of the declaration; none when the service should accept it
 */
export function checkDeclaration(declaration: unknown): DeclarationProblem[] {
  const problems: DeclarationProblem[] = [];
  const report: Report = (path, problem) => problems.push({ path, problem });
  if (!isFields(declaration)) {
    report('', `A function declaration is an object, not ${kindOf(declaration)}.`);
    return problems;
  }
  checkName(declaration['name'], report);
  text(declaration, 'description', '', report);
  const { behavior } = declaration;
  if (behavior !== undefined && !BEHAVIORS.includes(behavior as string)) {
    report('behavior', `It must be BLOCKING or NON_BLOCKING, not ${shown(behavior)}.`);
  }
  for (const name of SCHEMAS) if (declaration[name] !== undefined) root(declaration[name], name, report);
  return problems;
}

/**
 * Looks for mistakes in a schema alone.
 *
 * @param path where it stands, for the places of the mistakes
 */
export function checkSchema(schema: unknown, path = ''): DeclarationProblem[] {
  const problems: DeclarationProblem[] = [];
  visit(schema, path, 0, (at, problem) => problems.push({ path: at, problem }));
  return problems;
}

function checkName(name: unknown, report: Report): void {
  if (name === undefined || name === '') report('name', 'A function needs a name.');
  else if (typeof name !== 'string' || !FUNCTION_NAME.test(name)) {
    report(
      'name',
      `${shown(name)} is no name of a function: up to 128 letters (a–z), digits, "_", ".", ":" and "-", with a letter or "_" first.`,
    );
  }
}

/** Arguments and results are always objects. */
function root(schema: unknown, path: string, report: Report): void {
  if (isFields(schema) && path.startsWith('parameters')) {
    const type = schema['type'];
    if (type !== undefined && lower(type) !== 'object') {
      report(
        `${path}.type`,
        `The arguments of a function are an object: it must be "object", not ${shown(type)}.`,
      );
      return;
    }
  }
  visit(schema, path, 0, report);
}

function visit(schema: unknown, path: string, depth: number, report: Report): void {
  if (!isFields(schema)) return report(path, `A schema is an object, not ${kindOf(schema)}.`);
  if (depth > MAX_DEPTH) return report(path, `It is nested more than ${MAX_DEPTH} levels deep.`);
  checkType(schema, path, report);
  for (const name of ['title', 'description', 'format']) text(schema, name, path, report);
  checkEnum(schema, path, report);
  checkNumbers(schema, path, report);
  checkPattern(schema, path, report);
  checkChildren(schema, path, depth, report);
}

function checkType(schema: Fields, path: string, report: Report): void {
  const { type } = schema;
  if (type === undefined) {
    const other = ['anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'const', 'properties'].some(
      (key) => key in schema,
    );
    if (!other && depthOf(path) > 0) report(path, `It needs a "type": one of ${TYPES.join(', ')}.`);
    return;
  }
  const list: unknown[] = Array.isArray(type) ? type : [type];
  if (list.length === 0) report(join(path, 'type'), 'The list of types is empty.');
  list.forEach((one, index) => {
    if (TYPES.includes(lower(one))) return;
    const at = Array.isArray(type) ? `${join(path, 'type')}[${index}]` : join(path, 'type');
    report(at, `${shown(one)} is no type: there are ${TYPES.join(', ')}.`);
  });
  if (lower(type) === 'array' && schema['items'] === undefined && schema['prefixItems'] === undefined) {
    report(path, 'An array needs "items": the schema of its entries.');
  }
}

function checkEnum(schema: Fields, path: string, report: Report): void {
  const values = schema['enum'];
  if (values === undefined) return;
  const at = join(path, 'enum');
  if (!Array.isArray(values) || values.length === 0) {
    return report(at, 'It must be a list of at least one allowed value.');
  }
  values.forEach((value: unknown, index) => {
    if (value === '') report(`${at}[${index}]`, 'An allowed value must not be empty.');
    else if (typeof value === 'object' && value !== null) {
      report(`${at}[${index}]`, `An allowed value must be a text or a number, not ${kindOf(value)}.`);
    } else if (lower(schema['type']) === 'string' && typeof value !== 'string') {
      report(`${at}[${index}]`, `An allowed value of a string must be a text, not ${shown(value)}.`);
    }
    if (values.indexOf(value) < index) report(`${at}[${index}]`, `${shown(value)} is there twice.`);
  });
}

function checkNumbers(schema: Fields, path: string, report: Report): void {
  for (const name of ['minimum', 'maximum', 'multipleOf']) {
    const value = schema[name];
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value))) {
      report(join(path, name), `It must be a number, not ${shown(value)}.`);
    }
  }
  for (const name of COUNTS) {
    const value = schema[name];
    // The API writes these int64 fields as text.
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (value !== undefined && (!Number.isInteger(number) || Number(number) < 0)) {
      report(join(path, name), `It must be a whole number from 0 up, not ${shown(value)}.`);
    }
  }
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number' && minimum > maximum) {
    report(join(path, 'minimum'), `It is greater than the maximum: ${minimum} > ${maximum}.`);
  }
}

function checkPattern(schema: Fields, path: string, report: Report): void {
  const { pattern } = schema;
  if (pattern === undefined) return;
  try {
    new RegExp(pattern as string, 'u');
    if (typeof pattern === 'string') return;
  } catch {
    // Told below.
  }
  report(join(path, 'pattern'), `${shown(pattern)} is no regular expression.`);
}

function checkChildren(schema: Fields, path: string, depth: number, report: Report): void {
  const { properties, required, items } = schema;
  if (properties !== undefined) {
    const at = join(path, 'properties');
    if (!isFields(properties))
      report(at, `It must be an object of schemas by name, not ${kindOf(properties)}.`);
    else {
      for (const [name, property] of Object.entries(properties)) {
        if (name === '' || name === '__proto__') report(at, `${shown(name)} is no name of a parameter.`);
        else visit(property, join(at, name), depth + 1, report);
      }
    }
  }
  if (required !== undefined) checkRequired(required, properties, join(path, 'required'), report);
  if (items !== undefined && !Array.isArray(items)) visit(items, join(path, 'items'), depth + 1, report);
  for (const name of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) {
    const list = schema[name];
    if (list === undefined) continue;
    const at = join(path, name);
    if (!Array.isArray(list) || list.length === 0) report(at, 'It must be a list of schemas.');
    else list.forEach((one, index) => visit(one, `${at}[${index}]`, depth + 1, report));
  }
}

function checkRequired(required: unknown, properties: unknown, at: string, report: Report): void {
  if (!Array.isArray(required)) return report(at, `It must be a list of names, not ${kindOf(required)}.`);
  required.forEach((name: unknown, index) => {
    if (typeof name !== 'string') report(`${at}[${index}]`, `It must be a name, not ${kindOf(name)}.`);
    else if (isFields(properties) && !Object.hasOwn(properties, name)) {
      report(`${at}[${index}]`, `${shown(name)} is required, but there is no such property.`);
    } else if (required.indexOf(name) < index) report(`${at}[${index}]`, `${shown(name)} is there twice.`);
  });
}

function text(fields: Fields, name: string, path: string, report: Report): void {
  const value = fields[name];
  if (value !== undefined && typeof value !== 'string') {
    report(join(path, name), `It must be a text, not ${kindOf(value)}.`);
  }
}

function depthOf(path: string): number {
  return path.split('.').length - 1;
}

function join(path: string, name: string): string {
  const step = /^[\w$-]+$/.test(name) ? name : JSON.stringify(name);
  if (path === '') return step;
  return step.startsWith('"') ? `${path}[${step}]` : `${path}.${step}`;
}

function lower(type: unknown): string {
  return typeof type === 'string' ? type.toLowerCase() : '';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}

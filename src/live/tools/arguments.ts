import Ajv, { type ErrorObject } from 'ajv';
import { isObject } from '../../protocol';
import { coerce } from './coerce';
import { toJsonSchema } from './json-schema';
import type { ToolArgs } from './open-call';

/** What a checker needs of a declaration. */
export interface CheckedDeclaration {
  name?: string;
  /** JSON Schema, or the API's own `Schema`. */
  parameters?: object;
  /** JSON Schema. */
  parametersJsonSchema?: unknown;
}

/** The arguments as declared, or what is wrong with them in words for the model. */
export type CheckedArguments =
  { args: ToolArgs; problems?: undefined } | { args?: undefined; problems: string[] };

/** Checks the arguments of one function. */
export type ArgumentChecker = (args: unknown) => CheckedArguments;

/**
 * One for all: making it costs more than compiling with it. Schemas of tools are for models, so their mistakes are no
 * reason to let a call fail; they are found where tools are declared.
 */
const ajv = new Ajv({
  allErrors: true,
  strict: false,
  verbose: true,
  validateFormats: false,
  validateSchema: false,
  addUsedSchema: false,
  meta: false,
  logger: false,
});

/** More would not help a model. */
const MAX_PROBLEMS = 5;
const MAX_SHOWN = 60;

/**
 * Holds arguments against the declaration of their function and puts the usual slips right, such as `"21"` for a number.
 * What is not declared stays, unless `additionalProperties` is false. A declaration that cannot be understood, for example
 * because it refers to a schema elsewhere, is not held against anybody.
 */
export function checkArguments(declaration: CheckedDeclaration, args: unknown): CheckedArguments {
  return argumentChecker(declaration)(args);
}

/** As {@link checkArguments}, for many calls: what is needed of the schema is made once. */
export function argumentChecker({ parameters, parametersJsonSchema }: CheckedDeclaration): ArgumentChecker {
  let schema: unknown;
  let fits: ReturnType<Ajv['compile']> | undefined;
  try {
    schema = toJsonSchema(parameters ?? parametersJsonSchema ?? {});
    fits = ajv.compile(schema as object);
  } catch {
    // The service judges declarations; here they only help.
  }
  // The checker keeps what it needs; without this every declaration ever made would stay.
  if (isObject(schema)) ajv.removeSchema(schema);
  return (given) => {
    const args = parsed(given);
    if (!isObject(args)) return { problems: [`The arguments must be an object, got ${shown(given)}`] };
    if (!fits) return { args };
    const put = coerce(args, schema) as ToolArgs;
    if (fits(put)) return { args: put };
    const problems = [...new Set((fits.errors ?? []).filter(telling).map(inWords))];
    return { problems: problems.slice(0, MAX_PROBLEMS) };
  };
}

/** Some models write all arguments into one text. */
function parsed(args: unknown): unknown {
  if (args === undefined || args === null || args === '') return {};
  if (typeof args !== 'string') return args;
  try {
    return JSON.parse(args) as unknown;
  } catch {
    return args;
  }
}

/** That none of the choices fits says enough; why each does not is confusing. */
function telling({ schemaPath, keyword }: ErrorObject): boolean {
  return keyword !== 'if' && !/\/(anyOf|oneOf)\/\d+\//.test(schemaPath);
}

function inWords({ instancePath, keyword, params, message, data, parentSchema }: ErrorObject): string {
  const place = placeOf(instancePath);
  const inner = (name: string): string => (place === '' ? name : `${place}.${name}`);
  switch (keyword) {
    case 'required':
      return `"${inner(String(params['missingProperty']))}" is missing`;
    case 'additionalProperties':
      return `"${inner(String(params['additionalProperty']))}" is not a parameter of this function`;
    case 'enum':
      return `"${place}" must be one of ${list(params['allowedValues'])}, got ${shown(data)}`;
    case 'type':
      return `"${place}" must be ${a([params['type']].flat().join(' or '))}, got ${shown(data)}`;
    case 'anyOf':
    case 'oneOf':
      return `"${place}" fits none of the allowed forms, got ${shown(data)}`;
    case 'pattern':
      return `"${place}" must match ${String(params['pattern'])}, got ${shown(data)}`;
    case 'minimum':
    case 'maximum': {
      const { minimum, maximum } = (parentSchema ?? {}) as { minimum?: number; maximum?: number };
      const both = minimum !== undefined && maximum !== undefined;
      const what = both
        ? `from ${minimum} to ${maximum}`
        : minimum === undefined
          ? `at most ${maximum}`
          : `at least ${minimum}`;
      return `"${place}" must be ${what}, got ${shown(data)}`;
    }
    default:
      return `"${place || 'arguments'}" ${message ?? 'is wrong'}, got ${shown(data)}`;
  }
}

/** `/rooms/0/name` → `rooms[0].name`. */
function placeOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`),
      '',
    );
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : String(values);
}

function a(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
}

import { mapValueType, schemas, type FieldType } from './schema';
import { isObject } from './walk';

type Test = (value: unknown) => boolean;

const tests = new Map<string, Map<string, Test>>();

for (const [name, fields] of Object.entries(schemas.server.defs)) {
  const compiled = Object.entries(fields).map(
    ([field, { type }]) => [field, test(type, name, field)] as const,
  );
  tests.set(name, new Map(compiled));
}

/**
 * Whether a server message is exactly as the schema wants it, so that it need not be walked. Twenty-five chunks of
 * audio arrive per second of each conversation, and nearly all of them are clean.
 */
export function isClean(message: Record<string, unknown>): boolean {
  return cleanObject(tests.get(schemas.server.root)!, message);
}

function cleanObject(fields: Map<string, Test>, object: object): boolean {
  for (const key in object) {
    const fits = fields.get(key);
    if (!fits || !fits((object as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function test(type: FieldType, owner: string, field: string): Test {
  if (typeof type === 'string') return scalar(type, field);
  if ('ref' in type) {
    const { ref } = type;
    return (value) => isObject(value) && cleanObject(tests.get(ref) ?? new Map<string, Test>(), value);
  }
  if ('array' in type) {
    const item = test(type.array, owner, field);
    return (value) => Array.isArray(value) && value.every(item);
  }
  if ('enum' in type) {
    const values = new Set<unknown>(type.enum);
    return (value) => values.has(value);
  }
  return (value) => isObject(value) && mapValueType(owner, field) === undefined;
}

function scalar(type: string, field: string): Test {
  if (type === 'unknown') return (value) => value !== null;
  if (type === 'number' || type === 'boolean') return (value) => typeof value === type;
  if (type === 'int64-string') return (value) => typeof value === 'string' && /^-?\d+$/.test(value);
  if (field !== 'data') return (value) => typeof value === 'string';
  return (value) => typeof value === 'string' && !value.includes('-') && !value.includes('_');
}

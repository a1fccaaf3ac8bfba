import fc from 'fast-check';
import { mapValueType, type FieldType } from '../../src/protocol/schema';
import { schemas, type MessageKind } from '../../src/protocol';

/** Messages of a type with any of its fields, as the schema allows them. */
export function messageOf(kind: MessageKind, typeName: string, depth = 4): fc.Arbitrary<object> {
  const fields = Object.entries(schemas[kind].defs[typeName] ?? {});
  // Far down everything is left out, or circles such as Schema.items would never end.
  const shown = depth > 0 ? fields : fields.filter(([, { type }]) => typeof type === 'string');
  return fc.record(
    Object.fromEntries(
      shown.map(([name, { type }]) => [name, valueOf(kind, type, typeName, name, depth - 1)]),
    ),
    { requiredKeys: [] },
  );
}

function valueOf(
  kind: MessageKind,
  type: FieldType,
  owner: string,
  field: string,
  depth: number,
): fc.Arbitrary<unknown> {
  if (typeof type === 'string') return scalar(type);
  if ('ref' in type) return messageOf(kind, type.ref, depth);
  if ('array' in type) {
    return fc.array(valueOf(kind, type.array, owner, field, depth), { maxLength: 2 });
  }
  if ('enum' in type) return Array.isArray(type.enum) ? fc.constantFrom(...type.enum) : fc.string();
  const valueType = mapValueType(owner, field);
  const value: fc.Arbitrary<unknown> = valueType ? messageOf(kind, valueType, depth - 1) : fc.jsonValue();
  return fc.dictionary(fc.string(), value, { maxKeys: 2 });
}

function scalar(type: string): fc.Arbitrary<unknown> {
  if (type === 'number') return fc.double({ noNaN: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'int64-string') return fc.integer().map(String);
  if (type === 'unknown') return fc.jsonValue().filter((value) => value !== null);
  const choices = [...type.matchAll(/'([^']+)'/g)].map((match) => match[1]!);
  return choices.length > 0 ? fc.constantFrom(...choices) : fc.string();
}

/** Any write to it or to anything in it throws. */
export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** Path and value of every leaf; an empty object or list is a leaf. */
export function leaves(value: unknown, path: string[] = []): Array<[path: string[], value: unknown]> {
  if (value === null || typeof value !== 'object') return [[path, value]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, value]];
  return entries.flatMap(([name, item]) => leaves(item, [...path, name]));
}

/** What stands at a path. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const step of path) {
    if (found === null || typeof found !== 'object') return undefined;
    found = (found as Record<string, unknown>)[step];
  }
  return found;
}

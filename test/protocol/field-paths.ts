import type { FieldDef, FieldType } from '../../src/protocol/schema';
import { schemas, type MessageKind } from '../../src/protocol';

/** One field of a message, by the way to it from the top. */
export interface FieldPath {
  /** `setup.tools[].functionDeclarations[].name`. */
  path: string;
  /** Type that owns the field. */
  owner: string;
  name: string;
  def: FieldDef;
  /** The backend on which the whole way exists; undefined: both. */
  only: 'gemini' | 'vertex' | undefined;
}

/** Every field of every message, on every way to it that visits no type twice. */
export function fieldPaths(kind: MessageKind): FieldPath[] {
  const { root, defs } = schemas[kind];
  const out: FieldPath[] = [];
  const visit = (owner: string, before: string, seen: readonly string[], above: FieldPath['only']): void => {
    for (const [name, def] of Object.entries(defs[owner] ?? {})) {
      const path = before ? `${before}.${name}` : name;
      const only = def.vertexOnly ? 'vertex' : def.devOnly ? 'gemini' : above;
      out.push({ path: `${path}${isList(def.type) ? '[]' : ''}`, owner, name, def, only });
      const inner = referenced(def.type);
      if (inner && !seen.includes(inner)) {
        visit(inner, `${path}${isList(def.type) ? '[]' : ''}`, [...seen, inner], only);
      }
    }
  };
  visit(root, '', [root], undefined);
  return out;
}

/** The message type that a field holds, alone or in a list. */
export function referenced(type: FieldType): string | undefined {
  if (typeof type === 'string') return undefined;
  if ('ref' in type) return type.ref;
  return 'array' in type ? referenced(type.array) : undefined;
}

/** A message in which only one field is set: the objects and lists on the way to it, and nothing else. */
export function messageWith(path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  const inner = rest.length === 0 ? value : messageWith(rest.join('.'), value);
  return first.endsWith('[]') ? { [first.slice(0, -2)]: [inner] } : { [first]: inner };
}

/** What stands at a path of a message. */
export function at(message: unknown, path: string): unknown {
  let found = message;
  for (const step of path.split('.')) {
    found = (found as Record<string, unknown> | undefined)?.[step.replace('[]', '')];
    if (step.endsWith('[]')) found = (found as unknown[] | undefined)?.[0];
  }
  return found;
}

/** A value of a type that is found again: it holds the number. */
export function probeOf(type: FieldType, n: number): unknown {
  if (typeof type === 'object') {
    if ('ref' in type) return {};
    if ('array' in type) return probeOf(type.array, n);
    if ('enum' in type) return Array.isArray(type.enum) ? type.enum.at(-1) : `PROBE_${n}`;
    return { probe: `probe-${n}` };
  }
  if (type === 'number') return 700_000 + n;
  if (type === 'boolean') return true;
  if (type === 'int64-string') return String(800_000 + n);
  if (type === 'unknown') return { probe: `probe-${n}` };
  return /'([^']+)'/.exec(type)?.[1] ?? `probe-${n}`;
}

function isList(type: FieldType): boolean {
  return typeof type === 'object' && 'array' in type;
}

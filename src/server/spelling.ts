import { isObject, toSnake, types, type LiveServerMessage } from '../protocol';
import type { FieldType } from '../protocol';
import type { Faults } from './faults';

/** Vertex AI's names, where they differ. */
const VERTEX: Readonly<Record<string, string>> = {
  responseTokenCount: 'candidatesTokenCount',
  responseTokensDetails: 'candidatesTokensDetails',
  voiceActivityType: 'type',
};

/**
 * Writes a message in another spelling, as all of them are legal JSON of the same message. Only names of fields change: what
 * functions are called with stays as it is.
 */
export function respell(message: LiveServerMessage, faults: Readonly<Faults>): object {
  const { snakeCase, urlSafeBase64, vertexSpelling } = faults;
  if (!snakeCase && !urlSafeBase64 && !vertexSpelling) return message;
  const nameOf = (name: string): string => {
    const spelt = (vertexSpelling && VERTEX[name]) || name;
    return snakeCase ? toSnake(spelt) : spelt;
  };
  const valueOf = (type: FieldType | undefined, value: unknown, name: string): unknown => {
    if (urlSafeBase64 && name === 'data' && typeof value === 'string') {
      return value.replaceAll('+', '-').replaceAll('/', '_');
    }
    if (typeof type !== 'object') return value;
    if ('array' in type && Array.isArray(value)) return value.map((item) => valueOf(type.array, item, name));
    return 'ref' in type && isObject(value) ? objectOf(type.ref, value) : value;
  };
  const objectOf = (typeName: string, object: Record<string, unknown>): object => {
    const def = types.server.get(typeName);
    return Object.fromEntries(
      Object.entries(object).map(([name, value]) => [
        nameOf(name),
        valueOf(def?.get(name)?.type, value, name),
      ]),
    );
  };
  return objectOf('LiveServerMessage', { ...message });
}

import type { Backend } from './config';
import { ProtocolError } from './errors';
import { types, type FieldDef } from './schema';
import { isObject } from './walk';

type Json = Record<string, unknown>;

/** Vertex-only and Gemini-only fields that the schema files do not mark; taken from the official SDK's refusals. */
const ONLY: Readonly<Record<string, ReadonlyMap<string, Backend>>> = {
  LiveClientSetup: new Map([['explicitVadSignal', 'vertex']]),
  SessionResumptionConfig: new Map([['transparent', 'vertex']]),
  Part: new Map([
    ['toolCall', 'gemini'],
    ['toolResponse', 'gemini'],
  ]),
  ReplicatedVoiceConfig: new Map([
    ['consentAudio', 'gemini'],
    ['voiceConsentSignature', 'gemini'],
  ]),
};

/** Types whose unknown fields the official SDK leaves out; the fields of other types it passes on unseen. */
const CLOSED = new Set(['Content', 'Part', 'Tool', 'GoogleSearch', 'GoogleMaps', 'SafetySetting']);

/** The two services as they are named in messages. */
export const NAMES: Readonly<Record<Backend, string>> = { gemini: 'the Gemini API', vertex: 'Vertex AI' };

/** The one backend that has a field; undefined when both have it. */
export function onlyOn(typeName: string, key: string, field: FieldDef): Backend | undefined {
  return field.vertexOnly ? 'vertex' : field.devOnly ? 'gemini' : ONLY[typeName]?.get(key);
}

/**
 * Copies a value of a known message type: nulls are left out (some models refuse `{handle: null}`), free JSON such
 * as `args` is taken as it is, and fields of the other backend are refused.
 *
 * @param backend the backend to hold the fields against, or undefined to let all pass.
 * @throws ProtocolError `WRONG_BACKEND`
 */
export function copyFields<T>(typeName: string, value: T, backend?: Backend): T {
  if (!isObject(value)) return value;
  const def = types.client.get(typeName);
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === null || item === undefined) continue;
    const field = def?.get(key);
    if (!field) {
      if (!CLOSED.has(typeName)) out[key] = item;
      continue;
    }
    const only = onlyOn(typeName, key, field);
    if (backend && only && only !== backend) {
      throw new ProtocolError(
        'WRONG_BACKEND',
        `"${key}" exists only on ${NAMES[only]}, not on ${NAMES[backend]}: remove it or change the endpoint`,
      );
    }
    const { type } = field;
    if (typeof type === 'object' && 'ref' in type) out[key] = copyFields(type.ref, item, backend);
    else if (Array.isArray(item)) {
      const ref = typeof type === 'object' && 'array' in type ? type.array : undefined;
      out[key] =
        typeof ref === 'object' && 'ref' in ref
          ? item.map((entry: unknown) => copyFields(ref.ref, entry, backend))
          : [...(item as unknown[])];
    } else out[key] = item;
  }
  return out as T;
}

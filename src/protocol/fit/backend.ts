import type { Backend } from '../config';
import { NAMES, onlyOn } from '../fields';
import { types } from '../schema';
import { isObject } from '../walk';
import type { FitWarning } from './draft';

type Json = Record<string, unknown>;

/** Fields that the SDK lets pass to either service although only one has them. */
const SOFT: Readonly<Record<string, ReadonlyMap<string, Backend>>> = {
  // Labels belong to the billing of Google Cloud (Vertex AI, "Add labels to API calls").
  LiveClientSetup: new Map([['labels', 'vertex']]),
};

/**
 * A copy of a message without the fields that only the other service has, such as `transparent` and
 * `explicitVadSignal` (Vertex AI) or `willContinue` (Gemini API): the service closes with 1007 on them.
 *
 * @param skip top-level fields that are taken as they are.
 */
export function forBackend<T>(
  typeName: string,
  value: T,
  backend: Backend,
  warnings: FitWarning[],
  options: { path?: string; skip?: (name: string) => boolean } = {},
): T {
  const def = types.client.get(typeName);
  if (!def || !isObject(value)) return value;
  const out: Json = {};
  for (const [name, item] of Object.entries(value)) {
    const field = def.get(name);
    if (!field || options.skip?.(name)) {
      out[name] = item;
      continue;
    }
    const path = options.path ? `${options.path}.${name}` : name;
    const only = onlyOn(typeName, name, field) ?? SOFT[typeName]?.get(name);
    if (only && only !== backend && item !== undefined) {
      const message = `"${path}" was not sent: only ${NAMES[only]} has it, this is ${NAMES[backend]}.`;
      warnings.push({ path, message });
      continue;
    }
    out[name] = inner(field.type, item, backend, warnings, path);
  }
  return out as T;
}

function inner(
  type: unknown,
  item: unknown,
  backend: Backend,
  warnings: FitWarning[],
  path: string,
): unknown {
  if (!isObject(type)) return item;
  if (typeof type['ref'] === 'string') return forBackend(type['ref'], item, backend, warnings, { path });
  if (!Array.isArray(item) || !isObject(type['array'])) return item;
  return item.map((entry: unknown, index) =>
    inner(type['array'], entry, backend, warnings, `${path}[${index}]`),
  );
}

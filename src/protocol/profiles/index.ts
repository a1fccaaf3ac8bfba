import type { LiveConnectConfig } from '../config';
import { ROWS, UNKNOWN } from './rows';
import type { ModelProfile } from './types';

export { priceOf, type Price } from './price';
export { ROWS as PROFILES, UNKNOWN as UNKNOWN_PROFILE } from './rows';
export { LANGUAGES, VOICES } from './speech';
export type * from './types';

/** The model that a conversation uses when none is named. */
export const DEFAULT_MODEL = 'gemini-3.1-flash-live-preview';

/** The profile of a model, by its name with or without a path before it: the longest prefix decides. */
export function profileFor(model: string): ModelProfile {
  const name = model.slice(model.lastIndexOf('/') + 1);
  let found = UNKNOWN;
  let longest = 0;
  for (const row of ROWS) {
    for (const prefix of row.prefixes) {
      if (prefix.length <= longest || !name.startsWith(prefix)) continue;
      found = row;
      longest = prefix.length;
    }
  }
  return found;
}

/**
 * The API version of the Gemini API to ask for. Proactive audio and affective dialog are refused on v1beta ("Unknown
 * name", pydantic-ai docs/realtime/gemini.md), so models that have them are asked on v1alpha for them; ephemeral tokens are
 * documented for v1alpha.
 */
export function apiVersionFor(model: string, config?: LiveConnectConfig | null, ephemeral = false): string {
  const profile = profileFor(model);
  const affective =
    config?.enableAffectiveDialog ?? config?.generationConfig?.enableAffectiveDialog ?? undefined;
  const alpha =
    ephemeral ||
    (Boolean(config?.proactivity) && profile.proactive === 'v1alpha') ||
    (affective !== undefined && profile.affective === 'v1alpha');
  return alpha ? 'v1alpha' : profile.apiVersion;
}

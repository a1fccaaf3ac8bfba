import type { LiveConnectConfig } from './config';

/** What differs between models. */
export interface ModelProfile {
  /** Name to show. */
  name: string;
  /** How a user's text is sent in mid-session: some models close with 1007 on `clientContent`. */
  textLane: 'clientContent' | 'realtimeInput';
  /** API version of the Gemini API on which the model is served. */
  apiVersion: string;
}

/** The model that a conversation uses when none is named. */
export const DEFAULT_MODEL = 'gemini-3.1-flash-live-preview';

/** Longest prefix wins. Sources: model pages of the Live API and the threads on 1007 after `clientContent` on 3.1. */
const PROFILES: ReadonlyArray<ModelProfile & { prefix: string }> = [
  { prefix: 'gemini-2.5', name: 'Gemini 2.5', textLane: 'clientContent', apiVersion: 'v1beta' },
  {
    prefix: 'gemini-live-2.5',
    name: 'Gemini 2.5 (Vertex AI)',
    textLane: 'clientContent',
    apiVersion: 'v1beta',
  },
  { prefix: 'gemini-3.1', name: 'Gemini 3.1', textLane: 'realtimeInput', apiVersion: 'v1beta' },
  { prefix: 'gemini-3.8', name: 'Gemini 3.8', textLane: 'clientContent', apiVersion: 'v1beta' },
];

/** For models that nobody has described: `realtimeInput.text` is taken by all since 2.5. */
const UNKNOWN: ModelProfile = { name: 'unknown model', textLane: 'realtimeInput', apiVersion: 'v1beta' };

/** The profile of a model, by its name with or without a path before it. */
export function profileFor(model: string): ModelProfile {
  const name = model.slice(model.lastIndexOf('/') + 1);
  const found = PROFILES.filter(({ prefix }) => name.startsWith(prefix)).sort(
    (a, b) => b.prefix.length - a.prefix.length,
  )[0];
  if (!found) return UNKNOWN;
  const { prefix: _prefix, ...profile } = found;
  return profile;
}

/**
 * The API version to ask for. Proactive audio and affective dialog are refused on v1beta ("Unknown name"), and
 * ephemeral tokens are documented for v1alpha.
 */
export function apiVersionFor(model: string, config?: LiveConnectConfig | null, ephemeral = false): string {
  const alpha = ephemeral || Boolean(config?.proactivity) || config?.enableAffectiveDialog !== undefined;
  return alpha ? 'v1alpha' : profileFor(model).apiVersion;
}

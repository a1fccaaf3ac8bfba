import type { Backend } from '../config';
import { NAMES } from '../fields';
import type { ModelProfile } from '../profiles';
import type { LiveClientSetup, Tool } from '../wire';
import { forBackend } from './backend';
import { Draft, type FitWarning } from './draft';
import { fitGeneration, isSet } from './generation';
import { fitTools } from './tools';

/** How {@link fit} fits. */
export interface FitOptions {
  /** Default `gemini`. */
  backend?: Backend;
  /** API version that is asked; some fields exist on v1alpha only. Left out: the version is right for what is asked. */
  apiVersion?: string;
  /** Fields that are to be sent as they are: they win over everything and are never taken out. */
  keep?: LiveClientSetup;
}

/**
 * Fits a setup to a model: takes out what the model, or the service, closes the connection for, and adds what it
 * demands. Each change is a warning. The given objects are not changed.
 *
 * @param profile the model's row, see `profileFor`.
 * @param setup as `protocol.setup` makes it.
 * @returns the setup with `keep` laid over it, and what was done.
 */
export function fit(
  profile: ModelProfile,
  setup: LiveClientSetup,
  options: FitOptions = {},
): { setup: LiveClientSetup; warnings: FitWarning[] } {
  const { backend = 'gemini', apiVersion = 'v1alpha', keep } = options;
  const warnings: FitWarning[] = [];
  const given = (name: string): boolean => keep !== undefined && Object.hasOwn(keep, name);
  const draft = new Draft(forBackend('LiveClientSetup', setup, backend, warnings, { skip: given }), keep);
  if (!profile.backends.includes(backend)) {
    draft.warn('model', `${profile.name} is not documented for ${NAMES[backend]}.`);
  }
  fitGeneration(draft, profile);
  alphaFields(draft, profile, backend === 'vertex' || apiVersion === 'v1alpha');
  session(draft, profile);
  const tools = draft.get('tools');
  if (Array.isArray(tools) && !draft.has('tools')) {
    const fitted = fitTools(profile, tools as Tool[], draft.warnings);
    if (fitted.length > 0 || tools.length === 0) draft.put('tools', fitted);
    else draft.omit('tools');
  }
  return { setup: draft.result, warnings: [...warnings, ...draft.warnings] };
}

/** Fields that v1beta of the Gemini API does not know by name; Vertex AI has them without an alpha version. */
function alphaFields(draft: Draft, profile: ModelProfile, alpha: boolean): void {
  const { proactive, affective, name } = profile;
  const proactivity = draft.get('proactivity.proactiveAudio');
  if (proactive === 'always') {
    const why =
      proactivity === false
        ? `in ${name} it cannot be turned off, the attempt is an error`
        : `in ${name} it is always on`;
    draft.drop('proactivity', why);
  } else if (proactive === 'no') {
    draft.drop('proactivity', `${name} does not have it, and may never answer a setup with it`);
  } else if (!alpha) {
    draft.drop('proactivity', 'it exists in API version v1alpha only');
  }
  const dialog = 'generationConfig.enableAffectiveDialog';
  if (affective === 'no') draft.drop(dialog, `${name} does not have it`);
  else if (!alpha) draft.drop(dialog, 'it exists in API version v1alpha only');
}

function session(draft: Draft, profile: ModelProfile): void {
  const handle = draft.get('sessionResumption.handle');
  // `{handle: null}` is refused by 3.1 with 1007 (strands-agents #1999); absent means the same.
  if (handle === null || handle === '') draft.omit('sessionResumption.handle');
  const coverage = draft.get('realtimeInputConfig.turnCoverage');
  const { values } = profile.turnCoverage;
  if (isSet(coverage) && values.length > 0 && !(values as readonly unknown[]).includes(coverage)) {
    draft.drop('realtimeInputConfig.turnCoverage', `${profile.name} has ${values.join(', ')}`);
  }
  if (!profile.instructions) draft.drop('systemInstruction', `${profile.name} takes no instructions`);
  if (profile.seeding === 'none') draft.drop('historyConfig', `${profile.name} takes no history`);
}

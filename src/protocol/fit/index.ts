import type { Backend, LiveConnectConfig } from '../config';
import { ProtocolError } from '../errors';
import { apiVersionFor, type ModelProfile } from '../profiles';
import { setup } from '../setup';
import type { FitWarning } from './draft';
import { fit } from './setup';

export { mergeSetup, type FitWarning } from './draft';
export { fitClientContent, fitContextUpdate, fitRealtimeInput, fitToolResponse } from './messages';
export { fit, type FitOptions } from './setup';

/**
 * What {@link fit} would change in a configuration: for a dialog, before anything is sent. Never throws: a configuration
 * that cannot be written is a warning too.
 *
 * @returns warnings whose paths are those of the configuration.
 */
export function fieldWarnings(
  profile: ModelProfile,
  config: LiveConnectConfig | null | undefined,
  options: { backend?: Backend; apiVersion?: string } = {},
): FitWarning[] {
  // Callable tools cannot be asked here.
  const tools = Array.isArray(config?.tools)
    ? config.tools.filter((tool) => !('callTool' in tool))
    : undefined;
  // Any model of the family will do; the version is the one that its name stands for.
  const model = profile.prefixes[0] ?? 'unknown';
  const apiVersion = options.apiVersion ?? apiVersionFor(model, config);
  try {
    const message = setup({ ...options, model, config: { ...config, tools }, lenient: true });
    const { warnings } = fit(profile, message.setup, { ...options, apiVersion });
    return warnings.map(({ path, message: text }) => ({ path: configPath(path, config), message: text }));
  } catch (error) {
    if (error instanceof ProtocolError) return [{ path: '', message: error.message }];
    throw error;
  }
}

/** Most fields of `generationConfig` stand at the top of a configuration. */
function configPath(path: string, config: LiveConnectConfig | null | undefined): string {
  return config?.generationConfig ? path : path.replace(/^generationConfig\./, '');
}

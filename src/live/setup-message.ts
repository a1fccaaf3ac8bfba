import {
  isObject,
  resolveTools,
  setup,
  unknownConfigFields,
  type LiveClientMessage,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../protocol';
import type { LiveEndpoint } from './target';

/** The setup of a connection, and what is to be said about it. */
export interface SetupMessage {
  message: LiveClientMessage;
  /** The handle with which the service is asked to resume. */
  handle?: string;
  warnings: string[];
}

/**
 * Makes the setup message of one connection.
 *
 * @param handle used when the configuration asks for session resumption; it is newer than one in the configuration.
 * @param raw fields that win over everything, as they are.
 * @throws ProtocolError when the configuration cannot be sent
 */
export async function setupMessage(
  input: { endpoint: LiveEndpoint; model: string; config?: LiveConnectConfig; raw?: LiveClientSetup },
  handle?: string,
): Promise<SetupMessage> {
  const config = await resolveTools(input.config ?? {});
  const resumption = config.sessionResumption && {
    ...config.sessionResumption,
    handle: handle ?? config.sessionResumption.handle,
  };
  const { project, location } = input.endpoint;
  const message = setup({
    model: input.model,
    config: { ...config, ...(resumption && { sessionResumption: resumption }) },
    backend: input.endpoint.backend === 'vertex' ? 'vertex' : 'gemini',
    project,
    location,
  });
  const warnings = unknownConfigFields(config).map(
    (name) => `The configuration has no field "${name}": it was not sent. A raw setup can send anything.`,
  );
  return {
    message: input.raw ? { setup: merge(message.setup, input.raw) as LiveClientSetup } : message,
    handle: resumption?.handle,
    warnings,
  };
}

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const out = { ...base };
  for (const [name, value] of Object.entries(over)) out[name] = merge(out[name], value);
  return out;
}

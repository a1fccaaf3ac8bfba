import {
  isObject,
  resolveTools,
  setup,
  toContent,
  unknownConfigFields,
  type Content,
  type LiveClientMessage,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../protocol';
import type { Beginning } from './recovery/revival';
import type { LiveEndpoint } from './target';

/** The setup of a connection, and what is to be said about it. */
export interface SetupMessage {
  message: LiveClientMessage;
  warnings: string[];
}

/** What a setup is made of. */
export interface SetupInput {
  endpoint: LiveEndpoint;
  model: string;
  config?: LiveConnectConfig;
  /** Fields that win over everything, as they are. */
  raw?: LiveClientSetup;
}

/**
 * Makes the setup message of one connection.
 *
 * @param beginning handle and seed; a handle is used when the configuration asks for session resumption.
 * @throws ProtocolError when the configuration cannot be sent
 */
export async function setupMessage(input: SetupInput, { handle, seed }: Beginning): Promise<SetupMessage> {
  const config = await resolveTools(input.config ?? {});
  const { project, location } = input.endpoint;
  const backend = input.endpoint.backend === 'vertex' ? 'vertex' : 'gemini';
  const message = setup({
    model: input.model,
    config: {
      ...config,
      ...(config.sessionResumption && { sessionResumption: { ...config.sessionResumption, handle } }),
      ...(seed.turns && { historyConfig: { initialHistoryInClientContent: true } }),
      ...(seed.instruction !== undefined && {
        systemInstruction: appended(config.systemInstruction, seed.instruction),
      }),
    },
    backend,
    project,
    location,
  });
  const warnings = unknownConfigFields(config).map(
    (name) => `The configuration has no field "${name}": it was not sent. A raw setup can send anything.`,
  );
  return {
    message: input.raw ? { setup: merge(message.setup, input.raw) as LiveClientSetup } : message,
    warnings,
  };
}

function appended(instruction: LiveConnectConfig['systemInstruction'], text: string): Content {
  const before = instruction == null ? { role: 'user', parts: [] } : toContent(instruction);
  return { ...before, parts: [...(before.parts ?? []), { text }] };
}

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const out = { ...base };
  for (const [name, value] of Object.entries(over)) out[name] = merge(out[name], value);
  return out;
}

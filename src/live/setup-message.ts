import {
  fit,
  profileFor,
  ProtocolError,
  resolveTools,
  setup,
  toContent,
  unknownConfigFields,
  type Content,
  type FitWarning,
  type LiveClientMessage,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../protocol';
import { LiveError } from './errors';
import type { Beginning } from './recovery/revival';
import { excerpt } from './redact';
import type { LiveEndpoint } from './target';
import { withFunctions, type AnyTool } from './tools/define';

/** The setup of a connection, and what is to be said about it. */
export interface SetupMessage {
  message: LiveClientMessage;
  /** The tools in it, as they were given. */
  tools: LiveConnectConfig['tools'];
  /** Fields that do not exist, in words. */
  unknown: string[];
  /** What was left out or added for the model. */
  fitted: FitWarning[];
}

/** What a setup is made of. */
export interface SetupInput {
  endpoint: LiveEndpoint;
  model: string;
  /** API version that is asked; undefined where a whole URL was given. */
  apiVersion?: string;
  config?: LiveConnectConfig;
  /** The session's own functions. */
  own: readonly AnyTool[];
  /** Fields that win over everything, as they are. */
  raw?: LiveClientSetup;
}

/**
 * Makes the setup message of one connection.
 *
 * @param beginning handle and seed; a handle is used when the configuration asks for session resumption.
 * @throws ProtocolError when the configuration cannot be sent, LiveError `CONNECT_FAILED` when a tool cannot declare itself
 */
export async function setupMessage(input: SetupInput, { handle, seed }: Beginning): Promise<SetupMessage> {
  const resolved = await resolveTools(input.config ?? {}).catch(undeclared);
  const config = withFunctions(resolved, input.own);
  const { project, location } = input.endpoint;
  const backend = input.endpoint.backend === 'vertex' ? 'vertex' : 'gemini';
  const encoded = setup({
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
    lenient: true,
  });
  const { setup: fitted, warnings } = fit(profileFor(input.model), encoded.setup, {
    backend,
    ...(input.apiVersion && { apiVersion: input.apiVersion }),
    ...(input.raw && { keep: input.raw }),
  });
  const unknown = unknownConfigFields(config).map(
    (name) => `The configuration has no field "${name}": it was not sent. A raw setup can send anything.`,
  );
  const tools = (input.raw?.tools as LiveConnectConfig['tools']) ?? config.tools;
  return { message: { setup: fitted }, tools, unknown, fitted: warnings };
}

/** What provides a tool, such as an MCP server, may be out of reach for a while. */
function undeclared(error: unknown): never {
  if (error instanceof LiveError || error instanceof ProtocolError) throw error;
  const what = excerpt(error instanceof Error ? error.message : String(error), [], 300);
  throw new LiveError('CONNECT_FAILED', `A tool could not declare itself: ${what}`, {
    advice: 'Check what provides the tool, for example an MCP server.',
    policy: 'retry',
  });
}

function appended(instruction: LiveConnectConfig['systemInstruction'], text: string): Content {
  const before = instruction == null ? { role: 'user', parts: [] } : toContent(instruction);
  return { ...before, parts: [...(before.parts ?? []), { text }] };
}

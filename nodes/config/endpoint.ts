import { embeddedServer } from '../../src/server';
import { NodeError } from '../shared/errors';
import type { ConfigDef } from './settings';

/** Where a conversation goes, ready to connect. */
export interface Endpoint {
  /** Key of the status text, see the labels. */
  label: 'local' | 'gemini' | 'custom';
  /** What a session must be given to connect there. */
  connection: {
    backend: 'local' | 'gemini' | 'custom';
    baseUrl?: string;
    apiKey?: string;
  };
  /** Events of the local server, if that is where it goes. */
  server?: Awaited<ReturnType<typeof embeddedServer>>['server'];
  /**
   * Gives the endpoint back; the local server closes when nobody uses it.
   *
   * @param now without the pause in which a node that is created again finds the conversation still there
   */
  release(now: boolean): Promise<void>;
}

/** How long the local server waits for a session that is created again during a deploy (ms): it remembers conversations. */
const LINGER_MS = 3000;

/** An environment variable that Node-RED did not find stays as it was written. */
const UNRESOLVED = /^\$[({]\S+[)}]$/;

/** The key of the credentials, else that of the environment; empty when there is none. */
export function apiKeyOf(credentials: Record<string, string | undefined> | undefined): string {
  const own = (credentials?.apiKey ?? '').trim();
  if (own && !UNRESOLVED.test(own)) return own;
  return (process.env.GEMINI_API_KEY ?? '').trim();
}

/** What `auto` decides for: a key means the service, none means the local server. */
export function choose(def: ConfigDef, apiKey: string): Endpoint['label'] {
  const choice = def.endpoint || 'auto';
  if (choice !== 'auto') return choice;
  return apiKey ? 'gemini' : 'local';
}

/**
 * Prepares the endpoint of a conversation; starts the local server if it is the first to use it.
 *
 * @throws NodeError `NO_API_KEY`, `BAD_CONFIG`; ServerError and ScenarioError of the local server
 */
export async function openEndpoint(def: ConfigDef, apiKey: string): Promise<Endpoint> {
  const label = choose(def, apiKey);
  const nothing = async (): Promise<void> => {};
  switch (label) {
    case 'local': {
      const { server, release } = await embeddedServer({ scenario: def.scenario || undefined });
      return {
        label,
        connection: { backend: 'local', baseUrl: server.url },
        server,
        release: async (now) => {
          if (now) await release();
          else setTimeout(() => void release().catch(() => {}), LINGER_MS);
        },
      };
    }
    case 'gemini':
      if (!apiKey) {
        throw new NodeError(
          'NO_API_KEY',
          'The Gemini API needs a key. Enter one in the config node, set GEMINI_API_KEY before Node-RED starts, or choose the local server.',
        );
      }
      return { label, connection: { backend: 'gemini', apiKey }, release: nothing };
    case 'custom':
      return {
        label,
        connection: { backend: 'custom', baseUrl: customUrl(def.url), ...(apiKey && { apiKey }) },
        release: nothing,
      };
    default:
      throw new NodeError(
        'BAD_CONFIG',
        `"${String(label)}" is no endpoint. Choose auto, local, gemini or custom in the config node.`,
      );
  }
}

function customUrl(text: string): string {
  const advice = 'Give e.g. http://127.0.0.1:9000 or wss://live.example.org in the config node.';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new NodeError('BAD_CONFIG', `The address of the custom endpoint is no URL. ${advice}`);
  }
  if (!/^(https?|wss?):$/.test(url.protocol)) {
    throw new NodeError('BAD_CONFIG', `A custom endpoint cannot be reached by "${url.protocol}". ${advice}`);
  }
  if (url.username || url.password || url.search) {
    throw new NodeError(
      'BAD_CONFIG',
      'The address of the custom endpoint holds credentials or a query: addresses are exported with flows. Put the key into the field "API key".',
    );
  }
  return text;
}

import type { LiveEndpoint } from '../../src/live';
import { mintToken, vertexAuth } from '../../src/live/auth';
import type { NetworkOptions } from '../../src/live/network';
import { embeddedServer } from '../../src/server';
import { NodeError } from '../shared/errors';
import { certificatesOf, headersOf, type EndpointKind } from './credentials';
import type { SessionSettings } from './settings';
import type { Values } from './values';

/** Where a conversation goes, ready to connect. */
export interface Endpoint {
  /** Key of the status text, see the labels. */
  label: 'local' | 'gemini' | 'vertex' | 'custom';
  /** What a session must be given to connect there. */
  connection: LiveEndpoint;
  /** Events of the local server, if that is where it goes. */
  server?: Awaited<ReturnType<typeof embeddedServer>>['server'];
  /**
   * Gives the endpoint back; the local server closes when nobody uses it. May be called again, to end the pause.
   *
   * @param now without the pause in which a node that is created again finds the conversation still there
   */
  release(now: boolean): Promise<void>;
}

/** How long the local server waits for a session that is created again during a deploy (ms): it remembers conversations. */
const LINGER_MS = 3000;

/** Where most models of Vertex AI are. */
const DEFAULT_LOCATION = 'us-central1';

/** What a status calls a service. */
export function labelOf(kind: EndpointKind): Endpoint['label'] {
  return kind === 'token' ? 'gemini' : kind;
}

/**
 * Prepares the endpoint of a conversation; starts the local server if it is the first to use it.
 *
 * @param folder where relative file names start
 * @throws NodeError `NO_API_KEY`, `BAD_CONFIG`; FieldError; ServerError and ScenarioError of the local server
 */
export async function openEndpoint(
  values: Values,
  settings: SessionSettings,
  folder: string,
): Promise<Endpoint> {
  const kind = values.text('endpoint') as EndpointKind;
  if (kind === 'local') return openLocal(values.text('scenario'));
  const place: Place = { values, settings, network: await networkOf(values, folder) };
  const headers = headersOf(values.text('headers'));
  const apiVersion = values.text('apiVersion');
  const connection: LiveEndpoint = {
    ...(await CONNECTIONS[kind](place)),
    ...(apiVersion && { apiVersion }),
    ...(Object.keys(headers).length && { headers }),
    network: place.network,
  };
  return { label: labelOf(kind), connection, release: async () => {} };
}

/** What the remote services have in common. */
interface Place {
  values: Values;
  settings: SessionSettings;
  network: NetworkOptions;
}

const CONNECTIONS: Readonly<
  Record<Exclude<EndpointKind, 'local'>, (place: Place) => LiveEndpoint | Promise<LiveEndpoint>>
> = {
  gemini: ({ values }) => ({ backend: 'gemini', apiKey: neededKey(values), ...base('GEMINI') }),
  token: (place) => (place.values.text('tokenFrom') === 'mint' ? minting(place) : withToken(place.values)),
  vertex: ({ values, network }) => ({
    backend: 'vertex',
    project: values.text('project'),
    location: values.text('location') || DEFAULT_LOCATION,
    headersFor: vertexAuth({ serviceAccount: values.text('serviceAccount') || undefined, network }).headers,
    ...base('VERTEX'),
  }),
  custom: ({ values }) => ({
    backend: 'custom',
    baseUrl: values.text('url'),
    ...optionalKey(values),
  }),
};

/** Another address of Google's services, under the names by which the official SDK knows it. */
function base(service: 'GEMINI' | 'VERTEX'): { baseUrl?: string } {
  const baseUrl = process.env[`GOOGLE_${service}_BASE_URL`];
  return baseUrl ? { baseUrl } : {};
}

function neededKey(values: Values): string {
  const apiKey = values.text('apiKey');
  if (apiKey) return apiKey;
  throw new NodeError(
    'NO_API_KEY',
    'The Gemini API needs a key. Enter one in the config node, set GEMINI_API_KEY before Node-RED starts, or choose the local server.',
  );
}

function optionalKey(values: Values): { apiKey?: string } {
  const apiKey = values.text('apiKey');
  return apiKey ? { apiKey } : {};
}

/**
 * A token of its own for each connection, bound to what the session is set up with: it is worth little to whoever gets hold of
 * it, and the key stays here.
 */
function minting({ values, settings, network }: Place): LiveEndpoint {
  const apiKey = neededKey(values);
  const { model } = settings;
  // Each connection resumes with another handle.
  const { sessionResumption: _handle, ...config } = settings.config ?? {};
  const locked = values.on('tokenLock') && model !== undefined;
  const minutes = values.number('tokenMinutes');
  const seconds = values.number('tokenStart');
  return {
    backend: 'gemini',
    headersFor: async () => {
      const { token } = await mintToken({
        apiKey,
        network,
        ...base('GEMINI'),
        uses: values.number('tokenUses') ?? 1,
        ...(minutes !== undefined && { expireMs: minutes * 60_000 }),
        ...(seconds !== undefined && { newSessionExpireMs: seconds * 1000 }),
        // Only what is set up is locked: where all is, the handle of a conversation that goes on may not count.
        ...(locked && { constraints: { model, config }, lockFields: [] }),
      });
      return { authorization: `Token ${token}` };
    },
    ...base('GEMINI'),
  };
}

async function networkOf(values: Values, folder: string): Promise<NetworkOptions> {
  const ca = await certificatesOf(values.text('ca'), folder);
  return { ...proxyOf(values), ...(ca && { ca }) };
}

function proxyOf(values: Values): NetworkOptions {
  const mode = values.text('proxyMode');
  if (mode === 'none') return { proxy: false };
  if (mode !== 'url') return {};
  const proxy = new URL(values.text('proxyUrl'));
  proxy.username = encodeURIComponent(values.text('proxyUser'));
  proxy.password = encodeURIComponent(values.text('proxyPassword'));
  return { proxy: proxy.href };
}

function withToken(values: Values): LiveEndpoint {
  const token = values.text('token');
  if (token) return { backend: 'gemini', token, ...base('GEMINI') };
  throw new NodeError(
    'NO_API_KEY',
    'There is no token. Enter one (auth_tokens/…) in the config node, or let a token be made from an API key.',
  );
}

async function openLocal(scenario: string): Promise<Endpoint> {
  const { server, release } = await embeddedServer({ scenario: scenario || undefined });
  let timer: NodeJS.Timeout | undefined;
  return {
    label: 'local',
    connection: { backend: 'local', baseUrl: server.url },
    server,
    release: async (now) => {
      clearTimeout(timer);
      if (now) await release();
      else timer = setTimeout(() => void release().catch(() => {}), LINGER_MS);
    },
  };
}

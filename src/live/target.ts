import {
  apiVersionFor,
  endpoint,
  type Endpoint,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../protocol';
import type { NetworkOptions } from './network';

/** The service a session talks to. */
export interface LiveEndpoint {
  /**
   * `gemini`: Google's Gemini API. `vertex`: Vertex AI. `local`: the local Live server. `custom`: anything that
   * speaks the Gemini API's protocol.
   */
  backend: 'gemini' | 'vertex' | 'custom' | 'local';
  /** A URL with a path is used as it stands; without a path it is taken as {@link baseUrl}. */
  url?: string;
  /** http(s) or ws(s); the service's path is appended. Needed for `local` and `custom`, unless `url` is given. */
  baseUrl?: string;
  /** Default: what the model and configuration need, see `apiVersionFor`; on Vertex AI `v1beta1`. */
  apiVersion?: string;
  apiKey?: string;
  /** Ephemeral token (Gemini API) or OAuth access token (Vertex AI). */
  token?: string;
  /** Google Cloud project and location, for Vertex AI. */
  project?: string;
  location?: string;
  headers?: Record<string, string>;
  /** Asked before each connection attempt, for credentials that do not last: see `vertexAuth`. They win over the rest. */
  headersFor?: () => Promise<Record<string, string>>;
  /** Proxy and further certificate authorities. */
  network?: NetworkOptions;
}

/** URL and headers for the upgrade request, and the credentials that no message may show. */
export interface Target extends Endpoint {
  /** API version that is asked; undefined where a whole URL was given. */
  apiVersion?: string;
  network?: NetworkOptions;
  secrets: string[];
}

/**
 * Where to connect. The API version is always named, the credential always in a header.
 *
 * @param raw fields of the setup that are sent as they are; they may need another API version.
 * @param sessionId told to the local server alone, so that it can say which session heard what.
 * @throws ProtocolError `BAD_ENDPOINT`
 */
export function targetOf(
  to: LiveEndpoint,
  model: string,
  config: LiveConnectConfig | undefined,
  sessionId: string,
  raw?: LiveClientSetup,
): Target {
  const backend = to.backend === 'vertex' ? 'vertex' : 'gemini';
  const token = to.token || tokenIn(to.headers);
  const ephemeral =
    backend === 'gemini' && (Boolean(token) || Boolean(to.apiKey?.startsWith('auth_tokens/')));
  const base = to.url ?? to.baseUrl;
  const apiVersion =
    to.apiVersion || (backend === 'vertex' ? 'v1beta1' : apiVersionFor(model, asked(config, raw), ephemeral));
  const target = endpoint({
    ...to,
    ...(ephemeral && token && { token }),
    backend,
    baseUrl: base ?? (to.backend === 'local' || to.backend === 'custom' ? '' : undefined),
    apiVersion,
  });
  const whole = to.url !== undefined && hasPath(to.url);
  const url = whole ? (to.url ?? '').trim().replace(/^http/i, 'ws') : target.url;
  const headers = to.backend === 'local' ? { ...target.headers, 'x-session-id': sessionId } : target.headers;
  const given = [to.apiKey, to.token, ...Object.values(to.headers ?? {})];
  // A server may repeat the credential without the word before it.
  const secrets = given.map((secret = '') =>
    String(secret)
      .trim()
      .replace(/^(bearer|token|basic)\s+/i, ''),
  );
  return {
    url,
    headers,
    ...(!whole && { apiVersion }),
    ...(to.network && { network: to.network }),
    secrets: [...secrets, ...proxySecrets(to.network)],
  };
}

/** An ephemeral token has a path of its own, also one that was made a moment ago and came as a header. */
function tokenIn(headers: Record<string, string> | undefined): string | undefined {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === 'authorization');
  return /^Token\s+(auth_tokens\/\S+)$/.exec(headers?.[name ?? ''] ?? '')?.[1];
}

/** A raw setup may ask for what only another API version has. */
function asked(config: LiveConnectConfig | undefined, raw: LiveClientSetup | undefined): LiveConnectConfig {
  const proactivity = raw?.proactivity ?? config?.proactivity;
  const enableAffectiveDialog = raw?.generationConfig?.enableAffectiveDialog ?? config?.enableAffectiveDialog;
  return {
    ...config,
    ...(proactivity && { proactivity }),
    ...(enableAffectiveDialog !== undefined && { enableAffectiveDialog }),
  };
}

/** User and password of the proxy, as they are written and as they are meant. */
function proxySecrets(network: NetworkOptions | undefined): string[] {
  const userInfo = /^\w+:\/\/(.*)@/.exec(network?.proxy || '')?.[1] ?? '';
  const password = userInfo.slice(userInfo.indexOf(':') + 1);
  if (!password) return [];
  return [password, safeDecode(password)];
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * As {@link targetOf}, with what {@link LiveEndpoint.headersFor} gives at this moment.
 *
 * @throws ProtocolError `BAD_ENDPOINT`, and whatever `headersFor` rejects with
 */
export async function freshTarget(
  to: LiveEndpoint,
  model: string,
  config: LiveConnectConfig | undefined,
  sessionId: string,
  raw?: LiveClientSetup,
): Promise<Target> {
  if (!to.headersFor) return targetOf(to, model, config, sessionId, raw);
  const headers = { ...to.headers, ...(await to.headersFor()) };
  return targetOf({ ...to, headers }, model, config, sessionId, raw);
}

function hasPath(url: string): boolean {
  return /^\w+:\/\/[^/?#]+(\/[^?#]|\?)/.test(url.trim());
}

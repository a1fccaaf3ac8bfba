import { apiVersionFor, endpoint, type Endpoint, type LiveConnectConfig } from '../protocol';

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
}

/** URL and headers for the upgrade request, and the credentials that no message may show. */
export interface Target extends Endpoint {
  secrets: string[];
}

/**
 * Where to connect. The API version is always named, the credential always in a header.
 *
 * @param sessionId told to the local server alone, so that it can say which session heard what.
 * @throws ProtocolError `BAD_ENDPOINT`
 */
export function targetOf(
  to: LiveEndpoint,
  model: string,
  config: LiveConnectConfig | undefined,
  sessionId: string,
): Target {
  const backend = to.backend === 'vertex' ? 'vertex' : 'gemini';
  const ephemeral =
    backend === 'gemini' && (Boolean(to.token) || Boolean(to.apiKey?.startsWith('auth_tokens/')));
  const base = to.url ?? to.baseUrl;
  const target = endpoint({
    ...to,
    backend,
    baseUrl: base ?? (to.backend === 'local' || to.backend === 'custom' ? '' : undefined),
    apiVersion: to.apiVersion || (backend === 'vertex' ? 'v1beta1' : apiVersionFor(model, config, ephemeral)),
  });
  const url = to.url && hasPath(to.url) ? to.url.trim().replace(/^http/i, 'ws') : target.url;
  const headers = to.backend === 'local' ? { ...target.headers, 'x-session-id': sessionId } : target.headers;
  const given = [to.apiKey, to.token, ...Object.values(to.headers ?? {})];
  // A server may repeat the credential without the word before it.
  const secrets = given.map((secret = '') =>
    String(secret)
      .trim()
      .replace(/^(bearer|token|basic)\s+/i, ''),
  );
  return { url, headers, secrets };
}

function hasPath(url: string): boolean {
  return /^\w+:\/\/[^/?#]+(\/[^?#]|\?)/.test(url.trim());
}

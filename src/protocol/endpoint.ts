import type { Backend } from './config';
import { ProtocolError } from './errors';

/** Where a session connects, and with which credential. */
export interface EndpointInput {
  backend?: Backend;
  /** `v1beta`, `v1alpha`, …; left out, the official SDK's default: `v1` (Gemini API), `v1beta1` (Vertex AI). */
  apiVersion?: string;
  /** http(s) or ws(s); default is Google's own host. The service's path is appended to it. */
  baseUrl?: string;
  /** An API key, or an ephemeral token (`auth_tokens/…`). */
  apiKey?: string;
  /** An ephemeral token (Gemini API) or an OAuth access token (Vertex AI). */
  token?: string;
  /** Google Cloud project and location, Vertex AI only. */
  project?: string;
  location?: string;
  /** Further headers; they win over our own. */
  headers?: Record<string, string>;
}

/** A WebSocket URL that may be logged, and the headers that hold the credential. */
export interface Endpoint {
  url: string;
  headers: Record<string, string>;
}

const EPHEMERAL = 'auth_tokens/';

/**
 * URL and headers for the upgrade request. Path and version are those of the official SDK; the credential never
 * stands in the URL, because URLs are logged: an API key goes into `x-goog-api-key`, a token into `authorization`
 * (`Token …` for ephemeral ones, as Google's page on ephemeral tokens allows, `Bearer …` for Vertex AI).
 *
 * @throws ProtocolError `BAD_ENDPOINT`
 */
export function endpoint(input: EndpointInput): Endpoint {
  const backend = input.backend ?? 'gemini';
  const headers: Record<string, string> = {};
  const apiKey = credential(input.apiKey, 'API key');
  const token = credential(input.token, 'token') ?? (apiKey?.startsWith(EPHEMERAL) ? apiKey : undefined);
  if (token) headers['authorization'] = backend === 'vertex' ? `Bearer ${token}` : `Token ${token}`;
  else if (apiKey) headers['x-goog-api-key'] = apiKey;
  for (const [name, value] of Object.entries(input.headers ?? {}))
    headers[name.toLowerCase()] = String(value);

  if (backend === 'vertex') return { url: vertexUrl(input, Boolean(apiKey)), headers };
  const method = token ? 'BidiGenerateContentConstrained' : 'BidiGenerateContent';
  const base = socketUrl(input.baseUrl ?? 'wss://generativelanguage.googleapis.com');
  const version = versionOf(input.apiVersion, 'v1');
  return { url: `${base}/ws/google.ai.generativelanguage.${version}.GenerativeService.${method}`, headers };
}

function vertexUrl(input: EndpointInput, hasKey: boolean): string {
  const { project, location } = input;
  // A gateway that brings its own authentication is called as it stands.
  if (input.baseUrl && !hasKey && !(project && location)) return socketUrl(input.baseUrl);
  const host =
    location && location !== 'global' ? `${location}-aiplatform.googleapis.com` : 'aiplatform.googleapis.com';
  if (location && !/^[\w-]+$/.test(location))
    throw bad(`"${location.slice(0, 40)}" is not a Google Cloud location`);
  const base = socketUrl(input.baseUrl ?? `wss://${host}`);
  const version = versionOf(input.apiVersion, 'v1beta1');
  return `${base}/ws/google.cloud.aiplatform.${version}.LlmBidiService/BidiGenerateContent`;
}

/** http → ws, no slash at the end. */
function socketUrl(base: string): string {
  const match = /^(https?|wss?):\/\/([^/?#\s]+[^#\s]*)$/i.exec(base.trim());
  if (!match?.[1] || !match[2])
    throw bad('The endpoint URL must start with http://, https://, ws:// or wss:// and name a host');
  const secure = /^(https|wss)$/i.test(match[1]);
  return `${secure ? 'wss' : 'ws'}://${match[2].replace(/\/+$/, '')}`;
}

function versionOf(version: string | undefined, fallback: string): string {
  const name = version || fallback;
  if (!/^\w+$/.test(name)) throw bad(`"${name.slice(0, 40)}" is not an API version such as v1beta`);
  return name;
}

/** A header cannot hold line ends, and no credential has a space inside: both mean that too much was pasted. */
function credential(value: string | undefined, what: string): string | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw bad(
      `The ${what} contains spaces or characters that none has: paste it again, without quotes or other text`,
    );
  }
  return text;
}

function bad(message: string): ProtocolError {
  return new ProtocolError('BAD_ENDPOINT', message);
}

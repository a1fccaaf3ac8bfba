import type { IncomingMessage } from 'node:http';

/** Where a client connected to, taken from the path of its upgrade request. */
export interface Route {
  readonly backend: 'gemini' | 'vertex';
  /** `v1`, `v1alpha`, `v1beta`, `v1beta1` */
  readonly apiVersion: string;
  /** The path for ephemeral tokens was used. */
  readonly constrained: boolean;
}

const GEMINI =
  /^\/ws\/google\.ai\.generativelanguage\.(v1|v1alpha|v1beta)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;
const VERTEX = /^\/ws\/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService\/BidiGenerateContent$/;

/** Never throws, whatever a client puts into the request line. */
function parse(url: string | undefined): URL | undefined {
  try {
    // The official SDK asks for `//ws/…`, which `URL` would take for a host name: fold slashes first.
    return new URL((url ?? '/').replace(/^\/+/, '/'), 'http://local');
  } catch {
    return undefined;
  }
}

/** The route behind a request's URL, or undefined when nothing is served there. */
export function routeOf(url: string | undefined): Route | undefined {
  const path = parse(url)?.pathname.replace(/\/{2,}/g, '/');
  if (path === undefined) return undefined;
  const gemini = GEMINI.exec(path);
  if (gemini) return { backend: 'gemini', apiVersion: gemini[1]!, constrained: gemini[2] !== undefined };
  const vertex = VERTEX.exec(path);
  if (vertex) return { backend: 'vertex', apiVersion: vertex[1]!, constrained: false };
  return undefined;
}

/** Whether ephemeral tokens are made at this URL. */
export function isTokenRoute(url: string | undefined): boolean {
  return /^\/(v1alpha|v1beta)\/auth_tokens$/.test(parse(url)?.pathname.replace(/\/{2,}/g, '/') ?? '');
}

/** What the client shows to be let in: key or token, from header or query. */
export function credentialOf(request: IncomingMessage): string | undefined {
  const header = request.headers['x-goog-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  // `Token` is the scheme of Google's page on ephemeral tokens.
  const bearer = /^(?:Bearer|Token)\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer) return bearer;
  const query = parse(request.url)?.searchParams;
  return query?.get('key') || query?.get('access_token') || undefined;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Whether a request comes from a page of this machine, or from no page at all. Browsers always send `Origin` with
 * a WebSocket; without this check any site the user visits could talk to the server on loopback.
 */
export function originAllowed(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  try {
    return LOOPBACK.test(new URL(origin).hostname);
  } catch {
    return false;
  }
}

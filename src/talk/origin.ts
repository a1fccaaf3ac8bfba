import type { IncomingMessage } from 'node:http';

/**
 * Whether a request comes from a page of this very host. A browser always says in `Origin` where a WebSocket or a POST comes
 * from, and no page can change that.
 *
 * `X-Forwarded-Host` counts like `Host`, because reverse proxies often change the latter: a page can set neither of them on a
 * WebSocket, and programs that are no browser could lie about all three anyway.
 *
 * @param allowed further origins, e.g. `https://home.example.org`
 */
export function isOwnOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const { host, origin: canonical } = new URL(origin);
  if (host === '') return false;
  if (allowed.some((one) => URL.canParse(one) && new URL(one).origin === canonical)) return true;
  return hostsOf(request).some((one) => sameHost(one, origin));
}

/**
 * The same for a GET, which carries no `Origin` when it is our own: what is known to come from elsewhere is refused. Another
 * site could not read the reply anyway.
 */
export function mayBeOwn(request: IncomingMessage, allowed: readonly string[]): boolean {
  if (request.headers.origin !== undefined) return isOwnOrigin(request, allowed);
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Whether the browser reaches us by TLS, as far as we are told. */
export function isSecure(request: IncomingMessage): boolean {
  if ((request.socket as { encrypted?: boolean }).encrypted === true) return true;
  return listed(request.headers['x-forwarded-proto'])[0] === 'https';
}

function hostsOf(request: IncomingMessage): string[] {
  return [...listed(request.headers.host), ...listed(request.headers['x-forwarded-host'])];
}

function listed(header: string | string[] | undefined): string[] {
  return [header ?? []].flat().flatMap((value) => value.split(',').map((part) => part.trim()));
}

/** `Host` names the usual port of the scheme or leaves it out; the URL of the origin always leaves it out. */
function sameHost(host: string, origin: string): boolean {
  const { protocol, host: own } = new URL(origin);
  const text = `${protocol}//${host}`;
  return host !== '' && URL.canParse(text) && new URL(text).host === own;
}

import http, { type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { hostname, nameOf, portOf } from './proxy';

/** What a tunnel leads to, and through which proxy. */
export interface TunnelOptions {
  proxy: URL;
  host: string;
  port: number;
  /** Trusted for a proxy that is itself reached by TLS. */
  secureContext?: SecureContext;
  /** How long the proxy may take (ms). */
  timeoutMs: number;
}

/**
 * Asks an HTTP proxy to connect through (`CONNECT`), with the user and password of its URL. Errors begin with
 * "Proxy host:port" and hold no credentials; `classifyClose` knows them.
 *
 * @param done called once, unless the attempt is aborted.
 * @returns aborts the attempt.
 */
export function openTunnel(
  options: TunnelOptions,
  done: (error: Error | null, socket?: Socket) => void,
): () => void {
  const { proxy, host, port, timeoutMs, secureContext } = options;
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const name = `Proxy ${nameOf(proxy)}`;
  const request: RequestOptions & { secureContext?: SecureContext } = {
    host: hostname(proxy),
    port: portOf(proxy),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...credentials(proxy) },
    agent: false,
    ...(secureContext && { secureContext }),
  };
  let over = false;
  const finish = (error: Error | null, socket?: Socket): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(error, socket);
  };
  const call = (proxy.protocol === 'https:' ? https : http).request(request);
  const timer = setTimeout(() => {
    finish(new Error(`${name} did not open a way to ${authority} within ${timeoutMs / 1000} s`));
    call.destroy();
  }, timeoutMs);
  call.on('connect', (response, stream: Duplex, head: Buffer) => {
    const status = response.statusCode ?? 0;
    if (status === 200 && !over) {
      if (head.length > 0) stream.unshift(head);
      finish(null, stream as Socket);
      return;
    }
    stream.destroy();
    const words = status === 407 ? 'it wants other credentials' : (response.statusMessage ?? '');
    finish(new Error(`${name} refused the way to ${authority} with HTTP status ${status}: ${words}`));
  });
  // Some proxies answer CONNECT like any other request.
  call.on('response', (response) => {
    response.destroy();
    finish(new Error(`${name} refused the way to ${authority} with HTTP status ${response.statusCode}`));
  });
  call.on('error', (error) => finish(new Error(`${name} cannot be reached: ${wordsOf(error)}`)));
  call.end();
  return () => {
    over = true;
    clearTimeout(timer);
    call.destroy();
  };
}

function credentials(proxy: URL): Record<string, string> {
  if (!proxy.username && !proxy.password) return {};
  const pair = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** A lonely "%" in a password is no encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** "localhost" fails as an AggregateError without a text of its own. */
function wordsOf(error: Error & { code?: string; errors?: Error[] }): string {
  return error.message || error.errors?.[0]?.message || error.code || error.name;
}

import { BlockList, isIP } from 'node:net';
import { LiveError } from '../errors';

/** How the network is reached; for the WebSocket, minting tokens and Google's sign-in alike. */
export interface NetworkOptions {
  /**
   * HTTP proxy, `http://user:password@host:port` or `https://…`. Left out or empty: what the environment says
   * (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in capitals or not). `false`: none.
   */
  proxy?: string | false;
  /** Certificates of further authorities (PEM, one or several), trusted in addition to those of Node.js. */
  ca?: string;
}

/** Environment variables; a parameter so that tests need not change those of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, or undefined when it is reached directly. Proxies of the environment are never used for this
 * machine itself: what listens on loopback here is not what the proxy would find there.
 *
 * @throws LiveError `BAD_CONFIG`
 */
export function proxyFor(
  target: URL,
  network: NetworkOptions | undefined,
  env: Environment = process.env,
): URL | undefined {
  if (network?.proxy === false) return undefined;
  const chosen = network?.proxy?.trim();
  if (chosen) return parseProxy(chosen, 'The proxy');
  const secure = /^(https|wss):$/.test(target.protocol);
  const name = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = (env[name.toLowerCase()] || env[name])?.trim();
  if (!text || isLoopback(target) || isExcepted(target, env['no_proxy'] || env['NO_PROXY'] || '')) {
    return undefined;
  }
  // Other programs take a proxy without a scheme, so it stands in many environments.
  return parseProxy(text.includes('://') ? text : `http://${text}`, `The proxy of ${name}`);
}

/** Host and port of a proxy, without what may stand before. */
export function nameOf(proxy: URL): string {
  return `${proxy.hostname}:${portOf(proxy)}`;
}

/** The port that a URL means. */
export function portOf(url: URL): number {
  return Number(url.port) || (/^(https|wss):$/.test(url.protocol) ? 443 : 80);
}

/** A host as sockets want it: an IPv6 address has brackets in a URL and none elsewhere. */
export function hostname(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function parseProxy(text: string, what: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // The text may hold a password, so the error does not repeat it.
  }
  if (url && /^https?:$/.test(url.protocol) && url.hostname) return url;
  throw new LiveError(
    'BAD_CONFIG',
    `${what} has no usable address${url ? `: "${url.protocol}" is not supported` : ''}`,
    {
      advice:
        'Write http://host:port or http://user:password@host:port, with special characters percent-encoded ("/" as %2F).',
      policy: 'fatal',
    },
  );
}

function isLoopback(target: URL): boolean {
  const host = hostname(target);
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}

/** `NO_PROXY`: hosts, `.domains`, `*.domains`, `host:port`, addresses, networks (`10.0.0.0/8`), or `*` for all. */
function isExcepted(target: URL, list: string): boolean {
  const host = hostname(target);
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return isInNetwork(host, entry);
      const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
      if (port && Number(port) !== portOf(target)) return false;
      const domain = name
        .replace(/^\[|\]$/g, '')
        .replace(/^\*?\./, '')
        .toLowerCase();
      return host === domain || host.endsWith(`.${domain}`);
    });
}

function isInNetwork(host: string, entry: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version || !/^\d+$/.test(bits)) return false;
  if (Number(bits) > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, Number(bits), family);
  return network.check(host, family);
}

import http, { type Agent, type ClientRequestArgs } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type SecureContext } from 'node:tls';
import { contextFor } from './authorities';
import { proxyFor, type Environment, type NetworkOptions } from './proxy';
import { openTunnel } from './tunnel';

/** A proxy that takes longer than this (ms) will not answer. */
const TUNNEL_TIMEOUT_MS = 30_000;

/** Sends each request through a tunnel of its own. */
class TunnelAgent extends http.Agent {
  /** Read by Node.js: an agent of the other protocol is refused. */
  readonly protocol: string;
  readonly defaultPort: number;
  private readonly pending = new Set<() => void>();

  constructor(
    private readonly proxy: URL,
    private readonly secure: boolean,
    private readonly secureContext: SecureContext | undefined,
  ) {
    super({ keepAlive: false });
    this.protocol = secure ? 'https:' : 'http:';
    this.defaultPort = secure ? 443 : 80;
  }

  override createConnection(
    options: ClientRequestArgs & { servername?: string },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    // With an error there is no stream, whatever the types of Node.js say.
    const created = callback as ((error: Error | null, stream?: Duplex) => void) | undefined;
    const host = (options.hostname ?? options.host ?? 'localhost').replace(/^\[|\]$/g, '');
    const abort = openTunnel(
      {
        proxy: this.proxy,
        host,
        port: Number(options.port) || this.defaultPort,
        timeoutMs: TUNNEL_TIMEOUT_MS,
        ...(this.secureContext && { secureContext: this.secureContext }),
      },
      (error, socket) => {
        this.pending.delete(abort);
        if (error || !socket) created?.(error ?? new Error('The proxy gave no connection'));
        else created?.(null, this.secure ? this.encrypt(socket, host, options.servername) : socket);
      },
    );
    this.pending.add(abort);
    return undefined;
  }

  /** Ends attempts that wait for the proxy as well: Node.js ends only what is connected. */
  override destroy(): void {
    for (const abort of this.pending) abort();
    this.pending.clear();
    super.destroy();
  }

  private encrypt(socket: Socket, host: string, servername = isIP(host) ? '' : host): Socket {
    return tls.connect({
      socket,
      host,
      servername,
      ALPNProtocols: ['http/1.1'],
      ...(this.secureContext && { secureContext: this.secureContext }),
    });
  }
}

/**
 * How requests to a URL (http, https, ws, wss) are sent: through a proxy, with further authorities trusted, or
 * undefined where the usual way will do. Made anew for each connection: `destroy()` ends whatever it has open.
 *
 * @throws LiveError `BAD_CONFIG` for a proxy or CA that cannot be used.
 */
export function agentFor(url: string, network?: NetworkOptions, env?: Environment): Agent | undefined {
  const target = new URL(url);
  const secure = /^(https|wss):$/.test(target.protocol);
  const proxy = proxyFor(target, network, env);
  const ca = network?.ca?.trim();
  const secureContext = ca && (secure || proxy?.protocol === 'https:') ? contextFor(ca) : undefined;
  if (proxy) return new TunnelAgent(proxy, secure, secureContext);
  return secureContext ? new https.Agent({ secureContext } as https.AgentOptions) : undefined;
}

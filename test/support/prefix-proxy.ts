import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A reverse proxy as people put before Node-RED: everything below a prefix goes to it without that, WebSockets too. */
export class PrefixProxy {
  private readonly server = createServer((incoming, response) => {
    const { method, headers } = incoming;
    const outgoing = ask({ ...this.address, method, headers, path: this.pathOf(incoming) }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    outgoing.on('error', () => response.writeHead(502).end());
    incoming.pipe(outgoing);
  });
  private readonly sockets = new Set<Socket>();

  /** @param target `http://host:port`; may change while Node-RED is started again */
  private constructor(
    readonly prefix: string,
    public target: string,
  ) {
    this.server.on('upgrade', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
      const { hostname, port } = this.address;
      const server = connect(Number(port), hostname);
      const lines = incoming.rawHeaders.flatMap((name, at, all) =>
        at % 2 ? [] : [`${name}: ${all[at + 1]}`],
      );
      server.write(`GET ${this.pathOf(incoming)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      server.write(head);
      client.pipe(server).pipe(client);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  static async start(prefix: string, target: string): Promise<PrefixProxy> {
    const proxy = new PrefixProxy(prefix, target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** Where it is, with the prefix. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.prefix}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get address(): { hostname: string; port: string } {
    const { hostname, port } = new URL(this.target);
    return { hostname, port };
  }

  private pathOf({ url = '' }: IncomingMessage): string {
    return url.startsWith(this.prefix) ? url.slice(this.prefix.length) : '/not-below-the-prefix';
  }
}

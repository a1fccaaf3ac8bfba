import http, { type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How the proxy behaves. */
export interface ProxyScript {
  /** `user:password` that it wants. */
  credentials?: string;
  /** Port on loopback for each `host:port` it lets through; others get 403. */
  routes: Record<string, number>;
  /** Takes CONNECT and never answers. */
  mute?: boolean;
  /** Answers each CONNECT with this status. */
  status?: number;
  /** Speaks TLS itself. */
  tls?: { cert: string; key: string };
}

/** An HTTP proxy for CONNECT. Loopback, free port. */
export class ConnectProxy {
  /** Each `host:port` that was asked for, in order. */
  readonly asked: string[] = [];
  /** `Proxy-Authorization` of each request. */
  readonly authorizations: Array<string | undefined> = [];
  private readonly sockets = new Set<Duplex>();
  private readonly server: Server;

  private constructor(readonly script: ProxyScript) {
    const refuse = (_request: IncomingMessage, response: http.ServerResponse): void => {
      response.writeHead(405).end();
    };
    this.server = script.tls ? https.createServer(script.tls, refuse) : http.createServer(refuse);
    this.server.on('connection', (socket: Socket) => this.keep(socket));
    this.server.on('connect', (request, client, head) => this.connect(request, client, head));
  }

  static async start(script: ProxyScript): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(script);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Without credentials. */
  get url(): string {
    return `${this.script.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Connections to it or through it that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connect(request: IncomingMessage, client: Duplex, head: Buffer): void {
    const { credentials, routes, mute, status } = this.script;
    client.on('error', () => client.destroy());
    this.asked.push(request.url ?? '');
    const authorization = request.headers['proxy-authorization'];
    this.authorizations.push(authorization);
    if (mute) {
      // Read on, or the end of the connection would not be noticed.
      client.resume().on('end', () => client.destroy());
      return;
    }
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const port = routes[request.url ?? ''];
    if (status) answer(client, status);
    else if (wanted && authorization !== wanted) answer(client, 407);
    else if (port === undefined) answer(client, 403);
    else {
      const target = net.connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.write(head);
        target.pipe(client).pipe(target);
      });
      this.keep(target);
      target.on('error', () => client.destroy());
      client.on('close', () => target.destroy());
    }
  }

  private keep(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }
}

function answer(client: Duplex, status: number): void {
  client.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Length: 0\r\n\r\n`);
}

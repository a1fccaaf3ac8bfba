import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** How the server behaves before a test takes over. */
export interface Script {
  /** Answer the first message with `setupComplete` (default), or leave that to the test. */
  setup?: 'complete' | 'manual';
  /** Refuse the upgrade with this status and body. */
  refuse?: { status: number; body: string };
  /** Take the TCP connection and never answer. */
  mute?: boolean;
}

type Json = Record<string, unknown>;

/** One client, as the server sees it: everything it sent, and whatever frames the test wants it to get. */
export class ScriptedConnection {
  readonly received: Json[] = [];
  /** Close code and reason of the client's side, once it has closed. */
  closed: { code: number; reason: string } | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly socket: WebSocket,
    readonly url: string,
    readonly headers: IncomingHttpHeaders,
    script: Script,
  ) {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Json;
      this.received.push(message);
      if ('setup' in message && script.setup !== 'manual') this.send({ setupComplete: {} });
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('error', () => {});
  }

  /** JSON in a binary frame, as the service sends it. */
  send(...messages: object[]): void {
    for (const message of messages) this.socket.send(Buffer.from(JSON.stringify(message)));
  }

  /** One frame exactly as given: text for a string, binary for a Buffer. */
  sendFrame(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** `serverContent` in a frame of its own. */
  content(...contents: object[]): void {
    this.send(...contents.map((serverContent) => ({ serverContent })));
  }

  close(code: number, reason = ''): void {
    this.socket.close(code, reason);
  }

  /** Breaks the TCP connection without a close frame. */
  cut(): void {
    this.socket.terminate();
  }

  /** Stops reading, as a stalled network does. */
  stall(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Waits until the client has sent what `pick` finds. */
  async until<T>(pick: (received: Json[]) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = pick(this.received);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** The `index`-th message (0 = setup). */
  message(index: number): Promise<Json> {
    return this.until((received) => received[index]);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed);
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}

/** A WebSocket server that does exactly what a test says. Loopback, free port. */
export class ScriptedServer {
  readonly connections: ScriptedConnection[] = [];
  script: Script;
  private readonly http: Server;
  private readonly sockets = new Set<Socket>();
  private readonly waiting = new Set<() => void>();

  private constructor(script: Script) {
    this.script = script;
    this.http = createServer((_request, response) => response.writeHead(404).end());
    const websockets = new WebSocketServer({ noServer: true });
    this.http.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.http.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
      socket.on('error', () => {});
      if (this.script.mute) return;
      if (this.script.refuse) {
        const { status, body } = this.script.refuse;
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
        return;
      }
      websockets.handleUpgrade(request, socket, head, (websocket) => {
        const connection = new ScriptedConnection(websocket, request.url ?? '', request.headers, this.script);
        this.connections.push(connection);
        for (const resume of this.waiting) resume();
        this.waiting.clear();
      });
    });
  }

  static async start(script: Script = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => server.http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** TCP connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  /** The `index`-th connection, once it is there. */
  async connection(index = 0): Promise<ScriptedConnection> {
    for (;;) {
      const found = this.connections[index];
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.http.close(() => resolve()));
  }
}

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocket, type ClientOptions } from 'ws';
import { TalkHub, type TalkHubOptions } from '../../src/talk';
import {
  decodeFrame,
  encodeFrame,
  SUBPROTOCOL,
  type ClientMessage,
  type Refusal,
  type ServerMessage,
  type TokenReply,
} from '../../src/talk/wire';

/** Everything that a slow machine may take (ms). */
const PATIENCE = 20_000;

/** A host with a talk hub in it, as Node-RED is one. */
export interface TalkHost {
  readonly hub: TalkHub;
  readonly port: number;
  /** `http://127.0.0.1:PORT/talk`. */
  readonly base: string;
  readonly origin: string;
  /** Upgrades that the hub left alone. */
  readonly foreign: string[];
  /** Sockets that are open at the host's server. */
  sockets(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a real HTTP server with a hub mounted in it. */
export async function startTalk(options: TalkHubOptions = {}): Promise<TalkHost> {
  const files = await mkdtemp(join(tmpdir(), 'talk-page-'));
  await writeFile(join(files, 'index.html'), '<!doctype html><title>Talk</title>');
  await writeFile(join(files, 'page.js'), 'void 0;');
  await writeFile(join(files, 'sw.js'), 'void 1;');
  await writeFile(join(files, 'secret.txt'), 'not for you');
  await writeFile(join(files, 'manifest.webmanifest'), '{"name":"Talk","theme_color":"#123456"}');
  const hub = new TalkHub({ pin: false, files, ...options });
  const foreign: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (!hub.handle(request, response)) response.writeHead(418).end('the host');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (hub.upgrade(request, socket, head)) return;
    foreign.push(request.url ?? '');
    socket.end('HTTP/1.1 418 The Host\r\nconnection: close\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    ...{ hub, port, origin, foreign, base: `${origin}${options.path ?? '/talk'}` },
    sockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      await hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(files, { recursive: true });
    },
  };
}

/** Asks for a token as the page does. */
export async function askToken(
  base: string,
  page: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: TokenReply & Refusal }> {
  const response = await fetch(`${base}/${page}/token`, { headers: { connection: 'close', ...headers } });
  return { status: response.status, body: (await response.json()) as TokenReply & Refusal };
}

/** Tries to open a socket; the HTTP status when it is refused, 101 when it is not. */
export async function tryUpgrade(
  url: string,
  protocols: string[],
  headers: Record<string, string>,
): Promise<{ status: number; socket: WebSocket }> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
  socket.on('error', () => {});
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (request, response) => {
      response.resume();
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
  });
  return { status, socket };
}

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** A browser on a talk page, without the page. */
export class Visitor {
  /** What came, in order. */
  readonly messages: ServerMessage[] = [];
  readonly frames: { kind: number; stream: number; payload: Buffer; at: number }[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #checks = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (binary) {
        const { payload, ...frame } = decodeFrame(data)!;
        this.frames.push({ ...frame, payload: Buffer.from(payload), at: performance.now() });
      } else this.messages.push(JSON.parse(data.toString('utf8')) as ServerMessage);
      this.#check();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#check();
    });
  }

  /** Opens a socket with a token of its own, and says hello unless `hello` is false. */
  static async open(
    base: string,
    page: string,
    hello: Partial<Extract<ClientMessage, { type: 'hello' }>> | false = {},
    options: ClientOptions = {},
  ): Promise<Visitor> {
    const { body } = await askToken(base, page);
    const url = `${base.replace(/^http/, 'ws')}/${page}/socket`;
    const socket = new WebSocket(url, [SUBPROTOCOL, body.token], {
      origin: new URL(base).origin,
      ...options,
    });
    const visitor = new Visitor(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    if (hello) {
      visitor.send({ type: 'hello', ...hello });
      await visitor.told('welcome');
    }
    return visitor;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  frame(kind: number, payload: Uint8Array, stream = 0): void {
    this.socket.send(encodeFrame(kind, stream, payload));
  }

  /** Messages of one type that came so far. */
  all<T extends ServerMessage['type']>(type: T): Of<T>[] {
    return this.messages.filter((message): message is Of<T> => message.type === type);
  }

  /** Sound of a stream that came so far. */
  sound(stream: number): Buffer {
    return Buffer.concat(
      this.frames.filter((frame) => frame.stream === stream).map((frame) => frame.payload),
    );
  }

  /** Waits for a message that was or will be told. */
  async told<T extends ServerMessage['type']>(
    type: T,
    fits: (message: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    const found = (): Of<T> | undefined => this.all(type).find(fits);
    await this.until(() => found() !== undefined, `"${type}"`);
    return found()!;
  }

  /** Waits until something holds; looked at whenever anything arrives. */
  async until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#checks.delete(done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#checks.delete(done);
        reject(new Error(`Waited in vain for ${what}; came: ${JSON.stringify(this.messages).slice(-2000)}`));
      }, PATIENCE);
      this.#checks.add(done);
    });
  }

  /** Waits until the server closed the socket. */
  async putOut(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== undefined, 'the end of the socket');
    return this.closed!;
  }

  /** Waits until the server has dealt with all that was sent before: it answers pings in order. */
  async settled(): Promise<void> {
    const pong = once(this.socket, 'pong');
    this.socket.ping();
    await pong;
  }

  async leave(): Promise<void> {
    if (this.closed) return;
    this.socket.close();
    await this.putOut();
  }

  #check(): void {
    for (const check of [...this.#checks]) check();
  }
}

/** Waits until something holds that nobody tells of. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

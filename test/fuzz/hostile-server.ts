import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Frame } from './frames';

interface ClientMessage {
  setup?: object;
  realtimeInput?: { audio?: { data: string }; text?: string };
  clientContent?: { turns?: Array<{ parts?: Array<{ text?: string }> }> };
}

const json = (message: object): Buffer => Buffer.from(JSON.stringify(message));
const QUESTION = /are you there (\d+)/g;

/**
 * A server of one session that sends whatever it is told. It accepts each setup, and answers the question "are you
 * there 7" with a good turn that says "here 7", so that one can see whether the session still converses.
 */
export class HostileServer {
  /** The socket of the newest connection, once its setup is accepted. */
  current: WebSocket | undefined;
  /** Most sockets that were open at the same time. */
  mostOpen = 0;
  connections = 0;
  /** Bytes of PCM that came. */
  audioBytes = 0;
  private readonly sockets: WebSocketServer;

  private constructor() {
    this.sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    this.sockets.on('connection', (socket) => this.accept(socket));
  }

  static async start(): Promise<HostileServer> {
    const server = new HostileServer();
    await once(server.sockets, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.sockets.address() as AddressInfo).port}`;
  }

  /** Sends on the newest connection; lost when there is none. */
  send(frame: Frame): void {
    if (this.open) this.current?.send(frame);
  }

  /** The newest connection has been set up, and stands. */
  get open(): boolean {
    return this.current?.readyState === 1;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    await new Promise<void>((resolve) => this.sockets.close(() => resolve()));
  }

  private accept(socket: WebSocket): void {
    this.connections++;
    const open = [...this.sockets.clients].filter(({ readyState }) => readyState === 1).length;
    this.mostOpen = Math.max(this.mostOpen, open);
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) =>
      this.receive(socket, JSON.parse(data.toString()) as ClientMessage),
    );
  }

  private receive(socket: WebSocket, { setup, realtimeInput, clientContent }: ClientMessage): void {
    if (setup) {
      socket.send(json({ setupComplete: {} }));
      this.current = socket;
    }
    const { audio, text = '' } = realtimeInput ?? {};
    if (audio) this.audioBytes += Buffer.from(audio.data, 'base64').length;
    const written =
      clientContent?.turns?.flatMap(({ parts }) => parts ?? []).map((part) => part.text ?? '') ?? [];
    // A fresh session may be told the history: the last question counts.
    const question = [...[text, ...written].join('\n').matchAll(QUESTION)].at(-1);
    if (question) this.answer(socket, question[1]!);
  }

  private answer(socket: WebSocket, number: string): void {
    const data = Buffer.alloc(960, 3).toString('base64');
    const parts = [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }];
    socket.send(
      json({ serverContent: { modelTurn: { parts }, outputTranscription: { text: `here ${number}` } } }),
    );
    socket.send(json({ serverContent: { generationComplete: true } }));
    socket.send(json({ serverContent: { turnComplete: true } }));
  }
}

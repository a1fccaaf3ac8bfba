import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

type Json = Record<string, unknown>;

/** What a service knows of its calls; a handle stands for a copy of it. */
interface Memory {
  open: Set<string>;
  answered: Set<string>;
  cancelled: Set<string>;
}

/** An answer that the service did not wait for. */
export interface Violation {
  id: string;
  why: 'answered twice' | 'taken back' | 'unknown';
}

const copy = ({ open, answered, cancelled }: Memory): Memory => ({
  open: new Set(open),
  answered: new Set(answered),
  cancelled: new Set(cancelled),
});

/**
 * A service that makes calls when a test says so, and keeps account of every answer as the real one must: what came after
 * the handle with which a connection resumes is forgotten, answers too. Loopback, free port.
 */
export class CallServer {
  readonly violations: Violation[] = [];
  /** Ids of calls that were taken back at any time. */
  readonly takenBack = new Set<string>();
  /** Answers that were taken. */
  answers = 0;
  /** Everything that came after the setups. */
  received = 0;
  private memory: Memory = { open: new Set(), answered: new Set(), cancelled: new Set() };
  private readonly handles = new Map<string, Memory>();
  /** The connection whose setup is complete. */
  private socket: WebSocket | undefined;
  /** What the client has written. */
  private readonly texts = new Set<string>();
  /** Called when something has come. */
  changed: () => void = () => {};

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Json;
        if ('setup' in message) this.begin(socket, message['setup'] as Json);
        else if (this.socket === socket) this.take(message);
        this.changed();
      });
      socket.on('close', () => {
        if (this.socket === socket) this.socket = undefined;
      });
    });
  }

  static async start(): Promise<CallServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    return new CallServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Calls without an answer, except those that were taken back before the service forgot that. */
  get unanswered(): string[] {
    return [...this.memory.open].filter((id) => !this.takenBack.has(id));
  }

  get open(): string[] {
    return [...this.memory.open];
  }

  call(...ids: string[]): void {
    if (!this.socket) return;
    for (const id of ids) this.memory.open.add(id);
    this.send({ toolCall: { functionCalls: ids.map((id) => ({ id, name: 'f', args: { id } })) } });
  }

  /** Tells calls again that are open already. */
  repeat(ids: readonly string[]): void {
    this.send({ toolCall: { functionCalls: ids.map((id) => ({ id, name: 'f', args: { id } })) } });
  }

  cancel(id: string): void {
    if (!this.socket) return;
    this.memory.open.delete(id);
    this.memory.cancelled.add(id);
    this.takenBack.add(id);
    this.send({ toolCallCancellation: { ids: [id] } });
  }

  handle(): void {
    const newHandle = `h${this.handles.size}`;
    this.handles.set(newHandle, copy(this.memory));
    this.send({ sessionResumptionUpdate: { newHandle, resumable: true } });
  }

  /** Ends a turn, and says something that nobody knows. */
  mark(n: number): void {
    this.send({ serverContent: { turnComplete: true } });
    this.send({ mark: n });
  }

  /** Breaks the connection as a network does. */
  cut(): void {
    this.socket?.terminate();
    this.socket = undefined;
  }

  /** Whether the client has written a text. */
  heard(text: string): boolean {
    return this.texts.has(text);
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(message: Json): void {
    this.received++;
    const { realtimeInput, toolResponse } = message as { realtimeInput?: Json; toolResponse?: Json };
    if (realtimeInput?.['text']) this.texts.add(String(realtimeInput['text']));
    for (const { id, willContinue } of (toolResponse?.['functionResponses'] ?? []) as Array<{
      id: string;
      willContinue?: boolean;
    }>) {
      const { open, answered, cancelled } = this.memory;
      if (open.has(id)) {
        if (willContinue) continue;
        open.delete(id);
        answered.add(id);
        this.answers++;
      } else {
        const why = answered.has(id) ? 'answered twice' : cancelled.has(id) ? 'taken back' : 'unknown';
        this.violations.push({ id, why });
      }
    }
  }

  private begin(socket: WebSocket, setup: Json): void {
    this.socket = socket;
    const { handle } = (setup['sessionResumption'] ?? {}) as { handle?: string };
    const kept = handle === undefined ? undefined : this.handles.get(handle);
    this.memory = kept ? copy(kept) : { open: new Set(), answered: new Set(), cancelled: new Set() };
    this.send({ setupComplete: {} });
  }

  private send(message: Json): void {
    this.socket?.send(Buffer.from(JSON.stringify(message)));
  }
}

import { EventEmitter, once } from 'node:events';
import { WebSocket } from 'ws';

/** What a Debug node with "complete message" shows in the sidebar. */
export interface DebugMessage {
  /** The Debug node. */
  id: string;
  name?: string;
  /** The message, as the sidebar gets it: buffers and functions are described. */
  msg: Record<string, unknown>;
}

/** A node's status. */
export interface NodeStatus {
  id: string;
  fill?: string;
  shape?: string;
  text?: string;
}

/**
 * The editor's own socket: what the Debug sidebar and the statuses on the canvas show, seen by a test.
 * Emits `debug` (DebugMessage) and `status` (NodeStatus); keeps all of them for `debugged` and `statusOf`.
 */
export class Comms extends EventEmitter {
  readonly debugs: DebugMessage[] = [];
  readonly statuses: NodeStatus[] = [];

  private constructor(private readonly socket: WebSocket) {
    super();
    this.setMaxListeners(0);
    socket.on('error', () => this.emit('closed'));
    socket.on('close', () => this.emit('closed'));
    socket.on('message', (data: Buffer) => {
      const parsed: unknown = JSON.parse(data.toString());
      for (const entry of Array.isArray(parsed) ? parsed : []) this.receive(entry as CommsEntry);
    });
  }

  /** @param url the editor's address, ending in a slash */
  static async open(url: string): Promise<Comms> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}comms`);
    const comms = new Comms(socket);
    await once(socket, 'open');
    for (const topic of ['debug', 'status/#']) socket.send(JSON.stringify({ subscribe: topic }));
    return comms;
  }

  /** The first debug message, past or to come, that fits. */
  debugged(fits: (message: DebugMessage) => boolean, timeoutMs = 30_000): Promise<DebugMessage> {
    return this.find('debug', this.debugs, fits, timeoutMs);
  }

  /** The first status, past or to come, that fits. */
  status(fits: (status: NodeStatus) => boolean, timeoutMs = 30_000): Promise<NodeStatus> {
    return this.find('status', this.statuses, fits, timeoutMs);
  }

  /** What a node shows now. */
  statusOf(id: string): NodeStatus | undefined {
    return this.statuses.findLast((status) => status.id === id);
  }

  /** Forgets what was seen, so that the next wait is for something new. */
  clear(): void {
    this.debugs.length = 0;
    this.statuses.length = 0;
  }

  close(): void {
    this.socket.terminate();
  }

  private receive({ topic, data }: CommsEntry): void {
    if (topic === 'debug') {
      const { id, name, msg, format } = data as { id: string; name?: string; msg: string; format: string };
      const whole = /^(object|array|error)/i.test(format)
        ? (JSON.parse(msg) as DebugMessage['msg'])
        : { payload: msg };
      const message = { id, name, msg: whole };
      this.debugs.push(message);
      this.emit('debug', message);
    } else if (topic.startsWith('status/')) {
      const status = { ...(data as object), id: topic.slice('status/'.length) };
      this.statuses.push(status);
      this.emit('status', status);
    }
  }

  private find<T>(event: string, seen: T[], fits: (item: T) => boolean, timeoutMs: number): Promise<T> {
    const already = seen.find(fits);
    if (already) return Promise.resolve(already);
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.off(event, look);
        this.off('closed', closed);
        end();
      };
      const look = (item: T) => fits(item) && settle(() => resolve(item));
      const closed = () => settle(() => reject(new Error(`Node-RED closed the editor's socket`)));
      const timer = setTimeout(() => {
        const last = JSON.stringify(seen.slice(-5), undefined, 1);
        settle(() => reject(new Error(`No such ${event} message within ${timeoutMs} ms; the last: ${last}`)));
      }, timeoutMs);
      this.on(event, look);
      this.on('closed', closed);
    });
  }
}

interface CommsEntry {
  topic: string;
  data: unknown;
}

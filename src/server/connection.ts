import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { LiveClientMessage, LiveServerMessage } from '../protocol';
import { readClientFrame, Refusal } from './client-message';
import { closes, cutReason, type Close } from './closes';
import type { ConversationWorld } from './conversation';
import { FaultGate, type Faults } from './faults';
import { frameBytes, frames } from './frames';
import { Memory, type HandleStore } from './memory';
import type { Hearing, Speech } from './parts';
import type { Route } from './routes';
import { Session } from './session';
import { acceptSetup, type SessionConfig } from './setup';

/** What a connection tells its server. */
export interface ConnectionEvents {
  setup(config: SessionConfig): void;
  heard(hearing: Hearing): void;
  replied(text: string, source: Speech['source']): void;
  /** Something inside the server failed; the client sees 1011. */
  problem(error: unknown): void;
  closed(close: Close, by: 'client' | 'server'): void;
}

/** Everything a connection is made of. */
export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly route: Route;
  readonly faults: Readonly<Faults>;
  readonly handles: HandleStore;
  readonly parts: Omit<ConversationWorld, 'send' | 'heard' | 'replied' | 'failed' | 'save'>;
  readonly events: ConnectionEvents;
}

/** A client that does not read is cut off when this much waits for it, in bytes. */
const MOST_UNREAD = 64 * 1024 * 1024;

/** One client: first its setup, then a conversation, until either side ends it. */
export class Connection {
  /** False from the moment on at which the server stops listening to this client. */
  private open = true;
  private readonly gate: FaultGate;
  private session: Session | undefined;
  private closedByServer: Close | undefined;

  constructor(private readonly options: ConnectionOptions) {
    const { socket, faults } = options;
    this.gate = new FaultGate(faults);
    socket.on('message', (data) => this.receive(data));
    // A broken frame or a lost peer; 'close' follows.
    socket.on('error', () => this.stop());
    socket.on('close', (code, reason) => {
      this.stop();
      const close = this.closedByServer ?? { code, reason: reason.toString('utf8') };
      options.events.closed(close, this.closedByServer ? 'server' : 'client');
    });
    if (this.gate.onOpen) this.close(this.gate.onOpen);
  }

  /** Ends the connection with a closing handshake. */
  close(close: Close): void {
    if (!this.open) return;
    this.stop();
    this.closedByServer = close;
    try {
      this.options.socket.close(close.code, cutReason(close.reason));
    } catch {
      // A code that cannot be sent, such as 1006: it is what a client sees of a connection that was cut.
      this.options.socket.terminate();
    }
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.stop();
    this.options.socket.terminate();
  }

  private stop(): void {
    this.open = false;
    this.session?.end();
  }

  private receive(data: RawData): void {
    if (!this.open) return;
    try {
      this.handle(Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[]));
    } catch (error) {
      if (error instanceof Refusal) this.close(error.close);
      else this.fail(error);
    }
  }

  private handle(data: Buffer): void {
    const { message, nullHandle } = readClientFrame(data, this.options.route.backend);
    if (this.session) this.session.receive(message);
    else this.begin(message, nullHandle);
  }

  private begin({ setup }: LiveClientMessage, nullHandle: boolean): void {
    if (!setup) throw new Refusal(closes.invalidArgument());
    const { route, events, faults, parts } = this.options;
    const config = acceptSetup(setup, route, nullHandle);
    const memory = this.recall(config);
    events.setup(config);
    this.session = new Session(config, memory, {
      ...parts,
      send: (message) => this.send(message),
      heard: (hearing) => events.heard(hearing),
      replied: (text, source) => events.replied(text, source),
      failed: (error) => this.fail(error),
      save: (current) => this.options.handles.save(current, ownerOf(this.options.socket), config.model),
    });
    const id = route.backend === 'vertex' ? randomUUID() : undefined;
    if (!faults.neverSetupComplete) this.send(frames.setupComplete(id));
  }

  private recall({ handle, model }: SessionConfig): Memory {
    if (handle === undefined) return new Memory();
    const resumed = this.options.handles.take(handle);
    if (!resumed) throw new Refusal(closes.unknownHandle());
    if (resumed.model !== model) throw new Refusal(closes.invalidArgument());
    if (resumed.owner.open) throw new Refusal(closes.internal());
    return resumed.memory;
  }

  private send(message: LiveServerMessage): void {
    const { socket } = this.options;
    if (!this.open || socket.readyState !== socket.OPEN) return;
    const verdict = this.gate.judge(message);
    socket.send(verdict.instead ?? frameBytes(message), { binary: true });
    if (verdict.then === 'terminate' || socket.bufferedAmount > MOST_UNREAD) this.terminate();
    else if (verdict.then) this.close(verdict.then);
  }

  private fail(error: unknown): void {
    this.options.events.problem(error);
    this.close(closes.internal());
  }
}

/** Says whether a socket is still open, without keeping it from being collected: handles outlive connections. */
function ownerOf(socket: WebSocket): { readonly open: boolean } {
  const reference = new WeakRef(socket);
  return {
    get open() {
      const current = reference.deref();
      return current !== undefined && current.readyState === current.OPEN;
    },
  };
}

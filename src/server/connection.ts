import { randomUUID } from 'node:crypto';
import type { FunctionResponse, LiveClientMessage, LiveClientSetup, LiveServerMessage } from '../protocol';
import { readClientFrame, Refusal } from './client-message';
import { closes, cutReason, type Close } from './closes';
import type { ConversationWorld } from './conversation';
import { FaultGate } from './fault-gate';
import type { Faults, GoAway } from './faults';
import { fragmentsOf, frameBytes, frames } from './frames';
import type { HandleOwner, HandleStore } from './handles';
import { Lifetime, sessionEnd, type Limits, type SessionAge } from './lifetime';
import { Memory, type OpenCall } from './memory';
import type { Hearing, Speech } from './parts';
import type { Route } from './routes';
import { respell } from './spelling';
import { Session, type SessionWorld } from './session';
import { acceptSetup, type SessionConfig } from './setup';
import type { ServerSocket, SocketData } from './socket';
import type { AnswerOutcome } from './tool-desk';

/** What a connection tells its server. */
export interface ConnectionEvents {
  setup(config: SessionConfig): void;
  /** The conversation goes on that another connection had. @param from its number */
  resumed(from: number): void;
  received(message: LiveClientMessage): void;
  sent(message: LiveServerMessage): void;
  heard(hearing: Hearing): void;
  replied(text: string, source: Speech['source']): void;
  called(call: OpenCall): void;
  answered(response: FunctionResponse, outcome: AnswerOutcome): void;
  /** Something inside the server failed; the client sees 1011. */
  problem(error: unknown): void;
  closed(close: Close, by: 'client' | 'server'): void;
}

/** Everything a connection is made of. */
export interface ConnectionOptions {
  readonly socket: ServerSocket;
  /** Its number, counted from 1. */
  readonly number: number;
  readonly route: Route;
  readonly faults: Readonly<Faults>;
  /** Numbers in [0, 1) for faults that happen by chance; other ones than the conversation draws from. */
  readonly chance: () => number;
  readonly limits: Limits;
  readonly handles: HandleStore;
  /** The token the client has shown. */
  readonly token?: { readonly until: number; admit(setup: LiveClientSetup): LiveClientSetup };
  readonly parts: Pick<
    ConversationWorld,
    'ears' | 'mind' | 'voice' | 'phrases' | 'clock' | 'random' | 'generationSpeed'
  >;
  /** Counts one more turn of the model. @returns false when that is too many */
  countTurn(): boolean;
  readonly events: ConnectionEvents;
}

/** A client that does not read is cut off when this much waits for it, in bytes. */
const MOST_UNREAD = 64 * 1024 * 1024;

/** One client: first its setup, then a conversation, until either side ends it. */
export class Connection {
  private readonly over = new AbortController();
  private readonly gate: FaultGate;
  private readonly lifetime: Lifetime;
  private session: Session | undefined;
  private closedByServer: Close | undefined;
  /** Closes with the next message. */
  private poison: Close | undefined;

  constructor(private readonly options: ConnectionOptions) {
    const { socket, faults, parts } = options;
    this.gate = new FaultGate(faults, options.chance);
    this.lifetime = new Lifetime(parts.clock, this.over.signal, faults, {
      goAway: (timeLeft) => this.send(frames.goAway(timeLeft)),
      silence: () => this.gate.silence(),
      close: (close) => this.close(close),
      terminate: () => this.terminate(),
    });
    socket.on('message', (data) => this.receive(data));
    socket.on('ping', (data: Buffer) =>
      this.lifetime.after(faults.pongDelayMs ?? 0, () => socket.pong(data)),
    );
    // A broken frame or a lost peer; 'close' follows.
    socket.on('error', () => this.stop());
    socket.on('close', (code, reason) => {
      this.stop();
      const close = this.closedByServer ?? { code, reason: reason.toString('utf8') };
      options.events.closed(close, this.closedByServer ? 'server' : 'client');
    });
    if (this.gate.onOpen) this.close(this.gate.onOpen);
    else if (faults.goAwayBeforeSetup) this.goAway();
  }

  /** Says that the connection is about to end, and ends it when the time is up. */
  goAway(goAway?: GoAway): void {
    this.lifetime.goAway(goAway);
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

  /** False from the moment on at which the server stops listening to this client. */
  private get open(): boolean {
    return !this.over.signal.aborted;
  }

  private stop(): void {
    this.over.abort();
    this.session?.end();
  }

  private receive(data: SocketData): void {
    if (!this.open) return;
    try {
      if (this.gate.breaks) this.terminate();
      else this.handle(Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[]));
    } catch (error) {
      if (error instanceof Refusal) this.close(error.close);
      else this.fail(error);
    }
  }

  private handle(data: Buffer): void {
    const { message, nullHandle } = readClientFrame(data, this.options.route.backend);
    this.options.events.received(message);
    if (this.poison) throw new Refusal(this.poison);
    if (this.session) this.session.receive(message);
    else this.begin(message, nullHandle);
  }

  private begin({ setup }: LiveClientMessage, nullHandle: boolean): void {
    if (!setup) throw new Refusal(closes.invalidArgument());
    const { route, events, faults, limits, token } = this.options;
    const config = acceptSetup(token?.admit(setup) ?? setup, route, nullHandle);
    const memory = this.recall(config);
    const age = (): SessionAge => ({
      startedAt: memory.startedAt,
      video: memory.video,
      compressed: config.compressed,
    });
    events.setup(config);
    this.session = new Session(config, memory, this.world(config, memory, age));
    if (faults.neverSetupComplete || config.neverAnswered) return;
    this.send(frames.setupComplete(route.backend === 'vertex' ? randomUUID() : undefined));
    this.lifetime.begin(limits, age());
    if (token) this.lifetime.closeAt(token.until, closes.tokenRanOut());
    if (faults.stalledReader) this.options.socket.pause();
    if (faults.handlesEveryMs) this.handlesEvery(faults.handlesEveryMs);
    if (config.handle === undefined) return;
    if (faults.poisonedHandles === 'silent') this.gate.silence();
    else this.poison = faults.poisonedHandles;
  }

  private handlesEvery(ms: number): void {
    this.lifetime.after(ms, () => {
      this.session?.tellHandle();
      this.handlesEvery(ms);
    });
  }

  private world(config: SessionConfig, memory: Memory, age: () => SessionAge): SessionWorld {
    const { parts, faults, events, handles, limits, socket, number, countTurn } = this.options;
    const owner = ownerOf(socket, number);
    return {
      ...parts,
      faults,
      send: (message) => this.send(message),
      heard: (hearing) => events.heard(hearing),
      replied: (text, source) => events.replied(text, source),
      called: (call) => events.called(call),
      answered: (response, outcome) => events.answered(response, outcome),
      failed: (error) => this.fail(error),
      mayAnswer: () => {
        const may = countTurn();
        if (!may) this.close(closes.quota());
        return may;
      },
      turnCompleted: () => this.lifetime.turnCompleted(),
      sawVideo: () => {
        if (memory.video) return;
        memory.video = true;
        this.lifetime.ageLimit(sessionEnd(age(), limits));
      },
      save: (current) =>
        handles.save(
          { memory: current, owner, model: config.model },
          parts.clock.now() + (limits.handleValidMs || Infinity),
        ),
    };
  }

  private recall({ handle, model, compressed }: SessionConfig): Memory {
    const { faults, handles, parts, events, limits } = this.options;
    const now = parts.clock.now();
    if (handle === undefined) return new Memory(now);
    if (faults.refuseResumption) throw new Refusal(faults.refuseResumption);
    const resumed = handles.take(handle, now);
    if (!resumed) throw new Refusal(closes.unknownHandle());
    const { memory, owner } = resumed;
    const { startedAt, video } = memory;
    if (sessionEnd({ startedAt, video, compressed }, limits) <= now)
      throw new Refusal(closes.unknownHandle());
    if (resumed.model !== model) throw new Refusal(closes.invalidArgument());
    if (owner.open) throw new Refusal(closes.internal());
    events.resumed(owner.connection);
    return memory;
  }

  private send(message: LiveServerMessage): void {
    const { socket } = this.options;
    if (!this.open || socket.readyState !== socket.OPEN) return;
    if (this.gate.breaks) return this.terminate();
    const verdict = this.gate.judge(message);
    if (verdict.swallow) return;
    this.write(verdict.instead ?? frameBytes(respell(message, this.options.faults)), verdict.padTo);
    this.options.events.sent(message);
    if (verdict.then === 'terminate' || socket.bufferedAmount > MOST_UNREAD) this.terminate();
    else if (verdict.then) this.close(verdict.then);
  }

  private write(frame: Buffer, padTo = 0): void {
    const { socket, faults } = this.options;
    const bytes = padTo > 0 ? Buffer.concat([frame, Buffer.alloc(padTo - frame.length, ' ')]) : frame;
    if (!faults.fragmented) return socket.send(bytes, { binary: true });
    const pieces = [...fragmentsOf(bytes)];
    pieces.forEach((piece, i) => socket.send(piece, { binary: true, fin: i === pieces.length - 1 }));
  }

  private fail(error: unknown): void {
    this.options.events.problem(error);
    this.close(closes.internal());
  }
}

/** Says whether a socket is still open, without keeping it from being collected: handles outlive connections. */
function ownerOf(socket: ServerSocket, connection: number): HandleOwner {
  const reference = new WeakRef(socket);
  return {
    connection,
    get open() {
      const current = reference.deref();
      return current !== undefined && current.readyState === current.OPEN;
    },
  };
}

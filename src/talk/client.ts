import type { RawData, WebSocket } from 'ws';
import { readClientMessage } from './client-message';
import { Bucket, type TalkLimits, type TalkTimes } from './limits';
import { refusal } from './refusals';
import {
  Close,
  decodeFrame,
  encodeFrame,
  FromClient,
  type ClientMessage,
  type Refusal,
  type ServerMessage,
} from './wire';

/** What a client needs of everything around it. */
export interface ClientSurroundings {
  readonly limits: TalkLimits;
  readonly times: TalkTimes;
  /** Monotonic time, ms. */
  readonly now: () => number;
}

/** What the page is told of a client. A handler returns false for what makes no sense: it counts as malformed. */
export interface ClientHandlers {
  /** Well-formed; the first is always `hello`, and no other is. */
  message(client: TalkClient, message: ClientMessage): boolean;
  /** A binary frame of a known kind. */
  frame(client: TalkClient, kind: number, payload: Buffer): boolean;
  gone(client: TalkClient): void;
}

/**
 * One browser on a page: its socket, and the bounds of what it may do. Whoever breaks them is told why, and put out; nothing
 * that a client sends throws.
 */
export class TalkClient {
  /** What the person calls this browser. */
  name = '';
  /** Random text of the tab, the same after a reconnect. */
  tab: string | undefined;
  /** Whether it said hello. */
  ready = false;
  #malformed = 0;
  #alive = true;
  #out = false;
  readonly #frames: Bucket;
  readonly #hello: NodeJS.Timeout;
  readonly #heart: NodeJS.Timeout;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;

  constructor(
    private readonly socket: WebSocket,
    private readonly around: ClientSurroundings,
    private readonly handlers: ClientHandlers,
  ) {
    const { limits, times, now } = around;
    this.#frames = new Bucket(limits.messagesPerSecond, limits.messagesPerSecond * 5, now);
    this.#hello = setTimeout(() => this.putOut(refusal('TOO_SLOW')), times.hello).unref();
    this.#heart = setInterval(() => this.#beat(), times.heartbeat).unref();
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('message', (data: RawData, binary: boolean) => this.#take(data as Buffer, binary));
    socket.on('ping', () => this.#counted());
    socket.on('pong', () => (this.#alive = true));
    // Too large a frame, broken UTF-8, a lost connection: ws closes the socket by itself, with the right code.
    socket.on('error', () => {});
    socket.on('close', () => this.#gone());
  }

  /** Bytes that wait for this client to read. */
  get backlog(): number {
    return this.socket.bufferedAmount;
  }

  /** Whether it is still there. */
  get open(): boolean {
    return !this.#out && this.socket.readyState === this.socket.OPEN;
  }

  /** Sends a message. */
  tell(message: ServerMessage): void {
    this.send(JSON.stringify(message));
  }

  /** Sends a binary frame. */
  frame(kind: number, stream: number, payload: Uint8Array): void {
    this.send(encodeFrame(kind, stream, payload));
  }

  /** Sends text, or a whole frame. A client that does not read is put out before it costs much memory. */
  send(data: string | Uint8Array): void {
    if (!this.open) return;
    if (this.backlog > this.around.limits.backlogBytes) {
      this.socket.terminate();
      return;
    }
    this.socket.send(data, () => {});
  }

  /** Says that something was refused; the client stays. */
  refuse(refused: Refusal): void {
    const { code, message, advice } = refused;
    this.tell({ type: 'error', code, message, advice });
  }

  /** Says why, and closes the socket. */
  putOut(refused: Refusal): void {
    const { code, message, advice } = refused;
    this.tell({ type: 'error', code, message, advice, final: true });
    this.end(Close.policy, code);
  }

  /** Closes the socket, by force when the client takes too long. What it still sends is not looked at. */
  end(code: number, reason: string): void {
    if (this.#out) return;
    this.#out = true;
    this.socket.close(code, reason);
    const timer = setTimeout(() => this.socket.terminate(), this.around.times.close).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }

  #take(data: Buffer, binary: boolean): void {
    if (this.#out || !this.#counted()) return;
    if (!(binary ? this.#binary(data) : this.#text(data)) && !this.#out) this.#complain();
  }

  #text(data: Buffer): boolean {
    if (data.length > this.around.limits.messageBytes) {
      this.refuse(refusal('TOO_LARGE'));
      return false;
    }
    const message = readClientMessage(data.toString('utf8'));
    if (!message || (message.type === 'hello') === this.ready) return false;
    if (message.type === 'hello') {
      this.ready = true;
      clearTimeout(this.#hello);
      this.name = message.name ?? '';
      this.tab = message.client;
    }
    return this.handlers.message(this, message);
  }

  #binary(data: Buffer): boolean {
    const frame = decodeFrame(data);
    if (!this.ready || !frame || frame.payload.length === 0) return false;
    if (!Object.values<number>(FromClient).includes(frame.kind)) return false;
    return this.handlers.frame(this, frame.kind, frame.payload as Buffer);
  }

  /** Counts a frame of any kind; false when it is one too many. */
  #counted(): boolean {
    this.#alive = true;
    if (this.#frames.take()) return true;
    this.putOut(refusal('TOO_FAST', { advice: 'Load the page again.' }));
    return false;
  }

  #complain(): void {
    this.#malformed += 1;
    if (this.#malformed >= this.around.limits.malformed) this.putOut(refusal('BAD_MESSAGE'));
    else if (this.#malformed === 1) this.refuse(refusal('BAD_MESSAGE'));
  }

  /** A phone that lost its network says nothing: who did not even answer a ping is gone. */
  #beat(): void {
    if (!this.#alive) return this.socket.terminate();
    this.#alive = false;
    this.socket.ping(() => {});
  }

  #gone(): void {
    this.#out = true;
    clearTimeout(this.#hello);
    clearInterval(this.#heart);
    this.handlers.gone(this);
  }
}

import {
  type ClientMessage,
  Close,
  decodeFrame,
  encodeFrame,
  type Refusal,
  type ServerMessage,
  SUBPROTOCOL,
  type TokenReply,
} from '../wire';
import { own, shared, socketUrl } from './places';

/** How it stands with the hub. */
export type Link =
  | { name: 'connecting' }
  | { name: 'open' }
  | { name: 'waiting'; untilMs: number; why: string }
  | { name: 'pin' }
  | { name: 'refused'; message: string; advice: string };

/** What the connection tells. */
export interface LinkHooks {
  link(link: Link): void;
  message(message: ServerMessage): void;
  binary(kind: number, stream: number, payload: Uint8Array): void;
}

/** First and longest pause before the next attempt (ms). */
const PAUSE_MS = 500;
const LONGEST_MS = 15_000;
/** Refusals that time alone does not mend: tried again, but rarely. */
const RARELY_MS = 30_000;
/** Said when there was a token, so Node-RED is there, but no socket. */
const NEVER_OPENED =
  'Node-RED is there, but the connection could not be opened: a proxy on the way must pass on WebSockets and the Host header.';
/** A connection that held so long begins with short pauses again. */
const HELD_MS = 10_000;

/** The socket to the hub. It comes back by itself; each time with a token of its own. */
export class Connection {
  readonly #hooks: LinkHooks;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Why the hub will close the socket. */
  #last: { message: string; advice: string } | undefined;
  /** Of attempts, only the newest counts. */
  #attempt = 0;

  constructor(hooks: LinkHooks) {
    this.#hooks = hooks;
    addEventListener('online', () => this.now());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now();
    });
  }

  get open(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes that wait in the socket. */
  get buffered(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(message: ClientMessage): void {
    if (this.open) this.#socket!.send(JSON.stringify(message));
  }

  sendBinary(kind: number, stream: number, payload: Uint8Array): void {
    if (this.open) this.#socket!.send(encodeFrame(kind, stream, payload) as Uint8Array<ArrayBuffer>);
  }

  /** Connects without waiting any longer, unless it is connected or just about to be. */
  now(): void {
    if (this.#timer === undefined && this.#attempt > 0) return;
    void this.connect();
  }

  async connect(): Promise<void> {
    const attempt = (this.#attempt += 1);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const old = this.#socket;
    this.#socket = undefined;
    old?.close();
    this.#hooks.link({ name: 'connecting' });
    const token = await this.#token().catch(() => undefined);
    if (attempt !== this.#attempt) return;
    if (token === undefined)
      this.#again(navigator.onLine ? 'Node-RED does not answer.' : 'This device has no network.');
    else if (typeof token === 'string') this.#open(token);
    else this.#refused(token);
  }

  /** Tells the hub the PIN. @returns why it was not taken, nothing when it was */
  async pair(pin: string): Promise<string | undefined> {
    try {
      const response = await fetch(shared('pair'), {
        ...{ method: 'POST', credentials: 'same-origin' as const, cache: 'no-store' as const },
        ...{ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ pin }) },
      });
      if (response.ok) return void this.connect();
      const refusal = await refusalOf(response);
      return `${refusal.message ?? 'That PIN was not taken.'} ${refusal.advice ?? ''}`.trim();
    } catch {
      return 'Node-RED does not answer. Try again in a moment.';
    }
  }

  async #token(): Promise<string | Partial<Refusal>> {
    const response = await fetch(own('token'), { credentials: 'same-origin', cache: 'no-store' });
    return response.ok ? ((await response.json()) as TokenReply).token : await refusalOf(response);
  }

  #open(token: string): void {
    const socket = new WebSocket(socketUrl(), [SUBPROTOCOL, token]);
    const current = (): boolean => socket === this.#socket;
    let opened = 0;
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      if (!current()) return socket.close();
      opened = Date.now();
      this.#hooks.link({ name: 'open' });
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (current()) this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (!current()) return;
      this.#socket = undefined;
      if (opened === 0) return this.#again(NEVER_OPENED);
      if (Date.now() - opened > HELD_MS) this.#failures = 0;
      this.#closed(code, reason);
    };
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data === 'string') {
      const message = parse(data);
      if (message?.type === 'error' && message.final) this.#last = message;
      if (message) this.#hooks.message(message);
      return;
    }
    const parts = decodeFrame(new Uint8Array(data));
    if (parts) this.#hooks.binary(parts.kind, parts.stream, parts.payload);
  }

  #closed(code: number, reason: string): void {
    const { message = reason, advice = '' } = this.#last ?? {};
    this.#last = undefined;
    if (code === Close.policy || code === Close.tooLarge) {
      this.#hooks.link({ name: 'refused', message: message || 'This page was put out.', advice });
    } else if (code === Close.goingAway) this.#again('Node-RED is starting again.');
    else this.#again(message || 'The connection to Node-RED is lost.', 0, advice);
  }

  #refused({
    code,
    message = 'Node-RED does not answer as it should.',
    advice = '',
  }: Partial<Refusal>): void {
    if (code === 'PIN_NEEDED') this.#hooks.link({ name: 'pin' });
    else if (code === undefined || code === 'FULL') this.#again(message, 0, advice);
    else this.#again(message, RARELY_MS, advice);
  }

  #again(why: string, leastMs = 0, advice = ''): void {
    const backoff = Math.min(LONGEST_MS, PAUSE_MS * 2 ** this.#failures);
    const pause = Math.max(leastMs, backoff * (0.75 + Math.random() / 2)); // many pages must not come back at once
    this.#failures += 1;
    this.#timer = setTimeout(() => void this.connect(), pause);
    this.#hooks.link({ name: 'waiting', untilMs: Date.now() + pause, why: `${why} ${advice}`.trim() });
  }
}

/** A text frame as a message. @returns nothing for what is none: a newer hub may say what this page does not know */
function parse(text: string): ServerMessage | undefined {
  try {
    const value = JSON.parse(text) as { type?: unknown } | null;
    return typeof value?.type === 'string' ? (value as ServerMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** Why Node-RED refused; nothing is known of it when something on the way did, or it asks to sign in again. */
async function refusalOf(response: Response): Promise<Partial<Refusal>> {
  const value: unknown = await response.json().catch(() => undefined);
  if (typeof value === 'object' && value !== null && 'code' in value) return value as Refusal;
  const signIn = response.status === 401 || response.status === 403;
  return signIn ? { message: 'You are not signed in any more.', advice: 'Load the page again.' } : {};
}

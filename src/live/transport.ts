import type { Agent, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Frame, SentFrame } from '../protocol';
import { agentFor, type NetworkOptions } from './network';

/** How a connection ended. */
export interface TransportClose {
  /** WebSocket close code; 1006 when the connection broke or never opened. */
  code: number;
  /** Close reason, network error, or beginning of the HTTP body. */
  reason: string;
  /** Status with which the upgrade was refused. */
  httpStatus?: number;
}

/** Who is told what happens on the socket; after `onClose` nothing more comes. */
export interface TransportListener {
  onOpen(): void;
  onFrame(data: Frame): void;
  onClose(close: TransportClose): void;
}

/** Largest frame taken from the server (bytes); an 8 MB frame of a picture or a long chunk still fits. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** How much of an HTTP refusal is read (bytes), and for how long (ms). */
const MAX_BODY_BYTES = 4096;
const BODY_TIMEOUT_MS = 2000;
/** How long a closing handshake may take (ms) before the socket is cut. */
const CLOSE_TIMEOUT_MS = 1000;
/** Proxies cut connections that are idle for two minutes (ms). */
const PING_INTERVAL_MS = 30_000;
/** At least so many pings without any byte in answer, before a peer counts as dead. */
const MIN_PINGS = 3;

/** One WebSocket connection. Knows frames, not messages. */
export class Transport {
  private readonly socket: WebSocket;
  /** Proxy and further authorities, where there are any. */
  private readonly agent: Agent | undefined;
  private closeTimer: NodeJS.Timeout | undefined;
  private pingTimer: NodeJS.Timeout | undefined;
  /** The TCP connection, which counts every byte, those of a frame that is not whole yet too. */
  private stream: Socket | undefined;
  /** Frames and pongs, for streams that do not count. */
  private signs = 0;
  private failure = '';
  private over = false;

  /**
   * @param deadPeerMs how long no byte may come, not even a pong, before the peer counts as dead (ms); 0: for ever.
   * @throws SyntaxError or TypeError for a URL or header that cannot be used, LiveError `BAD_CONFIG` for a proxy or CA
   */
  constructor(
    url: string,
    headers: Record<string, string>,
    private readonly listener: TransportListener,
    network?: NetworkOptions,
    private readonly deadPeerMs = 0,
  ) {
    this.agent = agentFor(url, network);
    this.socket = new WebSocket(url, {
      headers,
      ...(this.agent && { agent: this.agent }),
      // Audio in base64 does not get smaller, and compression costs memory and latency for each frame.
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      followRedirects: false,
    });
    this.socket.on('upgrade', ({ socket }) => (this.stream = socket));
    this.socket.on('open', () => {
      this.keepAlive();
      listener.onOpen();
    });
    this.socket.on('pong', () => this.signs++);
    this.socket.on('message', (data) => {
      this.signs++;
      if (!this.over) listener.onFrame(data);
    });
    this.socket.on('error', (error) => {
      this.failure ||= describe(error);
    });
    this.socket.on('unexpected-response', (_request, response) => void this.refused(response));
    this.socket.on('close', (code, reason) => this.end({ code, reason: reason.toString() || this.failure }));
  }

  /** Bytes handed to the socket that the network has not taken yet. */
  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  /** @param flushed called when the operating system has taken the frame, or never will. */
  send(frame: SentFrame, flushed?: () => void): void {
    // The service takes text frames; the bytes of sound are those of its text.
    this.socket.send(frame, { binary: false }, flushed);
  }

  /** Closes politely; cuts the connection when the server does not answer. */
  close(): void {
    if (this.over || this.closeTimer) return;
    this.closeTimer = setTimeout(() => this.socket.terminate(), CLOSE_TIMEOUT_MS);
    this.socket.close(1000);
  }

  /** Cuts the connection at once. */
  terminate(): void {
    this.socket.terminate();
  }

  /**
   * Pings, so that no proxy finds the connection idle. A pong may take half a minute (sip-to-ai PR #14), so a peer is dead
   * only when several pings in a row brought no byte at all. Pings are counted and not seconds: after the process was
   * suspended, the peer gets its time to answer.
   */
  private keepAlive(): void {
    const { deadPeerMs } = this;
    const interval = deadPeerMs > 0 ? Math.min(PING_INTERVAL_MS, deadPeerMs / MIN_PINGS) : PING_INTERVAL_MS;
    let seen = -1;
    let unanswered = 0;
    this.pingTimer = setInterval(() => {
      const life = (this.stream?.bytesRead ?? 0) + this.signs;
      unanswered = life === seen ? unanswered + 1 : 0;
      seen = life;
      if (deadPeerMs > 0 && unanswered >= deadPeerMs / interval) {
        this.failure ||= `no byte has come for ${deadPeerMs / 1000} s, not even an answer to a ping`;
        this.socket.terminate();
      } else this.socket.ping(undefined, undefined, () => {});
    }, interval);
  }

  private async refused(response: IncomingMessage): Promise<void> {
    const body: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => response.destroy(), BODY_TIMEOUT_MS);
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        body.push(chunk);
        size += chunk.length;
        if (size >= MAX_BODY_BYTES) break;
      }
    } catch {
      // The status alone says enough when the body breaks off.
    }
    clearTimeout(timer);
    response.destroy();
    const text = Buffer.concat(body).subarray(0, MAX_BODY_BYTES).toString('utf8');
    this.end({ code: 1006, reason: text, httpStatus: response.statusCode ?? 0 });
    this.socket.terminate();
  }

  private end(close: TransportClose): void {
    clearTimeout(this.closeTimer);
    clearInterval(this.pingTimer);
    if (this.over) return;
    this.over = true;
    this.agent?.destroy();
    this.listener.onClose(close);
  }
}

/** "localhost" fails as an AggregateError without a text of its own. */
function describe(error: Error & { code?: string; errors?: Error[] }): string {
  return error.message || error.errors?.[0]?.message || error.code || error.name;
}

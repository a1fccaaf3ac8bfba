import {
  classifyClose,
  decode,
  type Frame,
  type LiveServerMessage,
  type Problem,
  type SentFrame,
} from '../protocol';
import { LiveError } from './errors';
import { excerpt, hostOf } from './redact';
import type { FrameTap } from './tap';
import type { Target } from './target';
import type { TurnTimings } from './timings';
import { Transport, type TransportClose } from './transport';

/** Who is told what happens on a connection; after `onEnd` nothing more comes. */
export interface ConnectionListener {
  /** The socket is open and the setup has been sent. */
  onSetup(): void;
  /** `setupComplete` has come: messages may be sent. */
  onReady(): void;
  /** Any message, `setupComplete` included. */
  onMessage(message: LiveServerMessage): void;
  /** A frame that is no message. */
  onBadFrame(error: Error): void;
  /** Something in a message that the schema does not know. */
  onProblem(problem: Problem): void;
  /** One of the others has thrown: a mistake of ours, which must not end the process. */
  onFault(error: unknown): void;
  /** The connection is over; code `CLOSED` when it was closed from this side. */
  onEnd(error: LiveError): void;
}

/** What a {@link Connection} needs. */
export interface ConnectionOptions {
  target: Target;
  /** Text of the first frame. Encoded before: what cannot be encoded must fail where somebody can catch it. */
  setup: string;
  /** Limit for the socket to open, and for the service to answer the setup (ms, each). */
  timeoutMs: number;
  /** How long the peer may send no byte before it counts as dead (ms); 0: for ever. */
  deadPeerMs: number;
  /** Sees every frame; must not throw. */
  tap?: FrameTap;
  /** Told to the tap. */
  about: { model: string; endpoint: string; session: string };
}

/** How much of a close reason or HTTP body is shown (characters). */
const MAX_REASON = 300;

/** One attempt to talk to the service: opens the socket, sends the setup, decodes what comes. */
export class Connection {
  private readonly transport: Transport;
  private phase: 'connecting' | 'setup' | 'ready' | 'closing' = 'connecting';
  private timer: NodeJS.Timeout;
  private timeout: LiveError | undefined;
  private since = performance.now();
  /** The tap was told that the connection opened. */
  private tapped = false;
  private readonly problem = (problem: Problem): void => this.listener.onProblem(problem);
  /** `connectMs` and `setupMs`, as far as they are known. */
  readonly timings: TurnTimings = {};

  constructor(
    private readonly options: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.timer = setTimeout(() => this.expire(), options.timeoutMs);
    try {
      const { url, headers, network } = options.target;
      const listener = {
        onOpen: this.guarded<void>(() => this.opened()),
        onFrame: this.guarded<Frame>((data) => this.frame(data)),
        onClose: this.guarded<TransportClose>((close) => this.ended(close)),
      };
      this.transport = new Transport(url, headers, listener, network, options.deadPeerMs);
    } catch (error) {
      clearTimeout(this.timer);
      if (error instanceof LiveError) throw error;
      throw new LiveError('BAD_CONFIG', `The endpoint cannot be used: ${this.safe(String(error))}`, {
        advice: 'Check URL and headers of the endpoint.',
      });
    }
  }

  get bufferedAmount(): number {
    return this.transport.bufferedAmount;
  }

  send(frame: SentFrame, flushed?: () => void): void {
    this.options.tap?.sent(typeof frame === 'string' ? frame : frame.toString('latin1'));
    this.transport.send(frame, flushed);
  }

  close(): void {
    this.phase = 'closing';
    clearTimeout(this.timer);
    this.transport.close();
  }

  /** What escapes into the socket would be an uncaught exception. */
  private guarded<T>(work: (value: T) => void): (value: T) => void {
    return (value) => {
      try {
        work(value);
      } catch (error) {
        this.listener.onFault(error);
      }
    };
  }

  private opened(): void {
    if (this.phase !== 'connecting') return;
    this.timings.connectMs = this.lap();
    this.phase = 'setup';
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.expire(), this.options.timeoutMs);
    this.tapped = true;
    this.options.tap?.opened({ at: Date.now(), ...this.options.about });
    this.send(this.options.setup);
    this.listener.onSetup();
  }

  private frame(data: Frame): void {
    if (this.phase === 'closing') return;
    this.options.tap?.received(data);
    let message: LiveServerMessage;
    try {
      message = decode(data, this.problem);
    } catch (error) {
      this.listener.onBadFrame(error as Error);
      return;
    }
    if (message.setupComplete && this.phase === 'setup') {
      clearTimeout(this.timer);
      this.timings.setupMs = this.lap();
      this.phase = 'ready';
      this.listener.onReady();
    }
    this.listener.onMessage(message);
  }

  private expire(): void {
    const seconds = this.options.timeoutMs / 1000;
    this.timeout =
      this.phase === 'connecting'
        ? new LiveError('CONNECT_TIMEOUT', `${this.host} did not open a connection within ${seconds} s`, {
            advice: 'Check address, proxy and network.',
            policy: 'retry',
          })
        : new LiveError('SETUP_TIMEOUT', `${this.host} did not answer the setup within ${seconds} s`, {
            advice: 'The model may not accept a field of the configuration, or the service is overloaded.',
            policy: 'retry',
          });
    this.transport.terminate();
  }

  private ended({ code, reason: raw, httpStatus }: TransportClose): void {
    clearTimeout(this.timer);
    const reason = this.safe(raw);
    const by = this.phase === 'closing' || this.timeout ? 'client' : 'server';
    if (this.tapped) this.options.tap?.closed({ code, reason, by });
    this.listener.onEnd(this.timeout ?? this.error(code, reason, httpStatus));
  }

  private error(code: number, reason: string, httpStatus?: number): LiveError {
    if (this.phase === 'closing')
      return new LiveError('CLOSED', 'The session was closed', { closeCode: code });
    const { policy, title, advice } = classifyClose(httpStatus ?? code, reason, {
      inSetup: this.phase !== 'ready',
    });
    const number = httpStatus === undefined ? `close code ${code}` : `HTTP status ${httpStatus}`;
    const message = `${title} (${this.host}, ${number}${reason ? `: ${reason}` : ''})`;
    const details = { policy, advice, reason, closeCode: code, httpStatus };
    if (httpStatus !== undefined) return new LiveError('HTTP_REFUSED', message, details);
    const codes = { connecting: 'CONNECT_FAILED', setup: 'SETUP_REFUSED', ready: 'CONNECTION_LOST' } as const;
    return new LiveError(codes[this.phase], message, details);
  }

  private get host(): string {
    return hostOf(this.options.target.url) || 'the endpoint';
  }

  private safe(text: string): string {
    return excerpt(text, this.options.target.secrets, MAX_REASON);
  }

  private lap(): number {
    const now = performance.now();
    const ms = Math.round(now - this.since);
    this.since = now;
    return ms;
  }
}

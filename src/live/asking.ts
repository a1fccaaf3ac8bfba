import type { LiveClientMessage } from '../protocol';
import { LiveError } from './errors';
import type { Lanes } from './lanes';
import type { Limiter, OnWait } from './limits/limiter';

interface Question {
  message: LiveClientMessage;
  sent: () => void;
  due?: () => boolean;
}

/** Questions that wait for the limit; a flow that asks faster for long must notice. */
const MAX_WAITING = 100;

/**
 * Keeps what asks for an answer within the limit of turns. Written questions wait in a line. A spoken turn cannot be
 * kept from beginning, only counted; when it was the last one allowed, sound waits in its lane until the next may come.
 */
export class Asking {
  private readonly waiting: Question[] = [];
  /** Turns that were counted when they were asked for, and have not begun. */
  private asked = 0;
  private running = false;
  private holding = false;
  private abort = new AbortController();

  constructor(
    private readonly limiter: Limiter,
    private readonly lanes: Lanes,
    private readonly onWait: OnWait,
    /** A question had waited for the limit, and then too much waited to be sent. */
    private readonly onDropped: () => void,
  ) {}

  /** Questions that wait for the limit. */
  get queued(): number {
    return this.waiting.length;
  }

  /**
   * Sends a message that the model is to answer, now or when the limit allows.
   *
   * @param sent called when it is handed to the socket.
   * @throws LiveError `QUEUE_FULL`
   */
  ask(message: LiveClientMessage, sent: () => void): void {
    const question = { message, sent };
    if (this.waiting.length === 0 && this.limiter.tryTurn()) {
      if (!this.send(question)) throw full();
      return;
    }
    if (this.waiting.length >= MAX_WAITING) throw full();
    this.waiting.push(question);
    if (!this.running) void this.run();
  }

  /**
   * Sends a message that the model is to answer, now or not at all.
   *
   * @param due asked right before it is handed to the socket: whether it is still to be sent
   * @param sent called when it is
   * @returns false when limits, or what waits to be sent, do not allow it
   */
  tryAsk(message: LiveClientMessage, due: () => boolean, sent: () => void): boolean {
    return this.waiting.length === 0 && this.limiter.tryTurn() && this.send({ message, sent, due });
  }

  /** The model begins a turn. */
  turnBegun(): void {
    if (this.asked > 0) {
      this.asked--;
      return;
    }
    this.limiter.noteTurn();
    if (this.limiter.turnWait() && !this.holding) void this.hold();
  }

  /** The connection is gone, and with it what was asked on it. */
  lost(): void {
    this.asked = 0;
  }

  /** The session closes: what waits is forgotten. */
  stop(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.waiting.length = 0;
    this.asked = 0;
  }

  private async run(): Promise<void> {
    this.running = true;
    const { signal } = this.abort;
    try {
      while (this.waiting.length > 0) {
        await this.limiter.turn(signal, this.onWait);
        const question = this.waiting.shift();
        if (question && !this.send(question)) this.onDropped();
      }
    } catch {
      // The session was closed while they waited.
    }
    this.running = false;
    if (this.waiting.length > 0) void this.run();
  }

  private async hold(): Promise<void> {
    this.holding = true;
    this.lanes.hold(true);
    await this.limiter.free(this.abort.signal, this.onWait).catch(() => {});
    this.holding = false;
    this.lanes.hold(false);
  }

  private send({ message, sent, due }: Question): boolean {
    const counted = (): void => {
      this.asked++;
      sent();
    };
    const still = due && ((): LiveClientMessage | undefined => (due() ? message : undefined));
    return this.lanes.sendControl(message, { sent: counted, question: true, ...(still && { due: still }) });
  }
}

function full(): LiveError {
  return new LiveError('QUEUE_FULL', 'Too many messages wait to be sent', {
    advice: 'Connect the session, or wait until the connection takes what is queued.',
  });
}

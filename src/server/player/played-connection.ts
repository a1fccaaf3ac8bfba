import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type LiveClientMessage, type RecordingEntry, type SentEntry } from '../../protocol';
import { cutReason, type Close } from '../closes';
import { frameBytes } from '../frames';
import type { ServerSocket, SocketData } from '../socket';
import { Amounts, kindsOf, normal, withSilence } from './kinds';

/** What a {@link PlayedConnection} is made of. */
export interface PlayedOptions {
  readonly socket: ServerSocket;
  /** The entries of this connection, in order. */
  readonly entries: readonly RecordingEntry[];
  /** Factor; 0 leaves out every pause. */
  readonly speed: number;
  /** Keep what the client sends. */
  readonly keep: boolean;
  /** End the connection when all is played, although it was the client who did so. */
  readonly hangUp: boolean;
  /** How long the client may take to send what it sent in the recording (ms). */
  readonly patienceMs: number;
  /** Nothing goes on until the client sends this; in the recording it came in `dueMs`. */
  waiting(entry: SentEntry, dueMs: number): void;
  /** Told once. */
  over(connection: PlayedConnection): void;
}

/** A client that sends nothing but rubbish has made itself clear. */
const MAX_REMARKS = 20;

const OVER: Close = { code: 1000, reason: 'The recording is over.' };

/** The longest time a timer can take (ms). */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

/** One client that is served one recorded connection. */
export class PlayedConnection {
  /** What the client has sent, if it is kept. */
  readonly messages: LiveClientMessage[] = [];
  /** What went wrong besides the messages, in words. */
  readonly remarks: string[] = [];
  /** Which side ended the connection. */
  closedBy: 'client' | 'server' = 'client';
  private readonly got = new Amounts();
  private readonly wanted = new Amounts();
  private readonly gone = new AbortController();
  /** Raises whoever waits for the client's next message. */
  private wake: () => void = () => {};
  private sent = 0;

  constructor(private readonly options: PlayedOptions) {
    const { socket } = options;
    socket.on('message', (data) => this.receive(data));
    // The server leaves pongs to its connections, because one of its faults delays them.
    socket.on('ping', (data) => socket.pong(data, undefined, () => {}));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.gone.abort();
      this.wake();
    });
    void this.play()
      .catch((error: unknown) => this.failed(error))
      .finally(() => options.over(this));
  }

  /** Ends the connection with a closing handshake. */
  close({ code, reason }: Close): void {
    if (this.options.socket.readyState !== this.options.socket.OPEN) return;
    this.closedBy = 'server';
    try {
      if (code === 1005) this.options.socket.close();
      else this.options.socket.close(code, cutReason(reason));
    } catch {
      // A code that cannot be sent, such as 1006: what a client sees of a connection that was cut.
      this.terminate();
    }
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.closedBy = 'server';
    this.options.socket.terminate();
  }

  /** Announces the end, besides what is recorded; the end itself comes as it is recorded. */
  goAway({ timeLeft = '50s' }: { timeLeft?: string } = {}): void {
    const { socket } = this.options;
    if (socket.readyState === socket.OPEN)
      socket.send(frameBytes({ goAway: { timeLeft } }), { binary: true });
  }

  private receive(data: SocketData): void {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[]);
    const message = messageOf(bytes);
    if (message) {
      if (this.options.keep) this.messages.push(message);
      this.got.add(message);
    } else if (this.remarks.length < MAX_REMARKS) {
      this.remarks.push(`the client sent a frame of ${bytes.length} bytes that is no message`);
    }
    this.wake();
  }

  private async play(): Promise<void> {
    const { entries, speed } = this.options;
    const begin = { at: performance.now(), ms: entries[0]?.ms ?? 0 };
    const due = ({ ms }: RecordingEntry): number =>
      speed > 0 ? Math.max(0, begin.at + (ms - begin.ms) / speed - performance.now()) : 0;
    for (const entry of entries) {
      if (this.gone.signal.aborted) break;
      if (entry.dir === 'sent') {
        const blocked = await this.client(entry, due(entry));
        // Time goes on from when the client is as far as it was.
        if (blocked) Object.assign(begin, { at: performance.now(), ms: entry.ms });
      } else if (entry.dir === 'received') {
        await this.pause(due(entry));
        await this.send(entry.text ?? withSilence(entry.message));
      } else if (entry.dir === 'closed') {
        if (entry.message.by === 'client') break;
        await this.pause(due(entry));
        this.close(entry.message);
      }
    }
    await this.end();
  }

  private failed(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    this.remarks.push(`the recording could not be played on: ${what}`);
    this.close({ code: 1011, reason: 'The recording cannot be played on.' });
  }

  /** Waits until the client has sent what it had sent here. @returns whether that took any time */
  private async client(entry: SentEntry, dueMs: number): Promise<boolean> {
    const message = normal(entry.message);
    const kinds = kindsOf(message);
    this.wanted.add(message);
    const missing = (): string[] => this.got.missing(kinds, this.wanted);
    if (missing().length === 0) return false;
    this.options.waiting(entry, dueMs);
    const arrived = await this.until(() => missing().length === 0);
    if (!arrived) {
      const seconds = this.options.patienceMs / 1000;
      this.remarks.push(`after ${seconds} s the client still had not sent its ${kinds.join(' and ')}`);
      this.close({ code: 1008, reason: `The recording waits for ${kinds.join(' and ')}.` });
      await this.until(() => false);
    }
    return true;
  }

  /** Waits until something holds, or the client is gone; false when patience is at its end. */
  private async until(holds: () => boolean): Promise<boolean> {
    const patience = new AbortController();
    let late = false;
    const { patienceMs } = this.options;
    if (patienceMs < LONGEST_PAUSE_MS) {
      void sleep(patienceMs, undefined, { signal: patience.signal }).then(
        () => {
          late = true;
          this.wake();
        },
        () => {},
      );
    }
    while (!holds() && !this.gone.signal.aborted && !late) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    patience.abort();
    return !late;
  }

  private async pause(ms: number): Promise<void> {
    if (ms < 1) return;
    await sleep(Math.min(ms, LONGEST_PAUSE_MS), undefined, { signal: this.gone.signal }).catch(() => {});
  }

  /** Resolves when the network has taken the frame: a client that does not read is not buried. */
  private send(message: Parameters<typeof frameBytes>[0] | string): Promise<void> {
    const { socket } = this.options;
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    this.sent++;
    const data = typeof message === 'string' ? Buffer.from(message) : frameBytes(message);
    return new Promise((resolve) => socket.send(data, { binary: true }, () => resolve()));
  }

  /** All is played; what remains is that the client goes, as it did in the recording. */
  private async end(): Promise<void> {
    const { entries } = this.options;
    const frames = entries.filter(({ dir }) => dir === 'received').length;
    if (this.sent < frames && this.remarks.length === 0) {
      this.remarks.push(`the client ended the connection after ${this.sent} of ${frames} recorded frames`);
    }
    const closed = entries.some(({ dir }) => dir === 'closed');
    if (this.options.hangUp) this.close(OVER);
    const left = await this.until(() => false);
    if (left) return;
    if (closed) this.remarks.push('the client did not close the connection, as it did in the recording');
    this.close(OVER);
    await this.until(() => false);
  }
}

/** A client's frame; undefined when it is no JSON object, or nested beyond all measure. */
function messageOf(bytes: Buffer): LiveClientMessage | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(json) ? normal(json) : undefined;
  } catch {
    return undefined;
  }
}

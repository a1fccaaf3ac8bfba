import type { MediaHandle, MediaReader } from '../media';
import type { TalkClient } from './client';
import type { TalkTimes } from './limits';
import { Close, FromServer } from './wire';

/** Sound in one frame at most (ms): small, so that a `flush` does not stand behind a long one. */
const FRAME_MS = 100;
/** How often there is a look at what is due (ms). */
const TICK_MS = 20;
/** How much more than is due is taken from the source (ms); a turn waits in its handle, not twice. */
const TAKEN_MS = 2000;
/** A position told by a browser may miss the very end by rounding (ms). */
const CLOSE_ENOUGH_MS = 5;

/** How the playing of one stream ended. */
export interface TalkPlayed {
  /** How much of it was heard, ms; 0 when nobody was there. */
  readonly playedMs: number;
  /** True if it was cut short. */
  readonly aborted: boolean;
}

/** What an answer needs of the page it is played on. */
export interface Stage {
  readonly times: TalkTimes;
  readonly now: () => number;
  /** Every client that hears. */
  clients(): Iterable<TalkClient>;
  /** The client whose ear counts. */
  lead(): TalkClient | undefined;
}

/**
 * One stream that the clients of a page hear together.
 *
 * Its sound is sent as it is heard, a little ahead (`times.ahead`), and not as fast as it comes: so a `flush` overtakes next to
 * nothing on a slow line, and a client that joins comes in where the others are. What was heard of it follows from what the
 * leading client reports.
 */
export class Answer {
  readonly done: Promise<TalkPlayed>;
  readonly #reader: MediaReader;
  readonly #perMs: number;
  /** Sound that may still be needed; the first byte of it is byte `#from` of the stream. */
  #sound: Buffer[] = [];
  #from = 0;
  #taken = 0;
  #whole = false;
  /** Where each client is, in bytes. */
  readonly #cursors = new Map<TalkClient, number>();
  readonly #told = new Set<TalkClient>();
  /** When the first byte was, or would have been, heard. */
  #startedAt: number | undefined;
  #playedMs = 0;
  #progressAt = 0;
  #over = false;
  #settle: (played: TalkPlayed) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #more: (() => void) | undefined;
  readonly #onAbort = (): void => this.cut();

  /** @param stream its number on the wire */
  constructor(
    readonly handle: MediaHandle,
    readonly stream: number,
    private readonly sink: string,
    private readonly stage: Stage,
  ) {
    this.#perMs = ((handle.format.rate ?? 24_000) * 2) / 1000;
    // At once: a turn that waits in our queue must not expire unread.
    this.#reader = handle.open();
    this.done = new Promise((resolve) => (this.#settle = resolve));
    handle.on('abort', this.#onAbort);
  }

  /** Where the ear is by the clock, in bytes. */
  get #clock(): number {
    if (this.#startedAt === undefined) return 0;
    return Math.min(this.#taken, this.#even((this.stage.now() - this.#startedAt) * this.#perMs));
  }

  /** Begins to play. */
  begin(): void {
    if (this.#over) return;
    this.#progressAt = this.stage.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    for (const client of this.stage.clients()) this.join(client);
    void this.#take();
  }

  /**
   * A client comes in; `haveMs`: it has got so much of the stream already, over a connection that it lost.
   */
  join(client: TalkClient, haveMs?: number): void {
    if (this.#over) return;
    const have = haveMs === undefined ? this.#clock : this.#even(haveMs * this.#perMs);
    const cursor = Math.max(this.#from, Math.min(this.#taken, have));
    this.#cursors.set(client, cursor);
    const rate = this.handle.format.rate ?? 24_000;
    client.tell({ type: 'audio', stream: this.stream, rate, at: cursor / this.#perMs });
    this.#send();
  }

  /** A client went away. */
  leave(client: TalkClient): void {
    this.#cursors.delete(client);
    this.#told.delete(client);
    if (!this.#over && !this.stage.lead()) this.#report(true);
  }

  /** A client says how far it has played. Taken after the end, too: after an abort is when it matters. */
  played(client: TalkClient, ms: number): void {
    if (client !== this.stage.lead()) return;
    const heard = Math.min(ms, (this.#cursors.get(client) ?? this.#taken) / this.#perMs);
    if (heard > this.#playedMs) this.#progressAt = this.stage.now();
    this.#playedMs = Math.max(this.#playedMs, heard);
    if (!this.#over || this.handle.state === 'aborted') this.#report(false);
    this.#tick();
  }

  /** Silence everywhere, now. */
  cut(): void {
    if (this.#over) return;
    for (const client of this.#cursors.keys()) client.tell({ type: 'flush', stream: this.stream });
    this.#end(true);
  }

  async #take(): Promise<void> {
    try {
      for await (const chunk of this.#reader as AsyncIterable<Buffer>) {
        if (this.#over) return;
        this.#append(mono(chunk, this.handle.format.channels ?? 1));
        this.#send();
        while (!this.#over && this.#taken - this.#clock > (TAKEN_MS + this.stage.times.ahead) * this.#perMs)
          await new Promise<void>((resolve) => (this.#more = resolve));
      }
      this.#whole = true;
      this.#tick();
    } catch {
      // Aborted, which we are told of, or expired: there is nothing to play any more.
      this.cut();
    }
  }

  #append(sound: Buffer): void {
    const now = this.stage.now();
    // If the source was late there was a gap: the clock goes on from what there is.
    const starved = this.#startedAt === undefined || this.#clock >= this.#taken;
    if (starved) this.#startedAt = now - this.#taken / this.#perMs;
    if (starved) this.#progressAt = now;
    this.#sound.push(sound);
    this.#taken += sound.length;
  }

  /** Sends everybody what is due. */
  #send(): void {
    const due = Math.min(this.#taken, this.#clock + this.#even(this.stage.times.ahead * this.#perMs));
    for (const [client, cursor] of this.#cursors) {
      if (cursor < this.#from) client.end(Close.tooSlow, 'TOO_SLOW');
      else this.#cursors.set(client, this.#sendTo(client, cursor, due));
      if (!this.#whole || this.#cursors.get(client) !== this.#taken || this.#told.has(client)) continue;
      this.#told.add(client);
      client.tell({ type: 'end', stream: this.stream });
    }
  }

  /** @returns where the client is afterwards: not further than its line carries */
  #sendTo(client: TalkClient, from: number, due: number): number {
    const most = this.#even(FRAME_MS * this.#perMs);
    let cursor = from;
    while (cursor < due && client.backlog < this.stage.times.ahead * this.#perMs * 2) {
      const next = Math.min(due, cursor + most);
      client.frame(FromServer.answer, this.stream, this.#slice(cursor, next));
      cursor = next;
    }
    return cursor;
  }

  #slice(from: number, to: number): Buffer {
    const parts: Buffer[] = [];
    let at = this.#from;
    for (const piece of this.#sound) {
      const end = at + piece.length;
      if (end > from) parts.push(piece.subarray(Math.max(0, from - at), Math.min(piece.length, to - at)));
      at = end;
      if (at >= to) break;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  #tick(): void {
    if (this.#over) return;
    this.#send();
    this.#forget();
    this.#more?.();
    this.#more = undefined;
    if (this.#whole && this.#isHeard()) this.#end(false);
  }

  /** Drops what was heard so long ago that nobody comes back for it: a stream may have no end. */
  #forget(): void {
    const old = this.#clock - this.stage.times.keep * this.#perMs;
    while (this.#sound[0] && this.#from + this.#sound[0].length < old)
      this.#from += this.#sound.shift()!.length;
  }

  #isHeard(): boolean {
    const total = this.#taken / this.#perMs;
    if (this.#playedMs >= total - CLOSE_ENOUGH_MS) return true;
    if (this.#clock < this.#taken) return false;
    // A browser that may not play (no gesture yet, a sleeping tab) tells of no progress: it is not waited for.
    const since = Math.max(this.#progressAt, (this.#startedAt ?? 0) + total);
    return !this.stage.lead() || this.stage.now() - since > this.stage.times.patience;
  }

  #end(aborted: boolean): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.handle.off('abort', this.#onAbort);
    this.#reader.destroy();
    this.#more?.();
    const total = this.#taken / this.#perMs;
    if (!aborted && this.#playedMs >= total - CLOSE_ENOUGH_MS) this.#playedMs = total;
    // Whoever waits for the end of the sound must not wait for this page. After an abort nobody does, and the last word on
    // how far it got is still on its way.
    if (this.handle.state !== 'aborted') this.#report(this.#playedMs < total);
    this.#sound = [];
    this.#settle({ playedMs: this.#playedMs, aborted });
  }

  #report(over: boolean): void {
    if (this.#playedMs === 0 && !over) return;
    // The browser cancels echo itself, and it is no loudspeaker of this machine.
    this.handle.reportPlayed(this.#playedMs, { sink: this.sink, over, room: 'away' });
  }

  #even(bytes: number): number {
    const whole = Math.max(0, Math.floor(bytes));
    return whole - (whole % 2);
  }
}

/** Several channels become their mean: the page plays one. */
function mono(pcm: Buffer, channels: number): Buffer {
  if (channels === 1) return pcm;
  const frames = Math.floor(pcm.length / (2 * channels));
  const mixed = Buffer.alloc(frames * 2);
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1)
      sum += pcm.readInt16LE((frame * channels + channel) * 2);
    mixed.writeInt16LE(Math.round(sum / channels), frame * 2);
  }
  return mixed;
}

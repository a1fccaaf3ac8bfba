/** Bounds of what clients may do: generous for people, too small to hurt the host. */
export interface TalkLimits {
  /** Clients of one page at the same time. */
  readonly clients: number;
  /** Largest JSON message, bytes. */
  readonly messageBytes: number;
  /** Longest typed text, characters. */
  readonly textChars: number;
  /** Largest picture, and largest piece of a file, bytes. */
  readonly pictureBytes: number;
  /** Pictures per second that are looked at; the others are dropped. */
  readonly picturesPerSecond: number;
  /** Largest recorded file, bytes. */
  readonly fileBytes: number;
  /** Typed texts per second: each of them costs money. Three times as many may come at once. */
  readonly textsPerSecond: number;
  /** Frames of any kind per second; five times as many may come at once, after a stall of the network. */
  readonly messagesPerSecond: number;
  /** Messages that fit nothing, after which a client is put out. */
  readonly malformed: number;
  /** Bytes that may wait for a client that does not read. */
  readonly backlogBytes: number;
  /** Texts and function calls that a client which comes later still sees. */
  readonly history: number;
}

/** See {@link TalkLimits}. */
export const DEFAULT_LIMITS: TalkLimits = {
  clients: 8,
  messageBytes: 64 * 1024,
  textChars: 16_000,
  pictureBytes: 1024 * 1024,
  picturesPerSecond: 4,
  fileBytes: 20 * 1024 * 1024,
  textsPerSecond: 2,
  messagesPerSecond: 200,
  malformed: 10,
  backlogBytes: 1024 * 1024,
  history: 200,
};

/** Times of the talk page, all in ms. */
export interface TalkTimes {
  /** How long a token may wait for its socket. */
  readonly token: number;
  /** How long a browser stays paired. */
  readonly pairing: number;
  /** How long nobody can pair after too many wrong PINs. */
  readonly pinPause: number;
  /** How long a client may take to say `hello`. */
  readonly hello: number;
  /** How often a client must show that it is there. */
  readonly heartbeat: number;
  /** Who has the floor, and sends no sound for so long, loses it to one who waits. */
  readonly quiet: number;
  /** How far the sound of an answer is sent ahead of the ear: what a phone's network may stall without a gap. */
  readonly ahead: number;
  /** How much of the sound already heard is kept for a client that comes back. */
  readonly keep: number;
  /** How long the end of an answer is waited for when the browser tells of no progress. */
  readonly patience: number;
  /** How long a client may take to close its socket. */
  readonly close: number;
}

/** See {@link TalkTimes}. */
export const DEFAULT_TIMES: TalkTimes = {
  token: 60_000,
  pairing: 365 * 24 * 3600_000,
  pinPause: 60_000,
  hello: 10_000,
  heartbeat: 15_000,
  quiet: 5000,
  ahead: 600,
  keep: 10_000,
  patience: 3000,
  close: 1000,
};

/** Lets a number of things through per second, and a number of them at once after a pause. */
export class Bucket {
  #level: number;
  #at: number;

  /** @param now monotonic time, ms */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number,
  ) {
    this.#level = burst;
    this.#at = now();
  }

  /** Whether so much may pass now. */
  take(amount = 1): boolean {
    const now = this.now();
    this.#level = Math.min(this.burst, this.#level + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (amount > this.#level) return false;
    this.#level -= amount;
    return true;
  }
}

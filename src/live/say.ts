import { LiveError } from './errors';

/**
 * What the model is told so that it says something by itself. It has no wire message of its own: a user turn asks for it,
 * in the way the model takes text.
 */
export function announcement(text: string): string {
  return `${ANNOUNCE} Say nothing else and do not answer it:\n${text}`;
}

const ANNOUNCE =
  'Announce the following to the user now, in your own voice, word for word and in the language it is written in.';

/** Whether a frame asks for an announcement: the {@link Announcer} itself repeats one that was lost. */
export function isAnnouncement(frame: string): boolean {
  return frame.includes(ANNOUNCE);
}

/** How {@link Announcer.say} treats what runs already. */
export interface SayOptions {
  /** Interrupt what the model says; otherwise wait for its end. */
  priority?: boolean;
}

/** What an {@link Announcer} needs of its session. */
export interface AnnouncerContext {
  /** Messages leave at once. */
  usable(): boolean;
  /** A turn runs, or its sound is still being played. */
  occupied(): boolean;
  /** How long nothing has come and nothing has been played (ms). */
  quietMs(): number;
  /** Silences the answer that runs. */
  interrupt(): void;
  /** Asks the model. @throws LiveError `QUEUE_FULL`: then it is asked again later */
  ask(text: string): void;
}

interface Announcement {
  text: string;
  priority: boolean;
  tries: number;
}

/** Announcements that wait; a flow that says more than can be spoken must notice. */
const MAX_WAITING = 50;
/** An announcement that loses its connection is asked for again that often. */
const MAX_TRIES = 3;
/** A turn that never ends must not silence announcements for ever (ms). */
const PATIENCE_MS = 30_000;

/** What could not be queued is tried again after this time (ms). */
const RETRY_MS = 1000;

/** Queue of what the model is to announce: one at a time, when nobody speaks. It survives a lost connection. */
export class Announcer {
  private readonly waiting: Announcement[] = [];
  /** Asked for; its turn is not over. */
  private running: Announcement | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param patience how long an unfinished turn may be quiet before announcements go on without its end (ms) */
  constructor(
    private readonly context: AnnouncerContext,
    private readonly patience = PATIENCE_MS,
  ) {}

  /** Announcements that wait. */
  get queued(): number {
    return this.waiting.length;
  }

  /** @throws LiveError `BAD_INPUT`, `QUEUE_FULL` */
  say(text: string, { priority = false }: SayOptions = {}): void {
    if (typeof text !== 'string' || text.trim() === '')
      throw new LiveError('BAD_INPUT', 'An announcement must not be empty');
    if (this.waiting.length >= MAX_WAITING) {
      throw new LiveError('QUEUE_FULL', `${MAX_WAITING} announcements wait already`, {
        advice: 'Connect the session, or say less.',
      });
    }
    // Before the ordinary ones, behind other urgent ones.
    const place = priority ? this.waiting.filter((other) => other.priority).length : this.waiting.length;
    this.waiting.splice(place, 0, { text, priority, tries: 0 });
    this.check();
  }

  /** Something has changed: perhaps it is time for the next one. */
  check(): void {
    this.stop();
    const next = this.waiting[0];
    if (!next || !this.context.usable()) return;
    const rest = this.patience - this.context.quietMs();
    const occupied = this.context.occupied() || this.running !== undefined;
    if (occupied && !next.priority && rest > 0) {
      this.timer = setTimeout(() => this.check(), Math.ceil(rest));
      return;
    }
    this.waiting.shift();
    if (occupied) this.context.interrupt();
    this.running = next;
    try {
      this.context.ask(next.text);
      next.tries++;
    } catch {
      // Too much waits to be sent: it waits with the others.
      this.running = undefined;
      this.waiting.unshift(next);
      this.timer = setTimeout(() => this.check(), RETRY_MS);
    }
  }

  /** A turn is over. @param said what was announced in it @param lost the connection broke before its end */
  turnOver(said: string | undefined, lost: boolean): void {
    const { running } = this;
    if (said === undefined || !running) return;
    this.running = undefined;
    if (lost && running.tries < MAX_TRIES) this.waiting.unshift(running);
  }

  /** The session closes: nothing is announced any more. */
  clear(): void {
    this.waiting.length = 0;
    this.running = undefined;
    this.stop();
  }

  /** No connection: what waits goes on waiting. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

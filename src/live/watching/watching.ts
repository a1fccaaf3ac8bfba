import type { Emit } from '../events';
import { timerMs } from '../recovery/time';
import type { Judge } from '../withholding';
import { Comment } from './comment';
import type { WatchingSettings } from './options';
import { watchPrompt } from './prompt';

/** What {@link Watching} needs of its session. */
export interface WatchingContext {
  emit: Emit;
  /** Nobody speaks, nothing plays, and nobody waits for anything. @param quietMs nothing has come for that long */
  idle(quietMs: number): boolean;
  /**
   * Asks the model now, or not at all.
   *
   * @param due asked right before it is handed to the socket @param sent called when it is
   * @returns false when limits or what waits to be sent do not allow it
   */
  ask(text: string, due: () => boolean, sent: () => void): boolean;
  /** Keeps back what the service says next. @returns the number of its turn, where it is one of its own */
  withhold(judge: Judge): number | undefined;
}

/** What became of the questions about pictures alone. */
export interface WatchingStats {
  asked: number;
  /** Answers that said that there is nothing to say. */
  swallowed: number;
  said: number;
  /** No answer came, or it was lost with its connection. */
  unanswered: number;
}

/** How often it looks whether the conversation is idle (ms). */
const LOOK_MS = 250;

/**
 * Asks the model about new pictures while nobody speaks, and lets only those answers be heard that say something. Where no
 * picture comes, nothing runs: no timer, no turn.
 */
export class Watching {
  readonly counts: WatchingStats = { asked: 0, swallowed: 0, said: 0, unanswered: 0 };
  private open = false;
  /** New pictures that were sent since a turn began. */
  private news = 0;
  private nextAt = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Waits to be handed to the socket. */
  private asking: object | undefined;
  /** Its answer is kept back. */
  private comment: Comment | undefined;

  constructor(
    private readonly settings: WatchingSettings,
    private readonly context: WatchingContext,
  ) {}

  /** A connection is ready. */
  start(): void {
    this.open = true;
    this.nextAt = Math.max(this.nextAt, performance.now() + this.settings.everyMs);
    this.check();
  }

  /** No connection. */
  stop(): void {
    this.open = false;
    this.asking = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** A new picture was sent. */
  picture(): void {
    this.news++;
    if (!this.timer) this.check();
  }

  /** A turn begins: what was sent is part of it. */
  seen(): void {
    this.news = 0;
  }

  /** What is asked for at the moment is not wanted any more. */
  hush(): void {
    this.comment?.hush();
  }

  private check(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { frames, everyMs, quietMs } = this.settings;
    if (!this.open || this.asking || this.news < Math.max(1, frames)) return;
    const wait = this.nextAt - performance.now();
    if (wait <= 0 && this.context.idle(quietMs) && this.ask()) return;
    const look = Math.min(LOOK_MS, everyMs || LOOK_MS);
    this.timer = setTimeout(() => this.check(), timerMs(Math.max(wait, look))).unref();
  }

  private ask(): boolean {
    const asking = (this.asking = {});
    const due = (): boolean => {
      if (this.asking !== asking) return false;
      this.asking = undefined;
      if (this.context.idle(0)) return true;
      this.check();
      return false;
    };
    if (this.context.ask(watchPrompt(this.settings), due, () => this.sent())) return true;
    this.asking = undefined;
    return false;
  }

  private sent(): void {
    const { settings, context, counts, news: pictures } = this;
    const at = performance.now();
    this.nextAt = at + settings.everyMs;
    this.news = 0;
    counts.asked++;
    const about = { turn: undefined as number | undefined, pictures };
    const comment = new Comment(settings.nothing, settings.patienceMs, (verdict, by) => {
      if (this.comment === comment) this.comment = undefined;
      const type = by === 'nobody' ? 'unanswered' : verdict === 'pass' ? 'said' : 'swallowed';
      counts[type]++;
      context.emit('watch', { type, ...about, ms: Math.round(performance.now() - at) });
    });
    this.comment = comment;
    about.turn = context.withhold(comment);
    context.emit('watch', { type: 'asked', ...about });
  }
}

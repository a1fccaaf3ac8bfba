import { formatDuration, parseDuration } from '../protocol';
import { closes, type Close } from './closes';
import type { Clock } from './clock';
import type { Faults, GoAway } from './faults';
import type { Memory } from './memory';

/** How long things last, in ms on the server's clock; 0 = without end. */
export interface Limits {
  /** Length of a connection; `goAway` comes 50 s before. The service's: about ten minutes. */
  readonly connectionMs: number;
  /** Length of a conversation of sound, over all its connections; unlimited with context window compression. */
  readonly sessionMs: number;
  /** The same once a frame of video was sent. */
  readonly videoSessionMs: number;
  /** How long a resumption handle can be used. The service's: two hours. */
  readonly handleValidMs: number;
  /** Most turns of the model within a minute, of all connections together. More end the connection with 1011. Default 0. */
  readonly turnsPerMinute: number;
  /** Most connections at once. More are refused with HTTP 429. Default 0. */
  readonly concurrentSessions: number;
}

/** The limits of the service, as far as they are documented; its quotas depend on the project. */
export const DEFAULT_LIMITS: Limits = {
  connectionMs: 600_000,
  sessionMs: 900_000,
  videoSessionMs: 120_000,
  handleValidMs: 2 * 60 * 60 * 1000,
  turnsPerMinute: 0,
  concurrentSessions: 0,
};

/** What decides when a conversation must end. */
export type SessionAge = Pick<Memory, 'startedAt' | 'video'> & { readonly compressed: boolean };

/** When a conversation ends, on the server's clock (ms). */
export function sessionEnd({ startedAt, video, compressed }: SessionAge, limits: Limits): number {
  const ms = video ? limits.videoSessionMs : limits.sessionMs;
  return compressed || ms <= 0 ? Infinity : startedAt + ms;
}

/** How long before its end a connection is warned, and what a `goAway` says by default. */
const NOTICE_MS = 50_000;

/** What a lifetime can do to its connection. */
export interface LifetimeEffects {
  /** Sends the frame. */
  goAway(timeLeft: string): void;
  /** Nothing is said from now on. */
  silence(): void;
  close(close: Close): void;
  terminate(): void;
}

/** The ends that await one connection: by limit, by fault, by `goAway`. */
export class Lifetime {
  private turns = 0;

  /** @param over aborts when the connection has ended */
  constructor(
    private readonly clock: Clock,
    private readonly over: AbortSignal,
    private readonly faults: Readonly<Faults>,
    private readonly effects: LifetimeEffects,
  ) {}

  /** The connection's setup is complete. */
  begin(limits: Limits, session: SessionAge): void {
    const { goAway, closeAfterMs, terminateAfterMs } = this.faults;
    if (limits.connectionMs > 0) this.expire(limits.connectionMs, closes.deadline());
    this.ageLimit(sessionEnd(session, limits));
    if (goAway && goAway.afterTurns === undefined) this.after(goAway.afterMs ?? 0, () => this.goAway(goAway));
    if (closeAfterMs) {
      this.after(closeAfterMs.ms, () => this.effects.close(closeAfterMs.close ?? closes.internal()));
    }
    if (terminateAfterMs !== undefined) this.after(terminateAfterMs, () => this.effects.terminate());
  }

  /** A turn of the model is complete. */
  turnCompleted(): void {
    const { goAway } = this.faults;
    if (goAway && ++this.turns === goAway.afterTurns) this.goAway(goAway);
  }

  /** Says that the connection will end, and ends it when the time is up. */
  goAway({
    timeLeft = `${NOTICE_MS / 1000}s`,
    thenClose = closes.deadline(),
    silentAfter,
  }: GoAway = {}): void {
    this.effects.goAway(timeLeft);
    if (silentAfter) this.effects.silence();
    if (thenClose) this.after(parseDuration(timeLeft) ?? NOTICE_MS, () => this.effects.close(thenClose));
  }

  /** The conversation must end at that time, on the server's clock (ms). */
  ageLimit(end: number): void {
    if (end !== Infinity) this.expire(Math.max(0, end - this.clock.now()), closes.aborted());
  }

  /** Closes without a warning, at a time on the server's clock (ms). */
  closeAt(time: number, close: Close): void {
    this.after(time - this.clock.now(), () => this.effects.close(close));
  }

  private expire(ms: number, thenClose: Close): void {
    const notice = Math.min(NOTICE_MS, ms / 2);
    this.after(ms - notice, () => this.goAway({ timeLeft: formatDuration(notice), thenClose }));
  }

  /** Does something that long from now (ms on the server's clock), if the connection is still there. */
  after(ms: number, act: () => void): void {
    void this.clock.until(this.clock.now() + ms, this.over).then((due) => {
      if (due) act();
    });
  }
}

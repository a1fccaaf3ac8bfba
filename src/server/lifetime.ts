import { parseDuration } from '../protocol';
import { closes, type Close } from './closes';
import type { Clock } from './clock';
import type { Faults, GoAway } from './faults';

/** How long things last, in ms on the server's clock; 0 = without end. */
export interface Limits {
  /** Length of a connection; `goAway` comes 50 s before. The service's: about ten minutes. */
  readonly connectionMs: number;
  /** How long a resumption handle can be used. The service's: two hours. */
  readonly handleValidMs: number;
}

export const DEFAULT_LIMITS: Limits = { connectionMs: 600_000, handleValidMs: 2 * 60 * 60 * 1000 };

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
  begin({ connectionMs }: Limits): void {
    const { goAway, closeAfterMs, terminateAfterMs } = this.faults;
    if (connectionMs > 0) this.expire(connectionMs);
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

  private expire(connectionMs: number): void {
    const notice = Math.min(NOTICE_MS, connectionMs / 2);
    this.after(connectionMs - notice, () => this.goAway({ timeLeft: `${notice / 1000}s` }));
  }

  private after(ms: number, act: () => void): void {
    void this.clock.until(this.clock.now() + ms, this.over).then((due) => {
      if (due) act();
    });
  }
}

import { createHash } from 'node:crypto';
import { LiveError } from '../errors';
import type { WaitReason } from '../events';
import type { LimitOptions } from './options';

/** Something must wait, or (with `ms` 0) need not wait any longer. */
export interface Wait {
  for: WaitReason;
  /** About how long (ms); undefined where nobody can know. */
  ms?: number;
  reason: string;
}

/** Told when something waits, and when the wait is over. */
export type OnWait = (wait: Wait) => void;

/** What the sessions of one key and model have done. */
class Account {
  /** When turns and starts happened (monotonic ms), oldest first. */
  readonly turns: number[] = [];
  readonly starts: number[] = [];
  open = 0;
  /** Who waits, first come first served: for a turn, and for a start. */
  readonly lines: Record<'turn' | 'start', object[]> = { turn: [], start: [] };
  private readonly waiting = new Set<() => void>();

  count(kind: 'turn' | 'start'): void {
    (kind === 'turn' ? this.turns : this.starts).push(performance.now());
    if (kind === 'start') this.open++;
  }

  /** Something was given back or somebody left a line: everybody looks again. */
  changed(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves after that time, at a change, or when the signal says so. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const timer = Number.isFinite(ms) ? setTimeout(wake, Math.max(1, ms)) : undefined;
    this.waiting.add(wake);
    signal.addEventListener('abort', wake);
    await woken;
    clearTimeout(timer);
    this.waiting.delete(wake);
    signal.removeEventListener('abort', wake);
  }

  /** Nothing of it counts any more. */
  idle(oldest: number): boolean {
    const last = Math.max(this.turns.at(-1) ?? -Infinity, this.starts.at(-1) ?? -Infinity);
    return this.open === 0 && this.waiting.size === 0 && last < oldest;
  }
}

const WINDOW_MS = 60_000;
/** Accounts of a process by a hash of key and model. */
const accounts = new Map<string, Account>();

/** The hash under which a credential is counted; the credential itself is kept nowhere. */
export function keyHash(key: string, model = ''): string {
  return createHash('sha256').update(`${model}\n${key}`).digest('hex');
}

function accountOf(id: string): Account {
  const oldest = performance.now() - WINDOW_MS;
  for (const [other, account] of accounts) if (account.idle(oldest)) accounts.delete(other);
  const account = accounts.get(id) ?? new Account();
  accounts.set(id, account);
  return account;
}

/**
 * Keeps the sessions of a key and model within their limits: what is too much waits. Counted are turns, session starts
 * and open sessions, not pieces of audio. All limiters of a process with the same key and model share their counts.
 */
export class Limiter {
  private readonly windowMs: number;
  /** An account that counts nothing any more may have been given up. */
  private get account(): Account {
    return accountOf(this.id);
  }

  private constructor(
    private readonly id: string,
    private readonly limits: LimitOptions,
  ) {
    this.windowMs = limits.windowMs ?? WINDOW_MS;
  }

  /** @param key the credential, or any name for it; only a hash is kept. */
  static for(key: string, model: string, limits: LimitOptions): Limiter {
    return new Limiter(keyHash(key, model), limits);
  }

  /**
   * Waits until a session may start.
   *
   * @param signal ends the wait.
   * @returns gives the place among the open sessions back; to be called once the session is over, more often does no harm.
   * @throws LiveError (as rejection) `CLOSED` when the signal ended the wait
   */
  async start(signal: AbortSignal, onWait?: OnWait): Promise<() => void> {
    const { account } = this;
    await this.pass(account, 'start', signal, onWait);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      account.open--;
      account.changed();
    };
  }

  /**
   * Waits until a turn may begin, and counts it.
   *
   * @throws LiveError (as rejection) `CLOSED` when the signal ended the wait
   */
  async turn(signal: AbortSignal, onWait?: OnWait): Promise<void> {
    const { account } = this;
    await this.pass(account, 'turn', signal, onWait);
  }

  /** Counts a turn if it may begin now. @returns whether it may */
  tryTurn(): boolean {
    if (this.turnWait()) return false;
    this.noteTurn();
    return true;
  }

  /**
   * Waits until a turn might begin, without counting one.
   *
   * @throws LiveError (as rejection) `CLOSED` when the signal ended the wait
   */
  async free(signal: AbortSignal, onWait?: OnWait): Promise<void> {
    await this.pass(this.account, 'turn', signal, onWait, false);
  }

  /** Counts a turn that has begun without asking: the user's voice, or the model by itself. */
  noteTurn(): void {
    if (this.limits.turnsPerMinute) this.account.count('turn');
  }

  /** What the next turn would have to wait for; undefined when it may begin now. */
  turnWait(): Wait | undefined {
    const { account } = this;
    return account.lines.turn.length > 0 ? this.blockage(account, 'turn', 1) : this.blockage(account, 'turn');
  }

  private async pass(
    account: Account,
    kind: 'turn' | 'start',
    signal: AbortSignal,
    onWait?: OnWait,
    counted = true,
  ): Promise<void> {
    const line = account.lines[kind];
    const ticket = {};
    line.push(ticket);
    let told: Wait | undefined;
    try {
      for (;;) {
        if (signal.aborted) throw new LiveError('CLOSED', 'The session was closed while it waited');
        const first = line[0] === ticket;
        const wait = this.blockage(account, kind, line.indexOf(ticket));
        if (first && !wait) {
          // Counted before the next in the line is woken.
          if (counted) account.count(kind);
          return;
        }
        if (wait && wait.for !== told?.for) onWait?.((told = wait));
        await account.wait(wait?.ms ?? Infinity, signal);
      }
    } finally {
      line.splice(line.indexOf(ticket), 1);
      account.changed();
      if (told) onWait?.({ ...told, ms: 0 });
    }
  }

  /** @param ahead how many others are to be served before. */
  private blockage(account: Account, kind: 'turn' | 'start', ahead = 0): Wait | undefined {
    const { turnsPerMinute, sessionStartsPerMinute, concurrentSessions } = this.limits;
    if (kind === 'turn') return this.rate(account.turns, turnsPerMinute, ahead, 'turn', 'turns');
    if (concurrentSessions && account.open + ahead >= concurrentSessions) {
      return {
        for: 'concurrent',
        reason: `${concurrentSessions} sessions of this key are open, as many as allowed`,
      };
    }
    return this.rate(account.starts, sessionStartsPerMinute, ahead, 'start', 'session starts');
  }

  private rate(
    times: number[],
    limit: number | undefined,
    ahead: number,
    what: 'turn' | 'start',
    name: string,
  ): Wait | undefined {
    const now = performance.now();
    while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift();
    if (!limit) return undefined;
    const recent = times.filter((time) => time > now - this.windowMs);
    const excess = recent.length + ahead - limit;
    if (excess < 0) return undefined;
    const until = (recent[Math.min(excess, recent.length - 1)] ?? now) + this.windowMs;
    const seconds = this.windowMs / 1000;
    return {
      for: what,
      ms: Math.ceil(Math.max(1, until - now)),
      reason: `${limit} ${name} in ${seconds} s are allowed for this key`,
    };
  }
}

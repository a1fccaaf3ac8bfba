import { parseDuration, ProtocolError, type LiveServerMessage, type Problem } from '../protocol';
import { Connection, type ConnectionOptions } from './connection';
import { LiveError } from './errors';
import type { SessionState } from './events';
import { Backoff } from './recovery/backoff';
import type { RecoverySettings } from './recovery/options';
import type { Beginning, Progress, Revival } from './recovery/revival';
import { closedError, deferred, type Deferred } from './recovery/time';
import { judge, type Verdict } from './recovery/verdict';
import { TRANSITIONS } from './state';

/** One attempt at a connection, and the connection that came of it. */
export interface Attempt extends Progress {
  readonly beginning: Beginning;
  /** When the service accepted the setup (monotonic ms). */
  readyAt?: number;
  /** The service has announced the end of the connection: when (monotonic ms), and how long before it. */
  goAway?: { at: number; leftMs: number | undefined };
  /** Gives back what was taken for the attempt. */
  release?: () => void;
}

/** What the life of a session means to the session. Everything is called synchronously, in this order. */
export interface LifecycleHost {
  /** A transition has happened. */
  moved(from: SessionState, to: SessionState, reason?: string): void;
  /** Waits until a connection may be opened. @returns gives the permission back */
  admit(signal: AbortSignal): Promise<() => void>;
  /** Makes what a connection needs. */
  prepare(beginning: Beginning, signal: AbortSignal): Promise<ConnectionOptions>;
  /** Messages may be sent on the connection. @param attempts how many were needed since the last good connection */
  ready(connection: Connection, attempt: Attempt, attempts: number): void;
  message(message: LiveServerMessage): void;
  badFrame(error: Error): void;
  problem(problem: Problem): void;
  /** Something of ours has failed while it took what came. */
  fault(error: unknown): void;
  /** Nothing can be sent any more; the socket may still be closing. */
  detached(): void;
  /** The connection is gone. @param again another one is to follow */
  lost(error: LiveError, again: boolean): void;
  /** A turn is under way. */
  busy(): boolean;
  /** The next attempt is made after that pause (ms), 0 when the pause is over. */
  pausing(ms: number, reason: string): void;
  /** A session that had been ready is over, and not because somebody closed it. */
  failed(error: LiveError): void;
}

/**
 * The life of a session: its state, its one connection, and the decision what follows when that ends. See
 * {@link TRANSITIONS} for the picture.
 *
 * ```text
 *   connect ─▶ attempt ─▶ opened ─▶ ready ─▶ ended ─▶ judge ─▶ over
 *                 ▲                                     │
 *                 └───────────── pause ◀────────────────┘
 * ```
 */
export class Lifecycle {
  state: SessionState = 'idle';
  connection: Connection | undefined;
  /** How the connection under way began, and how far it has come. */
  attempt: Attempt | undefined;
  private readonly backoff: Backoff;
  private abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** Who waits in `connect()`. */
  private waiting: Deferred | undefined;
  /** Who waits in `close()` or `sleep()`. */
  private closing: Deferred | undefined;
  /** What the session is when that is done, and why. */
  private after: 'closed' | 'asleep' = 'closed';
  private closeReason: string | undefined;
  /** Why the connection was closed from here, in order to connect again. */
  private restarting: string | undefined;
  /** Connections in a row on which the service refused a message. */
  private refusals = 0;
  /** What the next attempt waits for. */
  private paused: string | undefined;
  /** The session was ready in this run, sleep included: from then on, failures are told as events. */
  wasReady = false;

  constructor(
    private readonly host: LifecycleHost,
    private readonly revival: Revival,
    private readonly settings: RecoverySettings,
  ) {
    this.backoff = new Backoff(settings);
  }

  /** Ends with the run: from `connect()` to `closed` or `failed`. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Messages leave at once. */
  get usable(): boolean {
    return this.state === 'ready' || this.state === 'handover';
  }

  /** The connection is a good one: the model has said something on it, or it has lived for long. */
  get proven(): boolean {
    return this.attempt !== undefined && this.isProven(this.attempt);
  }

  private get running(): boolean {
    return !['idle', 'closing', 'asleep', 'closed', 'failed'].includes(this.state);
  }

  connect(): Promise<void> {
    if (this.usable) return Promise.resolve();
    // Set before anything is told: a listener may call connect() again.
    this.waiting ??= deferred();
    const { promise } = this.waiting;
    if (this.closing) void this.closing.promise.then(() => this.begin());
    else this.begin();
    return promise;
  }

  /** Resolves when the socket and every timer is gone. @param reason told with the states that follow */
  close(reason?: string): Promise<void> {
    return this.end('closed', reason);
  }

  /** As {@link close}, and what follows is `connect()` again; also without a connection. */
  sleep(reason: string): Promise<void> {
    return this.end('asleep', reason);
  }

  private end(after: 'closed' | 'asleep', reason?: string): Promise<void> {
    this.settle(closedError(after === 'closed' ? 'closed' : 'sent to sleep'));
    // Whoever spoke last has the word.
    if (!this.closing || after !== this.after) this.closeReason = reason;
    this.after = after;
    if (this.closing) return this.closing.promise;
    this.abort.abort();
    this.unpause();
    if (!this.connection) {
      if (this.running || this.state === 'asleep' || after === 'asleep') this.moveTo(after, reason);
      return Promise.resolve();
    }
    const { promise } = (this.closing = deferred());
    this.moveTo('closing', reason);
    this.connection.close();
    return promise;
  }

  /** Announces that the connection will be changed soon; it is used until {@link restart}. */
  handover(reason: string): void {
    if (this.state === 'ready') this.moveTo('handover', reason);
  }

  /** Closes the connection and opens another one once it is closed. */
  restart(reason: string): void {
    if (!this.usable || !this.connection) return;
    this.restarting = reason;
    this.moveTo('reconnecting', reason);
    this.host.detached();
    // A listener may have closed the session.
    if (this.state === 'reconnecting') this.connection?.close();
  }

  private begin(): void {
    if (this.running || !this.waiting) return;
    this.abort = new AbortController();
    this.restarting = undefined;
    // One that slept goes on: what keeps it from connecting now is not a mistake of its configuration.
    if (this.state !== 'asleep') this.wasReady = false;
    this.backoff.reset();
    this.next();
  }

  private next(): void {
    const { signal } = this.abort;
    this.moveTo('connecting');
    // A listener may have closed the session, and opened it again.
    if (!signal.aborted) void this.tryOnce(signal);
  }

  private async tryOnce(signal: AbortSignal): Promise<void> {
    const attempt: Attempt = {
      beginning: this.revival.next(),
      asked: false,
      ready: false,
      spoken: false,
      proven: false,
    };
    try {
      attempt.release = await this.host.admit(signal);
      if (signal.aborted) return attempt.release();
      const options = await this.host.prepare(attempt.beginning, signal);
      if (signal.aborted) return attempt.release();
      this.attempt = attempt;
      this.connection = this.open(options, attempt);
    } catch (error) {
      attempt.release?.();
      if (!signal.aborted) this.ended(attempt, asLiveError(error));
    }
  }

  private open(options: ConnectionOptions, attempt: Attempt): Connection {
    const connection: Connection = new Connection(options, {
      onSetup: () => {
        attempt.asked = true;
        this.moveTo('setup');
      },
      onReady: () => this.ready(connection, attempt),
      onMessage: (message) => {
        if (this.connection !== connection || this.state === 'closing') return;
        if (message.serverContent || message.toolCall) attempt.proven = true;
        if (message.goAway) {
          attempt.goAway = { at: performance.now(), leftMs: parseDuration(message.goAway.timeLeft) };
        }
        this.host.message(message);
      },
      onBadFrame: (error) => this.host.badFrame(error),
      onProblem: (problem) => this.host.problem(problem),
      onFault: (error) => this.host.fault(error),
      onEnd: (error) => {
        attempt.release?.();
        this.ended(attempt, error);
      },
    });
    return connection;
  }

  private ready(connection: Connection, attempt: Attempt): void {
    attempt.ready = true;
    attempt.readyAt = performance.now();
    this.wasReady = true;
    this.moveTo('ready');
    // A listener may have closed the session, or asked for another connection.
    if (this.connection !== connection || !this.usable) return;
    this.settle();
    try {
      this.host.ready(connection, attempt, this.backoff.attempts);
    } catch (error) {
      this.host.fault(error);
      // Half a beginning is none: nothing could be sent on it.
      this.restart('The connection could not be taken into use');
    }
  }

  /** The connection is over, wanted or not; or none could be opened. */
  private ended(attempt: Attempt, error: LiveError): void {
    const { signal } = this.abort;
    this.connection = undefined;
    this.attempt = undefined;
    this.host.detached();
    if (this.closing) {
      const { resolve } = this.closing;
      // A listener may close a session that is asleep now, or wake it.
      this.closing = undefined;
      this.moveTo(this.after, this.closeReason);
      resolve();
      return;
    }
    const reason = this.restarting ?? error.message;
    const verdict = this.judge(attempt, error);
    const pause = verdict.again ? this.backoff.next(verdict.pause, this.wasReady) : undefined;
    this.restarting = undefined;
    this.host.lost(error, pause !== undefined);
    // A listener may have closed the session.
    if (signal.aborted) return;
    if (pause !== undefined) this.pause(pause, reason);
    else this.over(verdict.again ? gaveUp(error, this.backoff.attempts) : error, verdict);
  }

  private judge(attempt: Attempt, error: LiveError): Verdict {
    const { ready, beginning } = attempt;
    const announced = attempt.goAway !== undefined;
    const proven = this.isProven(attempt);
    if (proven) {
      this.backoff.reset();
      this.refusals = 0;
    }
    const planned = this.restarting !== undefined;
    const relearned = !planned && this.revival.learn(beginning, error, attempt);
    // After its GoAway the service closes with any code: that says nothing about the handle.
    if (ready && error.policy === 'fresh' && !announced) this.revival.giveUp(error.reason || error.message);
    if (!this.settings.enabled && !planned && !relearned) {
      return { again: false, state: ready && error.policy !== 'fatal' ? 'closed' : 'failed' };
    }
    const refusedAgain = ready && error.closeCode === REFUSED && !relearned && ++this.refusals > 1;
    return judge({
      error,
      planned,
      ready,
      proven,
      announced,
      relearned,
      refusedAgain,
      busy: this.host.busy(),
    });
  }

  private isProven({ proven, readyAt }: Attempt): boolean {
    return proven || (readyAt !== undefined && performance.now() - readyAt > this.settings.maxDelayMs);
  }

  private pause(ms: number, reason: string): void {
    if (this.state !== 'reconnecting') this.moveTo('reconnecting', reason);
    if (this.state !== 'reconnecting') return;
    if (ms === 0) {
      this.next();
      return;
    }
    this.paused = reason;
    this.timer = setTimeout(() => {
      const { signal } = this.abort;
      this.unpause();
      if (!signal.aborted) this.next();
    }, ms);
    this.host.pausing(ms, reason);
  }

  private unpause(): void {
    clearTimeout(this.timer);
    const { paused } = this;
    this.paused = undefined;
    if (paused !== undefined) this.host.pausing(0, paused);
  }

  private over(error: LiveError, verdict: Verdict): void {
    const state = verdict.again ? 'failed' : verdict.state;
    const { wasReady, waiting } = this;
    // A listener may call connect() again: that is another wait.
    this.waiting = undefined;
    this.moveTo(state, error.message);
    waiting?.reject(error);
    if (wasReady && !(state === 'closed' && error.policy === 'done')) this.host.failed(error);
  }

  private settle(error?: LiveError): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (error) waiting?.reject(error);
    else waiting?.resolve();
  }

  private moveTo(to: SessionState, reason?: string): void {
    const from = this.state;
    if (!TRANSITIONS[from].includes(to)) return;
    this.state = to;
    this.host.moved(from, to, reason);
  }
}

/** Close code of a message that the service does not accept. */
const REFUSED = 1007;

function asLiveError(error: unknown): LiveError {
  if (error instanceof LiveError) return error;
  const what = error instanceof Error ? error.message : String(error);
  const advice = error instanceof ProtocolError ? 'Correct the configuration.' : '';
  return new LiveError('BAD_CONFIG', what, { advice, policy: 'fatal' });
}

function gaveUp({ code, message, ...details }: LiveError, attempts: number): LiveError {
  return new LiveError(code, `Gave up after ${attempts} attempts to connect again. ${message}`, details);
}

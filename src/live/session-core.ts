import { randomUUID } from 'node:crypto';
import {
  DEFAULT_MODEL,
  encode,
  isObject,
  type LiveClientSetup,
  type LiveConnectConfig,
  type LiveServerMessage,
} from '../protocol';
import { Connection } from './connection';
import { Conversation, type ConversationState } from './conversation';
import { GuardedEmitter } from './emitter';
import { LiveError } from './errors';
import type { Emit, LiveEventName, LiveEvents, SessionState, TurnEvent } from './events';
import { Flow, type FlowOptions } from './flow';
import type { LaneStats } from './lanes';
import { tellProblem, tellRest } from './receive';
import { hostOf } from './redact';
import { setupMessage, type SetupMessage } from './setup-message';
import { TRANSITIONS } from './state';
import { targetOf } from './target';

/** What a session needs; only `endpoint` has no default. */
export interface LiveSessionOptions extends FlowOptions {
  /** Default {@link DEFAULT_MODEL}. */
  model?: string;
  config?: LiveConnectConfig;
  /** Fields of the `setup` message that are to be sent as they are; they win over `config`. */
  rawSetup?: LiveClientSetup;
  /** How long the socket may take to open, and then the service to answer the setup (ms, each). Default 10000. */
  setupTimeoutMs?: number;
  /** A conversation to take up again. */
  resumeFrom?: ConversationState;
}

/** Counters of a session. */
export interface LiveStats extends LaneStats {
  /** Frames that were no JSON object. */
  badFrames: number;
  receivedMessages: number;
}

const BACKENDS = ['gemini', 'vertex', 'custom', 'local'];
const SETUP_TIMEOUT_MS = 10_000;

/** The life of a session: its states, its connection, and what lasts across connections. */
export abstract class SessionCore extends GuardedEmitter {
  /** Id of this session object, new in each process. */
  readonly id: string = randomUUID();
  readonly model: string;
  protected readonly options: LiveSessionOptions;
  protected readonly flow: Flow;
  private readonly memory: Conversation;
  private current: SessionState = 'idle';
  private connection: Connection | undefined;
  private connecting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private onClosed: (() => void) | undefined;
  /** Raised by each attempt and each close: tells an attempt that it was overtaken. */
  private attempt = 0;
  /** Ends the waits of the limiter when the session closes. */
  private waits = new AbortController();
  /** Gives the connection's place among the key's open sessions back. */
  private release: (() => void) | undefined;
  private closeReason: string | undefined;
  private badFrames = 0;
  private receivedMessages = 0;

  constructor(options: LiveSessionOptions) {
    super();
    if (!isObject(options?.endpoint) || !BACKENDS.includes(options.endpoint.backend)) {
      throw new LiveError('BAD_CONFIG', `A session needs an endpoint with a backend: ${BACKENDS.join(', ')}`);
    }
    this.options = options;
    this.model = options.model || DEFAULT_MODEL;
    const { endpoint, resumeFrom } = options;
    const url = endpoint.url ?? endpoint.baseUrl;
    const place = url === undefined ? (endpoint.location ?? '') : hostOf(url);
    this.memory = new Conversation(
      {
        conversation: randomUUID(),
        model: this.model,
        endpoint: `${endpoint.backend} ${place}`.trim(),
        history: [],
        usage: {},
        turn: 0,
      },
      resumeFrom,
    );
    this.flow = new Flow({
      options,
      model: this.model,
      conversation: this.conversation,
      emit: this.tell,
      timings: () => this.connection?.timings ?? {},
      before: this.memory.state,
      close: (reason) => void this.close({ reason }),
    });
  }

  /** Id of the conversation; it stays the same when the conversation is taken up again. */
  get conversation(): string {
    return this.memory.state.conversation;
  }

  get state(): SessionState {
    return this.current;
  }

  get stats(): LiveStats {
    return { ...this.flow.lanes.stats, badFrames: this.badFrames, receivedMessages: this.receivedMessages };
  }

  /** What another session needs as `resumeFrom` to take this conversation up: plain JSON without credentials. */
  conversationState(): ConversationState {
    return structuredClone({
      ...this.memory.state,
      usage: this.flow.turns.usage,
      turn: this.flow.turns.lastTurn,
    });
  }

  /**
   * Opens the connection and waits until the service has accepted the setup. Called again while that is under way,
   * or when it is done, it does nothing new.
   *
   * @throws LiveError (as rejection) `BAD_CONFIG`, `CONNECT_TIMEOUT`, `CONNECT_FAILED`, `HTTP_REFUSED`,
   * `SETUP_TIMEOUT`, `SETUP_REFUSED`, `CLOSED`
   */
  connect(): Promise<void> {
    if (this.current === 'ready') return Promise.resolve();
    if (this.connecting) return this.connecting;
    // Set before anything is told: a listener may call connect() again.
    const [promise, settle] = deferred();
    this.connecting = promise;
    settle(
      this.start().finally(() => {
        if (this.connecting === promise) this.connecting = undefined;
      }),
    );
    // A caller that listens to events only must not be ended by an unhandled rejection.
    promise.catch(() => {});
    return promise;
  }

  /**
   * Ends the connection. Resolves when the socket and every timer is gone; what still waits to be sent is dropped.
   * `connect()` takes the conversation up again.
   *
   * @param options.playback `stop` (default) silences the answer, `finish` lets what has come be played to its end.
   * @param options.reason told with the states that follow.
   */
  close(options: { playback?: 'stop' | 'finish'; reason?: string } = {}): Promise<void> {
    if (this.closing) return this.closing;
    const [promise, settle] = deferred();
    this.closing = promise;
    settle(
      this.shutDown(options.playback === 'finish', options.reason).finally(() => {
        this.closing = undefined;
      }),
    );
    return promise;
  }

  /** How the parts of the session emit: with time and conversation. */
  protected readonly tell: Emit = (event, payload) => {
    const stamped = {
      at: Date.now(),
      conversation: this.conversation,
      ...payload,
    } as LiveEvents[typeof event][0];
    if (event === 'turn') this.memory.keepTurn(stamped as TurnEvent);
    this.publish(event, stamped);
  };

  protected override listenerFailed(event: LiveEventName, error: unknown): void {
    // A listener of warnings that fails is told nobody: it would fail again.
    if (event === 'warning') return;
    const what = error instanceof Error ? error.message : String(error);
    this.tell('warning', { code: 'LISTENER_FAILED', message: `A listener of "${event}" failed: ${what}` });
  }

  private async start(): Promise<void> {
    if (this.closing) await this.closing;
    const attempt = ++this.attempt;
    const takeUp = this.options.resumeFrom !== undefined || this.memory.started;
    this.waits = new AbortController();
    this.moveTo('connecting');
    for (;;) {
      const { error, handle } = await this.tryOnce(attempt, this.memory.handle);
      if (!error) {
        if (takeUp || handle) this.tellRestored(handle);
        return;
      }
      if (attempt !== this.attempt)
        throw new LiveError('CLOSED', 'The session was closed while it connected');
      // A handle may be worthless (old, or of another project): then the conversation starts afresh, and says so.
      if (refusesSetup(error) && handle && handle === this.memory.handle) {
        this.memory.dropHandle(error.reason || 'the service refused to resume');
        this.moveTo('connecting', this.memory.loss);
        continue;
      }
      this.moveTo('failed', error.message);
      throw error;
    }
  }

  /** One connection attempt; the error tells why there is no connection. */
  private async tryOnce(
    attempt: number,
    resume: string | undefined,
  ): Promise<{ error?: LiveError; handle?: string }> {
    let setup: SetupMessage;
    try {
      const { endpoint, config, rawSetup } = this.options;
      const target = targetOf(endpoint, this.model, config, this.id);
      setup = await setupMessage({ endpoint, model: this.model, config, raw: rawSetup }, resume);
      if (attempt !== this.attempt) return { error: new LiveError('CLOSED', 'The session was closed') };
      for (const message of setup.warnings) this.tell('warning', { code: 'UNKNOWN_CONFIG', message });
      this.release = await this.flow.admit(this.waits.signal);
      if (attempt !== this.attempt) throw new LiveError('CLOSED', 'The session was closed');
      const error = await this.open({
        target,
        setup: encode(setup.message),
        timeoutMs: this.options.setupTimeoutMs ?? SETUP_TIMEOUT_MS,
      });
      return { error, handle: setup.handle };
    } catch (error) {
      this.giveBack();
      if (error instanceof LiveError) return { error };
      const what = error instanceof Error ? error.message : String(error);
      return {
        error: new LiveError('BAD_CONFIG', what, { advice: 'Correct the configuration.', policy: 'fatal' }),
      };
    }
  }

  /** Resolves with nothing when the service is ready, else with the reason why not. */
  private open(options: ConstructorParameters<typeof Connection>[0]): Promise<LiveError | undefined> {
    return new Promise((resolve) => {
      const connection: Connection = new Connection(options, {
        onSetup: () => this.moveTo('setup'),
        onReady: () => {
          this.moveTo('ready');
          resolve(undefined);
          if (this.connection === connection && this.current === 'ready') this.flow.open(connection);
        },
        onMessage: (message) => this.receive(connection, message),
        onBadFrame: ({ message }) => {
          this.badFrames++;
          this.tell('warning', { code: 'BAD_FRAME', message });
        },
        onProblem: (problem) => tellProblem(problem, this.tell),
        onEnd: (error) => {
          this.ended(error);
          resolve(error);
        },
      });
      this.connection = connection;
    });
  }

  private receive(connection: Connection, message: LiveServerMessage): void {
    if (this.connection !== connection || this.current === 'closing') return;
    this.receivedMessages++;
    const update = message.sessionResumptionUpdate;
    if (update?.resumable && update.newHandle && this.options.config?.sessionResumption) {
      this.memory.keepHandle(update.newHandle);
    }
    this.flow.take(message);
    // A listener may have closed the session.
    if (this.connection === connection) tellRest(message, this.tell);
  }

  /** The connection is over, wanted or not. */
  private ended(error: LiveError): void {
    const before = this.current;
    this.connection = undefined;
    this.giveBack();
    this.flow.lanes.shut();
    if (before === 'closing') {
      this.moveTo('closed', this.closeReason);
      this.onClosed?.();
      return;
    }
    this.flow.lost();
    // Before "ready" the attempt that waits decides what follows.
    if (before !== 'ready') return;
    if (error.policy === 'fresh') this.memory.dropHandle(error.reason || error.message);
    this.moveTo(error.policy === 'fatal' ? 'failed' : 'closed', error.message);
    if (error.policy === 'done') return;
    const { code, message, advice, closeCode, reason, policy } = error;
    this.tell('error', { code, message, advice, closeCode, reason, policy });
  }

  private async shutDown(finish: boolean, reason?: string): Promise<void> {
    this.attempt++;
    this.waits.abort();
    this.closeReason = reason;
    this.connecting = undefined;
    this.flow.close(finish);
    if (this.connection) {
      const closed = new Promise<void>((resolve) => (this.onClosed = resolve));
      this.moveTo('closing', reason);
      this.connection.close();
      await closed;
    } else if (this.current === 'connecting') this.moveTo('closed', reason);
    this.endIterators();
  }

  private giveBack(): void {
    this.release?.();
    this.release = undefined;
  }

  private tellRestored(handle: string | undefined): void {
    if (handle) this.tell('restored', { stateRestored: true });
    else this.tell('restored', { stateRestored: false, reason: this.memory.loss });
  }

  private moveTo(to: SessionState, reason?: string): void {
    const from = this.current;
    if (!TRANSITIONS[from].includes(to)) return;
    this.current = to;
    this.tell('state', { from, to, ...(reason && { reason }), endpoint: this.options.endpoint.backend });
  }
}

/** Close codes of a network or server in trouble: they say nothing about what the setup asks for. */
const TROUBLE = [1001, 1006, 1012, 1013];

/** Whether the service looked at the setup, resumption handle included, and did not want it. */
function refusesSetup({ code, closeCode = 0, policy }: LiveError): boolean {
  return code === 'SETUP_REFUSED' && policy !== 'wait' && !TROUBLE.includes(closeCode);
}

/** A promise, and what settles it. */
function deferred(): [Promise<void>, (outcome: Promise<void>) => void] {
  let settle: (outcome: Promise<void>) => void = () => {};
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return [promise, settle];
}

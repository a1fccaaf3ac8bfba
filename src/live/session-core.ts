import { randomUUID } from 'node:crypto';
import { DEFAULT_MODEL, encode, isObject, profileFor, type LiveServerMessage } from '../protocol';
import { INPUT_BYTES_PER_MS } from './chunker';
import type { Connection } from './connection';
import { Conversation, type ConversationState } from './conversation';
import { GuardedEmitter } from './emitter';
import { LiveError } from './errors';
import type { Emit, LiveEventName, LiveEvents, SessionState, TurnEvent } from './events';
import { Flow } from './flow';
import { arrange } from './listening';
import { Lifecycle, type Attempt } from './lifecycle';
import { Preparation, type ContextChange } from './preparation';
import { tellProblem, tellRest } from './receive';
import { Care } from './recovery/care';
import { recoverySettings, type RecoverySettings } from './recovery/options';
import { Revival, type Beginning } from './recovery/revival';
import { timerMs } from './recovery/time';
import { hostOf } from './redact';
import type { LiveSessionOptions, LiveStats } from './session-options';
import { Bedtime, sleepSettings } from './sleep';
import { guardTap } from './tap';
import { checkTools, type AnyTool } from './tools/define';
import type { OpenCall } from './tools/open-call';
import type { ToolPolicy } from './tools/policy';
import type { ToolSession } from './tools/tool-session';
import { withTranscript } from './watching';

const BACKENDS = ['gemini', 'vertex', 'custom', 'local'];
const SETUP_TIMEOUT_MS = 10_000;

/** What lasts across the connections of a session, and what its {@link Lifecycle} means to it. */
export abstract class SessionCore extends GuardedEmitter {
  /** Id of this session object, new in each process. */
  readonly id: string = randomUUID();
  readonly model: string;
  protected readonly options: LiveSessionOptions;
  protected readonly flow: Flow;
  private readonly memory: Conversation;
  private readonly life: Lifecycle;
  private readonly care: Care;
  private readonly preparation: Preparation;
  private readonly bedtime: Bedtime;
  /** A conversation is taken up, so that a fresh session has lost something. */
  private takesUp: boolean;
  /** Turn detection that cannot be: told once, when the first connection is ready. */
  private refused: string | undefined;
  private badFrames = 0;
  private receivedMessages = 0;

  constructor(options: LiveSessionOptions) {
    super();
    if (!isObject(options?.endpoint) || !BACKENDS.includes(options.endpoint.backend)) {
      throw new LiveError('BAD_CONFIG', `A session needs an endpoint with a backend: ${BACKENDS.join(', ')}`);
    }
    checkTools(options.tools ?? []);
    const { config: arranged, turnDetection, refused } = arrange(options);
    const sleep = sleepSettings(options.sleep, turnDetection);
    const inputAudioTranscription = arranged?.inputAudioTranscription ?? {};
    const hears = sleep.phrases.length > 0 ? { ...arranged, inputAudioTranscription } : arranged;
    const config = options.watching ? withTranscript(hears) : hears;
    this.options = { ...options, config, turnDetection };
    this.refused = refused;
    this.model = options.model || DEFAULT_MODEL;
    const settings = recoverySettings(options.recovery);
    const memory = (this.memory = this.remember());
    this.takesUp = options.resumeFrom !== undefined;
    this.flow = new Flow({
      options: this.options,
      model: this.model,
      get conversation() {
        return memory.state.conversation;
      },
      emit: this.tell,
      sleep: {
        settings: sleep,
        activity: () => this.bedtime.touch(),
        woken: (by, word) => this.bedtime.woken(by, word),
      },
      session: () => this.self,
      timings: () => this.life.connection?.timings ?? {},
      before: this.memory.state,
      close: (reason) => void this.close({ reason }),
      asked: (sure = true) => this.care.asked(sure),
      fault: (error) => this.fault(error),
    });
    this.preparation = this.prepare(settings);
    const revival = new Revival(this.memory, profileFor(this.model), settings);
    this.life = this.live(revival, settings);
    const { resumable, indexed } = this.preparation;
    const parts = { life: () => this.life, flow: () => this.flow };
    this.care = new Care({ settings, revival, resumable, indexed, ...parts });
    const since = options.resumeFrom?.asleepSince;
    const { tell: emit, memory: conversation } = this;
    const care = (): Care => this.care;
    this.bedtime = new Bedtime({ settings: sleep, since, emit, conversation, care, ...parts });
  }

  /** This session, as its functions see it. */
  protected abstract get self(): ToolSession;

  /** Id of the conversation; it stays the same when the conversation is taken up again. */
  get conversation(): string {
    return this.memory.state.conversation;
  }

  get state(): SessionState {
    return this.life.state;
  }

  /** What is sent leaves at once: the state is `ready` or `handover`. */
  get usable(): boolean {
    return this.life.usable;
  }

  /** The session sleeps, or was woken by what may not be the phrase. */
  get asleep(): boolean {
    return this.bedtime.asleep;
  }

  /** Function calls that wait for an answer, oldest first. */
  get openCalls(): readonly OpenCall[] {
    return this.flow.tools.open;
  }

  get stats(): LiveStats {
    const { lanes, listening } = this.flow;
    return {
      ...lanes.stats,
      queuedAudioMs: lanes.stats.queuedAudioMs + listening.waitingMs,
      unsentAudioMs: listening.unsentBytes / INPUT_BYTES_PER_MS,
      ...this.care.stats,
      sleep: this.bedtime.stats,
      watching: this.flow.eyes.stats,
      badFrames: this.badFrames,
      receivedMessages: this.receivedMessages,
    };
  }

  /** What another session needs as `resumeFrom` to take this conversation up: plain JSON without credentials. */
  conversationState(): ConversationState {
    const { asleepSince } = this.bedtime;
    const asleep = asleepSince !== undefined && { asleepSince };
    return structuredClone({ ...this.memory.state, ...this.flow.state(this.care.notSaved), ...asleep });
  }

  /**
   * Sends the session to sleep: it leaves its connection, keeps the conversation, and listens for what wakes it; from any
   * state. What waits to be sent is dropped, an answer that has come is heard to its end. Resolves when the socket is gone, or
   * as soon as something keeps the session awake: for a moment it waits for the service to save the turn that has just ended.
   *
   * @param reason told in the `asleep` event
   */
  sleep(reason = 'asked'): Promise<void> {
    return this.bedtime.sleep(reason);
  }

  /** Wakes the session; as {@link connect}, which does the same. */
  wake(): Promise<void> {
    return this.connect();
  }

  /**
   * Opens the connection and waits until the service has accepted the setup. Called again while that is under way,
   * or when it is done, it does nothing new. What trying again may cure is tried again, as `recovery` says; everything
   * else rejects at once.
   *
   * @throws LiveError (as rejection) `BAD_CONFIG`, `CONNECT_TIMEOUT`, `CONNECT_FAILED`, `HTTP_REFUSED`,
   * `SETUP_TIMEOUT`, `SETUP_REFUSED`, `CLOSED`
   */
  connect(): Promise<void> {
    this.bedtime.takeUp();
    return this.life.connect();
  }

  /**
   * Ends the connection. Resolves when the socket and every timer is gone; what still waits to be sent is dropped.
   * `connect()` takes the conversation up again.
   *
   * @param options.playback `stop` (default) silences the answer, `finish` lets what has come be played to its end.
   * @param options.reason told with the states that follow.
   */
  async close(options: { playback?: 'stop' | 'finish'; reason?: string } = {}): Promise<void> {
    const { notSaved } = this.care;
    this.bedtime.over();
    this.care.close();
    this.flow.close(options.playback === 'finish', notSaved);
    await this.life.close(options.reason);
    this.endIterators();
  }

  /**
   * Changes instructions or functions. A model that takes that in mid-session is told at once; for others the session
   * moves to a new connection at the next quiet moment, resumed, with the new setup: the states tell. While there is no
   * connection, the next one is set up with it.
   *
   * @throws LiveError (as rejection) `BAD_INPUT`; `CONNECT_TIMEOUT` when a tool does not declare itself in time
   */
  async updateContext(change: ContextChange): Promise<void> {
    this.preparation.change(change ?? {});
    if (this.usable) await this.refreshContext();
  }

  /**
   * Changes the functions that the session declares and runs by itself, as {@link updateContext} does. One that was replaced
   * by another of the same name is run from now on; one that was left out, until the model knows that it is gone.
   *
   * @throws LiveError (as rejection) `BAD_CONFIG`; `CONNECT_TIMEOUT` when a tool does not declare itself in time
   */
  async setTools(tools: readonly AnyTool[]): Promise<void> {
    checkTools(tools);
    this.preparation.own = this.flow.tools.own = [...tools];
    if (this.usable) await this.refreshContext();
  }

  /** Something was asked of the session: that keeps it awake, or wakes it. */
  protected stir(): void {
    this.bedtime.message();
  }

  /** Changes what the session does about function calls by itself, also about those that are open. */
  setToolPolicy(policy: ToolPolicy | false): void {
    this.flow.tools.policy = policy;
  }

  /** How the parts of the session emit: with time and conversation. */
  protected readonly tell: Emit = (event, payload) => {
    const stamped = {
      at: Date.now(),
      conversation: this.conversation,
      ...payload,
    } as LiveEvents[typeof event][0];
    if (event === 'turn') this.keepTurn(stamped as TurnEvent);
    this.bedtime.told(event, (payload as { type?: unknown }).type);
    this.publish(event, stamped);
  };

  protected override listenerFailed(event: LiveEventName, error: unknown): void {
    // A listener of warnings that fails is told nobody: it would fail again.
    if (event === 'warning') return;
    const what = error instanceof Error ? error.message : String(error);
    this.tell('warning', { code: 'LISTENER_FAILED', message: `A listener of "${event}" failed: ${what}` });
  }

  /** What is said again will be part of another turn. */
  private keepTurn(turn: TurnEvent): void {
    if (!(turn.incomplete && this.care.repeating)) this.memory.keepTurn(turn);
  }

  private readonly tapFailed = (error: unknown): void => {
    const what = error instanceof Error ? error.message : String(error);
    this.tell('warning', {
      code: 'TAP_FAILED',
      message: `The tap on the frames failed and is left out: ${what}`,
    });
  };

  private remember(): Conversation {
    const { endpoint, resumeFrom, config } = this.options;
    const url = endpoint.url ?? endpoint.baseUrl;
    const place = url === undefined ? (endpoint.location ?? '') : hostOf(url);
    const fresh = {
      conversation: randomUUID(),
      model: this.model,
      endpoint: `${endpoint.backend} ${place}`.trim(),
      history: [],
      usage: {},
      turn: 0,
    };
    const memory = new Conversation(fresh, resumeFrom);
    const given = config?.sessionResumption?.handle;
    if (given && !memory.handle) memory.keepHandle(given);
    return memory;
  }

  private prepare(settings: RecoverySettings): Preparation {
    const { endpoint, config = {}, rawSetup: raw, setupTimeoutMs = SETUP_TIMEOUT_MS, tap } = this.options;
    return new Preparation({
      endpoint,
      model: this.model,
      session: this.id,
      config,
      own: this.options.tools,
      raw,
      timeoutMs: timerMs(setupTimeoutMs),
      settings,
      tap: tap && guardTap(tap, this.tapFailed),
      unknown: (message) => this.tell('warning', { code: 'UNKNOWN_CONFIG', message }),
      fitted: (warnings) => this.flow.fits.tell(warnings),
      declared: (tools) => this.flow.tools.declare(tools),
    });
  }

  private live(revival: Revival, settings: RecoverySettings): Lifecycle {
    const host = {
      moved: (from: SessionState, to: SessionState, reason?: string) => {
        this.tell('state', { from, to, ...(reason && { reason }), endpoint: this.options.endpoint.backend });
        this.bedtime.moved(from, to);
      },
      admit: (signal: AbortSignal) => this.flow.admit(signal),
      prepare: (beginning: Beginning, signal: AbortSignal) =>
        this.preparation.connection(beginning, !this.takesUp, signal),
      ready: (connection: Connection, attempt: Attempt, attempts: number) =>
        this.ready(connection, attempt, attempts),
      message: (message: LiveServerMessage) => this.receive(message),
      badFrame: ({ message }: Error) => {
        this.badFrames++;
        this.tell('warning', { code: 'BAD_FRAME', message });
      },
      problem: (problem: Parameters<typeof tellProblem>[0]) => tellProblem(problem, this.tell),
      fault: (error: unknown) => this.fault(error),
      detached: () => {
        this.bedtime.still();
        this.care.stop();
        this.flow.shut();
      },
      lost: (error: LiveError, again: boolean) => {
        this.care.ended(error, again, this.memory.handle !== undefined);
        this.flow.lost();
      },
      busy: () => this.flow.turns.answering || this.flow.callsPending,
      pausing: (ms: number, reason: string) => this.tell('waiting', { for: 'reconnect', ms, reason }),
      failed: ({ code, message, advice, closeCode, reason, policy }: LiveError) =>
        this.tell('error', { code, message, advice, closeCode, reason, policy }),
    };
    return new Lifecycle(host, revival, settings);
  }

  private fault(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    const message = `A message could not be handled because of a mistake in this library: ${what}`;
    this.tell('warning', { code: 'INTERNAL', message, advice: 'Report it; the session goes on.' });
  }

  /** A connection is ready: it is told what was said before, then what waits may leave. */
  private ready(connection: Connection, attempt: Attempt, attempts: number): void {
    const { beginning } = attempt;
    const { handle, seed } = beginning;
    if (seed.turns) {
      connection.send(encode({ clientContent: { turns: seed.turns, turnComplete: true } }), () => {});
    }
    if (this.takesUp || this.memory.started || handle) this.tellRestored(beginning, attempts);
    this.takesUp = true;
    this.tellRefused();
    // A listener may have closed the session.
    if (this.life.connection !== connection || !this.usable) return;
    this.bedtime.ready();
    this.care.ready(connection, attempt, seed.turns ? 1 : 0);
    if (this.preparation.stale) this.refreshContext().catch(this.contextFailed);
  }

  private tellRefused(): void {
    const { refused: message } = this;
    this.refused = undefined;
    if (message) this.tell('warning', { code: 'TURN_DETECTION', message, advice: 'Change one of the two.' });
  }

  private async refreshContext(): Promise<void> {
    const update = await this.preparation.update(this.life.signal);
    if (update) this.flow.lanes.sendControl(update);
    else this.care.request('Instructions or functions have changed');
  }

  private readonly contextFailed = (error: Error): void => {
    this.tell('warning', { code: 'CONTEXT_NOT_UPDATED', message: error.message });
  };

  private tellRestored({ handle, seed }: Beginning, attempts: number): void {
    if (handle) this.tell('restored', { stateRestored: true, attempts });
    else {
      const reason = this.memory.loss;
      this.memory.lossTold();
      this.tell('restored', { stateRestored: false, reason, seeded: seed.count, attempts });
    }
  }

  private receive(message: LiveServerMessage): void {
    this.receivedMessages++;
    const { resumable, newHandle } = message.sessionResumptionUpdate ?? {};
    const kept = Boolean(resumable && newHandle && this.options.config?.sessionResumption);
    if (kept && newHandle) this.memory.keepHandle(newHandle);
    const { connection } = this.life;
    this.care.took(message, kept);
    this.flow.take(message);
    // A listener may have closed the session.
    if (this.life.connection === connection) tellRest(message, this.tell);
  }
}

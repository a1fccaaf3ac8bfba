import { profileFor, type LiveClientMessage, type LiveServerMessage } from '../protocol';
import { Asking } from './asking';
import { INPUT_BYTES_PER_MS } from './chunker';
import { CostMeter } from './cost';
import type { LiveError } from './errors';
import type { LiveEvents } from './events';
import { FitReport } from './fit-report';
import type { FlowContext, FlowState } from './flow-options';
import { Inputs } from './inputs';
import { Lanes, type Uplink } from './lanes';
import { listeningBy } from './listening';
import { Limiter, type Wait } from './limits/limiter';
import { Outgoing } from './outgoing';
import { Microphone } from './microphone';
import { announcement, Announcer } from './say';
import { SleepListening } from './sleep/listening';
import type { LiveEndpoint } from './target';
import { InputClock, Speech } from './timings';
import { Tools, type CallsBefore, type NotSaved } from './tools/tools';
import { Turns } from './turns';
import { Watchdogs } from './watchdogs/watchdogs';
import { Eyes } from './watching';
import { Withholding, type Judge } from './withholding';

/** The model says nothing although it should: what it is asked then. */
const NUDGE = 'Please go on.';
/** An answer that is owed for longer is not waited for when something else is to be asked (ms). */
const PATIENCE_MS = 30_000;
/** Sound that nothing has come of for that long was no speech (ms). */
const UTTERANCE_MS = 5000;

/**
 * Everything of a session that lasts across its connections and moves data: what waits to be sent, what the turns are,
 * what they cost, and who watches over them. The session tells it when a connection comes and goes.
 */
export class Flow {
  readonly input = new InputClock();
  readonly lanes: Lanes;
  readonly inputs: Inputs;
  readonly listening: SleepListening;
  readonly turns: Turns;
  readonly tools: Tools;
  readonly announcer: Announcer;
  readonly fits: FitReport;
  private readonly outgoing: Outgoing;
  private readonly withholding: Withholding;
  readonly eyes: Eyes;
  private readonly limiter: Limiter;
  private readonly asking: Asking;
  readonly costs: CostMeter;
  private readonly watchdogs: Watchdogs;
  private readonly speech: Speech;
  private connected = false;
  /** When the last frame came (monotonic ms). */
  private heardAt = 0;

  constructor(private readonly context: FlowContext) {
    const { options, emit, before, model, sleep } = context;
    const backend = options.endpoint.backend === 'vertex' ? 'vertex' : 'gemini';
    this.fits = new FitReport(emit);
    this.outgoing = new Outgoing(model, backend, this.fits);
    const limits = options.limits ?? {};
    const key = limits.key || credentialOf(options.endpoint);
    this.limiter = Limiter.for(key, model, limits);
    this.watchdogs = new Watchdogs(options.watchdogs ?? {}, {
      emit,
      callsPending: () => this.tools.pending,
      nudge: () => this.nudge(),
    });
    const { proactivity, realtimeInputConfig: detection } = options.config ?? {};
    // A model that may keep silent owes no answer, nor does one that waits for the mark of an activity's end.
    const optional = profileFor(model).proactive === 'always' || proactivity?.proactiveAudio === true;
    const marked = detection?.automaticActivityDetection?.disabled === true;
    this.speech = new Speech(() => {
      if (optional || marked) return;
      this.watchdogs.spoken();
      context.asked(false);
    });
    const { maxFramesPerSecond: most } = profileFor(model);
    const maxFramesPerSecond = Math.min(most, options.lanes?.maxFramesPerSecond ?? most);
    const onAudio = (pcm: Buffer): void => {
      if (this.speech.add(pcm, pcm.length / INPUT_BYTES_PER_MS)) this.input.mark();
      if (this.speech.begins) this.eyes.speech();
    };
    this.lanes = new Lanes({ ...options.lanes, maxFramesPerSecond }, onAudio, (news) => this.eyes.sent(news));
    const awake = listeningBy(options.turnDetection ?? { by: 'model' }, {
      lanes: this.lanes,
      emit,
      held: () => this.tools.hold,
      ended: (exact) => this.activityEnded(exact),
      paused: () => this.speech.pause(),
    });
    this.listening = new SleepListening(awake, sleep.settings, {
      emit,
      activity: () => sleep.activity(),
      woken: (by, word) => sleep.woken(by, word),
    });
    const microphone = new Microphone(options.levels, emit);
    this.inputs = new Inputs({
      sendAudio: (pcm) => {
        microphone.hear(pcm);
        this.listening.audio(pcm);
      },
      flushAudio: () => this.listening.flush(),
      sendPicture: (data, mimeType) => this.eyes.see(data, mimeType),
    });
    const onWait = (wait: Wait): void => emit('waiting', wait);
    this.asking = new Asking(this.limiter, this.lanes, onWait, () => {
      const message = 'A text had to wait for its turn, and now too much waits to be sent: it is left out';
      emit('warning', {
        code: 'QUEUE_FULL',
        message,
        advice: 'Ask less often, or raise the limit of turns.',
      });
    });
    this.costs = new CostMeter({
      model,
      key,
      free: options.endpoint.backend === 'local',
      limits: options.costLimits ?? {},
      emit,
      spent: before.costUsd,
    });
    this.tools = new Tools({
      emit,
      model,
      backend,
      options,
      session: () => context.session(),
      before: before.openCalls,
      send: (responses, due, sent) => this.outgoing.answers(this.lanes, responses, due, sent),
      answered: (responses) => {
        this.watchdogs.answered(responses);
        context.asked();
      },
    });
    this.turns = new Turns({
      get conversation() {
        return context.conversation;
      },
      emit: (event, payload) => {
        if (event === 'turn') this.turnOver(payload as LiveEvents['turn'][0]);
        emit(event, payload);
      },
      input: this.input,
      costs: this.costs,
      tools: this.tools,
      watchdogs: this.watchdogs,
      queue: () => this.lanes.stats,
      timings: () => context.timings(),
      keeps: () => this.withholding.keeps,
      begun: (watch) => {
        this.asking.turnBegun();
        if (!watch) this.eyes.seen();
      },
      settled: () => this.announcer.check(),
      lastTurn: before.turn,
      usage: before.usage,
    });
    this.withholding = new Withholding((message) => this.turns.take(message), {
      passing: (any) => this.turns.show(any),
      gone: () => this.turns.swallow(),
      fault: (error) => context.fault(error),
    });
    this.eyes = new Eyes({
      ...{ model, options, emit, lanes: this.lanes },
      idle: (quietMs) => this.connected && this.quietFor(quietMs),
      ask: (text, due, sent) => {
        const message = this.outgoing.text(text);
        return this.asking.tryAsk(message, due, () => {
          this.watchdogs.asked();
          context.asked();
          sent();
        });
      },
      withhold: (judge) => this.withhold(judge, true),
      told: (warning) => this.fits.tell([warning]),
    });
    this.announcer = new Announcer({
      usable: () => this.connected,
      occupied: () => this.turns.occupied,
      quietMs: () => (this.turns.playing ? 0 : performance.now() - this.heardAt),
      interrupt: () => void this.turns.interruptLocally(),
      ask: (text) => this.sendText(text, true),
    });
  }

  /** What is needed to go on later. */
  state(notSaved: NotSaved): FlowState {
    const { lastTurn: turn, usage } = this.turns;
    return { turn, usage, costUsd: this.costs.conversationUsd, openCalls: this.tools.state(notSaved) };
  }

  /** Somebody speaks in the piece of sound that was handed to the socket last. */
  get voiced(): boolean {
    return this.speech.voiced;
  }

  /** Whether the model waits for the answer of a function, or an answer waits to be sent. */
  get callsPending(): boolean {
    return this.tools.pending;
  }

  /** Something goes on that a connection is needed for: an answer, its playback, a function, something that waits to be sent. */
  get busy(): boolean {
    const waiting = this.announcer.queued + this.asking.queued + this.lanes.stats.queuedMessages;
    return this.turns.busy || this.callsPending || waiting > 0;
  }

  /**
   * Waits until the limits allow one more connection.
   *
   * @returns to be called once when that connection is over, or did not come about.
   * @throws LiveError (as rejection) `COST_LIMIT` when no money is left, `CLOSED` when the signal ended the wait
   */
  async admit(signal: AbortSignal): Promise<() => void> {
    const spent = this.costs.check();
    if (spent) throw spent;
    return this.limiter.start(signal, (wait) => this.context.emit('waiting', wait));
  }

  /**
   * A connection is ready: what waits may leave.
   *
   * @param calls what became of the function calls of the connection before.
   */
  open(uplink: Uplink, calls: CallsBefore): void {
    this.connected = true;
    this.heardAt = performance.now();
    this.tools.connected(calls);
    // A listener may have closed the session.
    if (!this.connected) return;
    this.listening.open();
    this.lanes.open(uplink);
    this.announcer.check();
    this.eyes.open();
  }

  /** Takes a message of the server. */
  take(message: LiveServerMessage): void {
    this.heardAt = performance.now();
    this.input.heard(this.heardAt);
    this.watchdogs.heard(this.heardAt);
    this.withholding.take(message);
    if (message.usageMetadata) this.checkCosts();
  }

  /**
   * Keeps back what the service says from its next message on, until the judge has decided.
   *
   * @param watch it was asked about pictures alone @returns the number of the turn that is kept back, if it is one of its own
   */
  withhold(judge: Judge, watch = false): number | undefined {
    const turn = this.turns.hide(watch);
    this.withholding.begin(judge);
    return turn;
  }

  /** What is being kept back is decided upon from outside: nothing more of it is waited for. */
  endWithholding(verdict: 'pass' | 'drop'): void {
    this.withholding.end(verdict);
  }

  /**
   * Says something in writing, in the way the model accepts in mid-session.
   *
   * @param say it is an announcement and not the user's.
   * @throws LiveError `QUEUE_FULL`
   */
  sendText(text: string, say = false): void {
    const message = this.outgoing.text(say ? announcement(text) : text);
    this.ask(message, () => this.turns.typed(text, say));
  }

  /** Sends something that the model is to answer. @throws LiveError `QUEUE_FULL` */
  ask(message: LiveClientMessage, sent?: () => void): void {
    this.eyes.want('text');
    this.asking.ask(message, () => {
      this.input.mark();
      this.watchdogs.asked();
      this.context.asked();
      sent?.();
    });
  }

  /** The user's activity has ended: the model is to answer. */
  private activityEnded(exact: boolean): void {
    if (exact || !this.input.pending) this.input.mark();
    if (!this.connected) return;
    this.watchdogs.asked();
    this.context.asked();
  }

  /** What a lost connection may have swallowed was sent again. @param written the texts in it */
  repeated(written: readonly string[]): void {
    this.input.mark();
    this.watchdogs.asked();
    for (const text of written) this.turns.typed(text);
    this.context.asked(written.length > 0);
  }

  /** Nothing can be sent any more, and nothing comes. */
  shut(): void {
    this.connected = false;
    this.lanes.shut();
    this.watchdogs.stop();
    this.announcer.stop();
    this.eyes.close();
  }

  /** The connection is gone: what waits goes on waiting, the answer ends with what came. */
  lost(): void {
    this.shut();
    this.withholding.end('drop');
    this.tools.lost();
    this.asking.lost();
    this.turns.lost();
  }

  /** The session falls asleep: nothing waits any more, and what is said is listened to here. Nobody is told; {@link slept} is to follow. */
  sleep(): void {
    this.connected = false;
    this.lanes.shut();
    this.lanes.clear();
    this.asking.stop();
    this.announcer.clear();
    this.watchdogs.stop();
    // What was said last is nothing that the next connection answers.
    this.input.take();
    this.listening.sleep();
  }

  /** What is under way of the connection that is being left ends; an answer may be heard to its end. */
  slept(notSaved: NotSaved): void {
    this.listening.settle();
    this.withholding.end('drop');
    this.tools.close(notSaved);
    this.turns.closed(true);
  }

  /**
   * The session closes: nothing waits any more.
   *
   * @param finish the sound that has come may be played to its end
   */
  close(finish: boolean, notSaved: NotSaved): void {
    this.connected = false;
    this.withholding.end('drop');
    this.tools.close(notSaved);
    this.turns.closed(finish);
    this.asking.stop();
    this.announcer.clear();
    this.watchdogs.stop();
    this.listening.close();
    // What is given from now on waits: a socket that is closing takes it and sends nothing.
    this.lanes.shut();
    this.lanes.clear();
    this.inputs.close();
  }

  private turnOver({ say, incomplete }: Pick<LiveEvents['turn'][0], 'say' | 'incomplete'>): void {
    this.announcer.turnOver(say, incomplete);
  }

  /** Nobody speaks or plays or waits for anything, and nothing has come for that long (ms). */
  private quietFor(ms: number): boolean {
    const quiet = performance.now() - this.heardAt;
    if (quiet < ms || this.busy || this.withholding.active || this.listening.active) return false;
    // What has not been answered for long is not going to be.
    if (this.turns.occupied && quiet < PATIENCE_MS) return false;
    return !this.input.pending || this.input.ageMs > UTTERANCE_MS;
  }

  private nudge(): void {
    try {
      this.asking.ask(this.outgoing.text(NUDGE), () => this.watchdogs.asked());
    } catch {
      // Much waits to be asked already: that will move the model as well.
    }
  }

  private checkCosts(): void {
    const error: LiveError | undefined = this.costs.check();
    if (!error || !this.connected) return;
    const { code, message, advice, policy } = error;
    this.context.emit('error', { code, message, advice, policy });
    this.context.close(message);
  }
}

/** What is limited is the credential, or else the place. */
function credentialOf({ apiKey, token, project, baseUrl, url, backend }: LiveEndpoint): string {
  return apiKey || token || project || url || baseUrl || backend;
}

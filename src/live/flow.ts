import type { LiveServerMessage, UsageMetadata } from '../protocol';
import type { Emit } from './events';
import { Inputs } from './inputs';
import { Lanes, type LaneOptions, type Uplink } from './lanes';
import { Limiter } from './limits/limiter';
import type { CostLimitOptions, LimitOptions } from './limits/options';
import type { LiveEndpoint } from './target';
import { InputClock, isVoiced, type TurnTimings } from './timings';
import { Turns } from './turns';
import type { WatchdogOptions } from './watchdogs/options';

/** What {@link Flow} needs of its session. */
export interface FlowContext {
  options: FlowOptions;
  model: string;
  conversation: string;
  emit: Emit;
  /** Connection part of each turn's timings. */
  timings(): TurnTimings;
  /** Of a conversation that is taken up again. */
  before: { turn: number; usage: UsageMetadata };
  /** Ends the session, because its money is spent. */
  close(reason: string): void;
}

/** The part of a session's options that is about the flow of data. */
export interface FlowOptions {
  endpoint: LiveEndpoint;
  lanes?: LaneOptions;
  /** How much one key may do; what exceeds it waits. Default: no limits. */
  limits?: LimitOptions;
  /** How much money may be spent; then the session closes. Default: no limits. */
  costLimits?: CostLimitOptions;
  /** What is watched and warned of; `false` switches all of it off. */
  watchdogs?: WatchdogOptions | false;
}

/**
 * Everything of a session that lasts across its connections and moves data: what waits to be sent, what the turns are,
 * what they cost, and who watches over them. The session tells it when a connection comes and goes.
 */
export class Flow {
  readonly input = new InputClock();
  readonly lanes: Lanes;
  readonly inputs: Inputs;
  readonly turns: Turns;
  private readonly limiter: Limiter;

  constructor(private readonly context: FlowContext) {
    const { options, emit, conversation, before, model } = context;
    this.lanes = new Lanes(options.lanes ?? {}, (pcm) => {
      if (isVoiced(pcm)) this.input.mark();
    });
    this.inputs = new Inputs(this.lanes);
    const limits = options.limits ?? {};
    this.limiter = Limiter.for(limits.key || credentialOf(options.endpoint), model, limits);
    this.turns = new Turns({
      conversation,
      emit,
      input: this.input,
      timings: () => context.timings(),
      lastTurn: before.turn,
      usage: before.usage,
    });
  }

  /**
   * Waits until the limits allow one more connection.
   *
   * @returns to be called once when that connection is over, or did not come about.
   * @throws LiveError (as rejection) `CLOSED` when the signal ended the wait
   */
  admit(signal: AbortSignal): Promise<() => void> {
    return this.limiter.start(signal, (wait) => this.context.emit('waiting', wait));
  }

  /** A connection is ready: what waits may leave. */
  open(uplink: Uplink): void {
    this.lanes.open(uplink);
  }

  /** Takes a message of the server. */
  take(message: LiveServerMessage): void {
    this.turns.take(message);
  }

  /** The connection is gone: what waits goes on waiting, the answer ends with what came. */
  lost(): void {
    this.lanes.shut();
    this.turns.lost();
  }

  /** The session closes: nothing waits any more. @param finish the sound that has come may be played to its end */
  close(finish: boolean): void {
    this.turns.closed(finish);
    this.lanes.clear();
    this.inputs.close();
  }
}

/** What is limited is the credential, or else the place. */
function credentialOf({ apiKey, token, project, baseUrl, url, backend }: LiveEndpoint): string {
  return apiKey || token || project || url || baseUrl || backend;
}

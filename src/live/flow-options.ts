import type { LiveConnectConfig, UsageMetadata } from '../protocol';
import type { Emit } from './events';
import type { LaneOptions } from './lanes';
import type { CostLimitOptions, LimitOptions } from './limits/options';
import type { TurnDetectionOptions } from './listening';
import type { LevelsOptions } from './microphone';
import type { SleepOptions, SleepSettings, WakeCause } from './sleep/options';
import type { LiveEndpoint } from './target';
import type { TurnTimings } from './timings';
import type { OpenCall } from './tools/open-call';
import type { ToolSession } from './tools/tool-session';
import type { ToolsOptions } from './tools/tools';
import type { WatchdogOptions } from './watchdogs/options';
import type { WatchingOptions } from './watching';

/** What a conversation has been so far, for one that is taken up again: plain JSON. */
export interface FlowState {
  /** Number of the last turn. */
  turn: number;
  usage: UsageMetadata;
  /** What the conversation has cost (USD). */
  costUsd?: number;
  /** Function calls that wait for their answer. */
  openCalls?: OpenCall[];
}

/** The part of a session's options that is about the flow of data. */
export interface FlowOptions extends ToolsOptions {
  endpoint: LiveEndpoint;
  config?: LiveConnectConfig;
  lanes?: LaneOptions;
  /** Who decides when the user speaks. Default: the service. */
  turnDetection?: TurnDetectionOptions;
  /** When the session sleeps by itself, what wakes it, and how it goes on then. Default: only `sleep()`, and a voice wakes it. */
  sleep?: SleepOptions;
  /** Tell how loud the user's sound is, as `level` events. Default false; what is wrong with a microphone is warned of always. */
  levels?: LevelsOptions | false;
  /** Turns about pictures alone, when nobody speaks. Default: none. */
  watching?: WatchingOptions;
  /** How much one key may do; what exceeds it waits. Default: no limits. */
  limits?: LimitOptions;
  /** How much money may be spent; then the session closes. Default: no limits. */
  costLimits?: CostLimitOptions;
  /** What is watched and warned of; `false` switches all of it off. */
  watchdogs?: WatchdogOptions | false;
}

/** What {@link Flow} needs of its session. */
export interface FlowContext {
  options: FlowOptions;
  model: string;
  /** Its id; another one when a conversation begins afresh. */
  readonly conversation: string;
  emit: Emit;
  /** The session, for the functions that it runs. */
  session(): ToolSession;
  /** Connection part of each turn's timings. */
  timings(): TurnTimings;
  before: FlowState;
  /** Ends the session, because its money is spent. */
  close(reason: string): void;
  /** Something was sent that the model is to answer. @param sure false: sound that may have been speech; default true */
  asked(sure?: boolean): void;
  /** Something of ours has failed where nobody above can catch it. */
  fault(error: unknown): void;
  sleep: {
    settings: SleepSettings;
    /** Somebody speaks. */
    activity(): void;
    /** Speech or a wake word was heard while the session sleeps. */
    woken(by: WakeCause, word?: string): void;
  };
}

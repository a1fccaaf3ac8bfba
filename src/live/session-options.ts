import type { LiveClientSetup, LiveConnectConfig } from '../protocol';
import type { ConversationState } from './conversation';
import type { FlowOptions } from './flow-options';
import type { LaneStats } from './lanes';
import type { RecoveryOptions } from './recovery/options';
import type { ReplayStats } from './recovery/replay';
import type { SleepStats } from './sleep';
import type { FrameTap } from './tap';
import type { WatchingStats } from './watching';

/** What a session needs; only `endpoint` has no default. */
export interface LiveSessionOptions extends FlowOptions {
  /** Default {@link DEFAULT_MODEL}. */
  model?: string;
  config?: LiveConnectConfig;
  /** Fields of the `setup` message that are to be sent as they are; they win over `config`. */
  rawSetup?: LiveClientSetup;
  /**
   * How long the socket may take to open, and then the service to answer the setup (ms, each); also how long tools and
   * credentials may take that are asked for before. Default 10000.
   */
  setupTimeoutMs?: number;
  /** A conversation to take up again. */
  resumeFrom?: ConversationState;
  /** How the conversation is kept alive; `false`: one connection, whose end is the end of the session. */
  recovery?: RecoveryOptions | false;
  /** Sees every frame. */
  tap?: FrameTap;
}

/** Counters of a session. */
export interface LiveStats extends LaneStats, ReplayStats {
  /** Frames that were no JSON object. */
  badFrames: number;
  receivedMessages: number;
  /** Sound that was heard and not sent: nobody spoke, or the button was not held (ms); see `turnDetection`. */
  unsentAudioMs: number;
  sleep: SleepStats;
  /** Turns about pictures alone. */
  watching: WatchingStats;
}

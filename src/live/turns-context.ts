import type { UsageMetadata } from '../protocol';
import type { CostMeter } from './cost';
import type { Emit } from './events';
import type { InputClock, TurnTimings } from './timings';
import type { Tools } from './tools/tools';
import type { TurnQueue } from './turn-event';
import type { Watchdogs } from './watchdogs/watchdogs';

/** What `Turns` needs of its session. */
export interface TurnsContext {
  conversation: string;
  emit: Emit;
  input: InputClock;
  costs: CostMeter;
  tools: Tools;
  watchdogs: Watchdogs;
  /** Counters of what waits to be sent and what was given up. */
  queue(): TurnQueue;
  /** Connection part of each turn's timings. */
  timings(): TurnTimings;
  /** Whether something of the turn that is kept back has come. */
  keeps(): boolean;
  /** The model begins a turn. @param watch it was asked about pictures alone */
  begun(watch: boolean): void;
  /** The model may have become idle: a turn is over, or has been played. */
  settled(): void;
  /** Number of the last turn of a conversation that is taken up again. */
  lastTurn?: number;
  usage?: UsageMetadata;
}

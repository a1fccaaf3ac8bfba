/// <reference types="node" preserve="true" />
/**
 * A Live conversation over its own WebSocket: connection, lanes, turns, usage, timings. Usable without Node-RED.
 *
 * @packageDocumentation
 */
export { LiveSession } from './session';
export type { LiveSessionOptions, LiveStats } from './session-options';
export * from './auth';
export type { ConversationState, HistoryEntry } from './conversation';
export { LiveError, type LiveErrorCode, type LiveErrorDetails } from './errors';
export type {
  LiveEvent,
  LiveEventName,
  LiveEvents,
  SessionState,
  Stamp,
  TextRole,
  ToolCancelReason,
  TurnEvent,
  WaitReason,
} from './events';
export type { TokensByModality } from './cost-report';
export type { LaneOptions, LaneStats } from './lanes';
export type { LevelsOptions } from './microphone';
export type { CostLimitOptions, DayStore, LimitOptions } from './limits/options';
export { Recorder, type RecorderOptions, type RecorderStats, type RecorderWarning } from './recorder';
export { agentFor, type Environment, type NetworkOptions } from './network';
export type { Awakening, Savings, SleepOptions, SleepStats, WakeCause } from './sleep';
export { TRANSITIONS } from './state';
export type { ContextChange } from './preparation';
export type { RecoveryOptions } from './recovery/options';
export type { ReplayStats } from './recovery/replay';
export type { FrameTap, TapClosed, TapOpened } from './tap';
export type { LiveEndpoint } from './target';
export type { TurnTimings } from './timings';
export type { TurnDetectionOptions, VoiceOptions } from './listening';
export {
  ANSWER_MS,
  checkArguments,
  defineTool,
  isFailureStatus,
  toolAnswer,
  toolFailure,
  type AnyTool,
  type ArgumentsOf,
  type CheckedArguments,
  type CheckedDeclaration,
  type FunctionPolicy,
  type OpenCall,
  type FromSchema,
  type Scheduling,
  type Tool,
  type ToolAnswer,
  type ToolArgs,
  type ToolContext,
  type ToolDefinition,
  type ToolFailure,
  type ToolFailureStatus,
  type ToolOutcome,
  type ToolPolicy,
  type ToolResult,
  type ToolSession,
} from './tools';
export { checkDeclaration, type DeclarationProblem } from '../protocol';
export type { Grounding, Source, VisitedUrl } from './grounding';
export type { CodeRun, TurnCall, TurnDetails, TurnQueue, TurnTimes } from './turn-event';
export type { WatchingOptions, WatchingStats } from './watching';
export type { WatchdogCode, WatchdogOptions } from './watchdogs/options';

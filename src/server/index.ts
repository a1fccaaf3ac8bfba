/// <reference types="node" preserve="true" />
/**
 * A local server that speaks the Live protocol: to rehearse on without a key, and to test clients against.
 * What is faithful to the service and what is ours: docs/protocol.md.
 */
export { closes, type Close } from './closes';
export { scriptedEars } from './ears';
export { embeddedServer, type Embedded } from './embedded';
export { ServerError, type ServerErrorCode } from './errors';
export { FAULT_NAMES, parseFault } from './fault-names';
export type { Faults, GoAway, GoAwayFault } from './faults';
export { HandleStore } from './handles';
export type { ConnectionStats, JournalEntry } from './journal';
export type { Limits } from './lifetime';
export type {
  BuiltInTool,
  BuiltInUse,
  CallRequest,
  CallResult,
  DeclaredFunction,
  Ears,
  Hearing,
  Mind,
  MindInput,
  Phrase,
  Reply,
  ResultPart,
  Scenario,
  SeenPicture,
  Speech,
  SpokenWord,
  Voice,
} from './parts';
export { playRecording, type PlayedRecording } from './play-recording';
export {
  compareClients,
  Player,
  readRecording,
  type CompareOptions,
  type PlayerEvents,
  type PlayOptions,
} from './player';
export type { Route } from './routes';
export { loadScenario, parseScenario, ScenarioError, type RuleScenario } from './scenario';
export { scriptedMind, toneVoice } from './scripted';
export { LocalLiveServer, type ServerEvents } from './server';
export { startServer, type ServerOptions } from './start';

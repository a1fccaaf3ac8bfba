export { LevelMeter, type LevelOptions, type LevelReport } from './meter';
export {
  MicrophoneWatch,
  type MicrophoneProblem,
  type MicrophoneWatchOptions,
  type ProblemChange,
} from './watch';

export { Recorder } from './recorder';
export type { RecorderOptions, RecorderStats, RecorderWarning } from './options';

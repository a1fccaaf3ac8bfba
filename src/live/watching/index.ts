export { Eyes } from './eyes';
export { withTranscript, type WatchingOptions } from './options';
export { isWatchPrompt } from './prompt';
export type { WatchingStats } from './watching';

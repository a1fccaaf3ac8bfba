export type { WakeWordEar, WakeWordHooks, WakeWordService } from './service';
export { wyoming, type WyomingOptions } from './wyoming';
export type { WyomingTimes } from './wyoming-ear';

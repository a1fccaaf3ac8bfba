export type { Awakening, Savings, SleepOptions, SleepStats, WakeCause } from './options';
export { SleepListening } from './listening';
export { sleepSettings, type SleepSettings } from './options';
export { Bedtime } from './bedtime';

export type { Awakening, Savings, SleepOptions, SleepStats, WakeCause } from './options';

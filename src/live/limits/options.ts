/** What a key may do. The same limits hold for all sessions of this process that use the same key and model. */
export interface LimitOptions {
  /** Which credential this is; only its hash is kept. Default: the endpoint's credential. */
  key?: string;
  /** Turns in any minute. Default: no limit. */
  turnsPerMinute?: number;
  /** Sessions that start in any minute; a resumption is a start too. Default: no limit. */
  sessionStartsPerMinute?: number;
  /** Sessions that are open at the same time. Default: no limit. */
  concurrentSessions?: number;
  /** How long a "minute" is (ms), at most 60000, which is the default; for tests. */
  windowMs?: number;
}

/** Keeps what was spent on a day, for example across a restart. */
export interface DayStore {
  /** What has been spent: a day (`2026-01-31`, local time) and USD; undefined when nothing is known. */
  load(key: string): { day: string; usd: number } | undefined;
  save(key: string, spent: { day: string; usd: number }): void;
}

/** Money that may be spent. The conversation is closed when a limit is reached. */
export interface CostLimitOptions {
  /** For one conversation, over all its connections (USD). Default: no limit. */
  conversationUsd?: number;
  /** For all sessions of the key in this process, from midnight to midnight (local time, USD). Default: no limit. */
  dayUsd?: number;
  /** Share of a limit at which a warning is told, 0 to 1. Default 0.8. */
  warnAt?: number;
  /** Where the day's sum is kept. Default: in the memory of this process. `key` is a hash. */
  store?: DayStore;
}

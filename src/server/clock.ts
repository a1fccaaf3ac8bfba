import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** Node.js takes a longer timer for one of 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The server's sense of time. All waits of the server go through here, so that `speed` scales a whole
 * conversation: 10 makes an answer of five seconds pass in half a second.
 */
export class Clock {
  /** @param speed factor, 1 = real time */
  constructor(readonly speed = 1) {}

  /** Milliseconds on this clock since some fixed moment. */
  now(): number {
    return performance.now() * this.speed;
  }

  /**
   * Waits until `now()` reaches `time`. Always lets the event loop turn, so that input which arrived meanwhile is
   * seen even by a speaker that is late.
   * @returns false at once when `signal` aborts, true when the time has come
   */
  async until(time: number, signal: AbortSignal): Promise<boolean> {
    const ms = Math.min((time - this.now()) / this.speed, LONGEST_MS);
    if (signal.aborted) return false;
    if (ms <= 1) {
      await setImmediate();
      return !signal.aborted;
    }
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve(!signal.aborted);
      };
      const timer = setTimeout(finish, ms);
      signal.addEventListener('abort', finish);
    });
  }
}

/**
 * A seeded source of numbers in [0, 1), so that a run can be repeated (mulberry32, public domain by its author
 * Tommy Ettinger).
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

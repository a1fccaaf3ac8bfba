import { LiveError } from '../errors';

/** Longest time that is waited (ms), 12 days: a timer of Node.js for 25 days or more, or `Infinity`, fires at once. */
const MAX_TIMER_MS = 2 ** 30;

/** A time as timers can take it (ms). */
export function timerMs(ms: number): number {
  return Math.min(MAX_TIMER_MS, ms);
}

/**
 * Waits for something of the outside, but not for ever.
 *
 * @param what named in the error: what did not come.
 * @throws LiveError (as rejection) `CONNECT_TIMEOUT` after `ms`, `CLOSED` when the signal ends the wait; else what the
 * promise rejects with.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  signal: AbortSignal,
  what: string,
): Promise<T> {
  let stop = (): void => {};
  const limit = new Promise<never>((_resolve, reject) => {
    const late = (): void =>
      reject(
        new LiveError('CONNECT_TIMEOUT', `${what} did not come within ${ms / 1000} s`, {
          advice: 'Check what is to provide it: a tool that declares itself, or a source of credentials.',
          policy: 'retry',
        }),
      );
    const closed = (): void => reject(closedError());
    const timer = setTimeout(late, ms);
    signal.addEventListener('abort', closed);
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', closed);
    };
    if (signal.aborted) closed();
  });
  // The loser of the race may reject later, when nobody listens any more.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    stop();
  }
}

/** What waits is told that the session was closed, or what else was done to it. */
export function closedError(what = 'closed'): LiveError {
  return new LiveError('CLOSED', `The session was ${what} while it connected`);
}

/** Resolves after that time, or as soon as the signal says so. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerMs(ms));
    signal.addEventListener('abort', done);
  });
}

/** A promise and what settles it. */
export interface Deferred {
  promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** A promise whose rejection nobody needs to handle: a caller may listen to events only. */
export function deferred(): Deferred {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

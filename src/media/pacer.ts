import { performance } from 'node:perf_hooks';
import { bytesPerMs, type MediaFormat } from './format';

/** The time that {@link pace} lives by; tests bring their own. */
export interface Clock {
  /** Monotonic time (ms). */
  now(): number;
  /** Resolves after that many ms, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Options of {@link pace}. */
export interface PaceOptions {
  /** Ends the stream, also in the middle of a wait. */
  signal?: AbortSignal;
  /** How far behind it may fall and still catch up (ms), default 200; beyond, it goes on from where it is, without a burst. */
  maxLagMs?: number;
  clock?: Clock;
}

const WALL_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
      if (signal?.aborted) done();
    }),
};

/**
 * Lets PCM through as fast as it is spoken: each chunk goes out when the ones before it have had time to be heard. Every
 * chunk's time follows from the start and the bytes so far, so timer inaccuracy never adds up.
 *
 * With an aborted signal it ends quietly and closes the source.
 */
export async function* pace(
  source: AsyncIterable<Buffer>,
  format: MediaFormat,
  { signal, maxLagMs = 200, clock = WALL_CLOCK }: PaceOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const perMs = bytesPerMs(format);
  const chunks = source[Symbol.asyncIterator]();
  let wake = (): void => {};
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort, { once: true });
  // Not Promise.race with one promise for the abort: that would keep a reaction for every chunk until the end.
  const take = (): Promise<IteratorResult<Buffer> | undefined> =>
    new Promise((resolve, reject) => {
      wake = () => resolve(undefined);
      chunks.next().then(resolve, reject);
    });
  let start: number | undefined;
  let bytes = 0;
  try {
    while (!signal?.aborted) {
      const next = await take();
      if (!next || next.done) return;
      start ??= clock.now();
      const wait = start + bytes / perMs - clock.now();
      if (wait < -maxLagMs) start -= wait;
      // A timer that fires a little early must not let the chunk out early.
      for (let left = wait; left > 0 && !signal?.aborted; left = start + bytes / perMs - clock.now()) {
        await clock.sleep(left, signal);
      }
      if (signal?.aborted) return;
      bytes += next.value.length;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    // Not awaited: a source that hangs in its next() would hold back the return for as long as it hangs.
    chunks.return?.().then(undefined, () => {});
  }
}

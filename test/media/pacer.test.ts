import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pace, PCM_16K, type Clock } from '../../src/media';
import { frame, marks } from './support';

/** Time that passes only when somebody sleeps, and then a little too long or too short, as timers do. */
class TestClock implements Clock {
  time = 1000;
  constructor(private readonly inaccuracy: (nth: number) => number = () => 0) {}
  private sleeps = 0;
  now(): number {
    return this.time;
  }
  async sleep(ms: number): Promise<void> {
    this.time += Math.max(0.1, ms + this.inaccuracy(this.sleeps++));
  }
}

async function* source(count: number): AsyncGenerator<Buffer> {
  for (const mark of marks(count)) yield frame(mark);
}

/** When each chunk came out (ms after the first). */
async function times(
  clock: TestClock,
  count: number,
  between: (nth: number) => void = () => {},
): Promise<number[]> {
  const out: number[] = [];
  for await (const chunk of pace(source(count), PCM_16K, { clock })) {
    assert.equal(chunk[0], out.length % 256);
    out.push(clock.time - 1000);
    between(out.length);
  }
  return out;
}

describe('media: pace', () => {
  it('lets 20 ms of audio out every 20 ms, the first at once', async () => {
    assert.deepEqual(await times(new TestClock(), 5), [0, 20, 40, 60, 80]);
  });

  it('does not drift: late timers do not add up, early ones let nothing out early', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -15, max: 15 }), { minLength: 1, maxLength: 20 }),
        async (errors) => {
          const out = await times(new TestClock((nth) => errors[nth % errors.length]!), 200);
          out.forEach((at, i) => assert.ok(at >= i * 20 - 1e-6 && at <= i * 20 + 15 + 1e-6, `${i}: ${at}`));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('catches up after a short stall', async () => {
    const clock = new TestClock();
    const out = await times(clock, 20, (nth) => {
      if (nth === 5) clock.time += 100;
    });
    assert.deepEqual(out.slice(4, 8), [80, 180, 180, 180]);
    assert.equal(out[19], 380);
  });

  it('goes on without a burst after a long one', async () => {
    const clock = new TestClock();
    const out = await times(clock, 20, (nth) => {
      if (nth === 5) clock.time += 5000;
    });
    assert.deepEqual(out.slice(4, 8), [80, 5080, 5100, 5120]);
  });

  it('ends at once when aborted in a wait, and closes its source', async () => {
    const stop = new AbortController();
    let closed = false;
    const endless = async function* (): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(32000 * 60);
      } finally {
        closed = true;
      }
    };
    const paced = pace(endless(), PCM_16K, { signal: stop.signal });
    await paced.next();
    const waiting = paced.next();
    setImmediate(() => stop.abort());
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.equal(closed, true);
  });

  it('ends at once when aborted while the source hangs', async () => {
    const stop = new AbortController();
    const hanging: AsyncIterable<Buffer> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    const waiting = pace(hanging, PCM_16K, { signal: stop.signal }).next();
    setImmediate(() => stop.abort());
    assert.equal((await waiting).done, true);
    assert.equal((await pace(hanging, PCM_16K, { signal: stop.signal }).next()).done, true, 'aborted before');
  });

  it('passes on the failure of its source', async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield frame(1);
      throw new Error('gone');
    };
    const paced = pace(failing(), PCM_16K, { clock: new TestClock() });
    await paced.next();
    await assert.rejects(paced.next(), /gone/);
  });

  it('really waits', async () => {
    const start = performance.now();
    for await (const _ of pace(source(4), PCM_16K));
    assert.ok(performance.now() - start >= 59);
  });
});

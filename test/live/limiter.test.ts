import assert from 'node:assert/strict';
import { Limiter, type Wait } from '../../src/live/limits/limiter';

let names = 0;
/** Each test has an account of its own: they last as long as the process. */
const key = (): string => `key ${process.pid} ${++names}`;
const open = new AbortController().signal;

describe('live: limiter of a key and model', () => {
  it('lets turns pass up to the limit, then makes the next wait until the first has left the window', async () => {
    const name = key();
    const limiter = Limiter.for(name, 'm', { turnsPerMinute: 2, windowMs: 200 });
    const waits: Wait[] = [];
    const since = performance.now();
    for (let i = 0; i < 3; i++) await limiter.turn(open, (wait) => waits.push(wait));
    assert.ok(performance.now() - since >= 195);
    assert.deepEqual(
      waits.map(({ for: what, ms }) => [what, ms === 0]),
      [
        ['turn', false],
        ['turn', true],
      ],
    );
    assert.ok(waits[0]!.ms! > 0 && waits[0]!.ms! <= 200);
    assert.match(waits[0]!.reason, /2 turns/);
  });

  it('never lets more than the limit into any window, whoever asks', async () => {
    const name = key();
    const times: number[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      const limiter = Limiter.for(name, 'm', { turnsPerMinute: 3, windowMs: 100 });
      for (let i = 0; i < 3; i++) {
        await limiter.turn(open);
        times.push(performance.now());
      }
    });
    await Promise.all(clients);
    assert.equal(times.length, 12);
    times.sort((a, b) => a - b);
    // Counted when it passed, told a moment later: the tolerance is for that moment.
    for (let i = 3; i < times.length; i++) assert.ok(times[i]! - times[i - 3]! > 80, `${times}`);
  });

  it('counts key and model apart, and counts turns that began without asking', async () => {
    const name = key();
    const limits = { turnsPerMinute: 1 };
    Limiter.for(name, 'a', limits).noteTurn();
    assert.equal(Limiter.for(name, 'a', limits).turnWait()?.for, 'turn');
    assert.equal(Limiter.for(name, 'b', limits).turnWait(), undefined);
    assert.equal(Limiter.for(key(), 'a', limits).turnWait(), undefined);
  });

  it('opens no more sessions at a time than allowed, first come first served, and takes a place back once', async () => {
    const limiter = Limiter.for(key(), 'm', { concurrentSessions: 1 });
    const release = await limiter.start(open);
    const order: string[] = [];
    const waits: Wait[] = [];
    const later = ['first', 'second'].map(async (who) => {
      const done = await limiter.start(open, (wait) => waits.push(wait));
      order.push(who);
      return done;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, []);
    assert.deepEqual([waits[0]?.for, waits[0]?.ms], ['concurrent', undefined]);
    release();
    release();
    const next = await later[0]!;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, ['first']);
    next();
    (await later[1]!)();
    assert.deepEqual(order, ['first', 'second']);
  });

  it('ends a wait when the signal says so, and lets the next in the line pass', async () => {
    const limiter = Limiter.for(key(), 'm', { concurrentSessions: 1, sessionStartsPerMinute: 100 });
    const release = await limiter.start(open);
    const abort = new AbortController();
    const waits: Wait[] = [];
    const given = limiter.start(abort.signal, (wait) => waits.push(wait));
    const taken = limiter.start(open);
    abort.abort();
    await assert.rejects(given, { name: 'LiveError', code: 'CLOSED' });
    assert.equal(waits.at(-1)?.ms, 0);
    release();
    (await taken)();
    await assert.rejects(limiter.start(abort.signal), { code: 'CLOSED' });
    (await limiter.start(open))();
  });

  it('limits how many sessions start in a window', async () => {
    const limiter = Limiter.for(key(), 'm', { sessionStartsPerMinute: 1, windowMs: 120 });
    const since = performance.now();
    (await limiter.start(open))();
    (await limiter.start(open))();
    assert.ok(performance.now() - since >= 115);
  });
});

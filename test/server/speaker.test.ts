import assert from 'node:assert/strict';
import type { Step } from '../../src/server/answer';
import { Clock, randomFrom } from '../../src/server/clock';
import { Speaker } from '../../src/server/speaker';

/** A clock that is always on time. */
class IdealClock extends Clock {
  time = 1000;
  override now(): number {
    return this.time;
  }
  override async until(time: number, signal: AbortSignal): Promise<boolean> {
    this.time = Math.max(this.time, time);
    return !signal.aborted;
  }
}

const sound = (audioMs: number): Step => ({ message: { serverContent: {} }, audioMs });

describe('local Live server: pace of an answer', () => {
  it('makes sound faster than it plays, but not at once, and knows when it is played', async () => {
    const clock = new IdealClock();
    const sent: number[] = [];
    const speaker = new Speaker(clock, 4, () => sent.push(clock.time));
    const { signal } = new AbortController();
    await speaker.speak([sound(0), sound(200), sound(100), sound(400)], signal);
    assert.deepEqual(sent, [1000, 1000, 1050, 1075]);
    await speaker.played(signal);
    assert.equal(clock.time, 1000 + 700);
  });

  it('says nothing more once it is stopped', async () => {
    const clock = new IdealClock();
    const abort = new AbortController();
    let sent = 0;
    const speaker = new Speaker(clock, 4, () => {
      if (++sent === 2) abort.abort();
    });
    assert.equal(await speaker.speak([sound(10), sound(10), sound(10)], abort.signal), false);
    assert.equal(sent, 2);
    assert.equal(speaker.said.audioMs, 20);
    assert.equal(await speaker.played(abort.signal), false);
  });
});

describe('local Live server: clock', () => {
  it('runs faster by its factor', async () => {
    const clock = new Clock(100);
    const started = performance.now();
    assert.equal(await clock.until(clock.now() + 5000, new AbortController().signal), true);
    const took = performance.now() - started;
    assert.ok(took >= 48 && took < 4000, `5000 ms at speed 100 took ${took} ms`);
  });

  it('wakes at once when it is told to stop, also before it began to wait', async () => {
    const clock = new Clock();
    const abort = new AbortController();
    const waiting = clock.until(clock.now() + 1e6, abort.signal);
    abort.abort();
    assert.equal(await waiting, false);
    assert.equal(await clock.until(clock.now() + 1e6, abort.signal), false);
    assert.equal(await clock.until(clock.now() - 1, abort.signal), false);
  });

  it('draws the same numbers from the same seed', () => {
    const draw = (seed: number) => Array.from({ length: 100 }, randomFrom(seed));
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
    assert.ok(draw(3).every((number) => number >= 0 && number < 1));
  });
});

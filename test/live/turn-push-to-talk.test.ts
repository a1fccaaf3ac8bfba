import assert from 'node:assert/strict';
import type { TurnDetectionOptions } from '../../src/live';
import { config, quick, setupOf } from './recovery-support';
import { Bench, next, of } from './support';
import { heard, marked, numbers, range, shape, untilMarked, write } from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

const button = (options: object = {}): { turnDetection: TurnDetectionOptions } => ({
  turnDetection: { by: 'push-to-talk', ...options },
});

describe('live: push to talk', () => {
  it('sends what is said while the button is held, and nothing else', async () => {
    const { session, peer, log } = await bench.connected(button());
    assert.deepEqual((setupOf(peer) as { realtimeInputConfig?: object }).realtimeInputConfig, {
      automaticActivityDetection: { disabled: true },
    });
    write(session, marked(10, true));
    session.activityStart();
    write(session, marked(10, true, 10));
    // Keys repeat.
    session.activityStart();
    write(session, marked(10, true, 20));
    session.activityEnd();
    session.activityEnd();
    write(session, marked(10, true, 30));
    session.audioStreamEnd();
    session.activityStart();
    session.activityEnd();
    const items = await untilMarked(peer, 'activityEnd', 2);
    assert.deepEqual(shape(items), [
      'activityStart',
      'audio',
      ...['activityEnd', 'activityStart', 'activityEnd'],
    ]);
    assert.deepEqual(numbers(items[1]), range(10, 30));
    assert.equal(session.stats.unsentAudioMs, 400);
    assert.deepEqual(
      of(log, 'activity').map(({ type, by }) => `${type} ${by}`),
      Array(2).fill(['speech-start push-to-talk', 'speech-end push-to-talk']).flat(),
    );
  });

  it('tears no sample of pieces of odd length', async () => {
    const { session, peer } = await bench.connected(button());
    write(session, marked(10, true), 333);
    session.audio.write(Buffer.alloc(333));
    session.activityStart();
    session.audio.write(Buffer.concat([Buffer.alloc(1), marked(3, true, 10)]));
    session.activityEnd();
    const items = await untilMarked(peer, 'activityEnd');
    assert.deepEqual(numbers(items[1]), range(10, 13));
  });

  it('ends a hold that is too long by itself, with a warning', async () => {
    const { session, peer, log } = await bench.connected(button({ longestMs: 50 }));
    session.activityStart();
    write(session, marked(5, true));
    const { code } = await next(session, 'warning');
    assert.equal(code, 'HOLD_TOO_LONG');
    write(session, marked(5, true, 50));
    session.activityEnd();
    session.activityStart();
    write(session, marked(5, true, 5));
    session.activityEnd();
    const items = await untilMarked(peer, 'activityEnd', 2);
    assert.deepEqual(shape(items), [
      ...['activityStart', 'audio', 'activityEnd'],
      ...['activityStart', 'audio', 'activityEnd'],
    ]);
    assert.deepEqual([...numbers(items[1]), ...numbers(items[4])], range(0, 10));
    assert.equal(of(log, 'warning').length, 1);
  });

  it('goes on through a connection that drops while the button is held', async () => {
    const { session, peer, server } = await bench.connected({ ...button(), config, recovery: quick });
    session.activityStart();
    write(session, marked(5, true));
    await peer.until((messages) => numbers(heard(messages)[1]).length === 5);
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'ready');
    await next(session, 'state', ({ to }) => to === 'ready');
    write(session, marked(5, true, 5));
    session.activityEnd();
    const items = await untilMarked(await server.connection(1), 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(numbers(items[1]), range(0, 10));
  });

  it('lets go when the session is closed, and leaves no timer behind', async () => {
    const { session, server, log } = await bench.connected(button({ longestMs: 40 }));
    session.activityStart();
    await session.close();
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.deepEqual(of(log, 'warning'), []);
    assert.equal(of(log, 'activity').at(-1)?.type, 'speech-end');
    await session.connect();
    write(session, marked(5, true));
    session.sendText('done');
    const peer = await server.connection(1);
    await peer.message(1);
    assert.deepEqual(shape(heard(peer.received)), ['text']);
  });
});

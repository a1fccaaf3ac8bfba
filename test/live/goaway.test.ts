import assert from 'node:assert/strict';
import { Bench, next, of, sound } from './support';
import {
  answer,
  config,
  inputs,
  pause,
  quick,
  ready,
  setupOf,
  states,
  until,
  update,
} from './recovery-support';

const MOVED = ['connecting', 'setup', 'ready', 'handover', 'reconnecting', 'connecting', 'setup', 'ready'];
const goAway = (timeLeft?: string): object => ({ goAway: timeLeft === undefined ? {} : { timeLeft } });

describe('live: the end of a connection is announced, or comes without a word', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  /** A session that has had a turn, and a handle for it. */
  async function talked(recovery = {}): ReturnType<Bench['connected']> {
    const connected = await bench.connected({ config, recovery: { ...quick, ...recovery } });
    await ready(connected.session);
    connected.peer.content(answer);
    connected.peer.send(update('one'));
    await next(connected.session, 'resumption');
    return connected;
  }

  it('moves to a new connection when it is quiet, after the old one is closed', async () => {
    const { session, log, peer, server } = await talked();
    peer.send(goAway('50s'));
    await ready(session);
    assert.deepEqual(states(session), MOVED);
    assert.match(of(log, 'state').find(({ to }) => to === 'handover')?.reason ?? '', /in 50 s/);
    assert.equal((await peer.untilClosed()).code, 1000);
    assert.equal(server.open, 1);
    assert.equal(setupOf(await server.connection(1)).sessionResumption?.handle, 'one');
    assert.equal((await next(session, 'restored')).stateRestored, true);
    assert.deepEqual(inputs(await server.connection(1)), [], 'nothing was lost, nothing is repeated');
  });

  it('stays usable until then, lets the answer end and waits for its handle', async () => {
    const { session, peer, server } = await talked();
    peer.content(sound(40));
    await next(session, 'audio');
    peer.send(goAway('50s'));
    await next(session, 'state', ({ to }) => to === 'handover');
    assert.ok(session.usable);
    await session.connect();
    session.sendText('And?');
    await peer.until((received) => received[1]);
    await pause(250);
    assert.equal(server.connections.length, 1, 'the model speaks');
    peer.content({ turnComplete: true }, answer);
    await pause(250);
    assert.equal(server.connections.length, 1, 'there is no handle for what was said last');
    peer.send(update('two'));
    await ready(session);
    assert.equal(setupOf(await server.connection(1)).sessionResumption?.handle, 'two');
  });

  it('waits for a function that runs', async () => {
    const { session, peer, server } = await talked();
    peer.send({ toolCall: { functionCalls: [{ id: 'c', name: 'f', args: {} }] } }, goAway('50s'));
    await next(session, 'state', ({ to }) => to === 'handover');
    await pause(250);
    assert.equal(server.connections.length, 1);
    session.respond({ id: 'c', name: 'f', response: { ok: true } });
    await peer.until((received) => received[1]);
    peer.content(answer);
    peer.send(update('two'));
    await ready(session);
    assert.deepEqual(inputs(await server.connection(1)), []);
  });

  it('moves at its own deadline when it never becomes quiet, although the server says nothing more', async () => {
    const { session, peer, server } = await talked();
    session.sendText('Tell me a long story');
    peer.content(sound(40));
    await next(session, 'audio');
    peer.send(goAway('0.5s'));
    await ready(session);
    assert.equal(states(session).includes('handover'), true);
    const turn = await next(session, 'turn', ({ incomplete }) => incomplete);
    assert.equal(turn.user, 'Tell me a long story');
    const again = await server.connection(1);
    await again.until(() => inputs(again).length === 1);
    assert.deepEqual(inputs(again), [{ realtimeInput: { text: 'Tell me a long story' } }]);
  });

  it('does not act upon an end that is far away', async () => {
    const { session, peer, server } = await talked();
    peer.send(goAway('300s'));
    await next(session, 'go-away');
    await pause(250);
    assert.equal(session.state, 'ready');
    assert.equal(server.connections.length, 1);
  });

  it('takes a new word of the service, and one without a time', async () => {
    const { session, peer } = await talked();
    peer.send(goAway('300s'), goAway());
    await ready(session);
    assert.deepEqual(states(session), MOVED);
  });

  it('keeps an end in mind that was announced before the setup was complete', async () => {
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server, { config, recovery: quick });
    const connecting = session.connect();
    const peer = await server.connection();
    await peer.message(0);
    peer.send(goAway('0.4s'), { setupComplete: {} });
    server.script = {};
    await connecting;
    await ready(session);
    await ready(session);
    assert.deepEqual(states(session), MOVED);
  });

  for (const [code, reason] of [
    [1000, ''],
    [1008, 'The operation was aborted.'],
    [1008, 'models/X is not found for API version v1beta'],
    [1011, 'Deadline expired before operation could complete.'],
  ] as const) {
    it(`connects again when an announced end comes early, as ${code} "${reason}"`, async () => {
      const { session, log, peer } = await talked();
      peer.content(sound(40));
      await next(session, 'audio');
      peer.send(goAway('50s'));
      await next(session, 'state', ({ to }) => to === 'handover');
      peer.close(code, reason);
      await ready(session);
      assert.equal(of(log, 'error').length, 0);
      assert.equal((await next(session, 'restored')).stateRestored, true);
    });
  }

  it('changes an old connection by itself', async () => {
    const { session, peer, server } = await talked({ rotateAfterMs: 150 });
    await ready(session);
    assert.deepEqual(states(session).slice(0, MOVED.length), MOVED);
    assert.equal((await peer.untilClosed()).code, 1000);
    assert.equal(setupOf(await server.connection(1)).sessionResumption?.handle, 'one');
  });

  it('does not run in circles when each new connection is announced to end', async () => {
    const { session, server } = await talked({ maxDelayMs: 60_000, maxAttempts: 3, handoverMarginMs: 50 });
    const seen = server.connections.length;
    void (async () => {
      for (let i = seen - 1; i < seen + 4; i++) (await server.connection(i)).send(goAway('0s'));
    })();
    const error = await next(session, 'error');
    assert.match(error.message, /Gave up after 3 attempts/);
    assert.equal(session.state, 'failed');
    await until(() => server.open === 0);
    assert.ok(server.connections.length <= seen + 4, String(server.connections.length));
  });
});

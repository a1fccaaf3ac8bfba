import assert from 'node:assert/strict';
import type { LiveSession } from '../../src/live';
import type { ScriptedServer } from '../support/scripted-server';
import { Bench, next, of, sound } from './support';
import { answer, config, inputs, pause, quick, ready, setupOf, states, update } from './recovery-support';

const text = (words: string): object => ({ realtimeInput: { text: words } });

describe('live: a handle that is worth nothing', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  /** A session that has had a turn and a handle for it. */
  async function talked(
    options = {},
  ): Promise<{ session: LiveSession; server: ScriptedServer; drop(): void }> {
    const { session, peer, server } = await bench.connected({ config, recovery: quick, ...options });
    await ready(session);
    session.sendText('My name is Ada');
    await peer.message(1);
    peer.content(answer);
    peer.send(update('bad'));
    await next(session, 'resumption');
    return { session, server, drop: () => peer.cut() };
  }

  it('is given up when the service takes it and then does not answer; the history is told instead', async () => {
    const { session, server, drop } = await talked({ recovery: { ...quick, poisonMs: 60 } });
    drop();
    await ready(session);
    assert.equal((await next(session, 'restored')).stateRestored, true);
    session.sendText('What is my name?');
    const poisoned = await server.connection(1);
    assert.equal(setupOf(poisoned).sessionResumption?.handle, 'bad');
    await poisoned.message(1);
    await ready(session);
    assert.equal((await poisoned.untilClosed()).code, 1000);
    const restored = await next(session, 'restored');
    assert.deepEqual([restored.stateRestored, restored.seeded], [false, 2]);
    assert.match(restored.reason ?? '', /did not answer/);
    const fresh = await server.connection(2);
    await fresh.message(2);
    assert.deepEqual(setupOf(fresh).sessionResumption, {});
    const [seed, question, ...rest] = inputs(fresh);
    assert.match(JSON.stringify(seed), /My name is Ada.*Hello\./);
    assert.deepEqual([question, ...rest], [text('What is my name?')]);
    assert.equal(server.open, 1);
  });

  it('is not given up by a user who says nothing', async () => {
    const { session, server, drop } = await talked({ recovery: { ...quick, poisonMs: 20 } });
    drop();
    await ready(session);
    await pause(150);
    assert.equal(server.connections.length, 2);
    session.sendText('Hi');
    const again = await server.connection(1);
    await again.message(1);
    again.content(answer);
    await next(session, 'turn', ({ user }) => user === 'Hi');
    await pause(60);
    assert.deepEqual([session.state, server.connections.length], ['ready', 2]);
  });

  it('is given up when the resumed connection closes again and again', async () => {
    const { session, server, drop } = await talked({ recovery: { ...quick, triesWithHandle: 2 } });
    drop();
    await ready(session);
    session.sendText('What is my name?');
    for (const index of [1, 2]) {
      const resumed = await server.connection(index);
      await resumed.message(0);
      assert.equal(setupOf(resumed).sessionResumption?.handle, 'bad');
      await resumed.message(1);
      resumed.close(1011, 'Internal error encountered.');
    }
    const fresh = await server.connection(3);
    await fresh.message(2);
    assert.deepEqual(setupOf(fresh).sessionResumption, {});
    assert.deepEqual(inputs(fresh)[1], text('What is my name?'));
    const restored = await next(session, 'restored', ({ stateRestored }) => !stateRestored);
    assert.match(restored.reason ?? '', /2 connections in a row/);
  });

  it('is given up when setups with it are never answered', async () => {
    const { session, server, drop } = await talked({
      recovery: { ...quick, triesWithHandle: 2 },
      setupTimeoutMs: 60,
    });
    server.script = { setup: 'manual' };
    drop();
    for (const index of [1, 2]) {
      const hanging = await server.connection(index);
      await hanging.message(0);
      if (index === 2) server.script = {};
      await hanging.untilClosed();
    }
    await ready(session);
    assert.deepEqual(setupOf(await server.connection(3)).sessionResumption, {});
    states(session);
  });

  it('is kept while it is the network that fails, or the key', async () => {
    const { session, server, drop } = await talked();
    server.script = { refuse: { status: 503, body: '' } };
    drop();
    for (let i = 0; i < 5; i++) await next(session, 'waiting', ({ ms }) => Boolean(ms));
    server.script = { setup: 'manual' };
    const peer = await server.connection(1);
    await peer.message(0);
    peer.close(1007, 'API key expired. Please renew the API key.');
    const error = await next(session, 'error');
    assert.deepEqual([session.state, error.policy], ['failed', 'fatal']);
    assert.equal(session.conversationState().handle, 'bad');
  });

  it('is tried in the next way of telling, when the service refuses a history', async () => {
    const { session, server, drop } = await talked({ config: {} });
    server.script = { setup: 'manual' };
    drop();
    const first = await server.connection(1);
    await first.message(0);
    assert.ok(setupOf(first).historyConfig);
    first.close(1007, 'Request contains an invalid argument.');
    const second = await server.connection(2);
    await second.message(0);
    const { historyConfig, systemInstruction } = setupOf(second);
    assert.equal(historyConfig, undefined);
    assert.match(systemInstruction?.parts.at(-1)?.text ?? '', /User: My name is Ada\nYou: Hello\./);
    second.close(1007, 'Request contains an invalid argument.');
    const third = await server.connection(3);
    await third.message(0);
    assert.equal(setupOf(third).systemInstruction, undefined);
    server.script = {};
    third.send({ setupComplete: {} });
    await ready(session);
    const restored = await next(session, 'restored');
    assert.deepEqual([restored.stateRestored, restored.seeded], [false, 0]);
  });

  it('also when it refuses the history only once it sees it', async () => {
    const { session, server, drop } = await talked({ config: { systemInstruction: 'Be brief.' } });
    drop();
    const first = await server.connection(1);
    await first.message(1);
    first.close(1007, 'Request contains an invalid argument.');
    const second = await server.connection(2);
    await second.message(0);
    const instructions = setupOf(second).systemInstruction?.parts.map((part) => part.text) ?? [];
    assert.equal(instructions[0], 'Be brief.');
    assert.match(instructions[1] ?? '', /My name is Ada/);
    await ready(session);
  });

  it('tells no history when it is told not to', async () => {
    const { server, drop, session } = await talked({ config: {}, recovery: { ...quick, seed: 'none' } });
    drop();
    await ready(session);
    assert.equal(setupOf(await server.connection(1)).historyConfig, undefined);
    assert.equal((await next(session, 'restored')).seeded, 0);
  });

  it('takes a goodbye in the middle of an answer for a mistake, and else for a goodbye', async () => {
    const { session, peer } = await bench.connected({ config, recovery: quick });
    await ready(session);
    peer.content(sound(40));
    await next(session, 'audio');
    peer.close(1000);
    await ready(session);
    const other = await bench.connected({ config, recovery: quick });
    other.peer.close(1000);
    await next(other.session, 'state', ({ to }) => to === 'closed');
    assert.equal(of(other.log, 'error').length, 0);
  });

  it('tries once more after a refused message, and not again', async () => {
    const { session, peer, server } = await bench.connected({ config: {}, recovery: quick });
    await ready(session);
    peer.close(1007, 'Request contains an invalid argument.');
    await ready(session);
    (await server.connection(1)).close(1007, 'Request contains an invalid argument.');
    assert.equal((await next(session, 'error')).closeCode, 1007);
    assert.deepEqual([session.state, server.connections.length], ['failed', 2]);
  });

  it('waits long when a quota is used up', async () => {
    const { session, log, peer, server } = await bench.connected({
      config,
      recovery: { ...quick, waitDelayMs: 70 },
    });
    await ready(session);
    peer.close(1011, 'You exceeded your current quota');
    await ready(session);
    assert.equal(of(log, 'waiting')[0]?.ms, 70);
    assert.equal(server.connections.length, 2);
  });
});

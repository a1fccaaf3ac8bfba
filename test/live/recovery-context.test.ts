import assert from 'node:assert/strict';
import type { FrameTap, LiveEndpoint } from '../../src/live';
import { Bench, logOf, next, of } from './support';
import { answer, config, inputs, quick, ready, setupOf, states, update } from './recovery-support';

describe('live: what surrounds a connection', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  describe('updateContext', () => {
    const tool = { functionDeclarations: [{ name: 'lamp', description: 'Switches the lamp.' }] };

    it('moves to a resumed connection with the new setup, where the model takes nothing in mid-session', async () => {
      const { session, peer, server } = await bench.connected({ config, recovery: quick });
      await ready(session);
      peer.content(answer);
      peer.send(update('h'));
      await next(session, 'resumption');
      await session.updateContext({ systemInstruction: 'Be a pirate.', tools: [tool] });
      await ready(session);
      const { sessionResumption, systemInstruction, tools } = setupOf(await server.connection(1));
      assert.equal(sessionResumption?.handle, 'h');
      assert.equal(systemInstruction?.parts[0]?.text, 'Be a pirate.');
      assert.match(JSON.stringify(tools), /lamp/);
      assert.ok(states(session).includes('handover'));
    });

    it('tells the open connection, where the model takes it', async () => {
      const { session, peer, server } = await bench.connected({
        config: { ...config, tools: [tool] },
        model: 'gemini-3.8-live',
        recovery: quick,
      });
      await session.updateContext({ systemInstruction: 'Be a pirate.' });
      const { contextUpdate } = (await peer.message(1)) as { contextUpdate: { systemInstruction: object } };
      assert.match(JSON.stringify(contextUpdate.systemInstruction), /Be a pirate/);
      assert.match(JSON.stringify(contextUpdate), /lamp/, 'what was not changed stays');
      peer.cut();
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      const again = await server.connection(1);
      await again.message(0);
      assert.equal(setupOf(again).systemInstruction?.parts[0]?.text, 'Be a pirate.');
      assert.deepEqual(inputs(again), [], 'each setup holds it: it is not repeated');
    });

    it('may be overtaken by close(), and leaves nothing behind', async () => {
      const { session, peer, server } = await bench.connected({ config, recovery: quick });
      peer.content(answer);
      peer.send(update('h'));
      await next(session, 'resumption');
      // A peer that does not answer the close: the old connection takes its time to go.
      peer.stall();
      await session.updateContext({ systemInstruction: 'Be a pirate.' });
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      await session.close();
      assert.equal(session.state, 'closed');
      peer.cut();
      await session.connect();
      assert.equal(server.connections.length, 2);
      const again = await server.connection(1);
      again.close(1008, 'models/X is not found for API version v1beta');
      await next(session, 'state', ({ to }) => to === 'failed');
      states(session);
    });

    it('waits for the next connection when there is none, and refuses a change of nothing', async () => {
      const server = await bench.server();
      const session = bench.session(server, { config });
      await session.updateContext({ systemInstruction: 'Be a pirate.' });
      await session.connect();
      assert.equal(setupOf(await server.connection()).systemInstruction?.parts[0]?.text, 'Be a pirate.');
      await assert.rejects(session.updateContext({}), { code: 'BAD_INPUT' });
      assert.equal((config as { systemInstruction?: unknown }).systemInstruction, undefined);
    });
  });

  it('does not wait for ever for a tool that does not declare itself', async () => {
    const server = await bench.server();
    const never = { tool: () => new Promise<never>(() => {}), callTool: () => {} };
    const session = bench.session(server, { config: { tools: [never] }, setupTimeoutMs: 40 });
    await assert.rejects(session.connect(), { code: 'CONNECT_TIMEOUT', policy: 'retry' });
    assert.equal(server.connections.length, 0);

    const closing = bench.session(server, { config: { tools: [never] } });
    const connecting = assert.rejects(closing.connect(), { code: 'CLOSED' });
    await closing.close();
    await connecting;
  });

  it('asks for fresh headers before each attempt, and tries again when they fail for a while', async () => {
    const server = await bench.server();
    let asked = 0;
    const endpoint: LiveEndpoint = {
      backend: 'custom',
      baseUrl: server.url,
      headersFor: async () => {
        asked++;
        if (asked === 2) throw new Error('the token service of Bearer abc123 is down');
        return { authorization: `Bearer token-${asked}` };
      },
    };
    const session = bench.session('', { endpoint, config, recovery: quick });
    await session.connect();
    const peer = await server.connection();
    assert.equal(peer.headers.authorization, 'Bearer token-1');
    await ready(session);
    peer.cut();
    await ready(session);
    assert.equal((await server.connection(1)).headers.authorization, 'Bearer token-3');
    const reasons = of(logOf(session), 'waiting').map(({ reason }) => reason);
    assert.ok(reasons.some((reason) => reason.includes('token service')));
    assert.ok(reasons.every((reason) => !reason.includes('abc123')));
  });

  it('notices a dead peer by itself, and no slow one', async () => {
    const { session, log, peer, server } = await bench.connected({
      config,
      recovery: { ...quick, deadPeerMs: 150 },
    });
    await ready(session);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(session.state, 'ready', 'pongs come: it is alive');
    peer.stall();
    await ready(session);
    assert.match(of(log, 'state').find(({ to }) => to === 'reconnecting')?.reason ?? '', /no byte has come/);
    peer.cut();
    assert.equal(server.connections.length, 2);
  });

  it('shows every frame of every connection to a tap, in order, and survives one that throws', async () => {
    const seen: string[] = [];
    const tap: FrameTap = {
      opened: ({ model, endpoint }) => seen.push(`opened ${model} ${endpoint}`),
      sent: (frame) => seen.push(`sent ${Object.keys(JSON.parse(frame) as object).join()}`),
      received: (frame) => seen.push(`received ${Object.keys(JSON.parse(String(frame)) as object).join()}`),
      closed: ({ code, by }) => seen.push(`closed ${code} ${by}`),
    };
    const { session, peer, server } = await bench.connected({ recovery: quick, tap });
    await ready(session);
    session.sendText('Hi');
    await peer.message(1);
    peer.content(answer);
    await next(session, 'turn');
    peer.close(1011, 'Internal error encountered.');
    await ready(session);
    const again = await server.connection(1);
    await again.message(1);
    await session.close();
    assert.deepEqual(seen, [
      'opened gemini-3.1-flash-live-preview local',
      'sent setup',
      'received setupComplete',
      'sent realtimeInput',
      'received serverContent',
      'closed 1011 server',
      'opened gemini-3.1-flash-live-preview local',
      'sent setup',
      'received setupComplete',
      'sent clientContent',
      'closed 1000 client',
    ]);

    const broken = await bench.connected({
      tap: {
        ...tap,
        sent: () => {
          throw new Error('disk full');
        },
      },
    });
    assert.equal(broken.session.state, 'ready');
    const failed = of(broken.log, 'warning').filter(({ code }) => code === 'TAP_FAILED');
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.message ?? '', /disk full/);
  });

  it('takes up a state of an older version, or one that was spoilt, as far as it understands it', async () => {
    const server = await bench.server();
    const before = { conversation: 'c', model: 'gemini-3.1-flash-live-preview', turn: 7 };
    const place = `local 127.0.0.1:${server.port}`;
    for (const [state, turn, handle] of [
      [{ ...before, endpoint: place, handle: 'h', handleAt: Date.now(), history: [], usage: {} }, 7, 'h'],
      [{ ...before, endpoint: place, handle: 'h', handleAt: 1, history: 'none' }, 7, undefined],
      [
        { ...before, endpoint: place, handle: 5, history: [{ role: 'x' }, 3, null], usage: 'much' },
        7,
        undefined,
      ],
      [{ ...before, turn: 'many', openCalls: { a: 1 }, costUsd: 'a lot' }, 0, undefined],
      [{ history: [{ role: 'user', text: 'Hi', extra: () => {} }] }, 0, undefined],
    ] as const) {
      const session = bench.session(server, { config, resumeFrom: state as never });
      logOf(session);
      await session.connect();
      const after = session.conversationState();
      assert.equal(after.turn, turn);
      assert.deepEqual(JSON.parse(JSON.stringify(after)), after, 'plain JSON');
      assert.equal(setupOf(server.connections.at(-1)!).sessionResumption?.handle, handle);
    }
  });
});

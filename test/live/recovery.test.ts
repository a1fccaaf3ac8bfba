import assert from 'node:assert/strict';
import type { FrameTap } from '../../src/live';
import { Random } from '../support/random';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, logOf, next, of } from './support';
import { answer, config, pause, pcm, quick, ready, setupOf, states, until, update } from './recovery-support';

describe('live: a conversation that does not die', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  for (const [how, end] of [
    ['is cut', (peer: { cut(): void }) => peer.cut()],
    ['meets an internal error', (peer: Peer) => peer.close(1011, 'Internal error encountered.')],
    ['reaches its time limit', (peer: Peer) => peer.close(1011, 'Deadline expired before operation…')],
    ['loses its server', (peer: Peer) => peer.close(1001)],
  ] as const) {
    it(`resumes by itself when the connection ${how}`, async () => {
      const { session, log, peer, server } = await bench.connected({ config, recovery: quick });
      await ready(session);
      peer.content(answer);
      peer.send(update('one'));
      await next(session, 'resumption');
      end(peer);
      await ready(session);
      const again = await server.connection(1);
      assert.equal(setupOf(again).sessionResumption?.handle, 'one');
      assert.deepEqual(states(session), [
        'connecting',
        'setup',
        'ready',
        'reconnecting',
        'connecting',
        'setup',
        'ready',
      ]);
      const restored = await next(session, 'restored');
      assert.deepEqual([restored.stateRestored, restored.attempts], [true, 1]);
      assert.equal(of(log, 'error').length, 0, 'what is mended is no error');
    });
  }

  it('never has two sockets', async () => {
    const { session, peer, server } = await bench.connected({ config, recovery: quick });
    await ready(session);
    for (let round = 0, current = peer; round < 5; round++) {
      if (round % 2) current.cut();
      else current.close(1011, 'Internal error encountered.');
      await ready(session);
      current = await server.connection(round + 1);
      assert.equal(server.open, 1);
    }
  });

  it('waits longer and longer, says so, and gives up at last', async () => {
    const server = await bench.server();
    const { port } = server;
    const session = bench.session(server, { recovery: { ...quick, maxAttempts: 4 } });
    const log = logOf(session);
    await session.connect();
    await server.close();
    const error = await next(session, 'error');
    assert.match(
      error.message,
      new RegExp(`^Gave up after 4 attempts .*127\\.0\\.0\\.1:${port}.*ECONNREFUSED`),
    );
    assert.equal(session.state, 'failed');
    const pauses = of(log, 'waiting').filter(({ ms }) => ms);
    assert.deepEqual(
      pauses.map(({ ms }) => ms),
      [5, 10, 20, 40],
    );
    assert.ok(pauses.every((pause) => pause.for === 'reconnect' && pause.reason));
    states(session);
  });

  it('comes back after a night without a network', async () => {
    const { session, server, peer } = await bench.connected({ config, recovery: quick });
    server.script = { refuse: { status: 503, body: 'later' } };
    const outage = new Promise<void>((resolve) => {
      let waits = 0;
      session.on('waiting', ({ ms }) => {
        if (ms && ++waits === 15) resolve();
      });
    });
    peer.cut();
    await outage;
    server.script = {};
    await ready(session);
    states(session);
  });

  it('tries the first connection again too, but not what no repetition can mend', async () => {
    const server = await bench.server({ refuse: { status: 503, body: 'later' } });
    const session = bench.session(server, { recovery: quick });
    const connecting = session.connect();
    await next(session, 'state', ({ to }) => to === 'reconnecting');
    server.script = {};
    await connecting;
    assert.equal(session.state, 'ready');

    const refusing = await bench.server({ refuse: { status: 403, body: 'no' } });
    const refused = bench.session(refusing, { recovery: quick });
    await assert.rejects(refused.connect(), { code: 'HTTP_REFUSED', policy: 'fatal' });
    assert.deepEqual(states(refused), ['connecting', 'failed']);
  });

  it('may be closed while it waits to connect again', async () => {
    const { session, peer, server } = await bench.connected({
      recovery: { ...quick, firstDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'reconnecting');
    const connecting = assert.rejects(session.connect(), { code: 'CLOSED' });
    await session.close();
    await connecting;
    assert.equal(session.state, 'closed');
    assert.equal((await next(session, 'waiting', ({ ms }) => ms === 0)).for, 'reconnect');
    await session.connect();
    assert.equal(server.connections.length, 2);
  });

  it('keeps its invariants whatever happens in whatever order (seed 5)', async () => {
    const random = new Random(5);
    const server = await bench.server();
    let open = 0;
    let most = 0;
    const tap: FrameTap = {
      opened: () => (most = Math.max(most, ++open)),
      sent: () => {},
      received: () => {},
      closed: () => open--,
    };
    const session = bench.session(server, { config, tap, recovery: { ...quick, handoverMarginMs: 10 } });
    const peer = (): ScriptedConnection | undefined => server.connections.at(-1);
    const actions: Array<() => void> = [
      () => void session.connect(),
      () => void session.connect(),
      () => void session.close(),
      () => peer()?.cut(),
      () => peer()?.close(1011, 'Internal error encountered.'),
      () => peer()?.close(1008, 'Requested entity was not found'),
      () => peer()?.close(1000),
      () => peer()?.send({ goAway: { timeLeft: '0.02s' } }),
      () => peer()?.send(update(`h${random.below(1000)}`)),
      () => peer()?.content(answer),
      () => session.sendText('Hi'),
      () => session.audio.write(pcm(20)),
      () => session.updateContext({ systemInstruction: 'Be brief.' }),
    ];
    for (let i = 0; i < 400; i++) {
      actions[random.below(actions.length)]?.();
      if (random.below(3) === 0) await pause(random.below(12));
      assert.ok(open <= 1);
    }
    await session.close();
    states(session);
    assert.equal(most, 1, 'never two at once');
    assert.equal(open, 0);
    await until(() => server.open === 0);
    const { given, sent, dropped, queued } = session.stats.audioBytes;
    assert.equal(sent + dropped + queued, given);
    const codes = of(logOf(session), 'warning').map(({ code }) => code);
    assert.ok(!codes.includes('LISTENER_FAILED'));
    assert.ok(server.connections.length > 20, String(server.connections.length));
  });

  it('tells a fresh session what was said, when the service will not resume', async () => {
    const { session, peer, server } = await bench.connected({ config, recovery: quick });
    session.sendText('Hi');
    peer.content(answer);
    peer.send(update('poisoned'));
    await next(session, 'resumption');
    await ready(session);
    peer.close(1008, 'The operation was aborted.');
    await ready(session);
    const fresh = await server.connection(1);
    const setup = setupOf(fresh);
    assert.deepEqual(setup.sessionResumption, {});
    assert.deepEqual(setup.historyConfig, { initialHistoryInClientContent: true });
    assert.deepEqual(await fresh.message(1), {
      clientContent: {
        turns: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ text: 'Hello.' }] },
        ],
        turnComplete: true,
      },
    });
    const restored = await next(session, 'restored');
    assert.deepEqual(
      [restored.stateRestored, restored.reason, restored.seeded],
      [false, 'The operation was aborted.', 2],
    );
  });
});

type Peer = { close(code: number, reason?: string): void; cut(): void };

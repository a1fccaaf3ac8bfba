import assert from 'node:assert/strict';
import type { LiveSession, LiveSessionOptions } from '../../src/live';
import { Lanes } from '../../src/live/lanes';
import type { LiveClientMessage } from '../../src/protocol';
import { Bench, next } from './support';
import { answer, config, inputs, pause, pcm, quick, ready, setupOf, until, update } from './recovery-support';

const text = (words: string): object => ({ realtimeInput: { text: words } });

/** What a raw message may hold by mistake. */
const SPOILT = [
  { toolResponse: { functionResponses: 'x' } },
  { toolResponse: null },
  { toolResponse: { functionResponses: [null] } },
  { clientContent: { turns: [{ role: 'user', parts: 'hello' }] } },
  { clientContent: { turns: 5 } },
  { realtimeInput: null },
] as unknown as LiveClientMessage[];

describe('live: what must not break a conversation', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  /** A session that has been resumed; the service has said nothing since. */
  async function resumed(options: Partial<LiveSessionOptions>): Promise<LiveSession> {
    const { session, peer } = await bench.connected({ config, recovery: quick, ...options });
    await ready(session);
    peer.send(update('a'));
    await next(session, 'resumption');
    peer.cut();
    await ready(session);
    return session;
  }

  it('raw messages of any shape wait, are sent, and are sent again', async () => {
    const server = await bench.server();
    const session = bench.session(server, { config, recovery: quick });
    for (const message of SPOILT) session.sendRaw(message);
    await session.connect();
    const first = await server.connection();
    await first.message(SPOILT.length);
    first.cut();
    const second = await server.connection(1);
    session.sendText('Hi');
    const sent = await second.until(
      (all) => all.some((one) => 'text' in Object(one['realtimeInput'])) && all,
    );
    assert.ok(sent.some((one) => JSON.stringify(one) === JSON.stringify(SPOILT[3])));
    assert.deepEqual(inputs(second).at(-1), text('Hi'));
    assert.equal(session.state, 'ready');
  });

  it('an announcement waits when too much is queued, whoever notices that', async () => {
    const limits = { key: `robust ${Math.random()}`, turnsPerMinute: 1 };
    const { session, peer } = await bench.connected({ limits });
    session.sendText('First');
    await peer.message(1);
    peer.content({ outputTranscription: { text: 'Well' } });
    await next(session, 'text', ({ role }) => role === 'model');
    session.say('Dinner is ready');
    for (let i = 0; i < 100; i++) session.sendText(`Question ${i}`);
    assert.throws(() => session.sendText('One too many'), { code: 'QUEUE_FULL' });
    peer.content(answer);
    const { user, reason } = await next(session, 'turn');
    assert.deepEqual([user, reason], ['First', 'complete']);
    peer.send({ goAway: { timeLeft: '50s' } });
    await next(session, 'go-away');
    assert.equal(session.state, 'ready');
  });

  it('a change of the context that cannot be sent is refused, and the next connection does not know it', async () => {
    const { session, peer, server } = await bench.connected({ config, recovery: quick });
    await ready(session);
    const bad = [5, [5], [{ functionDeclarations: [{ name: 'f', parameters: 5 }] }]] as never[];
    for (const tools of bad) await assert.rejects(session.updateContext({ tools }), { code: 'BAD_INPUT' });
    await assert.rejects(session.updateContext({ systemInstruction: 5 as never }), { code: 'BAD_INPUT' });
    peer.cut();
    await ready(session);
    assert.equal(setupOf(await server.connection(1)).tools, undefined);
  });

  it('a tool that cannot declare itself for a while is asked again', async () => {
    let asked = 0;
    const tool = {
      tool: () => {
        const down = ++asked === 2;
        return down ? Promise.reject(new Error('no server')) : Promise.resolve({ googleSearch: {} });
      },
      callTool: () => Promise.resolve([]),
    };
    const { session, peer } = await bench.connected({ config: { tools: [tool] }, recovery: quick });
    await ready(session);
    peer.cut();
    await ready(session);
    assert.equal(asked, 3);
  });

  it('a noise after a resumption does not cost the handle; two utterances without an answer do', async () => {
    const session = await resumed({ recovery: { ...quick, poisonMs: 100 } });
    const utter = (): void => {
      session.audio.write(pcm(500));
      session.audio.write(pcm(1000, 0));
    };
    utter();
    await pause(400);
    assert.equal(session.conversationState().handle, 'a');
    utter();
    await ready(session);
    assert.equal(session.conversationState().handle, undefined);
  });

  it('an interruption on the wire owes no answer', async () => {
    const manual = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const session = await resumed({
      config: { ...config, ...manual },
      recovery: { ...quick, poisonMs: 40 },
      watchdogs: { serverSilentMs: 40 },
    });
    const told: string[] = [];
    session.on('warning', ({ code }) => told.push(code));
    session.interrupt();
    await pause(200);
    assert.deepEqual([session.state, told], ['ready', []]);
    assert.equal(session.conversationState().handle, 'a');
  });

  it('what breaks each connection after the model has begun is not said for ever', async () => {
    const { session, server } = await bench.connected({ config, recovery: quick });
    const seen = new Set<object>();
    const breaking = setInterval(() => {
      for (const peer of server.connections) {
        if (seen.has(peer) || !peer.received.some((one) => 'realtimeInput' in one)) continue;
        seen.add(peer);
        peer.content({ outputTranscription: { text: 'We' } });
        peer.close(1011, 'Internal error encountered.');
      }
    }, 2);
    session.sendText('Poison');
    await until(() => session.state === 'ready' && server.connections.length > 11);
    clearInterval(breaking);
    assert.deepEqual([seen.size, session.stats.repeatedMessages], [11, 10]);
    assert.equal(
      inputs(server.connections.at(-1)!).some((one) => JSON.stringify(one).includes('realtimeInput')),
      false,
    );
    // What is said later is cared for as ever.
    session.sendText('Hello');
    const last = server.connections.at(-1)!;
    await last.until((all) => all.some((one) => 'realtimeInput' in one));
    last.cut();
    const again = await server.connection(server.connections.length);
    await again.until((all) => all.some((one) => JSON.stringify(one).includes('Hello')));
  });

  for (const rotateAfterMs of [Infinity, 2 ** 31, 3e10]) {
    it(`a time longer than timers can take (${rotateAfterMs} ms) is a long time`, async () => {
      const times = { rotateAfterMs, poisonMs: rotateAfterMs, deadPeerMs: rotateAfterMs };
      const { session, server, peer } = await bench.connected({
        recovery: { ...quick, ...times },
        watchdogs: { serverSilentMs: rotateAfterMs },
        setupTimeoutMs: rotateAfterMs,
      });
      peer.send({ goAway: { timeLeft: '99999999s' } });
      session.sendText('Hi');
      await peer.message(1);
      peer.content(answer);
      await next(session, 'turn');
      await pause(100);
      assert.deepEqual([session.state, server.connections.length], ['ready', 1]);
    });
  }

  it('a message that the service refuses in mid-session costs that message, not the conversation', async () => {
    const { session, peer, server } = await bench.connected({ config, recovery: quick });
    await ready(session);
    peer.content(answer);
    await next(session, 'turn');
    peer.close(1007, 'Invalid JSON payload received. Unknown name "bogus": Cannot find field.');
    await ready(session);
    (await server.connection(1)).close(1008, 'Something that was never seen');
    await ready(session);
    assert.equal(session.state, 'ready');
  });

  it('connect() in the listener that hears of the failure is an attempt of its own', async () => {
    const server = await bench.server({ refuse: { status: 403, body: 'no' } });
    const session = bench.session(server, { recovery: quick });
    const again = new Promise<void>((resolve, reject) => {
      session.once('state', () => {
        session.on('state', ({ to }) => {
          if (to !== 'failed') return;
          server.script = {};
          session.connect().then(resolve, reject);
        });
      });
    });
    await assert.rejects(session.connect(), { code: 'HTTP_REFUSED' });
    await again;
    assert.equal(session.state, 'ready');
  });

  it('what waits is sent although the connection began with a full socket', async () => {
    const lanes = new Lanes({ highWaterBytes: 100 }, () => {});
    const sent: string[] = [];
    const uplink = { bufferedAmount: 1000, send: (message: string) => void sent.push(message) };
    lanes.sendControl({ realtimeInput: { text: 'waiting' } });
    lanes.open(uplink);
    assert.deepEqual(sent, []);
    uplink.bufferedAmount = 0;
    await until(() => sent.length === 1);
    lanes.shut();
  });
});

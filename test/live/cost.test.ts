import assert from 'node:assert/strict';
import type { LiveSessionOptions } from '../../src/live';
import type { ScriptedServer } from '../support/scripted-server';
import { Bench, next } from './support';

let keys = 0;
/** A key that no other test spends with; `custom` costs like the real service, `local` is free. */
const paid = (
  server: ScriptedServer,
  more: Partial<LiveSessionOptions> = {},
): Partial<LiveSessionOptions> => ({
  endpoint: { backend: 'custom', baseUrl: server.url, apiKey: `key-${++keys}` },
  model: 'gemini-3.1-flash-live-preview',
  ...more,
});
/** 12 dollars per million tokens of audio: a thousandth of a dollar for 1000 / 12 tokens. */
const usage = (audio: number): object => ({
  usageMetadata: {
    responseTokenCount: audio,
    responseTokensDetails: [{ modality: 'AUDIO', tokenCount: audio }],
  },
});
const turn = { serverContent: { turnComplete: true } };
const begin = { serverContent: { outputTranscription: { text: 'Yes.' } } };

describe('live: what a conversation costs', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('tells the price of turn, conversation and day, and the tokens by modality; a growing count is counted once', async () => {
    const server = await bench.server();
    const session = bench.session(server, paid(server));
    await session.connect();
    const peer = await server.connection();
    peer.send(begin, usage(50_000), usage(100_000), turn);
    const first = await next(session, 'usage');
    assert.ok(Math.abs(first.costUsd.turn! - 1.2) < 1e-9);
    assert.deepEqual(first.byModality.turn, { input: {}, output: { audio: 100_000 } });
    assert.ok(Math.abs((await next(session, 'turn')).costUsd! - 1.2) < 1e-9);
    peer.send(begin, usage(50_000), turn);
    const second = await next(session, 'usage');
    assert.ok(Math.abs(second.costUsd.turn! - 0.6) < 1e-9);
    assert.ok(Math.abs(second.costUsd.conversation! - 1.8) < 1e-9);
    assert.ok(Math.abs(second.costUsd.day! - 1.8) < 1e-9);
    assert.deepEqual(second.byModality.total.output, { audio: 150_000 });
    assert.ok(Math.abs(session.conversationState().costUsd! - 1.8) < 1e-9);
  });

  it('costs nothing on the local server', async () => {
    const { session, peer } = await bench.connected({ costLimits: { conversationUsd: 0.01 } });
    peer.send(begin, usage(1_000_000), turn);
    assert.equal((await next(session, 'usage')).costUsd.turn, 0);
    assert.equal(session.state, 'ready');
  });

  it('warns of a conversation’s limit once, then disconnects, says why, and refuses to connect again', async () => {
    const server = await bench.server();
    const session = bench.session(server, paid(server, { costLimits: { conversationUsd: 1 } }));
    await session.connect();
    const peer = await server.connection();
    peer.send(begin, usage(70_000), turn, begin, usage(5000), turn);
    const warning = await next(session, 'cost-limit');
    assert.deepEqual([warning.level, warning.scope, warning.limitUsd], ['warning', 'conversation', 1]);
    peer.send(begin, usage(20_000), turn);
    const reached = await next(session, 'cost-limit');
    assert.equal(reached.level, 'reached');
    assert.ok(reached.spentUsd >= 1);
    const closed = await next(session, 'state', ({ to }) => to === 'closed');
    assert.match(closed.reason ?? '', /conversation has cost .* limit/);
    assert.equal((await next(session, 'error')).code, 'COST_LIMIT');
    await assert.rejects(session.connect(), (error: Error & { code?: string; advice?: string }) => {
      return error.code === 'COST_LIMIT' && /Raise the limit/.test(error.advice ?? '');
    });
    assert.equal(server.connections.length, 1);
    // Carried over: the same conversation in another session with a higher limit goes on.
    const more = bench.session(server, {
      ...paid(server, { costLimits: { conversationUsd: 2 } }),
      resumeFrom: session.conversationState(),
    });
    await more.connect();
    assert.equal(more.state, 'ready');
  });

  it('adds up the day of a key over sessions, in a store of the user, and starts anew with the day', async () => {
    const server = await bench.server();
    const spent = new Map<string, { day: string; usd: number }>();
    const store = {
      load: (key: string) => spent.get(key),
      save: (key: string, value: { day: string; usd: number }) => void spent.set(key, value),
    };
    const options = paid(server, { costLimits: { dayUsd: 1, store } });
    const first = bench.session(server, options);
    await first.connect();
    (await server.connection()).send(begin, usage(60_000), turn);
    await next(first, 'turn');
    const second = bench.session(server, options);
    await second.connect();
    (await server.connection(1)).send(begin, usage(60_000), turn);
    assert.equal((await next(second, 'cost-limit', ({ level }) => level === 'reached')).scope, 'day');
    await next(second, 'state', ({ to }) => to === 'closed');
    const third = bench.session(server, options);
    await assert.rejects(third.connect(), { code: 'COST_LIMIT' });
    const [[key, today]] = [...spent] as [[string, { day: string; usd: number }]];
    assert.ok(!key.includes('key-'), 'the credential itself is kept nowhere');
    assert.match(today.day, /^\d{4}-\d\d-\d\d$/);
    spent.set(key, { day: '2001-01-01', usd: today.usd });
    await third.connect();
    assert.equal(third.state, 'ready');
  });
});

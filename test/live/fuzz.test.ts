import assert from 'node:assert/strict';
import { TRANSITIONS, type LiveSession } from '../../src/live';
import { Bench, next, of, sound, type Log } from './support';

const SEED = 20250101;
const FRAMES = 3000;
const BATCH = 100;

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Good messages of every kind: what is mutated. */
const MESSAGES: object[] = [
  { setupComplete: { sessionId: 's' } },
  { serverContent: sound(20) },
  { serverContent: { ...sound(20), outputTranscription: { text: 'a word' }, interrupted: true } },
  { serverContent: { interrupted: true } },
  { serverContent: { generationComplete: true } },
  { serverContent: { turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED' } },
  { serverContent: { inputTranscription: { text: 'hi', finished: true } } },
  {
    serverContent: {
      modelTurn: { parts: [{ text: 't', thought: true }, { executableCode: { code: '1' } }] },
    },
  },
  { serverContent: { groundingMetadata: { webSearchQueries: ['q'] } } },
  { toolCall: { functionCalls: [{ id: 'a', name: 'f', args: { x: 1 } }] } },
  { toolCallCancellation: { ids: ['a'] } },
  { usageMetadata: { totalTokenCount: 3, candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }] } },
  { goAway: { timeLeft: '50s' } },
  { sessionResumptionUpdate: { newHandle: 'h', resumable: true } },
  { voiceActivity: { type: 'ACTIVITY_START' } },
];

const VALUES: unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  true,
  [],
  {},
  [[]],
  { __proto__: 1 },
  'audio/pcm;rate=0',
  ['a', 5],
];

function mutate(value: unknown, pick: () => number): unknown {
  if (pick() < 0.08) return VALUES[Math.floor(pick() * VALUES.length)];
  if (Array.isArray(value)) {
    const list = value.map((item) => mutate(item, pick));
    return pick() < 0.1 ? [...list, ...list] : list;
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const name =
      pick() < 0.05 ? `${key}_x` : pick() < 0.1 ? key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`) : key;
    return [name, mutate(item, pick)];
  });
  return Object.fromEntries(pick() < 0.05 ? entries.slice(1) : entries) as object;
}

function frameOf(pick: () => number): string | Buffer {
  const kind = pick();
  if (kind < 0.03)
    return Buffer.from(Array.from({ length: Math.floor(pick() * 200) }, () => Math.floor(pick() * 256)));
  const merged = Object.assign(
    {},
    ...Array.from(
      { length: 1 + Math.floor(pick() * 2) },
      () => MESSAGES[Math.floor(pick() * MESSAGES.length)],
    ),
  );
  const text = JSON.stringify(kind < 0.2 ? merged : mutate(merged, pick)) ?? 'null';
  if (kind > 0.95) return text.slice(0, Math.floor(pick() * text.length));
  return kind < 0.5 ? text : Buffer.from(text);
}

/** What must hold whatever the server says. */
function checkInvariants(session: LiveSession, log: Log): void {
  for (const { from, to } of of(log, 'state')) assert.ok(TRANSITIONS[from].includes(to), `${from} → ${to}`);
  assert.equal(session.state, of(log, 'state').at(-1)?.to);
  const turns = of(log, 'turn').map(({ turn }) => turn);
  assert.equal(new Set(turns).size, turns.length, 'a turn is closed once');
  const audio = of(log, 'audio');
  assert.equal(new Set(audio.map(({ turn }) => turn)).size, audio.length, 'a turn has one handle');
  const closed = new Set(turns);
  const open = audio.filter(({ turn, handle }) => closed.has(turn) && handle.state === 'open');
  assert.deepEqual(open, [], 'a closed turn has no open handle');
  for (const { turn, handle } of audio) {
    const cut = of(log, 'interrupted').some((event) => event.turn === turn);
    if (cut) assert.equal(handle.state, 'aborted', `turn ${turn}`);
  }
  assert.equal(of(log, 'warning').filter(({ code }) => code === 'LISTENER_FAILED').length, 0);
}

describe('live: hostile frames through the real socket', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it(`survives ${FRAMES} mutated frames, with its invariants kept (seed ${SEED})`, async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    try {
      const pick = random(SEED);
      const { session, log, peer } = await bench.connected();
      for (let sent = 0; sent < FRAMES; sent += BATCH) {
        for (let i = 0; i < BATCH; i++) peer.sendFrame(frameOf(pick));
        const mark = `${1000 + sent}s`;
        peer.send({ goAway: { timeLeft: mark } });
        await next(session, 'go-away', ({ timeLeftMs }) => timeLeftMs === (1000 + sent) * 1000);
        assert.equal(session.state, 'ready');
        checkInvariants(session, log);
      }
      assert.ok(
        of(log, 'turn').length > 50 && of(log, 'unknown').length > 50 && session.stats.badFrames > 50,
      );
      await session.close();
      checkInvariants(session, log);
      for (const { handle } of of(log, 'audio')) assert.notEqual(handle.state, 'open');
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
  });

  it('survives hostile frames before the setup is complete', async () => {
    const pick = random(SEED + 1);
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server);
    const connecting = session.connect();
    const peer = await server.connection();
    await peer.message(0);
    for (let i = 0; i < 300; i++) peer.sendFrame(frameOf(pick));
    peer.send({ setupComplete: {} });
    await connecting;
    assert.equal(session.state, 'ready');
  });

  it('ends the connection on a frame beyond its limit, and nothing else', async () => {
    const { session, log, peer } = await bench.connected();
    peer.sendFrame(Buffer.alloc(17 * 1024 * 1024, 0x20));
    await next(session, 'state', ({ to }) => to === 'closed' || to === 'failed');
    assert.equal(of(log, 'error').length, 1);
    await session.connect();
    assert.equal(session.state, 'ready');
  });

  it('takes a frame of 8 MB', async () => {
    const { session, peer } = await bench.connected();
    peer.content({ ...sound(120_000), generationComplete: true, turnComplete: true });
    assert.equal((await next(session, 'turn')).audioMs, 120_000);
  });
});

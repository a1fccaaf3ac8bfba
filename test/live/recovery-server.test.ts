import assert from 'node:assert/strict';
import { LiveSession, type LiveEndpoint, type LiveSessionOptions } from '../../src/live';
import { scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { Random } from '../support/random';
import { pause, quick, states } from './recovery-support';
import { logOf, next, of } from './support';

/** Remembers all that it was ever told behind its handle, and says it. */
const remembering = scriptedMind(({ text, memory }) => {
  const all = `${memory.get('all') ?? ''}${text} `;
  memory.set('all', all);
  return `I was told ${all}`;
});

describe('live: recovery against the local server', function () {
  this.timeout(60_000);
  const open: Array<{ close(): Promise<void> }> = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function start(
    endpoint: (server: LocalLiveServer) => LiveEndpoint,
    options: Partial<LiveSessionOptions>,
  ): Promise<{ session: LiveSession; server: LocalLiveServer }> {
    const server = await startServer({ clock: 20, voice: toneVoice(20), mind: remembering });
    const session = new LiveSession({
      endpoint: endpoint(server),
      recovery: { ...quick, maxAttempts: 50, poisonMs: 2000 },
      config: { sessionResumption: {}, outputAudioTranscription: {} },
      ...options,
    });
    open.push(server, session);
    logOf(session);
    await session.connect();
    return { session, server };
  }

  /** Says something new, loses the connection at some moment, and waits for the answer. */
  async function talk(session: LiveSession, server: LocalLiveServer, rounds: number): Promise<string> {
    const random = new Random(7);
    let last = '';
    for (let round = 0; round < rounds; round++) {
      session.sendText(`word${round}`);
      await pause(random.below(25));
      if (round % 3 === 2) server.goAway('10s');
      else server.dropAll();
      const heard = await next(
        session,
        'turn',
        ({ model, incomplete }) => !incomplete && model.includes(`word${round}`),
      );
      last = heard.model;
    }
    return last;
  }

  it('on Vertex AI each message arrives once, whenever the connection is lost', async () => {
    const { session, server } = await start(
      ({ url: baseUrl }) => ({
        backend: 'vertex',
        baseUrl,
        project: 'p',
        location: 'us-central1',
        token: 'ya29.t',
      }),
      { model: 'gemini-live-2.5-flash-native-audio' },
    );
    const heard = await talk(session, server, 15);
    const words = Array.from({ length: 15 }, (_, round) => `word${round}`);
    assert.deepEqual(heard.replace('I was told ', '').trim().split(' '), words);
    // There is no handle before the first turn is over.
    assert.ok(
      of(logOf(session), 'restored')
        .slice(1)
        .every(({ stateRestored }) => stateRestored),
    );
    states(session);
  });

  it('on the Gemini API each message arrives at least once, in order', async () => {
    const { session, server } = await start(({ url: baseUrl }) => ({ backend: 'local', baseUrl }), {});
    const heard = await talk(session, server, 15);
    const words = heard.replace('I was told ', '').trim().split(' ');
    const first = [...new Set(words)];
    assert.deepEqual(
      first,
      Array.from({ length: 15 }, (_, round) => `word${round}`),
    );
    states(session);
  });

  it('does not take a peer for dead whose pongs take their time', async () => {
    const { session, server } = await start(({ url: baseUrl }) => ({ backend: 'local', baseUrl }), {
      recovery: { ...quick, deadPeerMs: 300 },
    });
    await session.close();
    // On the server's clock: 200 ms here, twice as long as the time between two pings.
    server.faults.pongDelayMs = 4000;
    await session.connect();
    await pause(1200);
    assert.equal(session.state, 'ready');
    assert.equal(of(logOf(session), 'state').filter(({ to }) => to === 'reconnecting').length, 0);
  });

  it('on a clock that runs fast, an hour of connections that end is one conversation', async () => {
    const server = await startServer({
      clock: 2000,
      voice: toneVoice(20),
      mind: remembering,
      limits: { sessionMs: 0 },
    });
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: server.url },
      // Ten minutes are 300 ms here: no time to be idle in, so each connection is met by its end.
      recovery: { ...quick, maxAttempts: 50 },
      config: { sessionResumption: {}, outputAudioTranscription: {} },
    });
    open.push(server, session);
    logOf(session);
    await session.connect();
    for (let round = 0; of(logOf(session), 'restored').length < 6; round++) {
      session.sendText(`word${round}`);
      await next(session, 'turn', ({ model, incomplete }) => !incomplete && model.includes(`word${round}`));
      await pause(60);
    }
    assert.ok(of(logOf(session), 'restored').every(({ stateRestored }) => stateRestored));
    assert.equal(of(logOf(session), 'error').length, 0);
    assert.ok(server.connections <= 1);
  });
});

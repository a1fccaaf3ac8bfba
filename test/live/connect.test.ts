import assert from 'node:assert/strict';
import { LiveError, LiveSession, TRANSITIONS, type LiveErrorCode, type SessionState } from '../../src/live';
import { Bench, logOf, next, of, sound } from './support';

const KEY = 'AIzaSyVerySecretKey1234567890';

/** Rejects with a LiveError of this code. */
function refuses(
  promise: Promise<unknown>,
  code: LiveErrorCode,
  details: Partial<LiveError> = {},
): Promise<void> {
  return assert.rejects(promise, (error: LiveError) => {
    assert.ok(error instanceof LiveError, String(error));
    assert.equal(error.code, code, error.message);
    for (const [name, value] of Object.entries(details))
      assert.equal(error[name as keyof LiveError], value, name);
    assert.ok(!`${error.message} ${error.reason} ${error.advice}`.includes(KEY), 'the key leaked');
    return true;
  });
}

function path(log: ReturnType<typeof logOf>): SessionState[] {
  const states = of(log, 'state');
  for (const { from, to } of states) assert.ok(TRANSITIONS[from].includes(to), `${from} → ${to}`);
  return ['idle', ...states.map(({ to }) => to)];
}

describe('live: connect and close', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('goes idle → connecting → setup → ready, with the setup first and the key in a header', async () => {
    const server = await bench.server();
    const session = bench.session('', {
      endpoint: { backend: 'gemini', baseUrl: server.url, apiKey: KEY },
      config: { systemInstruction: 'Be brief.' },
    });
    const log = logOf(session);
    await session.connect();
    assert.equal(session.state, 'ready');
    assert.deepEqual(path(log), ['idle', 'connecting', 'setup', 'ready']);
    assert.equal(of(log, 'state')[0]?.endpoint, 'gemini');
    const peer = await server.connection();
    assert.equal(peer.headers['x-goog-api-key'], KEY);
    assert.equal(peer.headers['x-session-id'], undefined);
    assert.equal(peer.headers['sec-websocket-extensions'], undefined, 'no compression is offered');
    assert.equal(peer.url, '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent');
    assert.deepEqual(peer.received, [
      {
        setup: {
          model: 'models/gemini-3.1-flash-live-preview',
          systemInstruction: { role: 'user', parts: [{ text: 'Be brief.' }] },
        },
      },
    ]);
  });

  it('tells the local server, and only it, which session it is', async () => {
    const { session, peer } = await bench.connected();
    assert.equal(peer.headers['x-session-id'], session.id);
  });

  it('uses a URL with a path as it stands', async () => {
    const server = await bench.server();
    const session = bench.session('', { endpoint: { backend: 'custom', url: `${server.url}/my/live?x=1` } });
    await session.connect();
    assert.equal((await server.connection()).url, '/my/live?x=1');
  });

  it('lets raw setup fields win', async () => {
    const { peer } = await bench.connected({
      config: { temperature: 1 },
      rawSetup: { generationConfig: { topK: 5 }, labels: { a: 'b' } },
    });
    assert.deepEqual(peer.received[0], {
      setup: {
        model: 'models/gemini-3.1-flash-live-preview',
        generationConfig: { temperature: 1, topK: 5 },
        labels: { a: 'b' },
      },
    });
  });

  it('asks for v1alpha where the configuration needs it', async () => {
    const { peer } = await bench.connected({
      model: 'gemini-2.5-flash-native-audio',
      config: { proactivity: { proactiveAudio: true } },
    });
    assert.match(peer.url, /\.v1alpha\./);
  });

  it('connects once, however often it is asked', async () => {
    const server = await bench.server();
    const session = bench.session(server);
    session.once('state', () => void session.connect());
    await Promise.all([session.connect(), session.connect()]);
    await session.connect();
    assert.equal(server.connections.length, 1);
  });

  it('rejects when nothing listens, and may be called again', async () => {
    const server = await bench.server();
    const { port } = server;
    await server.close();
    const session = bench.session(`http://127.0.0.1:${port}`);
    const log = logOf(session);
    await refuses(session.connect(), 'CONNECT_FAILED', { policy: 'retry', closeCode: 1006 });
    assert.deepEqual(path(log), ['idle', 'connecting', 'failed']);
    assert.match(of(log, 'state').at(-1)?.reason ?? '', /ECONNREFUSED/);
    await refuses(session.connect(), 'CONNECT_FAILED');
  });

  it('rejects when the server never upgrades', async () => {
    const session = bench.session(await bench.server({ mute: true }), { setupTimeoutMs: 50 });
    await refuses(session.connect(), 'CONNECT_TIMEOUT');
    assert.equal(session.state, 'failed');
  });

  it('rejects when setupComplete never comes, and leaves no socket', async () => {
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server, { setupTimeoutMs: 50 });
    await refuses(session.connect(), 'SETUP_TIMEOUT');
    await (await server.connection()).untilClosed();
  });

  it('rejects with status and body of an HTTP refusal, cut and without secrets', async () => {
    const body = `{"error":"bad key ${KEY}"} ${'x'.repeat(20_000)}`;
    const server = await bench.server({ refuse: { status: 403, body } });
    const session = bench.session('', { endpoint: { backend: 'gemini', baseUrl: server.url, apiKey: KEY } });
    await refuses(session.connect(), 'HTTP_REFUSED', { httpStatus: 403, policy: 'fatal' });
    await session.connect().catch(({ message, reason }: LiveError) => {
      assert.match(message, /HTTP status 403: \{"error":"bad key \[/);
      assert.ok((reason ?? '').length <= 301);
    });
  });

  it('names no credential of a URL or header, whatever goes wrong', async () => {
    const refusing = await bench.server({ refuse: { status: 403, body: 'bad token s3cret-a' } });
    const { host } = new URL(refusing.url);
    for (const endpoint of [
      { url: `ws://${host}/x?token=s3cret-b`, headers: { authorization: 'Bearer s3cret-a' } },
      { baseUrl: 'ws://user:p@s3cret-c@127.0.0.1:1' },
      { url: 'ws://host:999999/path?token=s3cret-d' },
      { url: 'no-scheme/path?key=s3cret-e' },
    ]) {
      const session = bench.session('', { endpoint: { backend: 'custom', ...endpoint } });
      const { message } = await session.connect().then(
        () => assert.fail('it connected'),
        (error: LiveError) => error,
      );
      const shown = `${message} ${JSON.stringify([logOf(session), session.conversationState()])}`;
      assert.doesNotMatch(shown, /s3cret/);
    }
  });

  it('rejects with code, reason and advice when the server closes in setup', async () => {
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server);
    const log = logOf(session);
    const refused = refuses(session.connect(), 'SETUP_REFUSED', {
      closeCode: 1007,
      reason: 'API Key not found. Please pass a valid API key.',
      policy: 'fatal',
    });
    (await server.connection()).close(1007, 'API Key not found. Please pass a valid API key.');
    await refused;
    assert.deepEqual(path(log), ['idle', 'connecting', 'setup', 'failed']);
    assert.equal(of(log, 'error').length, 0, 'the rejection is enough');
  });

  it('refuses a configuration that cannot be sent before it opens a socket', async () => {
    const server = await bench.server();
    const session = bench.session(server, { config: { speechConfig: 'Kore' as never } });
    await refuses(session.connect(), 'BAD_CONFIG', { policy: 'fatal' });
    // JSON cannot hold it: that must not show when the socket opens, where nobody could catch it.
    const endless = bench.session(server, { config: { seed: 1n as never } });
    await refuses(endless.connect(), 'BAD_CONFIG', { policy: 'fatal' });
    assert.equal(server.connections.length, 0);
    assert.throws(() => new LiveSession({ endpoint: { backend: 'nowhere' as never } }), {
      code: 'BAD_CONFIG',
    });
    await refuses(bench.session('', { endpoint: { backend: 'custom' } }).connect(), 'BAD_CONFIG');
    await refuses(bench.session('http://[', {}).connect(), 'BAD_CONFIG');
  });

  it('warns of configuration fields that are not sent', async () => {
    const { log } = await bench.connected({ config: { bogus: 1 } as never });
    assert.match(of(log, 'warning')[0]?.message ?? '', /"bogus"/);
  });

  for (const [code, reason, state, error] of [
    [1011, 'Internal error encountered.', 'closed', true],
    [1008, 'models/X is not found for API version v1beta', 'failed', true],
    [1000, '', 'closed', false],
  ] as const) {
    it(`ends ${state} when the server closes in mid-session with ${code} ${reason}`, async () => {
      const { session, log, peer } = await bench.connected();
      peer.close(code, reason);
      const last = await next(session, 'state', ({ to }) => to === 'closed' || to === 'failed');
      assert.equal(last.to, state);
      assert.ok(last.reason?.includes(String(code)));
      assert.equal(of(log, 'error').length, error ? 1 : 0);
      if (error) {
        const [event] = of(log, 'error');
        assert.deepEqual([event?.code, event?.closeCode, event?.reason], ['CONNECTION_LOST', code, reason]);
        assert.ok(event?.advice);
      }
      await session.connect();
      assert.equal(session.state, 'ready');
    });
  }

  it('closes: socket gone, handles aborted, iterator ended, and again ready after connect', async () => {
    const { session, log, peer, server } = await bench.connected();
    const seen: string[] = [];
    const iterating = (async () => {
      for await (const { event } of session) seen.push(event);
    })();
    peer.content(sound(5000));
    const { handle } = await next(session, 'audio');
    await Promise.all([session.close(), session.close()]);
    assert.equal(session.state, 'closed');
    assert.equal(handle.error?.code, 'NODE_CLOSED');
    assert.equal((await peer.untilClosed()).code, 1000);
    await iterating;
    assert.deepEqual(seen, ['audio', 'turn', 'state', 'state']);
    assert.equal(of(log, 'turn')[0]?.reason, 'closed');
    assert.equal(of(log, 'error').length, 0);
    await session.connect();
    assert.equal(session.state, 'ready');
    assert.equal(server.connections.length, 2);
  });

  it('lets the answer be played to its end if asked', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(500));
    const { handle } = await next(session, 'audio');
    await session.close({ playback: 'finish' });
    assert.equal(handle.state, 'ended');
  });

  it('closes in every state', async () => {
    const idle = bench.session(await bench.server());
    await idle.close();
    assert.equal(idle.state, 'idle');

    const mute = bench.session(await bench.server({ mute: true }));
    const connecting = refuses(mute.connect(), 'CLOSED');
    await mute.close();
    await connecting;
    assert.equal(mute.state, 'closed');

    const later = bench.session(await bench.server({ mute: true }));
    const opening = refuses(later.connect(), 'CLOSED');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await later.close();
    await opening;
    assert.equal(later.state, 'closed');

    const server = await bench.server({ setup: 'manual' });
    const waiting = bench.session(server);
    const inSetup = refuses(waiting.connect(), 'CLOSED');
    await (await server.connection()).message(0);
    await waiting.close();
    await inSetup;
    assert.equal(waiting.state, 'closed');
  });

  it('cuts a server that does not answer the close', async () => {
    const { session, peer } = await bench.connected();
    peer.stall();
    await session.close();
    assert.equal(session.state, 'closed');
    peer.cut();
  });

  it('may be closed and connected from listeners', async () => {
    const { session, peer } = await bench.connected();
    session.on('turn', () => void session.close());
    session.on('audio', () => void session.close());
    peer.content({ ...sound(40), turnComplete: true });
    await next(session, 'state', ({ to }) => to === 'closed');
    await session.connect();
    assert.equal(session.state, 'ready');
  });
});

import assert from 'node:assert/strict';
import type { LiveError, LiveSessionOptions } from '../../src/live';
import { Bench, logOf, next, of } from './support';
import { ConnectProxy } from '../support/connect-proxy';

const FLASH = 'gemini-3.1-flash-live-preview';

describe('live: a session fits what it sends to the model', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('sends a setup that the model accepts, and warns of what it left out, once', async () => {
    const config = Object.freeze({
      responseModalities: ['TEXT'],
      proactivity: { proactiveAudio: true },
      thinkingConfig: { thinkingBudget: 100 },
      explicitVadSignal: true,
      sessionResumption: { transparent: true, handle: null as never },
      tools: [{ codeExecution: {} }, { functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING' }] }],
    });
    const { session, peer, log } = await bench.connected({ model: FLASH, config });
    assert.deepEqual(peer.received[0], {
      setup: {
        model: `models/${FLASH}`,
        generationConfig: { responseModalities: ['AUDIO'] },
        tools: [{ functionDeclarations: [{ name: 'f' }] }],
        sessionResumption: {},
        outputAudioTranscription: {},
      },
    });
    assert.match(peer.url, /v1beta/);
    const told = (): string[] =>
      of(log, 'warning').flatMap(({ code, message }) => (code === 'FIT' ? [message] : []));
    const before = told();
    const names = [
      'AUDIO',
      'proactivity',
      'thinkingBudget',
      'explicitVadSignal',
      'transparent',
      'codeExecution',
    ];
    for (const name of [...names, 'behavior']) {
      assert.ok(
        before.some((message) => message.includes(name)),
        name,
      );
    }
    await session.close();
    await session.connect();
    assert.deepEqual(told(), before, 'a second connection repeats nothing');
  });

  it('sends a raw setup as it is, on the API version that it needs', async () => {
    const rawSetup = {
      proactivity: { proactiveAudio: true },
      generationConfig: { enableAffectiveDialog: true, thinkingConfig: { thinkingBudget: 1 } },
    };
    const { peer, log } = await bench.connected({
      model: 'gemini-2.5-flash-native-audio',
      config: { temperature: 0.5 },
      rawSetup,
    });
    assert.deepEqual(peer.received[0], {
      setup: {
        model: 'models/gemini-2.5-flash-native-audio',
        ...rawSetup,
        generationConfig: { temperature: 0.5, ...rawSetup.generationConfig },
      },
    });
    assert.match(peer.url, /v1alpha/);
    assert.deepEqual(of(log, 'warning'), []);
  });

  it('fits what is sent in mid-session', async () => {
    const { session, peer, log } = await bench.connected({ model: FLASH });
    peer.send({ toolCall: { functionCalls: [{ id: 'x', name: 'f' }] } });
    await next(session, 'tool-call');
    session.respond({ id: 'x', name: 'f', response: {}, scheduling: 'SILENT' });
    session.sendContent([{ role: 'user', parts: [{ text: 'And now?' }] }]);
    await peer.message(2);
    assert.deepEqual(peer.received.slice(1), [
      { toolResponse: { functionResponses: [{ id: 'x', name: 'f', response: {} }] } },
      { realtimeInput: { text: 'And now?' } },
    ]);
    const warnings = of(log, 'warning').filter(({ code }) => code === 'FIT');
    assert.equal(warnings.length, 2);
  });

  it('tells the history that was announced, without the parts that are refused there', async () => {
    const { session, peer } = await bench.connected({
      model: FLASH,
      config: { historyConfig: { initialHistoryInClientContent: true } },
    });
    session.sendContent([
      { role: 'user', parts: [{ text: 'Light on.' }] },
      { role: 'model', parts: [{ functionCall: { name: 'f' } }, { text: 'Done.' }] },
    ]);
    session.sendText('And off.');
    await peer.message(2);
    assert.deepEqual(peer.received.slice(1), [
      {
        clientContent: {
          turns: [
            { role: 'user', parts: [{ text: 'Light on.' }] },
            { role: 'model', parts: [{ text: 'Done.' }] },
          ],
          turnComplete: true,
        },
      },
      { realtimeInput: { text: 'And off.' } },
    ]);
  });

  it('refuses to write to a model that only listens', async () => {
    const { session } = await bench.connected({ model: 'gemini-3.5-live-translate-preview' });
    assert.throws(() => session.sendText('Hello'), { code: 'BAD_INPUT', message: /listens only/ });
  });
});

describe('live: the endpoint of a session', () => {
  const bench = new Bench();
  let proxy: ConnectProxy | undefined;
  afterEach(async () => {
    await bench.cleanUp();
    await proxy?.close();
  });

  it('asks for headers before each connection, and shows none of them', async () => {
    const server = await bench.server();
    let asked = 0;
    const session = bench.session(server, {
      endpoint: {
        backend: 'custom',
        baseUrl: server.url,
        headers: { 'x-fixed': 'a', authorization: 'Bearer old-secret' },
        headersFor: async () => ({ authorization: `Bearer secret-${++asked}` }),
      },
    });
    await session.connect();
    await session.close();
    await session.connect();
    const headers = server.connections.map((connection) => connection.headers);
    assert.deepEqual(
      headers.map(({ authorization }) => authorization),
      ['Bearer secret-1', 'Bearer secret-2'],
    );
    assert.equal(headers[0]!['x-fixed'], 'a');
    server.connections[1]!.close(1008, 'permission denied for secret-2');
    const { message } = await next(session, 'error');
    assert.doesNotMatch(message, /secret-2/);
    assert.doesNotMatch(JSON.stringify(logOf(session)), /secret-\d/);
  });

  it('fails in words when no headers can be had', async () => {
    const server = await bench.server();
    const session = bench.session(server, {
      endpoint: {
        backend: 'vertex',
        baseUrl: server.url,
        headersFor: () => Promise.reject(new Error('no account')),
      },
      recovery: false,
    });
    await assert.rejects(session.connect(), { name: 'LiveError', message: /no account/ });
    assert.equal(server.connections.length, 0);
  });

  it('goes through a proxy, and stops for good when the proxy does not let it in', async () => {
    const server = await bench.server();
    proxy = await ConnectProxy.start({
      credentials: 'me:secret-pass',
      routes: { 'live.test:80': server.port },
    });
    const endpoint = (user: string): Partial<LiveSessionOptions> => ({
      endpoint: {
        backend: 'custom',
        baseUrl: 'http://live.test',
        network: { proxy: proxy!.url.replace('://', `://${user}@`) },
      },
    });
    const session = bench.session('', endpoint('me:secret-pass'));
    await session.connect();
    assert.equal(session.state, 'ready');
    const refused = bench.session('', endpoint('me:wrong-pass'));
    await assert.rejects(refused.connect(), (error: LiveError) => {
      assert.equal(error.policy, 'fatal');
      assert.match(error.message, /proxy wants a user name/);
      assert.doesNotMatch(JSON.stringify(logOf(refused)) + error.message + error.reason, /-pass/);
      return true;
    });
    assert.equal(refused.state, 'failed');
  });

  it('fails at once for a proxy or CA that cannot be used', async () => {
    for (const network of [{ proxy: 'http://u:secret/pass@host:1' }, { ca: 'no certificate' }]) {
      const session = bench.session('', {
        endpoint: { backend: 'custom', baseUrl: 'https://live.test', network },
      });
      await assert.rejects(session.connect(), { code: 'BAD_CONFIG', message: /^(?!.*secret)/s });
      assert.equal(session.state, 'failed');
    }
  });
});

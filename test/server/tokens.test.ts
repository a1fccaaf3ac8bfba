import assert from 'node:assert/strict';
import type { LocalLiveServer, ServerOptions } from '../../src/server';
import { geminiPath, GEN_3_1, NATIVE, WireClient } from '../support/wire-client';
import { closeServers, handleOf, rehearsal, setupFor } from './helpers';

interface Minted {
  status: number;
  name: string;
  error: string;
}

async function mint(
  server: LocalLiveServer,
  body: unknown = {},
  headers = {},
  version = 'v1alpha',
): Promise<Minted> {
  const response = await fetch(`${server.url}//${version}/auth_tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const json = (await response.json()) as { name?: string; error?: { message?: string } };
  return { status: response.status, name: json.name ?? '', error: json.error?.message ?? '' };
}

const CONSTRAINED = `${geminiPath('v1alpha')}Constrained`;
const withToken = (name: string): string => `${CONSTRAINED}?access_token=${name}`;
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function refusal(
  server: LocalLiveServer,
  path: string,
  setup: object = setupFor(NATIVE),
): Promise<string> {
  const client = await WireClient.open(server, path);
  client.send({ setup });
  const { code, reason } = await client.end();
  return `${code} ${reason}`;
}

async function begin(server: LocalLiveServer, path: string, setup = setupFor(NATIVE)): Promise<WireClient> {
  const client = await WireClient.start(server, setup, path);
  assert.ok(client.messages[0]?.setupComplete);
  return client;
}

describe('local Live server: ephemeral tokens', () => {
  afterEach(closeServers);
  const start = (options: ServerOptions = {}): Promise<LocalLiveServer> =>
    rehearsal({ clock: 1, ...options });

  it('are made on v1alpha and v1beta, and open a session, by query or header', async () => {
    const server = await start();
    for (const version of ['v1alpha', 'v1beta']) {
      const { name } = await mint(server, { uses: 2 }, {}, version);
      assert.match(name, /^auth_tokens\/\w+$/);
      (await begin(server, withToken(name))).close();
      const headers = { authorization: `Token ${name}` };
      const client = await WireClient.start(server, setupFor(NATIVE), CONSTRAINED, { headers });
      client.close();
    }
  });

  it('open as many sessions as they have uses; going on with one is no use', async () => {
    const server = await start({ clock: 20 });
    const { name } = await mint(server, { newSessionExpireTime: soon(1_000_000) });
    const client = await begin(server, withToken(name), setupFor(NATIVE, { sessionResumption: {} }));
    client.sendText('hello');
    await client.until(() => handleOf(client) !== '', 'a handle');
    client.close();
    await client.end();
    assert.equal(await refusal(server, withToken(name)), '1011 Token has been used too many times');
    const sessionResumption = { handle: handleOf(client) };
    (await begin(server, withToken(name), setupFor(NATIVE, { sessionResumption }))).close();
    const free = await mint(server, { uses: 0, newSessionExpireTime: soon(1_000_000) });
    for (let i = 0; i < 3; i++) (await begin(server, withToken(free.name))).close();
  });

  it('are too old for new sessions after a minute', async () => {
    const server = await start({ clock: 3000 });
    const { name } = await mint(server, { uses: 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await refusal(server, withToken(name)), '1011 Token has expired');
  });

  it('end the session they opened when they expire', async () => {
    const server = await start({ clock: 100 });
    const { name } = await mint(server, { expireTime: soon(20_000) });
    const client = await begin(server, withToken(name));
    assert.deepEqual(await client.end(), { code: 1011, reason: 'auth token has expired' });
  });

  it('are taken on their own route only, which takes nothing else', async () => {
    const server = await start({ apiKey: 'secret' });
    const { name } = await mint(server, {}, { 'x-goog-api-key': 'secret' });
    assert.match(
      await refusal(server, `${geminiPath('v1alpha')}?access_token=${name}`),
      /^1008 Method doesn't allow unregistered callers/,
    );
    for (const path of [CONSTRAINED, withToken('auth_tokens/made-up'), `${CONSTRAINED}?key=secret`]) {
      assert.equal(await refusal(server, path), '1007 API key not valid. Please pass a valid API key.');
    }
  });

  it('fix the whole setup when they name no fields: that of the client is not read', async () => {
    const server = await start();
    const models: string[] = [];
    server.on('connection', ({ model }) => models.push(model));
    const { name } = await mint(server, { bidiGenerateContentSetup: setupFor(GEN_3_1) });
    (await begin(server, withToken(name), { model: 'models/no-such-model' })).close();
    assert.deepEqual(models, [GEN_3_1]);
  });

  it('fix the fields they name, also those without a value, and leave the others to the client', async () => {
    const server = await start();
    const seen: unknown[] = [];
    server.on('connection', ({ model }) => seen.push(model));
    const { name } = await mint(server, {
      uses: 2,
      bidiGenerateContentSetup: { model: NATIVE, generationConfig: { responseModalities: ['AUDIO'] } },
      fieldMask: 'model,generationConfig.responseModalities,generationConfig.thinkingConfig',
    });
    const asked = {
      model: GEN_3_1,
      outputAudioTranscription: {},
      generationConfig: { responseModalities: ['TEXT'], thinkingConfig: { thinkingLevel: 'LOW' } },
    };
    const client = await begin(server, withToken(name), asked);
    client.sendText('hello');
    await client.turns(1);
    assert.ok(client.audioMs > 0);
    assert.notEqual(client.transcript('outputTranscription'), '', "the client's own wish");
    assert.deepEqual(seen, [NATIVE]);
    client.close();
  });

  for (const [title, body, error] of [
    ['a life of more than 20 hours', { expireTime: '2999-01-01T00:00:00Z' }, /Maximum lifetime is 20h/],
    ['a time that is over', { expireTime: '2020-01-01T00:00:00Z' }, /expire_time must be in the future/],
    ['a time that is none', { newSessionExpireTime: 'soon' }, /Invalid value at 'new_session_expire_time'/],
    ['uses that are no number', { uses: 'many' }, /uses/],
    [
      'a field the service does not know',
      { liveConnectConstraints: {} },
      /Unknown name "liveConnectConstraints"/,
    ],
    ['a setup with a mistake', { bidiGenerateContentSetup: { modle: 'x' } }, /Unknown name "modle"/],
    ['no JSON', '{', /Invalid JSON/],
    ['a list', [], /invalid argument/],
  ] as const) {
    it(`are refused for ${title}`, async () => {
      const { status, error: message } = await mint(await start(), body);
      assert.equal(status, 400);
      assert.match(message, error);
    });
  }

  it('cannot fix what is no field of a setup', async () => {
    const server = await start();
    const fieldMask = '__proto__.polluted,constructor.prototype.polluted,setup..x,model';
    const { name } = await mint(server, { bidiGenerateContentSetup: { model: NATIVE }, fieldMask });
    const client = await WireClient.open(server, withToken(name));
    client.send({ setup: {} });
    await Promise.race([client.end(), client.until((messages) => messages.length > 0)]);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    client.close();
  });

  it('are made only for the right key, and only by POST', async () => {
    const server = await start({ apiKey: 'secret' });
    assert.match((await mint(server, {}, { 'x-goog-api-key': 'wrong' })).error, /^API key not valid/);
    assert.equal((await fetch(`${server.url}/v1alpha/auth_tokens`)).status, 405);
  });
});

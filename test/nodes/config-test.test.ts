import assert from 'node:assert/strict';
import { scriptedEars, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { serveTest } from '../../nodes/config/try-out';
import type { Red } from '../../nodes/shared/types';
import { ScriptedServer } from '../support/scripted-server';
import { helper, run, until } from './support';

interface Answer {
  ok: boolean;
  message: string;
  code?: string;
  model?: string;
  endpoint?: string;
  ms?: number;
}

/** The button "Test" of the config node's dialog. */
describe('config node: Test', () => {
  let server: LocalLiveServer;
  let saved: NodeJS.ProcessEnv;

  beforeEach(async () => {
    saved = { ...process.env };
    delete process.env.GEMINI_API_KEY;
    server = await startServer({ ears: scriptedEars([]), voice: toneVoice(), apiKey: 'good-key-1234' });
  });
  afterEach(async () => {
    for (const name of ['GEMINI_API_KEY', 'TEST_URL', 'GOOGLE_GEMINI_BASE_URL', 'GOOGLE_VERTEX_BASE_URL']) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await helper.unload();
    await server.close();
  });

  const config = (more: object = {}): object => ({
    id: 'config',
    type: 'gemini-live-config',
    name: '',
    ...more,
  });
  async function test(fields: object, credentials: object = {}, id = 'config'): Promise<Answer> {
    const { body } = await helper
      .request()
      .post('/gemini-live/config/test')
      .send({ id, fields, credentials });
    return body as Answer;
  }

  it('connects with what stands in the dialog, saved or not, says so and disconnects', async () => {
    await run([config({ endpoint: 'local' })]);
    const answer = await test({ endpoint: 'custom', url: server.url }, { apiKey: 'good-key-1234' });
    assert.equal(answer.ok, true, answer.message);
    assert.match(answer.message, /the server at this address is ready to talk as gemini-3\.1/);
    assert.deepEqual([answer.endpoint, answer.model], ['custom', 'gemini-3.1-flash-live-preview']);
    assert.ok((answer.ms ?? -1) >= 0);
    await until('it is gone', () => server.connections === 0);
  });

  it('takes a password that the dialog does not show from what is saved', async () => {
    await run([config()], { credentials: { config: { apiKey: 'good-key-1234' } } });
    const custom = { endpoint: 'custom', url: server.url };
    assert.equal((await test(custom, { apiKey: '__PWRD__' })).ok, true);
    const other = await test(custom, { apiKey: '__PWRD__' }, 'another-node');
    assert.equal(other.ok, false, 'it is that of this node only');
  });

  it('knows environment variables', async () => {
    process.env.TEST_URL = server.url;
    process.env.GEMINI_API_KEY = 'good-key-1234';
    await run([config()]);
    assert.equal((await test({ endpoint: 'custom', url: '${TEST_URL}' })).ok, true);
  });

  it('talks to the local rehearsal server', async () => {
    await run([config()]);
    const answer = await test({ endpoint: 'auto' });
    assert.match(answer.message, /local rehearsal server/);
  });

  it('makes a token from the key, bound to model and settings, and connects with it', async () => {
    process.env.GOOGLE_GEMINI_BASE_URL = server.url;
    await run([config()]);
    const fields = { endpoint: 'token', tokenFrom: 'mint', tokenMinutes: '5', instructions: 'Be brief.' };
    const answer = await test(fields, { apiKey: 'good-key-1234' });
    assert.deepEqual([answer.ok, answer.endpoint], [true, 'gemini'], answer.message);
    const other = await test(fields, { apiKey: 'wrong-key-5678' });
    assert.equal(other.ok, false);
    assert.ok(!other.message.includes('wrong-key'), other.message);
  });

  it('asks for a token, a project or a key where one is needed', async () => {
    await run([config()]);
    for (const [fields, wanted] of [
      [{ endpoint: 'token' }, /no token/],
      [{ endpoint: 'token', tokenFrom: 'mint' }, /needs a key/],
      [{ endpoint: 'gemini' }, /needs a key/],
    ] as const) {
      const answer = await test(fields);
      assert.equal(answer.ok, false);
      assert.match(answer.message, wanted);
    }
    const { ok, message } = await test(
      { endpoint: 'vertex', project: 'p' },
      { serviceAccount: '{"private_key": "secret"}' },
    );
    assert.equal(ok, false);
    assert.match(message, /"Service account".*not the JSON/);
  });

  it('says what is wrong with a key, and what to do, without the key', async () => {
    await run([config()]);
    const answer = await test({ endpoint: 'custom', url: server.url }, { apiKey: 'wrong-key-5678' });
    assert.equal(answer.ok, false);
    assert.match(answer.message, /refused the API key.*Check the key/);
    assert.ok(!JSON.stringify(answer).includes('wrong-key'), answer.message);
  });

  it('takes secrets out of what a server says', async () => {
    const wire = await ScriptedServer.start({ setup: 'manual' });
    await run([config()]);
    const testing = test(
      { endpoint: 'custom', url: wire.url },
      { apiKey: 'key-secret-2', headers: 'x-one: header-secret-1' },
    );
    const connection = await wire.connection();
    assert.equal(connection.headers['x-one'], 'header-secret-1');
    connection.close(1008, 'no good: header-secret-1 of key-secret-2');
    const answer = await testing;
    assert.equal(answer.ok, false);
    assert.match(answer.message, /no good/);
    assert.ok(!/header-secret|key-secret/.test(JSON.stringify(answer)), answer.message);
    await wire.close();
  });

  it('does not try again what fails', async () => {
    const gone = await startServer({ ears: scriptedEars([]), voice: toneVoice() });
    await gone.close();
    await run([config()]);
    const answer = await test({ endpoint: 'custom', url: gone.url });
    assert.deepEqual([answer.ok, answer.code], [false, 'CONNECT_FAILED']);
    assert.match(answer.message, /Check host and port/);
  });

  it('names the field that is wrong as the dialog does', async () => {
    await run([config()]);
    const answer = await test({ endpoint: 'local', temperature: 'hot' });
    assert.deepEqual([answer.ok, answer.code], [false, 'BAD_CONFIG']);
    assert.match(answer.message, /"Temperature".*not a number from 0 to 2/);
  });

  it('passes on what the model does not take', async () => {
    await run([config()]);
    const answer = await test({ endpoint: 'local', codeExecution: true });
    assert.equal(answer.ok, true, answer.message);
    assert.match(answer.message, /codeExecution.*3\.1/);
  });

  it('survives any request', async () => {
    await run([config()]);
    for (const body of [
      '',
      '[]',
      '{"id": 1, "fields": 7}',
      '{"fields": {"raw": {"a": 1}}, "credentials": null}',
    ]) {
      const { status } = await helper
        .request()
        .post('/gemini-live/config/test')
        .set('content-type', 'application/json')
        .send(body);
      assert.ok(status === 400 || status === 200, `${body}: ${status}`);
    }
  });

  it('makes no more than ten tests in a minute, and says when the next can be', async () => {
    await run([config()]);
    const bad = { endpoint: 'local', temperature: 'hot' };
    for (let i = 0; i < 10; i += 1) await test(bad);
    const { status, body } = await helper
      .request()
      .post('/gemini-live/config/test')
      .send({ id: 'config', fields: bad, credentials: {} });
    assert.equal(status, 429);
    assert.match((body as Answer).message, /try again in \d+ s/);
  });

  it('is for people who may change flows: it sends saved keys wherever it is told to', () => {
    const asked: string[] = [];
    const routes: unknown[][] = [];
    serveTest({
      auth: { needsPermission: (name: string) => asked.push(name) && 'guard' },
      httpAdmin: { post: (...route: unknown[]) => routes.push(route) },
    } as unknown as Red);
    assert.deepEqual(asked, ['flows.write']);
    assert.deepEqual(routes[0]?.slice(0, 2), ['/gemini-live/config/test', 'guard']);
  });
});

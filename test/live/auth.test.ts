import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import http, { type IncomingHttpHeaders, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { LiveError, LiveSession, mintToken, vertexAuth, type MintOptions } from '../../src/live';
import { authTokenRequest } from '../../src/protocol';
import { startServer } from '../../src/server';
import { ConnectProxy } from '../support/connect-proxy';
import { ScriptedServer } from '../support/scripted-server';
import { skipWithout } from '../support/skip';
import { makeAuthority, opensslMissing } from '../support/tls';

const KEY = 'AIzaSecretKeyOfTheTest';
const ends: Array<() => Promise<void> | void> = [];

interface Seen {
  method?: string;
  url?: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An HTTP(S) server that answers everything alike and remembers what it was asked. */
async function answering(
  answer: (seen: Seen) => { status?: number; body: unknown } | undefined,
  tls?: { cert: string; key: string },
): Promise<{ port: number; url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      const one: Seen = { method, url, headers, body };
      seen.push(one);
      const reply = answer(one);
      if (!reply) return;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    });
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, seen };
}

/** The error of a call, which must be one of ours and show no secret. */
async function refusal(call: Promise<unknown>): Promise<LiveError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LiveError, String(error));
  assert.doesNotMatch(
    `${error.message} ${error.advice} ${error.reason}`,
    /SecretKey|PRIVATE KEY|secret-pass/,
  );
  assert.ok(error.advice.length > 10, 'advice');
  return error;
}

describe('live: auth', () => {
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  describe('minting a token', () => {
    const answer = { name: 'auth_tokens/abc', expireTime: '2030-01-01T00:00:00Z' };

    it('asks as the official SDK does, with the key in a header', async () => {
      const { url, seen } = await answering(() => ({ body: answer }));
      const constraints = { model: 'gemini-3.8-live', config: { temperature: 0.2 } };
      const minted = await mintToken({
        apiKey: KEY,
        baseUrl: `${url}/`,
        uses: 2,
        constraints,
        lockFields: ['topK'],
      });
      assert.deepEqual(minted, { token: 'auth_tokens/abc', expireTime: '2030-01-01T00:00:00Z' });
      const [request] = seen;
      assert.equal(`${request!.method} ${request!.url}`, 'POST /v1alpha/auth_tokens');
      assert.equal(request!.headers['x-goog-api-key'], KEY);
      assert.deepEqual(
        JSON.parse(request!.body),
        authTokenRequest({ uses: 2, constraints, lockFields: ['topK'] }),
      );
    });

    it('turns durations into times, and gives them back where the service does not', async () => {
      const { url, seen } = await answering(() => ({ body: { name: 'auth_tokens/x' } }));
      const before = Date.now();
      const minted = await mintToken({
        apiKey: KEY,
        baseUrl: url,
        expireMs: 60_000,
        newSessionExpireMs: 5000,
      });
      const after = Date.now();
      const body = JSON.parse(seen[0]!.body) as Record<string, string>;
      for (const [name, ms] of [
        ['expireTime', 60_000],
        ['newSessionExpireTime', 5000],
      ] as const) {
        const time = Date.parse(body[name]!);
        assert.ok(time >= before + ms && time <= after + ms, name);
        assert.equal(minted[name], body[name]);
      }
    });

    it('explains a refusal without the key', async () => {
      const { url } = await answering(() => ({
        status: 400,
        body: { error: { code: 400, message: `API key not valid: ${KEY}. Please pass a valid API key.` } },
      }));
      const error = await refusal(mintToken({ apiKey: KEY, baseUrl: url }));
      assert.equal(error.code, 'HTTP_REFUSED');
      assert.equal(error.httpStatus, 400);
      assert.equal(error.policy, 'fatal');
      assert.match(error.message, /refused the API key/);
    });

    it('explains quota, gateways, silence and nobody there', async () => {
      const cases: Array<[Awaited<ReturnType<typeof answering>>, Partial<MintOptions>, string, RegExp]> = [
        [await answering(() => ({ status: 429, body: 'slow down' })), {}, 'HTTP_REFUSED', /429/],
        [await answering(() => ({ status: 503, body: '<html>down</html>' })), {}, 'HTTP_REFUSED', /503/],
        [await answering(() => ({ body: '<html>hello</html>' })), {}, 'CONNECT_FAILED', /not JSON/],
        [await answering(() => ({ body: { name: 5 } })), {}, 'CONNECT_FAILED', /without a token/],
        [await answering(() => undefined), { timeoutMs: 50 }, 'CONNECT_TIMEOUT', /0\.05 s/],
      ];
      for (const [{ url }, options, code, words] of cases) {
        const error = await refusal(mintToken({ apiKey: KEY, baseUrl: url, ...options }));
        assert.equal(error.code, code);
        assert.match(error.message, words);
      }
      const gone = await refusal(mintToken({ apiKey: KEY, baseUrl: 'http://127.0.0.1:1' }));
      assert.equal(gone.code, 'CONNECT_FAILED');
    });

    it('refuses what can be no request, before anything is sent', async () => {
      const cases: Array<Partial<MintOptions>> = [
        { apiKey: '' },
        { apiKey: 'two SecretKey words' },
        { baseUrl: 'http://u:secret-pass/x@' },
        { baseUrl: 'ftp://host' },
        { expireMs: Number.POSITIVE_INFINITY },
        { constraints: { model: '' } },
      ];
      for (const options of cases) {
        const error = await refusal(mintToken({ apiKey: KEY, baseUrl: 'http://127.0.0.1:1', ...options }));
        assert.equal(error.code, 'BAD_CONFIG', JSON.stringify(options));
      }
    });

    it('makes constraints that the model accepts, with the declarations of callable tools', async () => {
      const { url, seen } = await answering(() => ({ body: answer }));
      const tool = {
        tool: async () => ({ functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING' }] }),
        callTool: () => undefined,
      };
      const config = { tools: [tool], thinkingConfig: { thinkingBudget: 5 }, responseModalities: ['TEXT'] };
      const constraints = { model: 'gemini-3.1-flash-live-preview', config };
      await mintToken({ apiKey: KEY, baseUrl: url, constraints, lockFields: [] });
      assert.deepEqual(JSON.parse(seen[0]!.body), {
        bidiGenerateContentSetup: {
          model: 'models/gemini-3.1-flash-live-preview',
          generationConfig: { responseModalities: ['AUDIO'] },
          tools: [{ functionDeclarations: [{ name: 'f' }] }],
          outputAudioTranscription: {},
        },
        fieldMask: 'model,generationConfig.responseModalities,tools,outputAudioTranscription',
      });
    });

    it('makes a new one for each connection of a conversation that goes on', async () => {
      const server = await startServer({ apiKey: KEY, clock: 20 });
      ends.push(() => server.close());
      const model = 'gemini-3.1-flash-live-preview';
      const config = { responseModalities: ['AUDIO'] };
      const session = new LiveSession({
        endpoint: {
          backend: 'gemini',
          baseUrl: server.url,
          headersFor: async () => {
            const constraints = { model, config };
            const made = await mintToken({ apiKey: KEY, baseUrl: server.url, constraints, lockFields: [] });
            return { authorization: `Token ${made.token}` };
          },
        },
        model,
        config: { ...config, sessionResumption: {} },
      });
      ends.unshift(() => session.close());
      const resumable = new Promise((resolve) => session.on('resumption', resolve));
      const restored = new Promise<{ stateRestored: boolean }>((resolve) => session.on('restored', resolve));
      await session.connect();
      session.sendText('Hello');
      await resumable;
      await session.close();
      await session.connect();
      assert.equal((await restored).stateRestored, true);
    });

    it('goes through a proxy with credentials', async () => {
      const { port } = await answering(() => ({ body: answer }));
      const proxy = await ConnectProxy.start({
        credentials: 'me:secret-pass',
        routes: { 'api.test:80': port },
      });
      ends.push(() => proxy.close());
      const address = (user: string): string => proxy.url.replace('://', `://${user}@`);
      const options = { apiKey: KEY, baseUrl: 'http://api.test' };
      const minted = await mintToken({ ...options, network: { proxy: address('me:secret-pass') } });
      assert.equal(minted.token, 'auth_tokens/abc');
      const error = await refusal(mintToken({ ...options, network: { proxy: address('me:other') } }));
      assert.equal(error.policy, 'fatal');
      assert.match(error.message, /proxy wants a user name/);
    });
  });

  describe('signing in to Vertex AI', () => {
    const GOOGLE = 'oauth2.googleapis.com';
    let account: { type: string; client_email: string; private_key: string };

    before(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      account = {
        type: 'service_account',
        client_email: 'robot@project.iam.gserviceaccount.com',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    });

    /** Google's sign-in as a server here: reached by a proxy that wants credentials, trusted by a CA of ours. */
    async function signIn(
      answer: (seen: Seen) => { status?: number; body: unknown },
    ): Promise<{ network: { proxy: string; ca: string }; seen: Seen[] }> {
      const authority = makeAuthority([`DNS:${GOOGLE}`]);
      const { port, seen } = await answering(answer, authority);
      const proxy = await ConnectProxy.start({
        credentials: 'me:secret-pass',
        routes: { [`${GOOGLE}:443`]: port },
      });
      ends.push(() => proxy.close());
      return { network: { proxy: proxy.url.replace('://', '://me:secret-pass@'), ca: authority.ca }, seen };
    }

    it('exchanges the key of a service account for a token, once, and before a connection', async function () {
      skipWithout(this, opensslMissing());
      this.timeout(30_000);
      const { network, seen } = await signIn(() => ({
        body: { access_token: 'ya29.first', expires_in: 3600, token_type: 'Bearer' },
      }));
      const auth = vertexAuth({ serviceAccount: JSON.stringify(account), network });
      const headers = await auth.headers();
      assert.equal(headers['authorization'], 'Bearer ya29.first');
      await auth.headers();
      assert.equal(seen.length, 1, 'the token is kept');
      assert.match(seen[0]!.body, /grant_type=urn.*jwt-bearer&assertion=ey/);

      const server = await ScriptedServer.start();
      ends.push(() => server.close());
      const session = new LiveSession({
        endpoint: {
          backend: 'vertex',
          baseUrl: server.url,
          project: 'p',
          location: 'global',
          headersFor: () => auth.headers(),
        },
        model: 'gemini-live-2.5-flash-native-audio',
      });
      ends.unshift(() => session.close());
      await session.connect();
      const connection = await server.connection();
      assert.equal(connection.headers['authorization'], 'Bearer ya29.first');
    });

    it('renews a token that is about to expire', async function () {
      skipWithout(this, opensslMissing());
      this.timeout(30_000);
      let count = 0;
      const { network } = await signIn(() => ({
        body: { access_token: `ya29.${++count}`, expires_in: 1, token_type: 'Bearer' },
      }));
      const auth = vertexAuth({ serviceAccount: account, network });
      assert.equal((await auth.headers())['authorization'], 'Bearer ya29.1');
      assert.equal((await auth.headers())['authorization'], 'Bearer ya29.2');
    });

    it('explains why an account is not let in', async function () {
      skipWithout(this, opensslMissing());
      this.timeout(30_000);
      const { network } = await signIn(() => ({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
      }));
      const error = await refusal(vertexAuth({ serviceAccount: account, network }).headers());
      assert.equal(error.policy, 'fatal');
      assert.match(error.message, /invalid_grant/);
      assert.match(error.advice, /clock/);

      const wrong = { ...network, ca: makeAuthority(['DNS:x.test']).ca };
      const distrust = await refusal(vertexAuth({ serviceAccount: account, network: wrong }).headers());
      assert.match(`${distrust.message} ${distrust.advice}`, /certificate/);
    });

    it('refuses a service account that is none, and never repeats it', async () => {
      const cases: Array<string | object> = [
        '-----BEGIN PRIVATE KEY----- SecretKey',
        '[]',
        { private_key: 'SecretKey' },
        { type: 'service_account', client_email: 'x' },
      ];
      for (const serviceAccount of cases) {
        const error = await refusal(Promise.resolve().then(() => vertexAuth({ serviceAccount })));
        assert.equal(error.code, 'BAD_CONFIG');
      }
      const damaged = {
        ...account,
        private_key: '-----BEGIN PRIVATE KEY-----\nSecretKey\n-----END PRIVATE KEY-----',
      };
      const error = await refusal(
        vertexAuth({ serviceAccount: damaged, network: { proxy: false } }).headers(),
      );
      assert.match(error.advice, /damaged/);
    });

    it('names the package when it is missing', async function () {
      this.timeout(30_000);
      // Hidden from import and from require: that is what a machine without the package looks like.
      const hook = `export async function resolve(name, context, next) {
        if (name !== 'google-auth-library') return next(name, context);
        throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
      }`;
      const script = `
        const Module = require('node:module');
        Module.register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
        const original = Module._resolveFilename;
        Module._resolveFilename = function (name, ...rest) {
          if (name !== 'google-auth-library') return original.call(this, name, ...rest);
          throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
        };
        const { vertexAuth } = require(${JSON.stringify(path.resolve(__dirname, '../../src/live/auth'))});
        vertexAuth().headers().catch(({ name, code, message, advice }) =>
          console.log(JSON.stringify({ name, code, message, advice })));`;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--require', 'tsx/cjs', '--eval', script],
        { cwd: path.resolve(__dirname, '../..') },
      );
      const error = JSON.parse(stdout) as LiveError;
      assert.deepEqual([error.name, error.code], ['LiveError', 'BAD_CONFIG']);
      assert.match(error.message, /google-auth-library.*not installed/);
      assert.match(error.advice, /npm install google-auth-library/);
    });
  });
});

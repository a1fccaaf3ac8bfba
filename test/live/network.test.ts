import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
import { agentFor, type NetworkOptions } from '../../src/live';
import { proxyFor } from '../../src/live/network';
import { Transport, type TransportClose } from '../../src/live/transport';
import { classifyClose } from '../../src/protocol';
import { ConnectProxy, type ProxyScript } from '../support/connect-proxy';
import { skipWithout } from '../support/skip';
import { makeAuthority, opensslMissing, type Authority } from '../support/tls';

const ends: Array<() => Promise<void> | void> = [];

/** A WebSocket server that echoes; with TLS where a certificate is given. */
async function echoServer(tls?: { cert: string; key: string }): Promise<number> {
  const answer: http.RequestListener = (_request, response) => response.writeHead(426).end();
  const server: Server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function proxy(script: ProxyScript): Promise<ConnectProxy> {
  const started = await ConnectProxy.start(script);
  ends.push(() => started.close());
  return started;
}

/** What comes of connecting, saying "hello" and closing. */
function talk(url: string, network?: NetworkOptions): Promise<{ echo?: string; close: TransportClose }> {
  return new Promise((resolve) => {
    let echo: string | undefined;
    const transport = new Transport(
      url,
      {},
      {
        onOpen: () => transport.send('hello', () => {}),
        onFrame: (data) => {
          echo = String(data);
          transport.close();
        },
        onClose: (close) => resolve({ ...(echo !== undefined && { echo }), close }),
      },
      network,
    );
  });
}

describe('live: network', () => {
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  describe('which proxy', () => {
    const choose = (url: string, env: Record<string, string>, network?: NetworkOptions): string | undefined =>
      proxyFor(new URL(url), network, env)?.host;
    const env = { HTTPS_PROXY: 'http://secure:1', http_proxy: 'plain:2' };

    it('that of the environment for the scheme, in capitals or not', () => {
      assert.equal(choose('wss://a.example', env), 'secure:1');
      assert.equal(choose('https://a.example', env), 'secure:1');
      assert.equal(choose('ws://a.example', env), 'plain:2');
      assert.equal(choose('wss://a.example', { https_proxy: 'http://small:3' }), 'small:3');
      assert.equal(choose('wss://a.example', {}), undefined);
      assert.equal(choose('wss://a.example', { HTTPS_PROXY: ' ' }), undefined);
    });

    it('the chosen one before it, and none when none is wanted', () => {
      assert.equal(choose('wss://a.example', env, { proxy: 'http://mine:4' }), 'mine:4');
      assert.equal(choose('ws://127.0.0.1', env, { proxy: 'http://mine:4' }), 'mine:4');
      assert.equal(choose('wss://a.example', env, { proxy: '' }), 'secure:1');
      assert.equal(choose('wss://a.example', env, { proxy: false }), undefined);
    });

    it('none of the environment for this machine', () => {
      for (const host of ['localhost', 'x.localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
        assert.equal(choose(`ws://${host}:9000`, env), undefined, host);
      }
    });

    it('none for what NO_PROXY names', () => {
      const cases: Array<[string, string, boolean]> = [
        ['*', 'wss://a.example', true],
        ['a.example', 'wss://a.example', true],
        ['example', 'wss://a.example', true],
        ['.example', 'wss://a.example', true],
        ['*.example', 'wss://a.example', true],
        ['A.Example', 'wss://a.example', true],
        ['x.org, a.example', 'wss://a.example', true],
        ['a.example:443', 'wss://a.example', true],
        ['a.example:8443', 'wss://a.example', false],
        ['xample', 'wss://a.example', false],
        ['b.example', 'wss://a.example', false],
        ['10.0.0.0/8', 'wss://10.1.2.3', true],
        ['10.0.0.0/8', 'wss://11.1.2.3', false],
        ['10.0.0.0/99', 'wss://10.1.2.3', false],
        ['fd00::/8', 'wss://[fd00::5]', true],
        ['fd00::5', 'wss://[fd00::5]', true],
        ['10.0.0.0/8', 'wss://a.example', false],
      ];
      for (const [list, url, excepted] of cases) {
        assert.equal(choose(url, { ...env, NO_PROXY: list }), excepted ? undefined : 'secure:1', list);
        assert.equal(choose(url, { ...env, no_proxy: list }) === undefined, excepted, list);
      }
    });

    it('refuses an address that is none, and does not repeat it', () => {
      for (const text of [
        'http://user:secret/word@host:1',
        'socks5://user:secret@host',
        'secret',
        'http://',
      ]) {
        assert.throws(() => agentFor('wss://a.example', { proxy: text }), {
          name: 'LiveError',
          code: 'BAD_CONFIG',
          message: /^(?!.*secret)/s,
        });
      }
    });
  });

  it('needs no agent where nothing is special', () => {
    assert.equal(agentFor('wss://a.example', undefined, {}), undefined);
    assert.equal(agentFor('ws://a.example', { ca: '' }, {}), undefined);
  });

  it('goes through a proxy that wants a user and a password, with special characters', async () => {
    const port = await echoServer();
    const through = await proxy({ credentials: 'me@home:p/w%#', routes: { 'live.test:80': port } });
    const address = through.url.replace('://', '://me%40home:p%2Fw%25%23@');
    const { echo } = await talk('ws://live.test/socket', { proxy: address });
    assert.equal(echo, 'echo hello');
    assert.deepEqual(through.asked, ['live.test:80']);
  });

  it('says that the proxy wants other credentials, without showing the given ones', async () => {
    const through = await proxy({ credentials: 'me:right', routes: {} });
    for (const user of ['', 'me:wrong-secret@']) {
      const { close } = await talk('ws://live.test', { proxy: through.url.replace('://', `://${user}`) });
      assert.match(close.reason, /^Proxy 127\.0\.0\.1:\d+ refused the way to live\.test:80 .* 407/);
      assert.doesNotMatch(close.reason, /secret/);
      const { policy, title } = classifyClose(close.code, close.reason, { inSetup: true });
      assert.equal(policy, 'fatal');
      assert.match(title, /user name and password/);
    }
  });

  it('tells a proxy that forbids from one that fails, one that is absent and one that is silent', async () => {
    const through = await proxy({ routes: {} });
    const forbidden = await talk('ws://elsewhere.test', { proxy: through.url });
    assert.equal(classifyClose(1006, forbidden.close.reason).policy, 'fatal');
    assert.match(forbidden.close.reason, /403/);
    through.script.status = 502;
    const failing = await talk('ws://elsewhere.test', { proxy: through.url });
    assert.equal(classifyClose(1006, failing.close.reason).policy, 'retry');
    const address = through.url;
    await through.close();
    const absent = await talk('ws://elsewhere.test', { proxy: address });
    assert.match(absent.close.reason, /^Proxy 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/);
    assert.equal(classifyClose(1006, absent.close.reason).title, 'The proxy does not answer');
  });

  it('gives up a silent proxy as soon as the attempt is given up', async () => {
    const through = await proxy({ routes: {}, mute: true });
    const closed = new Promise<TransportClose>((resolve) => {
      const transport = new Transport(
        'ws://live.test',
        {},
        { onOpen: () => {}, onFrame: () => {}, onClose: resolve },
        { proxy: through.url },
      );
      const timer = setInterval(() => {
        if (through.asked.length === 0) return;
        clearInterval(timer);
        transport.terminate();
      }, 5);
    });
    await closed;
    while (through.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  describe('with TLS', () => {
    let ours: Authority;
    let other: Authority;

    before(function () {
      skipWithout(this, opensslMissing());
      this.timeout(30_000);
      ours = makeAuthority(['DNS:live.test', 'IP:127.0.0.1']);
      other = makeAuthority(['IP:127.0.0.1']);
    });

    it('trusts a further authority, directly and through a proxy', async () => {
      const port = await echoServer(ours);
      assert.equal((await talk(`wss://127.0.0.1:${port}`, { ca: ours.ca })).echo, 'echo hello');
      const through = await proxy({ credentials: 'a:b', routes: { 'live.test:443': port } });
      const address = through.url.replace('://', '://a:b@');
      assert.equal((await talk('wss://live.test', { ca: ours.ca, proxy: address })).echo, 'echo hello');
      const several = `# ours\n${other.ca}\n${ours.ca}`;
      assert.equal((await talk('wss://live.test', { ca: several, proxy: address })).echo, 'echo hello');
    });

    it('goes through a proxy that is itself reached by TLS', async () => {
      const port = await echoServer();
      const through = await proxy({ routes: { 'live.test:80': port }, tls: ours });
      assert.equal((await talk('ws://live.test', { ca: ours.ca, proxy: through.url })).echo, 'echo hello');
      const { close } = await talk('ws://live.test', { proxy: through.url });
      assert.match(classifyClose(1006, close.reason).title, /cannot be trusted/);
    });

    it('refuses the wrong authority, none, and another host, in words that help', async () => {
      const port = await echoServer(ours);
      const through = await proxy({ routes: { 'other.test:443': port, 'live.test:443': port } });
      for (const [url, network] of [
        [`wss://127.0.0.1:${port}`, {}],
        [`wss://127.0.0.1:${port}`, { ca: other.ca }],
        ['wss://live.test', { ca: other.ca, proxy: through.url }],
        ['wss://other.test', { ca: ours.ca, proxy: through.url }],
      ] as const) {
        const { echo, close } = await talk(url, network);
        assert.equal(echo, undefined, url);
        const { policy, title, advice } = classifyClose(close.code, close.reason, { inSetup: true });
        assert.equal(policy, 'fatal', close.reason);
        assert.match(title, /cannot be trusted/);
        assert.match(advice, /PEM/);
      }
    });

    it('refuses a CA that is no certificate', () => {
      const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
      for (const ca of ['certificate', broken]) {
        assert.throws(() => agentFor('wss://a.example', { ca }, {}), { code: 'BAD_CONFIG', message: /CA/ });
      }
    });

    it('keeps the authorities that Node.js was started with', async function () {
      this.timeout(30_000);
      const port = await echoServer(ours);
      const folder = await mkdtemp(path.join(os.tmpdir(), 'gemini-live-ca-'));
      ends.push(() => rm(folder, { recursive: true }));
      const file = path.join(folder, 'ca.pem');
      await writeFile(file, ours.ca);
      const script = `
        const { agentFor } = require(${JSON.stringify(path.resolve(__dirname, '../../src/live/network'))});
        const agent = agentFor('wss://127.0.0.1', { ca: process.env.OTHER_CA }, {});
        require('node:https').get('https://127.0.0.1:${port}', { agent }, (response) => {
          console.log('trusted ' + response.statusCode);
          response.destroy();
        });`;
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: file, OTHER_CA: other.ca };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--require', 'tsx/cjs', '--eval', script],
        { env, cwd: path.resolve(__dirname, '../..') },
      );
      assert.match(stdout, /trusted 426/);
    });

    it('reads a list of authorities once', () => {
      const [first, second] = ['wss://a.example', 'wss://b.example'].map((url) =>
        contextOf(agentFor(url, { ca: ours.ca }, {})),
      );
      assert.ok(first);
      assert.equal(first, second);
    });
  });
});

function contextOf(agent: unknown): unknown {
  return (agent as { options: { secureContext?: unknown } }).options.secureContext;
}

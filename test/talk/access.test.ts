import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { TalkHub, type TalkHubOptions } from '../../src/talk';
import { SUBPROTOCOL, type Refusal } from '../../src/talk/wire';
import { askToken, startTalk, tryUpgrade, Visitor, type TalkHost } from '../support/talk';

describe('talk page: who may come in', () => {
  let host: TalkHost;
  const start = async (options?: TalkHubOptions): Promise<void> => {
    host = await startTalk(options);
    host.hub.page('kitchen');
    host.hub.page('Küche 2');
  };
  afterEach(() => host.close());

  const open = (token: string, headers: Record<string, string>, page = 'kitchen') =>
    tryUpgrade(`${host.base}/${page}/socket`, [SUBPROTOCOL, token], headers);

  describe('tokens', () => {
    it('opens one socket, once', async () => {
      await start();
      const { status, body } = await askToken(host.base, 'kitchen');
      assert.equal(status, 200);
      assert.equal(body.expiresMs, 60_000);
      const first = await open(body.token, { origin: host.origin });
      assert.equal(first.status, 101);
      assert.equal(first.socket.protocol, SUBPROTOCOL);
      assert.equal((await open(body.token, { origin: host.origin })).status, 401);
      first.socket.terminate();
    });

    it('opens only the page it was given out for, and nothing when it is too old', async () => {
      let now = 0;
      await start({ now: () => now });
      const { token } = (await askToken(host.base, 'kitchen')).body;
      assert.equal((await open(token, { origin: host.origin }, 'K%C3%BCche%202')).status, 401);
      now = 60_001;
      assert.equal((await open(token, { origin: host.origin })).status, 401);
      assert.equal((await open('made-up', { origin: host.origin })).status, 401);
      assert.equal(
        (await tryUpgrade(`${host.base}/kitchen/socket`, [], { origin: host.origin })).status,
        401,
      );
    });

    it('is not given to other sites, nor kept by a cache', async () => {
      await start();
      const cross = await askToken(host.base, 'kitchen', { 'sec-fetch-site': 'cross-site' });
      assert.deepEqual([cross.status, cross.body.code], [403, 'WRONG_ORIGIN']);
      const response = await fetch(`${host.base}/kitchen/token`);
      assert.equal(response.headers.get('cache-control'), 'no-store');
    });

    it('is not given when the page is full, and a token from before does not help', async () => {
      await start({ limits: { clients: 1 } });
      const early = (await askToken(host.base, 'kitchen')).body.token;
      const one = await Visitor.open(host.base, 'kitchen');
      const { status, body } = await askToken(host.base, 'kitchen');
      assert.deepEqual([status, body.code], [503, 'FULL']);
      assert.equal((await open(early, { origin: host.origin })).status, 503);
      await one.leave();
    });
  });

  describe('origin', () => {
    const statusFor = async (headers: Record<string, string>): Promise<number> => {
      const { token } = (await askToken(host.base, 'kitchen')).body;
      const { status, socket } = await open(token, headers);
      socket.terminate();
      return status;
    };

    it('must be our own host, with its port', async () => {
      await start({ origins: ['https://home.example.org/'] });
      assert.equal(await statusFor({ origin: host.origin }), 101);
      assert.equal(await statusFor({ origin: 'http://evil.example' }), 403);
      assert.equal(await statusFor({ origin: `http://127.0.0.1:${host.port + 1}` }), 403);
      assert.equal(await statusFor({ origin: 'null' }), 403);
      assert.equal(await statusFor({ origin: '%%' }), 403);
      assert.equal(await statusFor({}), 403);
      assert.equal(await statusFor({ origin: 'https://home.example.org' }), 101);
      assert.equal(await statusFor({ origin: 'http://home.example.org' }), 403);
    });

    it('may be the host that a reverse proxy tells of', async () => {
      await start();
      const forwarded = { 'x-forwarded-host': 'home.example.org:443, 10.0.0.2' };
      assert.equal(await statusFor({ origin: 'https://home.example.org', ...forwarded }), 101);
      assert.equal(await statusFor({ origin: 'https://home.example.org:8443', ...forwarded }), 403);
    });
  });

  describe('PIN', () => {
    const pair = (pin: unknown, headers: Record<string, string> = { origin: host.origin }) =>
      fetch(`${host.base}/pair`, { method: 'POST', headers, body: JSON.stringify({ pin }) });
    const wrong = (): string => (host.hub.pin === '123456' ? '654321' : '123456');

    it('pairs a browser once; the cookie is its own and holds for all pages', async () => {
      await start({ pin: true });
      assert.match(host.hub.pin ?? '', /^\d{6}$/);
      const refused = await askToken(host.base, 'kitchen');
      assert.deepEqual([refused.status, refused.body.code], [401, 'PIN_NEEDED']);
      const response = await pair(host.hub.pin);
      assert.equal(response.status, 204);
      const header = response.headers.get('set-cookie') ?? '';
      assert.match(header, /; HttpOnly; SameSite=Strict$/);
      assert.doesNotMatch(header, /Path=/i);
      assert.ok(!header.includes(host.hub.pin ?? ''), 'the PIN is not in the cookie');
      const cookie = header.split(';', 1)[0]!;
      for (const page of ['kitchen', 'K%C3%BCche%202'])
        assert.equal((await askToken(host.base, page, { cookie: `a=b; ${cookie}` })).status, 200);
      const forged = cookie.replace(/=\d/, (start) => (start === '=9' ? '=8' : '=9'));
      assert.equal((await askToken(host.base, 'kitchen', { cookie: forged })).status, 401);
    });

    it('keeps a browser paired over a restart with the same secret, and not longer than it is to', async () => {
      const secret = Buffer.alloc(32, 7);
      await start({ pin: true, secret });
      const cookie = (await pair(host.hub.pin)).headers.get('set-cookie')!.split(';', 1)[0]!;
      await host.close();
      await start({ pin: true, secret });
      assert.equal((await askToken(host.base, 'kitchen', { cookie })).status, 200);
      await host.close();
      await start({ pin: true, secret: Buffer.alloc(32, 8) });
      assert.equal((await askToken(host.base, 'kitchen', { cookie })).status, 401);
      await host.close();
      await start({ pin: true, secret, times: { pairing: -1 } });
      const short = (await pair(host.hub.pin)).headers.get('set-cookie')!.split(';', 1)[0]!;
      assert.equal((await askToken(host.base, 'kitchen', { cookie: short })).status, 401);
    });

    it('says Secure where the browser comes by TLS', async () => {
      await start({ pin: true });
      const headers = { origin: host.origin, 'x-forwarded-proto': 'https' };
      assert.match((await pair(host.hub.pin, headers)).headers.get('set-cookie') ?? '', /; Secure$/);
    });

    it('changes after five wrong ones, and nobody may try for a while', async () => {
      let now = 0;
      await start({ pin: true, now: () => now });
      const before = host.hub.pin;
      const told = once(host.hub, 'pin');
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        const response = await pair(wrong());
        assert.equal(response.status, 403);
        assert.match(((await response.json()) as Refusal).message, new RegExp(`${5 - attempt} more`));
      }
      const fifth = await pair(wrong());
      assert.equal(fifth.status, 429);
      assert.deepEqual(((await fifth.json()) as Refusal).retryMs, 60_000);
      assert.deepEqual(await told, [host.hub.pin]);
      assert.notEqual(host.hub.pin, before);
      assert.equal((await pair(host.hub.pin)).status, 429, 'not even with the right one');
      now = 60_001;
      assert.equal((await pair(before)).status, 403, 'the old one is worth nothing');
      assert.equal((await pair(host.hub.pin)).status, 204);
    });

    it('is not asked by other sites, and not taken from what is none', async () => {
      await start({ pin: true });
      assert.equal((await pair(host.hub.pin, { origin: 'http://evil.example' })).status, 403);
      assert.equal((await pair(host.hub.pin, {})).status, 403);
      for (const odd of [undefined, 123456, '12345', '1234567', { $ne: 1 }, 'x'.repeat(5000)])
        assert.equal((await pair(odd)).status, 400);
      const { pin } = host.hub;
      assert.equal((await pair(pin)).status, 204, 'none of those was an attempt');
    });
  });

  describe('addresses', () => {
    it('serves the page, its files and its manifest, and nothing else', async () => {
      await start();
      const get = (path: string, init?: RequestInit) =>
        fetch(`${host.base}${path}`, { redirect: 'manual', ...init });
      const page = await get('/K%C3%BCche%202');
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      const manifest = (await (await get('/K%C3%BCche%202/manifest.webmanifest')).json()) as object;
      assert.deepEqual(manifest, {
        ...{ display: 'standalone', theme_color: '#123456', name: 'Küche 2', short_name: 'Küche 2' },
        ...{ id: '../K%C3%BCche%202', start_url: '../K%C3%BCche%202', scope: '../' },
      });
      const script = await get('/assets/page.js');
      assert.equal(await script.text(), 'void 0;');
      const again = await get('/assets/page.js', {
        headers: { 'if-none-match': script.headers.get('etag') ?? '' },
      });
      assert.equal(again.status, 304);
      assert.equal((await get('/sw.js')).status, 200);
      assert.equal((await get('/kitchen/')).headers.get('location'), '../kitchen');
      assert.equal((await get('/kitchen', { method: 'POST' })).status, 405);
      for (const missing of ['/cellar', '/cellar/token', '/assets/secret.txt', '/assets/..%2Fsecret.txt'])
        assert.equal((await get(missing)).status, 404, missing);
      for (const foreign of [
        '',
        '/',
        '/a/b/c',
        '/kitchen/other',
        '/%E0%A4%A',
        '/assets/a/b',
        '/kitchen/socket',
      ])
        assert.equal((await get(foreign)).status, 418, foreign);
    });

    it('leaves upgrades alone that are not its own', async () => {
      await start();
      const urls = [
        '/comms',
        '/talk',
        '/talk/kitchen',
        '/talk/kitchen/socket/x',
        '/other/talk/kitchen/socket',
      ];
      for (const url of urls)
        assert.equal((await tryUpgrade(`${host.origin}${url}`, [], { origin: host.origin })).status, 418);
      assert.deepEqual(host.foreign, urls);
      assert.equal((await open('x', { origin: host.origin }, 'cellar')).status, 404, 'this one is ours');
    });

    it('works through Express, mounted anywhere', async () => {
      await start({ path: '/red/gemini-live' });
      const { hub } = host;
      // Express takes the mount path off `url`, and keeps the whole address in `originalUrl`.
      const express = createServer((request, response) => {
        const seen = Object.assign(request, { originalUrl: request.url, url: request.url?.slice(4) });
        if (!hub.handle(seen, response)) response.writeHead(418).end();
      }).listen(0, '127.0.0.1');
      await once(express, 'listening');
      const { port } = express.address() as AddressInfo;
      assert.equal((await fetch(`http://127.0.0.1:${port}/red/gemini-live/kitchen`)).status, 200);
      assert.equal((await fetch(`http://127.0.0.1:${port}/gemini-live/kitchen`)).status, 418);
      express.closeAllConnections();
      await new Promise((resolve) => express.close(resolve));
    });

    it('works behind a reverse proxy that adds a prefix and changes the host', async () => {
      await start({ pin: true });
      const proxy = await reverseProxy('/homes/7', host.port);
      try {
        const base = `${proxy.origin}/homes/7/talk`;
        const slash = await fetch(`${base}/kitchen/`);
        assert.equal(slash.url, `${base}/kitchen`, 'the redirect stays behind the prefix');
        const headers = { origin: proxy.origin };
        const body = JSON.stringify({ pin: host.hub.pin });
        const paired = await fetch(`${base}/pair`, { method: 'POST', headers, body });
        const cookie = paired.headers.get('set-cookie')!.split(';', 1)[0]!;
        const { token } = (await askToken(base, 'kitchen', { cookie })).body;
        const { status, socket } = await tryUpgrade(`${base}/kitchen/socket`, [SUBPROTOCOL, token], headers);
        assert.equal(status, 101);
        socket.send('{"type":"hello"}');
        const [welcome] = (await once(socket, 'message')) as [Buffer];
        assert.match(welcome.toString(), /"welcome"/);
        socket.terminate();
      } finally {
        await proxy.close();
      }
    });
  });

  it('refuses names that cannot stand in an address', async () => {
    await start();
    for (const name of [
      '',
      '.',
      '..',
      'a/b',
      'a\\b',
      'a\nb',
      ' a',
      'assets',
      'pair',
      'sw.js',
      'x'.repeat(101),
    ])
      assert.throws(() => host.hub.page(name), TypeError, name);
    assert.throws(() => host.hub.page(undefined as never), TypeError);
    assert.equal(host.hub.page('kitchen'), host.hub.page('kitchen'));
    assert.deepEqual(host.hub.pages, ['kitchen', 'Küche 2']);
    for (const path of ['talk', '/talk/', '/a?b', '//'])
      assert.throws(() => new TalkHub({ path }), /must look like/, path);
    assert.throws(() => new TalkHub({ secret: Buffer.alloc(3) }), /16 bytes/);
  });
});

/** A small reverse proxy: takes a prefix off, sets Host to the server's own, tells the outer one. */
async function reverseProxy(
  prefix: string,
  port: number,
): Promise<{ origin: string; close: () => Promise<unknown> }> {
  const sockets = new Set<Socket>();
  const outer = (headers: NodeJS.Dict<string | string[]>) => ({
    ...headers,
    host: `127.0.0.1:${port}`,
    'x-forwarded-host': headers['host'],
  });
  const proxy = createServer((request, response) => {
    const { method, headers } = request;
    const path = request.url?.slice(prefix.length);
    const inner = httpRequest(
      { port, host: '127.0.0.1', method, path, headers: outer(headers) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(inner);
  });
  proxy.on('upgrade', (request, socket: Socket) => {
    const inner = connect(port, '127.0.0.1', () => {
      const lines = Object.entries(outer(request.headers)).map(
        ([name, value]) => `${name}: ${String(value)}`,
      );
      inner.write(`GET ${request.url?.slice(prefix.length)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      inner.pipe(socket).pipe(inner);
    });
    for (const one of [inner, socket]) sockets.add(one.on('error', () => {}));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    origin: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      return new Promise((resolve) => proxy.close(resolve));
    },
  };
}

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpFailure } from '../../nodes/mcp/failure';
import type { McpLink } from '../../nodes/mcp/link';
import type { Place } from '../../nodes/mcp/settings';
import { httpServer, linkTo, pidFile, runs, stdioPlace, type Linked } from './mcp-support';
import { until } from './support';

const TOOLS = 11;

describe('link to an MCP server', function () {
  this.timeout(60_000);
  const open: McpLink[] = [];
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((link) => link.close()));
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  const start = (...options: Parameters<typeof linkTo>): Linked => {
    const linked = linkTo(...options);
    open.push(linked.link);
    linked.link.start();
    return linked;
  };
  const ready = ({ link, errors }: Linked): Promise<unknown> =>
    until(`ready: ${errors.join()}`, () => link.state === 'ready', 30_000);
  const server = async (...options: Parameters<typeof httpServer>) => {
    const made = await httpServer(...options);
    closers.push(() => made.close().catch(() => {}));
    return made;
  };
  const http = (url: string, headers: Record<string, string> = {}): Place => ({
    kind: 'http',
    url: new URL(url),
    headers,
  });
  const call = (
    { link }: Linked,
    name: string,
    args: Record<string, unknown> = {},
    signal = new AbortController().signal,
  ): Promise<Record<string, unknown>> => link.call(name, args, { signal, timeoutMs: 10_000 });
  const textOf = (result: Record<string, unknown>): string =>
    (result.content as { text: string }[]).map(({ text }) => text).join();

  for (const kind of ['stdio', 'http'] as const) {
    describe(`by ${kind}`, () => {
      let linked: Linked;
      let made: Awaited<ReturnType<typeof httpServer>> | undefined;
      before(async () => {
        made = kind === 'http' ? await httpServer() : undefined;
        linked = linkTo(made ? http(made.url) : stdioPlace());
        linked.link.start();
        await ready(linked);
      });
      after(async () => {
        await linked.link.close();
        await made?.close();
      });

      it('reads all pages of the tools, and calls them', async () => {
        assert.equal(linked.lists[0]?.length, TOOLS);
        const result = await call(linked, 'set_light', { room: 'kitchen', on: true });
        assert.deepEqual(result.structuredContent, { room: 'kitchen', on: true });
      });

      it('hands on what the server itself calls an error', async () => {
        assert.equal((await call(linked, 'fail')).isError, true);
        await assert.rejects(call(linked, 'refuse'), /There is no tool refuse/);
      });

      it('tells the server of a cancellation', async () => {
        const control = new AbortController();
        const slow = call(linked, 'slow', {}, control.signal);
        slow.catch(() => {});
        await sleep(100);
        control.abort();
        await assert.rejects(slow);
        let heard = '';
        while (!heard.includes('"cancelled":1')) heard = textOf(await call(linked, 'heard'));
      });

      it('follows the changes of the tools', async () => {
        await call(linked, 'grow');
        await until('the new list', () => linked.lists.at(-1)?.includes('tool1'));
      });

      it('tells of progress', async () => {
        const told: unknown[] = [];
        const signal = new AbortController().signal;
        await linked.link.call(
          'steps',
          {},
          { signal, timeoutMs: 10_000, onprogress: (p) => told.push(p.message) },
        );
        assert.deepEqual(told, ['step 1', 'step 2', 'step 3']);
      });

      it('ends a call that takes too long', async () => {
        const signal = new AbortController().signal;
        await assert.rejects(
          linked.link.call('slow', {}, { signal, timeoutMs: 100 }),
          (error: McpFailure) => error.timeout && !error.gone,
        );
      });
    });
  }

  describe('a process', () => {
    it('is started again after its death; what it owed is answered at once', async () => {
      const linked = start(stdioPlace());
      await ready(linked);
      await assert.rejects(call(linked, 'die'), (error: McpFailure) => error.gone);
      await until('ready again', () => linked.states.filter((state) => state === 'ready').length === 2);
      assert.equal(textOf(await call(linked, 'get_temperature')), '{"temperature":21.5}');
    });

    it('is not waited for while it is gone', async () => {
      const linked = start(stdioPlace(['once']), { firstDelayMs: 60_000, maxDelayMs: 60_000 });
      await until('gone', () => linked.link.state === 'lost');
      const before = performance.now();
      await assert.rejects(call(linked, 'fail'), (error: McpFailure) => error.gone);
      assert.ok(performance.now() - before < 1000);
    });

    it('that ends at once is told of with its own words', async () => {
      const linked = start(stdioPlace(['once'], { TEST_SECRET: 'none-of-yours' }));
      await until('two attempts', () => linked.states.filter((state) => state === 'lost').length === 2);
      assert.match(linked.errors[0] ?? '', /no such account/);
    });

    it('that does not exist is told of with advice', async () => {
      const place: Place = {
        kind: 'stdio',
        command: 'no-such-program',
        args: [],
        env: {},
        cwd: process.cwd(),
      };
      const linked = start(place);
      await until('gone', () => linked.link.state === 'lost');
      assert.match(linked.errors[0] ?? '', /cannot be started.*PATH/);
    });

    it('that writes other text between its messages is understood', async () => {
      const linked = start(stdioPlace(['garbage']));
      await ready(linked);
      assert.equal(linked.lists[0]?.length, TOOLS);
      await sleep(200);
      assert.equal(linked.link.state, 'ready');
    });

    it('that sends a message of endless depth ends nothing', async () => {
      const linked = start(stdioPlace(['deep']));
      await ready(linked);
      assert.equal(linked.lists[0]?.length, TOOLS);
    });

    for (const [fault, why] of [
      ['flood', /other text/],
      ['long', /without an end of line/],
      ['asks', /does not read what it is sent/],
    ] as const) {
      it(`that only sends ${fault} is given up, and keeps nobody else from working`, async () => {
        const linked = start(stdioPlace([fault]), { firstDelayMs: 60_000, maxDelayMs: 60_000 });
        let ticks = 0;
        const tick = setInterval(() => (ticks += 1), 20);
        try {
          await until('given up', () => linked.link.state === 'lost', 30_000);
          await until('others work', () => ticks > 3);
        } finally {
          clearInterval(tick);
        }
        assert.match(linked.errors[0] ?? '', why);
      });
    }

    it('that hangs is given up after a time', async () => {
      const linked = start(stdioPlace(['hang']), {}, { connectMs: 200 });
      await until('given up twice', () => linked.states.filter((state) => state === 'lost').length === 2);
      assert.match(linked.errors[0] ?? '', /in time/);
    });

    it('whose tools do not come to an end is given up after a time', async () => {
      const linked = start(stdioPlace(['pages']), {}, { connectMs: 3000 });
      await until('given up', () => linked.link.state === 'lost', 30_000);
      assert.match(linked.errors[0] ?? '', /in time/);
    });

    it('gets the environment that it is given, and no key of ours', async () => {
      process.env.GEMINI_API_KEY = 'not-for-others';
      try {
        const linked = start(stdioPlace(['plain'], { TEST_SECRET: 'for-it-alone' }));
        await ready(linked);
        const { secret, key, args } = JSON.parse(textOf(await call(linked, 'environment'))) as Record<
          string,
          unknown
        >;
        assert.deepEqual({ secret, key, args }, { secret: 'for-it-alone', key: '', args: ['plain'] });
      } finally {
        delete process.env.GEMINI_API_KEY;
      }
    });

    it('is gone after the close, with all that it started, even if it does not listen', async function () {
      if (process.platform === 'win32') this.skip();
      const file = await pidFile();
      closers.push(file.remove);
      const linked = start(stdioPlace(['deaf', 'child', file.fault]));
      await ready(linked);
      const pids = file.pids();
      assert.equal(pids.length, 2);
      assert.deepEqual(pids.map(runs), [true, true]);
      await linked.link.close();
      await until('both are gone', () => !pids.some(runs));
    });

    it('is gone also when the close comes while it starts', async () => {
      const file = await pidFile();
      closers.push(file.remove);
      const linked = start(stdioPlace(['hang', file.fault]));
      const pids = await until('it runs', () => file.pids().length > 0 && file.pids());
      await linked.link.close();
      assert.equal(linked.link.state, 'closed');
      await until('gone', () => !pids.some(runs));
    });
  });

  describe('an address', () => {
    it('gets the headers, with every request, and a farewell', async () => {
      const made = await server({ token: 'secret-token' });
      const linked = start(http(made.url, { authorization: 'Bearer secret-token', 'x-home': 'mine' }));
      await ready(linked);
      await linked.link.close();
      assert.ok(made.state.requests.length >= 4);
      assert.ok(made.state.requests.every(({ headers }) => headers['x-home'] === 'mine'));
      assert.equal(made.state.ended, 1);
    });

    it('that refuses us is told of without the token', async () => {
      const made = await server({ token: 'secret-token' });
      const linked = start(http(made.url, { authorization: 'Bearer wrong-token' }));
      await until('refused', () => linked.link.state === 'lost');
      assert.match(linked.errors[0] ?? '', /HTTP 401.*Check the token/);
      assert.doesNotMatch(linked.errors[0] ?? '', /wrong-token/);
    });

    it('that forgot us is asked again by the same call', async () => {
      const made = await server();
      const linked = start(http(made.url));
      await ready(linked);
      made.forget();
      assert.equal(textOf(await call(linked, 'get_temperature')), '{"temperature":21.5}');
      assert.equal(made.state.calls.length, 1);
    });

    it('that goes away and comes back is found again', async () => {
      const first = await server();
      const linked = start(http(first.url), { pingEveryMs: 100 });
      await ready(linked);
      await first.close();
      await until('its loss is noticed', () => linked.link.state !== 'ready');
      await server({ port: first.port });
      await until('ready again', () => linked.states.filter((state) => state === 'ready').length === 2);
      assert.equal(textOf(await call(linked, 'get_temperature')), '{"temperature":21.5}');
    });

    it('that takes requests and answers none is given up', async () => {
      const made = await server({ hang: true });
      const linked = start(http(made.url), {}, { connectMs: 200 });
      await until('given up', () => linked.link.state === 'lost');
      assert.match(linked.errors[0] ?? '', /in time/);
    });

    it('that sends us to another host does not get our headers there', async () => {
      const other = await server();
      const made = await server({ redirect: other.url });
      const linked = start(http(made.url, { authorization: 'Bearer secret-token' }));
      await until('refused', () => linked.link.state === 'lost');
      assert.match(linked.errors[0] ?? '', /another host/);
      assert.deepEqual(other.state.requests, []);
    });
  });
});

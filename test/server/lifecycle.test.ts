import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import {
  embeddedServer,
  scriptedEars,
  scriptedMind,
  ServerError,
  startServer,
  type LocalLiveServer,
} from '../../src/server';
import { randomFrom } from '../../src/server/clock';
import { lettersOf } from '../support/grammar';
import { until } from '../support/processes';
import { GEN_3_8, geminiPath, NATIVE, WireClient } from '../support/wire-client';
import { closeServers, rehearsal, setupFor } from './helpers';

const reachable = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
};

describe('local Live server: life', () => {
  afterEach(closeServers);

  it('ends sockets, turns and the port when it closes, in the middle of whatever', async () => {
    const server = await rehearsal({ clock: 1 });
    const { url } = server;
    const speaking = await WireClient.start(server, setupFor(NATIVE));
    speaking.sendText('a long one');
    await speaking.until(() => speaking.audioMs > 0, 'sound');
    const silent = await WireClient.open(server);
    const half = new WebSocket(url.replace('http', 'ws') + geminiPath());
    half.on('error', () => {});
    assert.ok(server.connections >= 2);
    await Promise.all([server.close(), server.close()]);
    await Promise.all([speaking.end(), silent.end()]);
    assert.equal(server.connections, 0);
    assert.equal(await reachable(url), false);
  });

  it('counts its connections down when clients go, politely or not', async () => {
    const server = await rehearsal();
    const polite = await WireClient.start(server, setupFor(NATIVE));
    const rude = await WireClient.start(server, setupFor(NATIVE));
    rude.sendText('hello');
    await rude.until(() => rude.audioMs > 0, 'sound');
    assert.equal(server.connections, 2);
    polite.close();
    rude.socket.terminate();
    await until('all to be gone', () => server.connections === 0);
  });

  it('leaves no timer and no socket behind, however its conversations ended', async () => {
    const held = (): number =>
      process.getActiveResourcesInfo().filter((kind) => /^(TCP|Timeout)/.test(kind)).length;
    const before = held();
    // Half a minute to play, so that a timer that is not cleared would outlast this test.
    const mind = scriptedMind(() => 'word '.repeat(100));
    const server = await rehearsal({ clock: 1, generationSpeed: 10_000, mind });
    const clients = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const client = await WireClient.start(server, setupFor(NATIVE));
        client.sendText('a long one');
        await client.until(() => lettersOf(client.messages).endsWith('G'), 'generationComplete');
        if (i % 3 === 0) client.close();
        if (i % 3 === 1) client.socket.terminate();
        if (i % 3 === 2) client.send('{');
        return client;
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    await until('the server to notice', () => server.connections === 0);
    await server.close();
    // One more is mocha's own limit for this test.
    await until('all to be given back', held, (now) => now <= before + 1, 10_000);
  });

  it('says which port is taken and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await assert.rejects(startServer({ port }), (error: unknown) => {
      assert.ok(error instanceof ServerError);
      assert.equal(error.code, 'PORT_IN_USE');
      assert.match(error.message, new RegExp(`${port}.*taken.*Choose another port`));
      return true;
    });
    taken.close();
  });

  for (const [title, options, code] of [
    ['a port out of range', { port: 70_000 }, 'BAD_OPTION'],
    ['a port that is no number', { port: NaN }, 'BAD_OPTION'],
    ['a clock that stands', { clock: 0 }, 'BAD_OPTION'],
    ['an address of another machine', { host: '203.0.113.1' }, 'LISTEN_FAILED'],
    ['a scenario that is not there', { scenario: './no-such-file.json' }, 'SCENARIO_NOT_FOUND'],
  ] as const) {
    it(`refuses ${title} before it listens`, async () => {
      await assert.rejects(rehearsal(options), { code });
    });
  }

  it('listens on loopback unless told otherwise', async () => {
    const server = await rehearsal();
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const six = await rehearsal({ host: '::1' }).catch(() => undefined);
    if (six) assert.match(six.url, /^http:\/\/\[::1\]:\d+$/);
  });

  it('ends a conversation with 1011 when one of its parts fails, and only that one', async () => {
    const server = await rehearsal({
      mind: scriptedMind(({ text }) => {
        if (text === 'break') throw new Error('mind lost');
        return 'fine';
      }),
    });
    const problems: string[] = [];
    server.on('problem', ({ error }) => problems.push((error as Error).message));
    const [bad, good] = [
      await WireClient.start(server, setupFor(NATIVE)),
      await WireClient.start(server, setupFor(NATIVE)),
    ];
    bad.sendText('break');
    assert.deepEqual(await bad.end(), { code: 1011, reason: 'Internal error encountered.' });
    good.sendText('hello');
    await good.turns(1);
    assert.deepEqual(problems, ['mind lost']);
    good.close();
  });

  it('says which wordings it can only read', async () => {
    assert.deepEqual((await rehearsal()).deaf, []);
    const ears = { ...scriptedEars([]), deaf: ['open the attic'] };
    assert.deepEqual((await rehearsal({ ears })).deaf, ['open the attic']);
  });

  it('is not broken by an onlooker that throws', async () => {
    const server = await rehearsal();
    server.on('heard', () => {
      throw new Error('onlooker');
    });
    const problems: unknown[] = [];
    server.on('problem', ({ error }) => problems.push(error));
    const client = await WireClient.start(server, setupFor(NATIVE));
    client.sendText('hello');
    await client.turns(1);
    assert.equal(problems.length, 1);
    client.close();
  });

  it('survives thousands of random and mutated messages, one closed socket each', async () => {
    const server = await rehearsal();
    const random = randomFrom(42);
    const setup = JSON.stringify({ setup: setupFor(NATIVE) });
    const tools = [{ functionDeclarations: [{ name: 'f' }] }];
    const other = JSON.stringify({ setup: setupFor(GEN_3_8, { tools, sessionResumption: {} }) });
    const turns = [{ role: 'user', parts: [{ text: 'call the function f' }] }];
    const later = [
      { realtimeInput: { audio: { data: 'AAAAAAAA', mimeType: 'audio/pcm;rate=16000' } } },
      { realtimeInput: { text: 'hello' } },
      { clientContent: { turns, turnComplete: true } },
      {
        toolResponse: {
          functionResponses: [{ id: '1', name: 'f', response: { a: [1] }, scheduling: 'SILENT' }],
        },
      },
      { contextUpdate: { tools: { tools: [{ functionDeclarations: [{ name: 'f' }] }] } } },
    ].map((message) => JSON.stringify(message));
    const mutate = (text: string): Buffer => {
      const bytes = Buffer.from(text);
      for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      return bytes.subarray(0, random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length);
    };
    for (let batch = 0; batch < 20; batch++) {
      const clients = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          const client = await WireClient.open(server);
          if (i % 2) client.send(i % 3 ? setup : other);
          for (let n = 0; n < 10; n++) client.send(mutate(n % 2 ? later[(i + n) % later.length]! : setup));
          return client;
        }),
      );
      for (const client of clients) client.close();
      await Promise.all(clients.map((client) => client.end()));
    }
    await until('all to be gone', () => server.connections === 0);
    const good = await WireClient.start(server, setupFor(NATIVE));
    good.sendText('hello');
    await good.turns(1);
    good.close();
  });

  it('survives deep nesting and names that JavaScript treats specially', async () => {
    const server = await rehearsal();
    const deep = `{"setup":{"tools":[{"functionDeclarations":[{"parameters":${'{"items":'.repeat(5000)}{}${'}'.repeat(5000)}}]}]}}`;
    for (const text of [
      deep,
      '['.repeat(100_000),
      '{"__proto__":{"setup":{}}}',
      '{"setup":{"__proto__":{"model":"x"}}}',
      '{"constructor":{}}',
      '{"setup":{"hasOwnProperty":1}}',
    ]) {
      const client = await WireClient.open(server);
      client.send(text);
      assert.equal((await client.end()).code, 1007, text.slice(0, 40));
    }
  });

  describe('embedded', () => {
    it('is one per scenario, shared, and closed by the last to leave', async () => {
      const [a, b] = await Promise.all([embeddedServer(), embeddedServer({ scenario: 'assistant' })]);
      assert.equal(a.server, b.server);
      await a.release();
      await a.release();
      assert.ok(await reachable(b.server.url));
      await b.release();
      assert.equal(await reachable(b.server.url), false);
      const c = await embeddedServer();
      assert.notEqual(c.server, a.server);
      await c.release();
    });

    it('tries anew after a scenario could not be loaded', async () => {
      const wrong = { scenario: './no-such-file.json' };
      await assert.rejects(embeddedServer(wrong), { code: 'SCENARIO_NOT_FOUND' });
      await assert.rejects(embeddedServer(wrong), { code: 'SCENARIO_NOT_FOUND' });
    });
  });

  describe('faults', () => {
    const start = async (server: LocalLiveServer) => {
      const client = await WireClient.open(server);
      client.send({ setup: setupFor(NATIVE) });
      return client;
    };

    it('never upgrades', async () => {
      const server = await rehearsal({ faults: { neverUpgrade: true } });
      const socket = new WebSocket(server.url.replace('http', 'ws') + geminiPath());
      socket.on('error', () => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(socket.readyState, WebSocket.CONNECTING);
      await server.close();
      await until('the socket to fail', () => socket.readyState === WebSocket.CLOSED);
    });

    it('never completes the setup', async () => {
      const client = await start(await rehearsal({ faults: { neverSetupComplete: true } }));
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(client.frames.length, 0);
      assert.equal(client.closed, undefined);
    });

    it('sends a frame that is no JSON, and goes on', async () => {
      const client = await start(await rehearsal({ faults: { badFrame: 2 } }));
      client.sendText('hello');
      await client.turns(1);
      assert.throws(() => void JSON.parse(client.frames[1]!.toString()));
      assert.doesNotThrow(() => void JSON.parse(client.frames[2]!.toString()));
    });

    it('cuts the connection in the middle of the sound', async () => {
      const client = await start(await rehearsal({ faults: { terminateAfterAudio: 3 } }));
      client.sendText('hello');
      assert.equal((await client.end()).code, 1006);
      assert.equal(lettersOf(client.messages).replace(/[^A]/g, ''), 'AAA');
    });

    it('closes with any code and reason after any number of frames', async () => {
      const close = { code: 1011, reason: 'Deadline expired before operation could complete.' };
      for (const afterFrames of [0, 1, 3]) {
        const client = await start(await rehearsal({ faults: { close: { ...close, afterFrames } } }));
        client.sendText('hello');
        assert.deepEqual(await client.end(), close);
        assert.equal(client.frames.length, afterFrames);
      }
    });

    it('cuts the connection for a code that cannot be sent', async () => {
      for (const afterFrames of [0, 2]) {
        const close = { code: 1006, reason: '', afterFrames };
        const client = await start(await rehearsal({ faults: { close } }));
        client.sendText('hello');
        assert.equal((await client.end()).code, 1006);
      }
    });

    it('can be switched while the server runs', async () => {
      const server = await rehearsal();
      (await start(server)).close();
      server.faults.close = { code: 1011, reason: 'Internal error encountered.', afterFrames: 0 };
      assert.equal((await (await start(server)).end()).code, 1011);
      delete server.faults.close;
      const client = await start(server);
      await client.until((messages) => messages.length > 0);
    });
  });
});

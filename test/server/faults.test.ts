import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { decode } from '../../src/protocol';
import {
  closes,
  HandleStore,
  scriptedMind,
  startServer,
  type Faults,
  type LocalLiveServer,
  type Voice,
} from '../../src/server';
import { lettersOf } from '../support/grammar';
import { checkServer } from '../support/schema-check';
import { geminiPath, NATIVE, WireClient } from '../support/wire-client';
import { assertValid, closeServers, handleOf, rehearsal, setupFor } from './helpers';

const DEADLINE = { code: 1011, reason: 'Deadline expired before operation could complete.' };

const connect = (server: LocalLiveServer, handle?: string): Promise<WireClient> =>
  WireClient.start(server, setupFor(NATIVE, { sessionResumption: { ...(handle && { handle }) } }));

/** Its samples hold every letter of base64. */
const noisyVoice: Voice = {
  speak: async () => ({ pcm: Int16Array.from({ length: 24_000 }, (_, i) => i * 7919), source: 'clip' }),
};

/** A server whose times pass a hundred times as fast. */
const quick = (faults?: Faults): Promise<LocalLiveServer> => rehearsal({ clock: 100, faults });

/** A handle, and the conversation behind it closed. */
async function leave(server: LocalLiveServer): Promise<string> {
  const client = await connect(server);
  client.sendText('apples');
  await client.until(() => handleOf(client) !== '', 'a handle');
  client.close();
  await client.end();
  return handleOf(client);
}

const goAways = (client: WireClient): string[] =>
  client.messages.flatMap(({ goAway }) => goAway?.timeLeft ?? []);

describe('local Live server: faults', () => {
  afterEach(closeServers);

  describe('goAway', () => {
    it('is sent to all who are connected, and the end comes when the time is up', async () => {
      const server = await quick();
      const clients = [await connect(server), await connect(server)];
      server.goAway('20s');
      for (const client of clients) {
        assert.deepEqual(await client.end(), DEADLINE);
        assert.deepEqual(goAways(client), ['20s']);
        assertValid(client);
      }
    });

    it('can be followed by another close, or by none', async () => {
      const server = await quick();
      const client = await connect(server);
      server.goAway('0.5s', { thenClose: false });
      client.sendText('hello');
      await client.turns(1);
      server.goAway('0.5s', { thenClose: closes.aborted() });
      assert.deepEqual(await client.end(), closes.aborted());
    });

    it('comes by itself after some time, or after some turns', async () => {
      const server = await quick({ goAway: { afterMs: 2000, timeLeft: '9.5s' } });
      const timed = await connect(server);
      assert.deepEqual(await timed.end(), DEADLINE);
      assert.deepEqual(goAways(timed), ['9.5s']);
      server.faults.goAway = { afterTurns: 2, thenClose: false };
      const counted = await connect(server);
      counted.sendText('one');
      await counted.turns(1);
      counted.sendText('two');
      await counted.until(() => goAways(counted).length > 0, 'goAway');
      assert.equal(counted.completed, 2);
    });

    it('comes before the setup is answered, and the conversation still begins', async () => {
      const client = await WireClient.open(await quick({ goAwayBeforeSetup: true }));
      client.send({ setup: setupFor(NATIVE) });
      await client.until((messages) => messages.length === 2, 'two frames');
      assert.deepEqual(Object.keys(client.messages[0]!), ['goAway']);
      assert.deepEqual(Object.keys(client.messages[1]!), ['setupComplete']);
    });

    it('may be the last that is heard', async () => {
      const server = await quick();
      const client = await connect(server);
      server.goAway('50s', { silentAfter: true });
      await client.until(() => goAways(client).length > 0, 'goAway');
      client.sendText('hello?');
      assert.deepEqual(await client.end(), DEADLINE);
      assert.equal(client.messages.at(-1)?.goAway?.timeLeft, '50s');
    });

    it('comes 50 s before the ten minutes of a connection are over', async () => {
      const client = await connect(await rehearsal({ clock: 2000 }));
      assert.deepEqual(await client.end(), DEADLINE);
      assert.deepEqual(goAways(client), ['50s']);
    });

    it('does not come to a connection without a limit', async () => {
      const client = await connect(
        await rehearsal({ clock: 20_000, limits: { connectionMs: 0, sessionMs: 0 } }),
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(client.closed, undefined);
      assert.deepEqual(goAways(client), []);
    });
  });

  it('cuts all connections at once', async () => {
    const server = await rehearsal();
    const clients = [await connect(server), await connect(server)];
    server.dropAll();
    for (const client of clients) assert.equal((await client.end()).code, 1006);
    assert.equal(server.connections, 0);
    await connect(server);
  });

  it('closes all connections with one reason', async () => {
    const server = await rehearsal();
    const client = await connect(server);
    server.closeAll(closes.unavailable());
    assert.deepEqual(await client.end(), closes.unavailable());
  });

  it('falls silent after some frames, on an open socket', async () => {
    const client = await connect(await rehearsal({ faults: { silentAfterFrames: 4 } }));
    client.sendText('hello');
    await client.until((messages) => messages.length === 4, 'four frames');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(client.messages.length, 4);
    assert.equal(client.socket.readyState, WebSocket.OPEN);
  });

  it('cuts or closes after some time', async () => {
    const server = await rehearsal({ faults: { terminateAfterMs: 500 } });
    assert.equal((await (await connect(server)).end()).code, 1006);
    server.faults = { closeAfterMs: { ms: 500 } };
    assert.deepEqual(await (await connect(server)).end(), closes.internal());
    server.faults = { closeAfterMs: { ms: 500, close: closes.quota() } };
    assert.deepEqual(await (await connect(server)).end(), closes.quota());
  });

  it('pads a frame to 8 MB, which is still a good message', async () => {
    const client = await connect(await rehearsal({ faults: { hugeFrame: 2 } }));
    client.sendText('hello');
    await client.turns(1);
    assert.equal(client.frames[1]?.length, 8 * 1024 * 1024);
    assertValid(client);
  });

  it('sends messages in fragments, which are read as one', async () => {
    const server = await rehearsal({ faults: { fragmented: true } });
    const client = await connect(server);
    client.sendText('hello');
    await client.turns(1);
    assertValid(client);
    const upgrade = request(server.url + geminiPath().slice(1), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      },
    }).end();
    const [, socket] = (await once(upgrade, 'upgrade')) as [unknown, Socket];
    const setup = Buffer.from(JSON.stringify({ setup: { model: NATIVE } }));
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | setup.length, 0, 0, 0, 0]), setup]));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.equal(bytes[0], 0x02, 'binary, and not the last frame of its message');
    socket.destroy();
  });

  it('spells its messages in other legal ways, which are read as the same', async () => {
    const faults = { snakeCase: true, urlSafeBase64: true, vertexSpelling: true };
    const client = await WireClient.open(await rehearsal({ faults, voice: noisyVoice }));
    client.send({ setup: setupFor(NATIVE) });
    client.sendText('hello');
    await client.until(() => client.frames.some((frame) => frame.includes('turn_complete')), 'turn_complete');
    const text = client.frames.join('');
    assert.match(text, /"candidates_token_count"/);
    assert.doesNotMatch(text, /"turnComplete"|"responseTokenCount"/);
    const data = /"data": "([^"]*[-_][^"]*)"/.exec(text)?.[1] ?? '';
    assert.doesNotMatch(data, /[+/]/);
    for (const frame of client.frames) assert.deepEqual(checkServer(decode(frame.toString())), []);
    const usage = client.frames.map((frame) => decode(frame)).at(-1)?.usageMetadata;
    assert.ok((usage?.responseTokenCount ?? 0) > 0);
  });

  it('leaves the arguments of a call as they are, however the rest is spelt', async () => {
    const mind = scriptedMind(({ results }) =>
      results ? 'done' : { say: '', calls: [{ name: 'f', args: { myKey: { innerKey: 1 } } }] },
    );
    const client = await WireClient.open(await rehearsal({ faults: { snakeCase: true }, mind }));
    client.send({ setup: setupFor(NATIVE, { tools: [{ functionDeclarations: [{ name: 'f' }] }] }) });
    client.sendText('hello');
    await client.until(() => client.frames.some((frame) => frame.includes('tool_call')), 'tool_call');
    assert.match(client.frames.join(''), /"myKey": \{\s+"innerKey": 1/);
  });

  it('stops reading after the setup', async () => {
    const server = await rehearsal({ faults: { stalledReader: true } });
    const client = await connect(server);
    client.sendText('hello');
    const chunk = 'A'.repeat(1024 * 1024);
    for (let i = 0; i < 16; i++)
      client.send({ realtimeInput: { audio: { data: chunk, mimeType: 'audio/pcm' } } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(server.stats[0]?.messages, 0);
    assert.ok(client.socket.bufferedAmount > 0, 'what it sends stays with the client');
    client.socket.terminate();
  });

  it('answers pings, late if it is to', async () => {
    const server = await rehearsal({ clock: 10 });
    const pong = async (): Promise<number> => {
      const client = await connect(server);
      const since = Date.now();
      client.socket.ping('abc');
      const [data] = (await once(client.socket, 'pong')) as [Buffer];
      assert.equal(data.toString(), 'abc');
      return Date.now() - since;
    };
    await pong();
    server.faults.pongDelayMs = 5000;
    assert.ok((await pong()) >= 450);
  });

  it('sends handles all the time, asked for or not', async () => {
    const server = await rehearsal({ clock: 20, faults: { handlesEveryMs: 500 } });
    const client = await WireClient.start(server, setupFor(NATIVE));
    const handles = () =>
      client.messages.filter((message) => message.sessionResumptionUpdate?.newHandle).length;
    await client.until(() => handles() >= 3, 'three handles');
  });

  describe('turns', () => {
    const turn = async (faults: Faults): Promise<WireClient> => {
      const client = await connect(await rehearsal({ faults }));
      client.sendText('one');
      await client.turns(1);
      client.sendText('two');
      await client.turns(2);
      assertValid(client);
      return client;
    };
    const loudest = (client: WireClient): number =>
      Math.max(
        0,
        ...client.messages
          .flatMap((message) => message.serverContent?.modelTurn?.parts ?? [])
          .map((part) => Buffer.from(part.inlineData?.data ?? '', 'base64'))
          .flatMap((bytes) =>
            [...new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)].map(Math.abs),
          ),
      );

    it('without a word, with a reason', async () => {
      const client = await turn({ emptyTurn: 1, emptyTurnReason: 'RESPONSE_REJECTED' });
      assert.match(lettersOf(client.messages), /^SGZRT[OA]+GZ/);
      const reasons = client.messages.flatMap((message) => message.serverContent?.turnCompleteReason ?? []);
      assert.deepEqual(reasons, ['RESPONSE_REJECTED']);
    });

    it('with silence for sound', async () => {
      const client = await turn({ silentAudio: true });
      assert.ok(client.audioMs > 0);
      assert.equal(loudest(client), 0);
    });

    it('with a tone for speech', async () => {
      const client = await turn({ toneAudio: 2, silentAudio: 1 });
      assert.equal(loudest(client), 8000);
    });
  });

  it('cuts by chance, and by the same chance with the same seed', async () => {
    const cutAt: number[] = [];
    for (const seed of [3, 3, 4]) {
      const server = await startServer({ seed, faults: { dropProbability: 0.05 }, clock: 50 });
      const client = await WireClient.open(server);
      client.send({ setup: setupFor(NATIVE) });
      client.sendText('tell me a story');
      assert.equal((await client.end()).code, 1006);
      cutAt.push(client.frames.length);
      await server.close();
    }
    assert.equal(cutAt[0], cutAt[1]);
    assert.notEqual(cutAt[0], cutAt[2]);
  });

  it('refuses to be connected to, with status and words', async () => {
    const server = await rehearsal({ faults: { httpStatus: { status: 429, body: 'Quota exceeded' } } });
    const answer = await new Promise<string>((resolve) => {
      const socket = new WebSocket(server.url.replace('http', 'ws') + geminiPath());
      socket.on('error', () => {});
      socket.on('unexpected-response', (_request, response) => {
        response.on('data', (body: Buffer) => resolve(`${response.statusCode} ${body.toString()}`));
      });
    });
    assert.equal(answer, '429 Quota exceeded\n');
  });

  describe('resumption', () => {
    it('is refused with any close, new conversations are not', async () => {
      const server = await rehearsal();
      const handle = await leave(server);
      server.faults.refuseResumption = closes.internal();
      const client = await WireClient.open(server);
      client.send({ setup: setupFor(NATIVE, { sessionResumption: { handle } }) });
      assert.deepEqual(await client.end(), closes.internal());
      await connect(server);
    });

    it('is accepted and then poisoned: the conversation never answers', async () => {
      const server = await rehearsal();
      const handle = await leave(server);
      server.faults.poisonedHandles = 'silent';
      const client = await connect(server, handle);
      client.sendText('hello?');
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(lettersOf(client.messages), 'S');
      const fresh = await connect(server);
      fresh.sendText('hello');
      await fresh.turns(1);
    });

    it('is accepted and then poisoned: it closes with the first message', async () => {
      const server = await rehearsal();
      const handle = await leave(server);
      server.faults.poisonedHandles = closes.aborted();
      const client = await connect(server, handle);
      assert.equal(client.closed, undefined);
      client.sendText('hello?');
      assert.deepEqual(await client.end(), closes.aborted());
    });

    it('survives a restart on the same port when the handles are kept', async () => {
      const handles = new HandleStore();
      const first = await rehearsal({ handles });
      const handle = await leave(first);
      await first.close();
      const second = await rehearsal({ handles, port: first.port });
      const resumed: number[] = [];
      second.on('resumed', ({ from }) => resumed.push(from));
      await connect(second, handle);
      assert.deepEqual(resumed, [1]);
      assert.equal(second.stats[0]?.resumed, 1);
    });
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RecordingError, recordingLine, type Recording, type RecordingEntry } from '../../src/protocol';
import { playRecording, Player, startServer, type LocalLiveServer, type PlayOptions } from '../../src/server';
import { WireClient } from '../support/wire-client';

type Line = [ms: number, dir: string, message: unknown];

const pcm = (ms: number): string => Buffer.alloc(ms * 32).toString('base64');
const audio = (ms: number): object => ({
  realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: pcm(ms) } },
});
const sound = { mimeType: 'audio/pcm;rate=24000', data: Buffer.alloc(480, 1).toString('base64') };
const says = (text: string): object => ({ serverContent: { outputTranscription: { text } } });
const asks = (text: string): object => ({
  clientContent: { turns: [{ parts: [{ text }], role: 'user' }], turnComplete: true },
});
const SETUP = { setup: { model: 'models/m', generationConfig: { responseModalities: ['AUDIO'] } } };

/** A recording of some connections. */
function recording(...connections: Line[][]): Recording {
  const entries = connections.flatMap((lines, index) =>
    lines.map(([ms, dir, message]) =>
      typeof message === 'string'
        ? { ms, dir, connection: index + 1, text: message }
        : { ms, dir, connection: index + 1, message },
    ),
  ) as RecordingEntry[];
  const header = {
    format: 'gemini-live-recording',
    version: 1,
    at: 0,
    model: 'm',
    endpoint: 'local',
  } as const;
  return { header, entries, complete: true };
}

const TALK: Line[] = [
  [0, 'opened', { session: 's' }],
  [1, 'sent', SETUP],
  [100, 'received', { setupComplete: {} }],
  [110, 'sent', asks('one')],
  [200, 'received', says('first')],
  [210, 'received', { serverContent: { turnComplete: true } }],
  [300, 'sent', audio(500)],
  [800, 'sent', audio(500)],
  [900, 'received', says('second')],
  [950, 'closed', { code: 1000, reason: '', by: 'client' }],
];

describe('server: player', () => {
  const servers: Array<{ close(): Promise<void> }> = [];
  const clients: WireClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(
    made: Recording,
    options: PlayOptions = {},
  ): Promise<LocalLiveServer & { player: Player }> {
    const server = await startServer({ player: new Player(made, { speed: 0, ...options }) });
    servers.push(server);
    return server as LocalLiveServer & { player: Player };
  }
  async function connect(server: LocalLiveServer): Promise<WireClient> {
    const client = await WireClient.open(server);
    clients.push(client);
    return client;
  }
  /** Says what is said in TALK, up to the changes of a test. */
  async function talk(server: LocalLiveServer, change: Record<string, object[]> = {}): Promise<WireClient> {
    const client = await connect(server);
    const say = (key: string, ...messages: object[]): void => {
      for (const message of change[key] ?? messages) client.send(message);
    };
    say('setup', SETUP);
    await client.until((all) => all.length >= 1);
    say('text', asks('one'));
    await client.until((all) => all.length >= 3);
    say('audio', audio(1000));
    await client.until((all) => all.length >= 4);
    return client;
  }
  const left = async (client: WireClient, player: Player): Promise<void> => {
    client.close();
    await client.end();
    while (!player.finished) await new Promise((resolve) => player.once('played', resolve));
  };

  it('gives each answer when the client has said what it had said before it', async () => {
    const server = await serve(recording(TALK));
    const waits: string[] = [];
    server.player.on('waiting', ({ kinds }) => waits.push(...kinds));
    const client = await connect(server);
    assert.equal(client.messages.length, 0, 'no setup yet');
    client.send(SETUP);
    await client.until((all) => all.length === 1);
    client.send(asks('anything'));
    await client.until((all) => all.length === 3);
    client.send(audio(300));
    client.send(audio(300));
    client.send(audio(150));
    client.send({ realtimeInput: { video: { mimeType: 'image/jpeg', data: '' } } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(client.messages.length, 3, 'not with three quarters of the sound');
    client.send(audio(200));
    await client.until((all) => all.length === 4);
    assert.deepEqual(client.messages, [
      { setupComplete: {} },
      says('first'),
      { serverContent: { turnComplete: true } },
      says('second'),
    ]);
    assert.equal(client.gotText, false, 'binary, as the service');
    assert.equal(client.closed, undefined, 'it was the client who closed');
    assert.deepEqual(waits.slice(0, 2), ['setup', 'clientContent']);
  });

  it('keeps the times of the recording, or plays faster', async () => {
    const lines = (pause: number): Line[] => [
      [0, 'sent', SETUP],
      [0, 'received', { setupComplete: {} }],
      [pause, 'received', says('late')],
      [pause + 1, 'closed', { code: 1011, reason: 'Deadline expired', by: 'server' }],
    ];
    const played = async (pause: number, speed: number): Promise<number> => {
      const client = await connect(await serve(recording(lines(pause)), { speed }));
      const start = performance.now();
      client.send(SETUP);
      assert.deepEqual(await client.end(), { code: 1011, reason: 'Deadline expired' });
      assert.equal(client.messages.length, 2);
      return performance.now() - start;
    };
    assert.ok((await played(400, 1)) > 390, 'not too early');
    await played(3_600_000, 36_000);
    await played(3_600_000, 0);
  });

  it('gives each client the next connection, and none when there is no more', async () => {
    const one = (text: string): Line[] => [
      [0, 'sent', SETUP],
      [1, 'received', says(text)],
      [2, 'closed', { code: 1006, reason: '', by: 'server' }],
    ];
    const server = await serve(recording(one('a'), one('b')), { verify: true });
    for (const text of ['a', 'b']) {
      const client = await connect(server);
      client.send(SETUP);
      assert.equal((await client.end()).code, 1006, 'cut, as it was');
      assert.deepEqual(client.messages, [says(text)]);
    }
    assert.deepEqual(await (await connect(server)).end(), {
      code: 1008,
      reason: 'The recording has no connection 3.',
    });
    assert.deepEqual(server.player.differences, ['The recording has 2 connections, the client made 3.']);
    const again = await serve(recording(one('a')), { repeat: true });
    for (let i = 0; i < 3; i++) {
      const client = await connect(again);
      client.send(SETUP);
      await client.end();
      assert.deepEqual(client.messages, [says('a')]);
    }
  });

  it('plays sound that was left out as silence of the same length, and bad frames as they were', async () => {
    const part = (inlineData: object): object => ({
      serverContent: { modelTurn: { parts: [{ inlineData }] } },
    });
    const server = await serve(
      recording([
        [0, 'sent', { realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', bytes: 3200 } } }],
        [1, 'received', part(sound)],
        [1, 'received', part({ mimeType: sound.mimeType, bytes: 480 })],
        [2, 'received', '{"serverContent"'],
      ]),
    );
    const client = await connect(server);
    client.send(audio(100));
    await client.until((all) => all.length === 3);
    assert.deepEqual(client.messages.slice(0, 2), [
      part(sound),
      part({ mimeType: sound.mimeType, data: Buffer.alloc(480).toString('base64') }),
    ]);
    assert.equal(client.frames[2]?.toString(), '{"serverContent"');
  });

  it('reads a file, and says what is wrong with one', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'player-'));
    const file = path.join(folder, 'a.jsonl');
    const { header, entries } = recording(TALK);
    await writeFile(file, [header, ...entries].map(recordingLine).join(''));
    const server = await startServer({ recording: file, speed: 0 });
    servers.push(server);
    await talk(server);
    await writeFile(file, 'version: 1\n');
    const failed = async (name: string): Promise<string> =>
      startServer({ recording: name }).then(
        () => assert.fail('started'),
        (error: unknown) => {
          assert.ok(error instanceof RecordingError);
          return error.message;
        },
      );
    assert.match(await failed(file), /a\.jsonl: Line 1 of the recording/);
    assert.match(await failed(path.join(folder, 'none')), /none cannot be read: it does not exist/);
    await rm(folder, { recursive: true });
  });

  it('hangs up at the end, where it is told so', async () => {
    const client = await talk(await serve(recording(TALK), { hangUp: true }));
    assert.deepEqual(await client.end(), { code: 1000, reason: 'The recording is over.' });
    assert.equal(client.messages.length, 4, 'after the last word');
  });

  it('ends with its server, in the middle of a pause', async () => {
    const server = await serve(
      recording([
        [0, 'sent', SETUP],
        [3_600_000, 'received', says('much later')],
      ]),
      { speed: 1 },
    );
    const client = await connect(server);
    client.send(SETUP);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.close();
    assert.equal((await client.end()).code, 1006);
  });

  describe('as a test', () => {
    const verify = { verify: true, patienceMs: 15_000 };
    const differences = async (
      change: Record<string, object[]>,
      options: PlayOptions = {},
    ): Promise<string[]> => {
      const server = await serve(recording(TALK), { ...verify, ...options });
      await left(await talk(server, change), server.player);
      return server.player.differences;
    };

    it('passes a client that does the same, in its own portions and spelling', async () => {
      assert.deepEqual(await differences({}), []);
      const snake = {
        client_content: { turns: [{ role: 'user', parts: [{ text: 'one' }] }], turn_complete: true },
      };
      assert.deepEqual(await differences({ text: [snake], audio: Array<object>(49).fill(audio(20)) }), []);
    });

    it('says in words what a client does otherwise', async () => {
      const cases: Array<[Record<string, object[]>, string[]]> = [
        [
          { setup: [{ setup: { model: 'models/n', generationConfig: {} } }] },
          [
            'Connection 1: the client sent setup.model = "models/n", in the recording it is "models/m".',
            'Connection 1: the client left out setup.generationConfig.responseModalities, in the recording it is ["AUDIO"].',
          ],
        ],
        [
          { text: [asks('two')] },
          [
            'Connection 1: the client sent clientContent.turns.0.parts.0.text = "two", in the recording it is "one".',
          ],
        ],
        [
          { text: [{ realtimeInput: { activityStart: {} } }, asks('one')] },
          [
            'Connection 1: the client sent a realtimeInput.activityStart that the recording has not: {"realtimeInput":{"activityStart":{}}}.',
          ],
        ],
        [
          { audio: [audio(1500)] },
          ['Connection 1: the client sent 1500 ms of audio, the recording has 1000 ms.'],
        ],
      ];
      for (const [change, expected] of cases) assert.deepEqual(await differences(change), expected);
    });

    it('can be told what may differ', async () => {
      const change = { text: [asks('two')], setup: [{ setup: { model: 'models/n' } }] };
      const ignore = ['setup', 'clientContent.turns.*.parts'];
      assert.deepEqual(await differences(change, { ignore }), []);
    });

    it('does not compare the numbers of secrets', async () => {
      const headers = (secret: string): object => ({
        setup: {
          tools: [{ mcpServers: [{ streamableHttpTransport: { headers: { Authorization: secret } } }] }],
        },
      });
      const server = await serve(recording([[0, 'sent', headers('[secret-7]')]]), verify);
      const client = await connect(server);
      client.send(headers('Bearer abcdef123456'));
      client.socket.ping();
      await new Promise((resolve) => client.socket.once('pong', resolve));
      await left(client, server.player);
      assert.deepEqual(server.player.differences, []);
    });

    it('sends a client away that lets it wait, and says for what', async () => {
      const server = await serve(recording(TALK), { verify: true, patienceMs: 100 });
      const client = await connect(server);
      client.send(SETUP);
      assert.deepEqual(await client.end(), { code: 1008, reason: 'The recording waits for clientContent.' });
      while (!server.player.finished) await new Promise((resolve) => server.player.once('played', resolve));
      const [first, second, third] = server.player.differences;
      assert.match(first!, /the client sent no clientContent where the recording has \{"clientContent"/);
      assert.match(second!, /0 ms of audio, the recording has 1000 ms/);
      assert.match(third!, /after 0\.1 s the client still had not sent its clientContent/);
    });

    it('notices a client that leaves too early, or not at all', async () => {
      const early = await serve(recording(TALK), verify);
      const client = await connect(early);
      client.send(SETUP);
      await client.until((all) => all.length === 1);
      await left(client, early.player);
      assert.match(early.player.differences.join(), /ended the connection after 1 of 4 recorded frames/);
      const late = await serve(recording(TALK), { verify: true, patienceMs: 100 });
      assert.equal((await (await talk(late)).end()).reason, 'The recording is over.');
      while (!late.player.finished) await new Promise((resolve) => late.player.once('played', resolve));
      assert.match(late.player.differences.join(), /did not close the connection/);
    });

    it('is one call in a test of a user', async () => {
      const good = await playRecording(recording(TALK));
      servers.push(good);
      const same = await talk({ url: good.url } as LocalLiveServer);
      same.close();
      await good.verified();
      const bad = await playRecording(recording(TALK), { patienceMs: 100 });
      servers.push(bad);
      const other = await talk({ url: bad.url } as LocalLiveServer, { text: [asks('two')] });
      other.close();
      await assert.rejects(bad.verified(), /differs from the recording:\n- Connection 1: .*"two"/);
      const never = await playRecording(recording(TALK));
      servers.push(never);
      await assert.rejects(never.verified(50), /made 0[\s\S]*not come to its end within 0\.05 s/);
    });
  });
});

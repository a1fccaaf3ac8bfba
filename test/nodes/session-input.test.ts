import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createMedia, PCM_16K, PCM_24K } from '../../src/media';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { frame, microphone, spoken, spokenWav } from './sounds';
import { helper, run, sessionFlow, until, type Running } from './support';

type Json = Record<string, Record<string, unknown>>;

/** What the client put on the wire, seen by a server that does nothing of its own. */
describe('session node: inputs', () => {
  let server: ScriptedServer;

  beforeEach(async () => (server = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const realtime = (wire: ScriptedConnection): Record<string, unknown>[] =>
    (wire.received as Json[]).flatMap(({ realtimeInput }) => (realtimeInput ? [realtimeInput] : []));
  const names = (wire: ScriptedConnection): string[] => [
    ...new Set(realtime(wire).flatMap((input) => Object.keys(input))),
  ];
  const pcm = (wire: ScriptedConnection): Buffer =>
    Buffer.concat(
      realtime(wire).flatMap(({ audio }) =>
        audio ? [Buffer.from((audio as { data: string }).data, 'base64')] : [],
      ),
    );
  const ended = (wire: ScriptedConnection): boolean =>
    realtime(wire).some(({ audioStreamEnd }) => audioStreamEnd === true);

  async function sent(
    msg: object,
    session: object = { realtime: false },
  ): Promise<{ flow: Running; wire: ScriptedConnection }> {
    const flow = await run(sessionFlow(server.url, session));
    flow.send('session', msg);
    const wire = await server.connection();
    return { flow, wire };
  }

  it('sends a text as a turn of the user', async () => {
    const { wire } = await sent({ payload: 'hello' });
    assert.deepEqual(await wire.message(1), { realtimeInput: { text: 'hello' } });
  });

  it('sends a WAV Buffer as PCM and says that it is over', async () => {
    const wav = spokenWav();
    const { wire } = await sent({ payload: wav });
    await wire.until(() => ended(wire));
    assert.deepEqual(pcm(wire), wav.subarray(44));
    assert.deepEqual(names(wire), ['audio', 'audioStreamEnd']);
  });

  it('takes a Buffer and a stream with msg.format', async () => {
    const bytes = spoken();
    const { flow, wire } = await sent({ payload: bytes, format: 'audio/pcm;rate=16000' });
    await wire.until(() => ended(wire));
    assert.deepEqual(pcm(wire), bytes);
    flow.send('session', {
      payload: Readable.from([bytes]),
      format: { mime: 'audio/pcm', rate: 16000, channels: 1 },
    });
    await wire.until(() => pcm(wire).length === 2 * bytes.length);
    assert.deepEqual(flow.errors, []);
  });

  it('converts another rate', async () => {
    const { wire } = await sent({ payload: Buffer.alloc(48_000), format: PCM_24K });
    await wire.until(() => ended(wire));
    assert.ok(Math.abs(pcm(wire).length - 32_000) < 640, `1 s is 32000 bytes, not ${pcm(wire).length}`);
  });

  it('paces a file in real time', async () => {
    const started = performance.now();
    const { wire } = await sent({ payload: spokenWav(700) }, {});
    await wire.until(() => ended(wire));
    assert.ok(performance.now() - started >= 900, 'a second of sound takes about a second');
  });

  it('sends a second file after the first', async () => {
    const { flow, wire } = await sent(
      { payload: Buffer.concat([frame(100), frame(100)]), format: PCM_16K },
      {},
    );
    flow.send('session', { payload: Buffer.concat([frame(200), frame(200)]), format: PCM_16K });
    await wire.until(() => realtime(wire).filter(({ audioStreamEnd }) => audioStreamEnd).length === 2);
    const expected = [100, 100, 200, 200].map(frame);
    assert.deepEqual(pcm(wire), Buffer.concat(expected));
  });

  it('keeps markers behind the file before them', async () => {
    const { flow, wire } = await sent(
      { payload: Buffer.concat([frame(100), frame(100), frame(100)]), format: PCM_16K },
      {},
    );
    flow.send('session', { action: 'activity-start' });
    flow.send('session', { action: 'activity-end' });
    await wire.until(() => names(wire).includes('activityEnd'));
    assert.deepEqual(names(wire), ['audio', 'audioStreamEnd', 'activityStart', 'activityEnd']);
  });

  it('listens to the newest live audio only', async () => {
    const [first, second] = [microphone(), microphone()];
    const { flow, wire } = await sent({ payload: first.handle });
    await until('the first is read', () => first.handle.stats.readers === 1);
    first.write(frame(100));
    await wire.until(() => pcm(wire).length > 0);
    flow.send('session', { payload: second.handle });
    await until('the second is read', () => second.handle.stats.readers === 1);
    assert.equal(first.handle.stats.readers, 0);
    first.write(frame(999));
    second.write(frame(200));
    await wire.until(() => pcm(wire).includes(frame(200)));
    assert.ok(!pcm(wire).includes(frame(999)));
  });

  it('does not mix a microphone into a file', async () => {
    const mic = microphone();
    const { flow, wire } = await sent({ payload: mic.handle }, {});
    await until('it is read', () => mic.handle.stats.readers === 1);
    const file = createMedia({ format: PCM_16K, policy: 'block' });
    file.write(frame(200));
    flow.send('session', { payload: file.handle });
    await wire.until(() => pcm(wire).includes(frame(200)));
    mic.write(frame(999));
    file.write(frame(200));
    await wire.until(() => pcm(wire).length === 1280);
    file.end();
    await wire.until(() => ended(wire));
    mic.write(frame(300));
    await wire.until(() => pcm(wire).includes(frame(300)));
    assert.ok(!pcm(wire).includes(frame(999)));
  });

  it('tells when live audio ends', async () => {
    const mic = microphone();
    const { flow, wire } = await sent({ payload: mic.handle });
    await until('it is read', () => mic.handle.stats.readers === 1);
    mic.abort('SOURCE_FAILED', 'unplugged');
    await wire.until(() => ended(wire));
    assert.deepEqual(flow.errors, [], 'the node with the device reports it');
  });

  it('sends a JPEG Buffer and a stream of pictures as video', async () => {
    const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2]);
    const { flow, wire } = await sent({ payload: picture });
    const video = { realtimeInput: { video: { mimeType: 'image/jpeg', data: picture.toString('base64') } } };
    assert.deepEqual(await wire.message(1), video);
    const camera = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest' });
    flow.send('session', { payload: camera.handle });
    camera.write(picture);
    assert.deepEqual(await wire.message(2), video);
    camera.end();
  });

  it('does what msg.action says', async () => {
    const { flow, wire } = await sent({ action: 'connect' });
    await wire.message(0);
    const turns = [{ role: 'user', parts: [{ text: 'Remember 7' }] }];
    const cases: [object, object][] = [
      [{ action: 'activity-start' }, { realtimeInput: { activityStart: {} } }],
      [{ action: 'activity-end' }, { realtimeInput: { activityEnd: {} } }],
      [{ action: 'audio-end' }, { realtimeInput: { audioStreamEnd: true } }],
      [
        { action: 'content', payload: turns, turnComplete: false },
        { clientContent: { turns, turnComplete: false } },
      ],
      [
        { action: 'raw', payload: { realtimeInput: { text: 'as it is' } } },
        { realtimeInput: { text: 'as it is' } },
      ],
    ];
    for (const [index, [msg, expected]] of cases.entries()) {
      flow.send('session', msg);
      assert.deepEqual(await wire.message(index + 1), expected);
    }
    flow.send('session', { action: 'disconnect' });
    assert.equal((await wire.untilClosed()).code, 1000);
    assert.deepEqual(flow.errors, []);
  });

  it('changes instructions and tools with "context", and keeps what the flow declares', async () => {
    const flow = await run(
      sessionFlow(
        server.url,
        {},
        { model: 'gemini-3.8-live', instructions: 'Be brief.', googleSearch: true },
      ),
    );
    flow.send('session', { action: 'connect' });
    const wire = await server.connection();
    await wire.message(0);
    flow.send('session', { action: 'context', payload: { instructions: 'Be long.' } });
    const systemInstruction = { parts: [{ text: 'Be long.' }], role: 'user' };
    const search = { tools: [{ googleSearch: {} }] };
    assert.deepEqual(await wire.message(1), { contextUpdate: { systemInstruction, tools: search } });
    const light = { tools: [{ functionDeclarations: [{ name: 'light' }] }] };
    flow.send('session', { action: 'context', payload: light });
    assert.deepEqual(await wire.message(2), { contextUpdate: { systemInstruction, tools: light } });
    for (const payload of ['', 7, {}, { tools: 'light' }, { instructions: 3 }]) {
      flow.send('session', { action: 'context', payload });
    }
    await until('their errors', () => flow.errors.length === 5);
    assert.deepEqual([...new Set(flow.errors.map(({ error }) => error?.code))], ['BAD_PAYLOAD']);
  });

  it('closes the microphone while a speaker plays the answer, if it is to', async () => {
    const mic = microphone();
    const { flow, wire } = await sent({ payload: mic.handle }, { echoGate: true });
    await until('it is read', () => mic.handle.stats.readers === 1);
    const data = Buffer.alloc(4800).toString('base64');
    wire.content({ modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] } });
    const answer = await until(
      'the answer',
      () => flow.got('audio')[0]?.payload as ReturnType<typeof microphone>['handle'],
    );
    answer.reportPlayed(20, { sink: 'speaker' });
    mic.write(frame(999));
    await wire.until(() => pcm(wire).length === 640);
    assert.deepEqual(pcm(wire), frame(0), 'silence in its place');
    await until('the room is quiet again', () => {
      mic.write(frame(300));
      return pcm(wire).includes(frame(300));
    });
  });

  it('goes on with a microphone after the connection was lost, but not after "disconnect"', async () => {
    const mic = microphone();
    const { flow, wire } = await sent({ payload: mic.handle });
    await until('it is read', () => mic.handle.stats.readers === 1);
    wire.cut();
    const again = await server.connection(1);
    await until('its sound', () => {
      mic.write(frame(100));
      return pcm(again).length > 0;
    });
    assert.ok(flow.statuses('session').includes('connecting again'), flow.statuses('session').join());
    flow.send('session', { action: 'disconnect' });
    await again.untilClosed();
    for (let i = 0; i < 10; i += 1) mic.write(frame(100));
    flow.send('session', { action: 'connect' });
    await server.connection(2);
    assert.equal(server.connections.length, 3);
    assert.deepEqual(flow.errors, [], 'a connection that comes back is no error');
  });

  it('reports nothing when it is deployed again while it connects', async () => {
    server.script = { mute: true };
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'hello' });
    await until('it connects', () => flow.got('events').length > 0);
    await flow.deploy([]);
    assert.deepEqual(flow.errors, []);
  });
});

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMedia, isMediaHandle, PCM_16K, PCM_24K, wavHeader, type MediaHandle } from '../../src/media';
import { frame } from './sounds';
import { helper, run, until, type Got, type Running } from './support';

const bytes = (messages: Got[]): Buffer => Buffer.concat(messages.map(({ payload }) => payload as Buffer));
async function read(handle: MediaHandle): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of handle) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('to-messages node', () => {
  afterEach(() => helper.unload());
  const start = (def: object = {}): Promise<Running> =>
    run([
      {
        id: 'cut',
        type: 'gemini-live-to-messages',
        frameMs: '20',
        realtime: false,
        wires: [['out']],
        ...def,
      },
      { id: 'out', type: 'helper' },
    ]);
  const last = (flow: Running): Promise<Got> =>
    until('the last message', () => flow.got('out').find(({ complete, reset }) => complete ?? reset));

  it('cuts a stream into Buffers that Join and from-messages can put together', async () => {
    const flow = await start();
    const turn = createMedia({ format: PCM_24K, policy: 'retain' });
    turn.write(Buffer.alloc(2500, 1));
    turn.end();
    flow.send('cut', { payload: turn.handle, topic: 'hall', turn: 3 });
    await last(flow);
    const messages = flow.got('out');
    assert.deepEqual(
      messages.map(({ payload }) => (payload as Buffer).length),
      [960, 960, 580, 0],
    );
    assert.deepEqual(
      messages.map(({ parts }) => parts?.index),
      [0, 1, 2, 3],
    );
    assert.equal(new Set(messages.map(({ parts }) => parts?.id)).size, 1);
    assert.equal(messages.at(-1)?.parts?.count, 4);
    for (const { topic, turn: number, format, live } of messages) {
      assert.deepEqual([topic, number, format, live], ['hall', 3, PCM_24K, false]);
    }
    assert.deepEqual(flow.errors, []);
  });

  it('marks live audio, and says when it was given up', async () => {
    const flow = await start();
    const mic = createMedia({ format: PCM_16K, policy: 'drop-oldest' });
    flow.send('cut', { payload: mic.handle });
    await until('it is read', () => mic.handle.stats.readers === 1);
    mic.write(frame(5));
    await until('a message', () => flow.got('out').length === 1);
    mic.abort('INTERRUPTED');
    const { reset, complete, live } = await last(flow);
    assert.deepEqual([reset, complete, live], ['INTERRUPTED', undefined, true]);
    assert.deepEqual(flow.errors, [], 'an interruption is no failure');
  });

  it('holds a file back if it is to', async () => {
    const flow = await start({ realtime: true });
    const began = performance.now();
    flow.send('cut', { payload: Buffer.alloc(9600), format: 'audio/pcm;rate=16000' });
    await last(flow);
    assert.ok(performance.now() - began >= 270, '300 ms of sound take as long');
  });

  it('lets other things happen while it reads what lies in memory', async () => {
    const flow = await start();
    const turn = createMedia({ format: PCM_24K, policy: 'retain' });
    for (let i = 0; i < 600; i += 1) turn.write(Buffer.alloc(48_000));
    turn.end();
    flow.send('cut', { payload: turn.handle });
    await until('a beginning', () => flow.got('out').length > 0);
    await sleep(1);
    assert.ok(flow.got('out').length < 30_001, 'a timer fires before all of ten minutes are through');
    await last(flow);
    assert.equal(flow.got('out').length, 30_001);
  });

  it('stops on "stop" and when it is closed', async () => {
    const flow = await start();
    const [one, two] = [1, 2].map(() => createMedia({ format: PCM_16K, policy: 'drop-oldest' }));
    flow.send('cut', { payload: one?.handle });
    await until('it is read', () => one?.handle.stats.readers === 1);
    flow.send('cut', { action: 'stop' });
    await until('it is let go', () => one?.handle.stats.readers === 0);
    assert.equal((await last(flow)).reset, 'CANCELLED');
    flow.send('cut', { payload: two?.handle });
    await until('it is read', () => two?.handle.stats.readers === 1);
    await flow.deploy([]);
    await until('it is let go', () => two?.handle.stats.readers === 0);
  });
});

describe('from-messages node', () => {
  afterEach(() => helper.unload());
  const start = (def: object = {}): Promise<Running> =>
    run([
      {
        id: 'join',
        type: 'gemini-live-from-messages',
        kind: 'live',
        mime: 'audio/pcm',
        rate: '16000',
        channels: '1',
        idleMs: '2000',
        wires: [['out']],
        ...def,
      },
      { id: 'out', type: 'helper' },
    ]);
  const handle = async (flow: Running, index = 0): Promise<MediaHandle> => {
    const { payload } = await until('a stream', () => flow.got('out')[index]);
    assert.ok(isMediaHandle(payload));
    return payload;
  };

  it('makes one stream of Buffers, as the dialog describes them', async () => {
    const flow = await start({ rate: '24000' });
    flow.send('join', { payload: frame(1), topic: 'hall' });
    flow.send('join', { payload: frame(2) });
    const stream = await handle(flow);
    assert.deepEqual(stream.format, PCM_24K);
    assert.equal(stream.policy, 'drop-oldest');
    assert.equal(flow.got('out')[0]?.topic, 'hall');
    flow.send('join', { complete: true });
    assert.deepEqual(await read(stream), Buffer.concat([frame(1), frame(2)]));
    assert.equal(flow.got('out').length, 1);
  });

  it('believes the messages more than the dialog', async () => {
    const flow = await start();
    flow.send('join', { payload: frame(1), format: PCM_24K, live: false, parts: { id: 'a', index: 0 } });
    const stream = await handle(flow);
    assert.equal(stream.format.rate, 24000);
    assert.equal(stream.policy, 'retain');
  });

  it('keeps two streams apart', async () => {
    const flow = await start({ kind: 'whole' });
    for (const [id, level] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['b', 4],
    ] as const) {
      flow.send('join', { payload: frame(level), parts: { id, index: level > 2 ? 1 : 0 } });
    }
    const [a, b] = [await handle(flow, 0), await handle(flow, 1)];
    for (const id of ['a', 'b']) flow.send('join', { complete: true, parts: { id } });
    assert.deepEqual(await read(a), Buffer.concat([frame(1), frame(3)]));
    assert.deepEqual(await read(b), Buffer.concat([frame(2), frame(4)]));
  });

  it('leaves out what comes twice or too late', async () => {
    const flow = await start({ kind: 'whole' });
    for (const index of [0, 1, 1, 4, 2])
      flow.send('join', { payload: frame(index), parts: { id: 'a', index } });
    flow.send('join', { complete: true, parts: { id: 'a' } });
    assert.deepEqual(await read(await handle(flow)), Buffer.concat([frame(0), frame(1), frame(4)]));
  });

  it('ends a stream after a pause', async () => {
    const flow = await start({ idleMs: '60' });
    flow.send('join', { payload: frame(1) });
    const stream = await handle(flow);
    await until('its end', () => stream.state === 'ended');
    flow.send('join', { payload: frame(2) });
    assert.notEqual((await handle(flow, 1)).id, stream.id);
  });

  it('unpacks Buffers that are small WAV files', async () => {
    const flow = await start({ kind: 'whole' });
    const wav = (level: number): Buffer => Buffer.concat([wavHeader(PCM_24K, 640), frame(level)]);
    flow.send('join', { payload: wav(1) });
    flow.send('join', { payload: wav(2), complete: true });
    const stream = await handle(flow);
    assert.equal(stream.format.rate, 24000);
    assert.deepEqual(await read(stream), Buffer.concat([frame(1), frame(2)]));
  });

  it('gives a stream up on msg.reset and when it is closed', async () => {
    const flow = await start();
    flow.send('join', { payload: frame(1) });
    const first = await handle(flow);
    flow.send('join', { reset: 'INTERRUPTED' });
    await until('the reset', () => first.state === 'aborted');
    assert.equal(first.error?.code, 'INTERRUPTED');
    flow.send('join', { payload: frame(1) });
    const second = await handle(flow, 1);
    await flow.deploy([]);
    assert.equal(second.error?.code, 'NODE_CLOSED');
  });

  it('takes back what to-messages made, through JSON as well', async () => {
    const flow = await run([
      { id: 'cut', type: 'gemini-live-to-messages', frameMs: '20', wires: [['wire']] },
      { id: 'wire', type: 'helper' },
      { id: 'join', type: 'gemini-live-from-messages', kind: 'live', rate: '16000', wires: [['out']] },
      { id: 'out', type: 'helper' },
    ]);
    const sound = Buffer.concat([1, 2, 3].map(frame));
    flow.send('cut', { payload: sound, format: 'audio/pcm;rate=16000' });
    await until('the last message', () => flow.got('wire').some(({ complete }) => complete));
    for (const { payload, ...rest } of flow.got('wire')) {
      flow.send('join', { ...(JSON.parse(JSON.stringify(rest)) as object), payload });
    }
    assert.deepEqual(bytes(flow.got('wire')), sound);
    assert.deepEqual(await read(await handle(flow)), sound);
  });
});

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isMediaDescription, isMediaHandle, PCM_24K } from '../../src/media';
import { frame, marks, media, readMarks, writeAll } from './support';

// eslint-disable-next-line @typescript-eslint/no-require-imports
const { util } = require('@node-red/util') as {
  util: { cloneMessage<T>(msg: T): T; encodeObject(msg: { msg: unknown }): { msg: string; format: string } };
};

const turn = (): ReturnType<typeof media> =>
  media({ format: PCM_24K, label: 'model turn 3', meta: { turn: 3, conversation: 'c1' } });

describe('media: handle in Node-RED', () => {
  it('is the same handle after cloning, at any depth, by value and by structure', async () => {
    const { handle, ...rest } = { handle: turn().handle };
    assert.deepEqual(rest, {});
    const msg = { _msgid: '1', payload: handle, deep: { list: [handle] } };
    const clone = util.cloneMessage(msg);
    assert.notEqual(clone, msg);
    assert.equal(clone.payload, handle);
    assert.equal(clone.deep.list[0], handle);
  });

  it('works for every wire of a clone', async () => {
    const writer = turn();
    const wires = [
      writer.handle,
      ...marks(2).map(() => util.cloneMessage({ payload: writer.handle }).payload),
    ];
    const reads = wires.map((handle) => readMarks(handle));
    writeAll(writer, marks(3));
    writer.end();
    for (const read of reads) assert.deepEqual(await read, marks(3));
  });

  it('becomes a description in JSON, never an exception', () => {
    const writer = turn();
    writer.write(frame(0));
    const json = JSON.parse(JSON.stringify({ payload: writer.handle })) as { payload: object };
    assert.deepEqual(json.payload, {
      type: 'GeminiLiveMedia',
      id: writer.handle.id,
      label: 'model turn 3',
      turn: 3,
      conversation: 'c1',
      format: 'audio/pcm;rate=24000',
      state: 'open',
      policy: 'retain',
      durationMs: 13,
      readers: 0,
    });
    assert.equal(isMediaDescription(json.payload), true);
    assert.equal(isMediaHandle(json.payload), false);
    assert.equal(isMediaDescription(writer.handle), false);
  });

  it('has a description that cannot be spoiled by its meta data', () => {
    const circular: Record<string, unknown> = { type: 'other', big: 1n, turn: 4 };
    circular.self = circular;
    const { handle } = media({ meta: circular });
    const json = JSON.parse(JSON.stringify(handle)) as object;
    assert.deepEqual(json, { ...json, type: 'GeminiLiveMedia', turn: 4 });
    assert.deepEqual(
      Object.keys(json).filter((key) => key === 'self' || key === 'big'),
      [],
    );
  });

  it('reads well in the Debug sidebar and in the console', () => {
    const writer = turn();
    writeAll(writer, marks(75));
    const line = 'model turn 3 · audio/pcm;rate=24000 · 1.0 s · open · 0 readers';
    assert.equal(String(writer.handle), line);
    assert.equal(inspect(writer.handle), `GeminiLiveMedia <${line}>`);
    assert.equal(inspect([writer.handle], { breakLength: Infinity }), `[ GeminiLiveMedia <${line}> ]`);
    const whole = util.encodeObject({ msg: { payload: writer.handle } });
    assert.match(whole.msg, /"format":"audio\/pcm;rate=24000"/);
    assert.ok(whole.msg.length < 600, whole.msg);
    assert.equal(util.encodeObject({ msg: writer.handle }).msg, line);
  });

  it('says in one line how it ended and who listens', () => {
    const writer = media({ policy: 'latest', format: { mime: 'image/jpeg' } });
    writer.write(frame(1));
    writer.handle.open();
    assert.equal(String(writer.handle), 'image/jpeg · 1 chunks · open · 1 reader');
    writer.abort('NODE_CLOSED');
    assert.match(String(writer.handle), /aborted \(NODE_CLOSED\) · 0 readers/);
  });

  it('is known as a handle also by another loaded copy of the package', () => {
    const paths = Object.keys(require.cache).filter((path) => /src\/media\//.test(path));
    const saved = paths.map((path) => [path, require.cache[path]] as const);
    for (const path of paths) delete require.cache[path];
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const other = require('../../src/media') as typeof import('../../src/media');
    for (const [path, module] of saved) require.cache[path] = module;
    assert.notEqual(other.isMediaHandle, isMediaHandle);
    assert.equal(other.isMediaHandle(turn().handle), true);
    for (const no of [null, undefined, 1, 'x', {}, Buffer.alloc(1), { type: 'GeminiLiveMedia' }]) {
      assert.equal(isMediaHandle(no), false);
    }
  });
});

/** Contracts, "Played position". */
describe('media: control that flows back', () => {
  it('takes the first real-time sink', () => {
    const { handle } = turn();
    const seen: Array<[number, boolean]> = [];
    handle.on('played', (ms, estimated) => seen.push([ms, estimated]));
    handle.reportPlayed(20, { sink: 'kitchen' });
    handle.reportPlayed(500, { sink: 'bath' });
    handle.reportPlayed(40, { sink: 'kitchen' });
    handle.reportPlayed(40, { sink: 'kitchen' });
    assert.deepEqual(seen, [
      [20, false],
      [40, false],
    ]);
    assert.deepEqual(handle.played, { ms: 40, estimated: false });
  });

  it('takes the sink marked master, whenever it comes', () => {
    const { handle } = turn();
    handle.reportPlayed(200, { sink: 'kitchen' });
    handle.reportPlayed(20, { sink: 'bath', master: true });
    handle.reportPlayed(300, { sink: 'kitchen' });
    assert.deepEqual(handle.played, { ms: 20, estimated: false });
  });

  it('ends with the sink that gives up, unless another one goes on', () => {
    const { handle } = turn();
    handle.reportPlayed(200, { sink: 'kitchen' });
    handle.reportPlayed(90, { sink: 'bath', over: true });
    assert.deepEqual(handle.played, { ms: 200, estimated: false }, 'who does not decide cannot end it');
    handle.reportPlayed(210, { sink: 'kitchen', over: true });
    assert.deepEqual(handle.played, { ms: 210, estimated: false, over: true });
    handle.reportPlayed(100, { sink: 'bath' });
    assert.deepEqual(handle.played, { ms: 100, estimated: false });
  });

  it('takes a guess only until a sink knows better, and says which it is', () => {
    const { handle } = turn();
    assert.deepEqual(handle.played, { ms: 0, estimated: true });
    handle.reportPlayed(900, { estimated: true });
    assert.deepEqual(handle.played, { ms: 900, estimated: true });
    handle.reportPlayed(60, { sink: 'kitchen' });
    handle.reportPlayed(1000, { estimated: true });
    assert.deepEqual(handle.played, { ms: 60, estimated: false });
  });

  it('never goes back, and takes no nonsense', () => {
    const { handle } = turn();
    for (const ms of [100, 40, NaN, Infinity, -5]) handle.reportPlayed(ms);
    assert.equal(handle.played.ms, 100);
  });

  it('is taken after an abort, when it matters', () => {
    const writer = turn();
    writer.abort('INTERRUPTED');
    writer.handle.reportPlayed(80);
    assert.equal(writer.handle.played.ms, 80);
  });

  it('carries mute back to the source', () => {
    const { handle } = turn();
    const seen: boolean[] = [];
    handle.on('mute', (muted) => seen.push(muted));
    for (const muted of [true, true, false]) handle.setMuted(muted);
    assert.deepEqual(seen, [true, false]);
    assert.equal(handle.muted, false);
  });
});

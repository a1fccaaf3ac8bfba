import assert from 'node:assert/strict';
import { createMedia, PCM_24K, type MediaHandle, type MediaWriter } from '../../src/media';
import type { TalkHubOptions, TalkPage } from '../../src/talk';
import { eventually, startTalk, Visitor, type TalkHost } from '../support/talk';

const MS = 48; // bytes of the answer

describe('talk page: what clients hear', () => {
  let host: TalkHost;
  let page: TalkPage;
  const start = async (options?: TalkHubOptions): Promise<void> => {
    host = await startTalk(options);
    page = host.hub.page('kitchen');
  };
  const come = (hello?: Parameters<typeof Visitor.open>[2]): Promise<Visitor> =>
    Visitor.open(host.base, 'kitchen', hello);
  const turn = (): MediaWriter => createMedia({ format: PCM_24K, policy: 'retain' });
  /** Sound whose every sample says where it stands. */
  const ramp = (ms: number, fromMs = 0): Buffer => {
    const pcm = Buffer.alloc(ms * MS);
    for (let i = 0; i < pcm.length / 2; i += 1) pcm.writeUInt16LE((fromMs * 24 + i) & 0xffff, i * 2);
    return pcm;
  };
  const whole = (handle: MediaHandle, options?: { sink?: string }) => page.play(handle, options);
  afterEach(() => host.close());

  it('is the whole stream, for everybody, and what was played comes back', async () => {
    await start();
    const [one, two] = [await come(), await come()];
    const writer = turn();
    const positions: number[] = [];
    writer.handle.on('played', (ms, estimated) => {
      assert.equal(estimated, false);
      positions.push(ms);
    });
    const done = whole(writer.handle);
    writer.write(ramp(150));
    writer.write(ramp(150, 150));
    writer.end();
    const { stream, rate, at } = await one.told('audio');
    assert.deepEqual([rate, at], [24_000, 0]);
    for (const visitor of [one, two]) {
      await visitor.told('end', (end) => end.stream === stream);
      assert.deepEqual(visitor.sound(stream), ramp(300));
    }
    // The one that is there longest counts; the other one's report does not.
    two.send({ type: 'played', stream, ms: 290 });
    await two.settled();
    one.send({ type: 'played', stream, ms: 120 });
    one.send({ type: 'played', stream, ms: 119 });
    await one.settled();
    assert.deepEqual(positions, [120]);
    one.send({ type: 'played', stream, ms: 299.9 });
    assert.deepEqual(await done, { playedMs: 300, aborted: false });
    assert.equal(positions.at(-1), 300);
    assert.deepEqual(writer.handle.played, { ms: 300, estimated: false });
  });

  it('is sent as it is heard: a little ahead, not all at once', async () => {
    await start({ times: { ahead: 200, patience: 60_000 } });
    const one = await come();
    const writer = turn();
    const before = performance.now();
    void whole(writer.handle);
    writer.write(ramp(1000));
    writer.end();
    const { stream } = await one.told('audio');
    await one.told('end');
    for (let i = 0, ms = 0; i < one.frames.length; i += 1) {
      ms += one.frames[i]!.payload.length / MS;
      const heard = one.frames[i]!.at - before;
      assert.ok(ms <= heard + 200 + 1, `${ms} ms of sound had come after ${heard} ms`);
    }
    assert.deepEqual(one.sound(stream), ramp(1000));
  });

  it('goes on without a gap when the source is late', async () => {
    await start({ times: { ahead: 50, patience: 0 } });
    const one = await come();
    const writer = turn();
    const done = whole(writer.handle);
    writer.write(ramp(20));
    await one.until(() => one.frames.length > 0, 'the beginning');
    await new Promise((resolve) => setTimeout(resolve, 80));
    const resumed = performance.now();
    writer.write(ramp(150, 20));
    writer.end();
    const { stream } = await one.told('end');
    assert.ok(performance.now() - resumed >= 90, 'the clock stood still meanwhile');
    assert.deepEqual(one.sound(stream), ramp(170));
    await done;
  });

  it('is silent at once on abort; the last position still counts', async () => {
    await start();
    const [one, two] = [await come(), await come()];
    const writer = turn();
    const done = whole(writer.handle);
    writer.write(ramp(5000));
    const { stream } = await one.told('audio');
    await one.until(() => one.sound(stream).length > 0, 'sound');
    one.send({ type: 'played', stream, ms: 40 });
    await one.settled();
    writer.abort('INTERRUPTED');
    assert.deepEqual(await done, { playedMs: 40, aborted: true });
    for (const visitor of [one, two]) {
      await visitor.told('flush', (flush) => flush.stream === stream);
      const { length } = visitor.frames;
      await visitor.settled();
      assert.equal(visitor.frames.length, length, 'nothing of it comes afterwards');
      assert.equal(visitor.all('end').length, 0);
    }
    one.send({ type: 'played', stream, ms: 55 });
    await one.settled();
    assert.equal(writer.handle.played.ms, 55);
  });

  it('stops when somebody says stop, and others may decide about the position then', async () => {
    await start();
    const [one, two] = [await come(), await come()];
    const [first, second] = [turn(), turn()];
    const ends = [whole(first.handle), whole(second.handle)];
    first.write(ramp(5000));
    second.write(ramp(100));
    const { stream } = await one.told('audio');
    await one.until(() => one.sound(stream).length > 100 * MS, 'sound');
    one.send({ type: 'played', stream, ms: 50 });
    await one.settled();
    two.send({ type: 'stop' });
    await one.told('flush');
    const results = await Promise.all(ends);
    assert.deepEqual(results, [
      { playedMs: 50, aborted: true },
      { playedMs: 0, aborted: true },
    ]);
    assert.equal(one.all('audio').length, 1, 'what waited does not begin');
    assert.deepEqual(first.handle.played, { ms: 50, estimated: false, over: true });
    assert.equal(first.handle.state, 'open', 'the stream itself is not ours to end');
  });

  it('comes one after the other', async () => {
    await start({ times: { patience: 0 } });
    const one = await come();
    const [first, second] = [turn(), turn()];
    const ends = [whole(first.handle), whole(second.handle)];
    for (const writer of [second, first]) {
      writer.write(ramp(60));
      writer.end();
    }
    await Promise.all(ends);
    await one.until(() => one.all('end').length === 2, 'both ends');
    const order = one.messages.flatMap((message) =>
      message.type === 'audio' || message.type === 'end' ? [`${message.type} ${message.stream}`] : [],
    );
    const [a, b] = one.all('audio').map(({ stream }) => stream);
    assert.notEqual(a, b);
    assert.deepEqual(order, [`audio ${a}`, `end ${a}`, `audio ${b}`, `end ${b}`]);
  });

  it('begins in the middle for one who comes late, and goes on for one who comes back', async () => {
    await start({ times: { ahead: 100 } });
    const one = await come({ client: 'tab-1' });
    const writer = turn();
    void whole(writer.handle).catch(() => {});
    writer.write(ramp(60_000));
    const { stream } = await one.told('audio');
    await one.until(() => one.sound(stream).length > 250 * MS, 'some sound');
    const late = await come();
    const joined = await late.told('audio');
    assert.ok(joined.at > 100 && joined.stream === stream, `began at ${joined.at} ms`);
    one.socket.terminate();
    await one.putOut();
    const have = one.sound(stream).length / MS;
    const back = await come({ client: 'tab-1', have: { stream, ms: have } });
    const { at } = await back.told('audio');
    await back.until(() => back.sound(stream).length > 100 * MS, 'more sound');
    assert.equal(at, have);
    const got = Buffer.concat([one.sound(stream), back.sound(stream)]);
    assert.deepEqual(got, ramp(60_000).subarray(0, got.length));
    // Of what plays no more, a client that comes back must not play on.
    writer.abort('INTERRUPTED');
    const later = await come({ client: 'tab-1', have: { stream, ms: 1e9 } });
    assert.equal((await later.told('flush')).stream, stream);
  });

  it('is measured at the client with the floor', async () => {
    await start();
    page.microphone();
    const [one, two] = [await come(), await come()];
    two.send({ type: 'talk', on: true, mode: 'press' });
    await two.told('floor', ({ who }) => who === 'you');
    two.send({ type: 'talk', on: false, mode: 'press' });
    const writer = turn();
    void whole(writer.handle, { sink: 'my page' });
    writer.write(ramp(400));
    const { stream } = await two.told('audio');
    await two.until(() => two.sound(stream).length === 400 * MS, 'all sound');
    one.send({ type: 'played', stream, ms: 300 });
    await one.settled();
    assert.equal(writer.handle.played.estimated, true);
    two.send({ type: 'played', stream, ms: 200 });
    await two.settled();
    assert.deepEqual(writer.handle.played, { ms: 200, estimated: false });
    await two.leave();
    await one.told('clients', ({ clients }) => clients === 1);
    one.send({ type: 'played', stream, ms: 310 });
    one.send({ type: 'played', stream, ms: 99_999 });
    await one.settled();
    assert.equal(writer.handle.played.ms, 400, 'nobody has heard more than was sent');
    await one.leave();
    await eventually(() => writer.handle.played.over === true, 'nobody hears it any more');
  });

  it('is over in its own time when nobody is there, or the browser may not play', async () => {
    await start({ times: { patience: 30 } });
    for (const visitors of [0, 1]) {
      if (visitors > 0) await come();
      const writer = turn();
      const done = whole(writer.handle);
      writer.write(ramp(60));
      writer.end();
      assert.deepEqual(await done, { playedMs: 0, aborted: false });
      assert.equal(writer.handle.played.estimated, true);
    }
  });

  it('of a stream without an end does not pile up, and several channels become one', async () => {
    await start({ times: { keep: 50, ahead: 50 } });
    const one = await come();
    const format = { mime: 'audio/pcm', rate: 8000, channels: 2 };
    const writer = createMedia({ format, policy: 'drop-oldest', preRollMs: 0 });
    void whole(writer.handle);
    const stereo = Buffer.alloc(4 * 800);
    for (let i = 0; i < 800; i += 1) stereo.writeInt16LE(1000, i * 4);
    writer.write(stereo);
    const { stream, rate } = await one.told('audio');
    await one.until(() => one.sound(stream).length === 1600, 'the first 100 ms');
    assert.equal(rate, 8000);
    assert.equal(one.sound(stream).readInt16LE(800), 500);
    for (let i = 0; i < 5; i += 1) {
      writer.write(stereo);
      await one.until(() => one.sound(stream).length === 1600 * (i + 2), 'more');
    }
    const late = await come({ have: { stream, ms: 0 } });
    assert.ok((await late.told('audio')).at >= 300, 'the beginning is forgotten');
  });

  it('is PCM, and nothing of a closed page', async () => {
    await start();
    const jpeg = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest' }).handle;
    await assert.rejects(whole(jpeg), { code: 'UNSUPPORTED_FORMAT', message: /image\/jpeg/ });
    await assert.rejects(whole('x' as never), { code: 'UNSUPPORTED_FORMAT' });
    const writer = turn();
    writer.abort('INTERRUPTED');
    assert.deepEqual(await whole(writer.handle), { playedMs: 0, aborted: true });
    const cut = whole(turn().handle);
    await host.hub.remove('kitchen');
    assert.deepEqual(await cut, { playedMs: 0, aborted: true });
    await assert.rejects(whole(turn().handle), { code: 'NODE_CLOSED' });
  });
});

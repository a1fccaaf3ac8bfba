import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createMedia, PCM_24K } from '../../src/media';
import type { TalkHubOptions, TalkPage } from '../../src/talk';
import { FromClient } from '../../src/talk/wire';
import { Random } from '../support/random';
import { eventually, startTalk, Visitor, type TalkHost } from '../support/talk';

describe('talk page: what nobody may do to it', () => {
  let host: TalkHost;
  let page: TalkPage;
  const start = async (options?: TalkHubOptions): Promise<void> => {
    host = await startTalk(options);
    page = host.hub.page('kitchen');
    page.microphone();
  };
  const come = (hello?: Parameters<typeof Visitor.open>[2]): Promise<Visitor> =>
    Visitor.open(host.base, 'kitchen', hello);
  const codes = (visitor: Visitor): string[] => visitor.all('error').map(({ code }) => code);
  /** Shows that the page works for somebody: what is typed arrives, in spite of everything. */
  const works = async (visitor: Visitor): Promise<void> => {
    const text = once(page, 'text');
    visitor.send({ type: 'text', text: 'Still there?' });
    assert.equal((await text)[0], 'Still there?');
    assert.equal(visitor.closed, undefined);
  };
  afterEach(() => host.close());

  it('10,000 malformed messages change nothing', async () => {
    await start({ limits: { malformed: 1e9, messagesPerSecond: 1e9 } });
    const told: string[] = [];
    for (const event of ['text', 'file', 'talk', 'video', 'stop'] as const)
      page.on(event, () => told.push(event));
    const [good, bad] = [await come(), await come()];
    const garbage = malformed();
    for (let i = 0; i < 10_000; i += 1) {
      bad.socket.send(garbage.next().value);
      // A sender that never lets go of the processor would measure only how much memory there is.
      if (i % 500 === 499) await bad.settled();
    }
    await bad.settled();
    assert.deepEqual(told, []);
    assert.ok(codes(bad).length >= 1);
    assert.ok(codes(bad).every((code) => ['BAD_MESSAGE', 'TOO_LARGE', 'TOO_FAST'].includes(code)));
    await works(good);
    await works(bad);
  });

  it('ten of them, and a client is put out; the others notice nothing', async () => {
    await start();
    page.on('text', () => {});
    const good = await come();
    const garbage = malformed();
    for (let sent = 0; sent < 1000;) {
      const bad = await come();
      for (let i = 0; i < 100; i += 1, sent += 1) bad.socket.send(garbage.next().value);
      const { code } = await bad.putOut();
      assert.equal(code, 1008);
      assert.deepEqual(
        codes(bad).filter((one) => one === 'BAD_MESSAGE').length,
        2,
        'told at once, and at the end',
      );
      assert.equal(bad.all('error').at(-1)?.final, true);
    }
    await works(good);
    assert.equal(page.clients.length, 1);
  });

  it('everything before hello is malformed, and hello comes once', async () => {
    await start();
    const talks: unknown[] = [];
    page.on('talk', (talk) => talks.push(talk));
    const rude = await come(false);
    rude.send({ type: 'talk', on: true, mode: 'press' });
    rude.frame(FromClient.microphone, Buffer.alloc(640));
    rude.send({ type: 'stop' });
    await rude.settled();
    assert.deepEqual([talks, page.clients], [[], []]);
    for (let i = 0; i < 8; i += 1) rude.send({ type: 'hello' });
    assert.equal((await rude.putOut()).code, 1008);
  });

  it('who says nothing is put out', async () => {
    await start({ times: { hello: 30 } });
    const mute = await come(false);
    assert.equal((await mute.putOut()).code, 1008);
    assert.deepEqual(codes(mute), ['TOO_SLOW']);
  });

  it('too large a message is refused, far too large a one ends the connection', async () => {
    await start({ limits: { messageBytes: 1000, pictureBytes: 2000 } });
    const [one, two] = [await come(), await come()];
    const texts: string[] = [];
    page.on('text', (text) => texts.push(text));
    one.send({ type: 'text', text: 'x'.repeat(1000) });
    one.frame(FromClient.picture, Buffer.alloc(2001, 0xff));
    await one.settled();
    assert.deepEqual(codes(one).slice(0, 3), ['TOO_LARGE', 'BAD_MESSAGE', 'TOO_LARGE']);
    await works(one);
    two.frame(FromClient.picture, Buffer.alloc(5000));
    assert.equal((await two.putOut()).code, 1009);
    assert.deepEqual(texts, ['Still there?']);
    await works(one);
  });

  it('a flood of good messages is too much, too, and one of pings', async () => {
    await start({ limits: { messagesPerSecond: 20 }, now: () => 0 });
    const one = await come();
    for (let i = 0; i < 200; i += 1) one.send({ type: 'played', stream: 1, ms: i });
    assert.equal((await one.putOut()).code, 1008);
    assert.deepEqual(codes(one), ['TOO_FAST']);
    // Many pings at once are cut off by ws itself; these come each when the one before is answered.
    const two = await come();
    two.socket.on('pong', () => two.socket.ping());
    two.socket.ping();
    assert.equal((await two.putOut()).code, 1008);
    assert.deepEqual(codes(two), ['TOO_FAST']);
  });

  it('who does not read is put out before it costs memory, and loses alone', async () => {
    await start({ limits: { backlogBytes: 100_000, history: 1 } });
    const [good, stuck] = [await come(), await come()];
    stuck.socket.pause();
    const text = 'x'.repeat(90_000);
    for (let turn = 0; page.clients.length === 2; turn += 1) {
      assert.ok(turn < 1000, '90 MB were not too much');
      page.tell({ type: 'text', role: 'model', text, final: true, turn });
      await good.told('text', (message) => message.turn === turn);
    }
    assert.equal(good.closed, undefined);
    stuck.socket.terminate();
  });

  it('who is no longer there is found out', async () => {
    await start({ times: { heartbeat: 30 } });
    const good = await come();
    const dead = await come();
    await good.told('clients', ({ clients }) => clients === 2);
    // It gets the pings, and never answers one: as a phone without a network.
    dead.socket.pause();
    await eventually(() => page.clients.length === 1, 'the dead one is gone');
    await good.settled();
    assert.equal(good.closed, undefined);
    dead.socket.terminate();
  });

  it('who hangs up in the middle of an upgrade harms nobody', async () => {
    await start();
    const good = await come();
    for (let i = 0; i < 30; i += 1) {
      const socket = connect(host.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(
        `GET /talk/kitchen/socket HTTP/1.1\r\nhost: 127.0.0.1:${host.port}\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
          (i % 2 === 0 ? `origin: ${host.origin}\r\nsec-websocket-protocol: gemini-live-talk, x\r\n` : '') +
          '\r\n',
      );
      if (i % 3 === 0) socket.resetAndDestroy();
      else socket.once('data', () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    await works(good);
    await good.leave();
    await eventually(async () => (await host.sockets()) === 0, 'no socket of them is left');
  });

  describe('closed', () => {
    it('sends all away, ends the streams, and leaves nothing', async () => {
      await start({ times: { close: 50 } });
      const [one, stuck, silent] = [await come(), await come(), await come(false)];
      one.send({ type: 'talk', on: true, mode: 'press' });
      one.send({ type: 'video', source: 'camera' });
      await one.told('floor', ({ who }) => who === 'you');
      const talks: boolean[] = [];
      page.on('talk', ({ on }) => talks.push(on));
      // This one does not even answer the closing handshake.
      stuck.socket.pause();
      const answer = createMedia({ format: PCM_24K, policy: 'retain' });
      const listeners = answer.handle.events.listenerCount('abort');
      const done = page.play(answer.handle);
      answer.write(Buffer.alloc(48_000));
      await one.told('audio');
      const [microphone, camera] = [page.microphone(), page.camera()];

      const closing = host.hub.close();
      assert.equal(host.hub.close(), closing);
      await closing;

      assert.deepEqual(await done, { playedMs: 0, aborted: true });
      assert.equal((await one.putOut()).code, 1001);
      assert.equal((await silent.putOut()).code, 1001);
      stuck.socket.resume();
      await stuck.putOut();
      for (const handle of [microphone, camera]) assert.equal(handle.error?.code, 'NODE_CLOSED');
      assert.deepEqual([page.clients, talks], [[], [false]]);
      assert.equal(answer.handle.stats.readers, 0);
      assert.equal(answer.handle.events.listenerCount('abort'), listeners);
      await eventually(async () => (await host.sockets()) === 0, 'every socket is closed');
      assert.throws(() => host.hub.page('kitchen'), /closed/);
      assert.equal((await fetch(`${host.base}/kitchen`)).status, 418, 'nothing is ours any more');
      page.tell({ type: 'state', state: 'off', words: 'Off' });
      page.stop();
    });

    it('a page that is removed can be made again', async () => {
      await start();
      const one = await come();
      await host.hub.remove('kitchen');
      assert.equal((await one.putOut()).code, 1001);
      assert.equal((await fetch(`${host.base}/kitchen/token`)).status, 404);
      assert.notEqual(host.hub.page('kitchen'), page);
      const again = await come();
      assert.equal(again.all('welcome').length, 1);
    });
  });
});

/** Messages that fit nothing, of every kind, always the same ones. */
function* malformed(): Generator<string | Buffer, never> {
  const random = new Random(4711);
  const any = (most: number): number => random.below(most);
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => any(256)));
  const values = [null, 'x', -1, 0.5, [], {}, [[[]]], true, '', 'press', '\u0000', 'x'.repeat(200)];
  const types = [
    'talk',
    'text',
    'played',
    'file',
    'video',
    'welcome',
    '__proto__',
    'constructor',
    'toString',
    7,
  ];
  const fields = ['on', 'text', 'stream', 'mime', 'source', 'bytes', '__proto__'];
  const odd = (): unknown => values[any(values.length)];
  const texts = [
    '',
    '{',
    'null',
    '[]',
    '"hello"',
    '{"type":"hello"',
    '['.repeat(5000),
    '{"type":"hello"}',
    '1e999',
  ];
  for (;;) {
    const kind = any(5);
    if (kind === 0) yield texts[any(texts.length)]!;
    else if (kind === 1) yield bytes(any(5));
    // No kind that a client has: 0, or 4 and more.
    else if (kind === 2) yield Buffer.concat([Buffer.from([any(2) * (4 + any(252))]), bytes(4 + any(100))]);
    // Half a sample, no picture, and pieces of a file that was never announced.
    else if (kind === 3)
      yield Buffer.concat([Buffer.from([1 + any(3), 0, 0, 0, 0]), Buffer.alloc(1 + 2 * any(50))]);
    else {
      const type = types[any(types.length)];
      const pairs = fields.map((field) => [field, field === 'text' || field === 'on' ? {} : odd()] as const);
      yield JSON.stringify({ type, ...Object.fromEntries(pairs), ms: 'late', name: 3, mode: odd() });
    }
  }
}

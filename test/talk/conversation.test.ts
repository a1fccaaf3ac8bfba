import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { MediaReader } from '../../src/media';
import type { TalkFile, TalkHubOptions, TalkPage } from '../../src/talk';
import { FromClient, FromServer } from '../../src/talk/wire';
import { eventually, startTalk, Visitor, type TalkHost } from '../support/talk';

const { microphone, picture, file } = FromClient;
const MS = 32; // bytes of the microphone

describe('talk page: what clients bring', () => {
  let host: TalkHost;
  let page: TalkPage;
  /** What those who listen to the page were told, in order. */
  let talks: string[];
  const start = async (options?: TalkHubOptions): Promise<void> => {
    host = await startTalk(options);
    page = host.hub.page('kitchen');
    page.microphone();
    talks = [];
    page.on('talk', ({ on, mode }) => talks.push(`${mode} ${on ? 'on' : 'off'}`));
  };
  const come = (name = '', client?: string): Promise<Visitor> =>
    Visitor.open(host.base, 'kitchen', { name, ...(client !== undefined && { client }) });
  const sound = (value: number, ms = 20): Buffer => Buffer.alloc(ms * MS, value);
  /** Collects what a reader gets. */
  const collect = (reader: MediaReader): Buffer[] => {
    const chunks: Buffer[] = [];
    reader.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  };
  afterEach(() => host.close());

  describe('microphone', () => {
    it('is the sound between talk on and off, in pieces of 20 ms', async () => {
      await start();
      const heard = collect(page.microphone().open());
      const one = await come('phone');
      one.frame(microphone, sound(1));
      one.send({ type: 'talk', on: true, mode: 'hold' });
      one.frame(microphone, sound(2, 30));
      one.frame(microphone, sound(3, 25));
      one.send({ type: 'talk', on: false, mode: 'hold' });
      one.frame(microphone, sound(4));
      await one.settled();
      await eventually(() => Buffer.concat(heard).length >= 55 * MS, 'all sound arrives');
      assert.deepEqual(Buffer.concat(heard), Buffer.concat([sound(2, 30), sound(3, 25)]));
      assert.deepEqual(
        heard.map((chunk) => chunk.length / MS),
        [20, 20, 15],
      );
      assert.deepEqual(talks, ['hold on', 'hold off']);
      assert.equal(page.microphone().meta['echoCancelled'], true);
      assert.equal(page.microphone().policy, 'drop-oldest');
    });

    it('gives nothing while it is muted, and everybody is told', async () => {
      await start();
      const heard = collect(page.microphone().open());
      const one = await come();
      one.send({ type: 'talk', on: true, mode: 'press' });
      await one.told('floor', ({ who }) => who === 'you');
      page.microphone().setMuted(true);
      await one.told('muted', ({ muted }) => muted);
      const two = await come();
      await two.told('muted', ({ muted }) => muted);
      one.frame(microphone, sound(1));
      await one.settled();
      page.microphone().setMuted(false);
      await one.told('muted', ({ muted }) => !muted);
      one.frame(microphone, sound(2));
      await eventually(() => heard.length > 0, 'sound arrives again');
      assert.deepEqual(Buffer.concat(heard), sound(2));
    });

    it('drops what is more than a microphone gives, and says so once', async () => {
      let now = 0;
      await start({ now: () => now });
      const heard = collect(page.microphone().open({ queueMs: 60_000 }));
      const one = await come();
      one.send({ type: 'talk', on: true, mode: 'press' });
      for (let i = 0; i < 8; i += 1) one.frame(microphone, sound(1, 1000));
      await one.told('error');
      await one.settled();
      now += 1000;
      one.frame(microphone, sound(2, 1000));
      await one.settled();
      await eventually(() => Buffer.concat(heard).length === 6000 * MS, 'what fits arrives');
      assert.deepEqual(
        one.all('error').map(({ code }) => code),
        ['TOO_FAST'],
      );
      assert.equal(one.closed, undefined);
    });

    it('cannot be talked into when no node uses it', async () => {
      await start();
      host.hub.page('cellar');
      const one = await Visitor.open(host.base, 'cellar');
      one.send({ type: 'talk', on: true, mode: 'press' });
      assert.equal((await one.told('error')).code, 'NOT_TAKEN');
      assert.deepEqual(host.hub.page('cellar').clients, [{ name: '', floor: false }]);
    });
  });

  describe('floor', () => {
    it('stays with the first; the second waits, and gets it afterwards', async () => {
      await start();
      const heard = collect(page.microphone().open());
      const [one, two] = [await come('phone'), await come('laptop')];
      one.send({ type: 'talk', on: true, mode: 'press' });
      await one.told('floor', ({ who }) => who === 'you');
      two.send({ type: 'talk', on: true, mode: 'hold' });
      const waiting = await two.told('floor', ({ waiting }) => waiting);
      assert.deepEqual([waiting.who, waiting.name], ['other', 'phone']);
      two.frame(microphone, sound(2));
      await two.settled();
      one.frame(microphone, sound(1));
      await one.settled();
      assert.deepEqual(page.clients, [
        { name: 'phone', floor: true },
        { name: 'laptop', floor: false },
      ]);
      one.send({ type: 'talk', on: false, mode: 'press' });
      await two.told('floor', ({ who }) => who === 'you');
      await one.told('floor', ({ who, name }) => who === 'other' && name === 'laptop');
      two.frame(microphone, sound(3));
      await two.settled();
      await eventually(() => heard.length === 2, 'both were heard');
      assert.deepEqual(Buffer.concat(heard), Buffer.concat([sound(1), sound(3)]));
      assert.deepEqual(talks, ['press on', 'press off', 'hold on']);
    });

    it('goes from one who is hands-free to one who presses, and back', async () => {
      await start();
      const [one, two, three] = [await come(), await come(), await come()];
      one.send({ type: 'talk', on: true, mode: 'hands-free' });
      await one.told('floor', ({ who }) => who === 'you');
      two.send({ type: 'talk', on: true, mode: 'hands-free' });
      await two.told('floor', ({ waiting }) => waiting);
      three.send({ type: 'talk', on: true, mode: 'hold' });
      await three.told('floor', ({ who }) => who === 'you');
      await one.told('floor', ({ who, waiting }) => who === 'other' && waiting);
      three.send({ type: 'talk', on: false, mode: 'hold' });
      await one.until(() => one.all('floor').at(-1)?.who === 'you', 'the floor comes back');
      assert.equal(two.all('floor').at(-1)?.waiting, true);
      assert.deepEqual(talks, ['hands-free on', 'hands-free off', 'hold on', 'hold off', 'hands-free on']);
    });

    it('is free when its holder goes away', async () => {
      await start();
      const [one, two] = [await come(), await come()];
      one.send({ type: 'talk', on: true, mode: 'press' });
      await one.told('floor', ({ who }) => who === 'you');
      two.send({ type: 'talk', on: true, mode: 'press' });
      await two.told('floor', ({ waiting }) => waiting);
      one.socket.terminate();
      await two.told('floor', ({ who }) => who === 'you');
      await two.told('clients', ({ clients }) => clients === 1);
      two.socket.terminate();
      await eventually(() => page.clients.length === 0, 'all are gone');
      assert.deepEqual(talks, ['press on', 'press off', 'press on', 'press off']);
    });

    it('is lost by one who sends nothing while another waits', async () => {
      await start({ times: { quiet: 40 } });
      const [one, two] = [await come(), await come()];
      one.send({ type: 'talk', on: true, mode: 'press' });
      await one.told('floor', ({ who }) => who === 'you');
      two.send({ type: 'talk', on: true, mode: 'press' });
      await two.told('floor', ({ who }) => who === 'you');
      await one.told('floor', ({ who, waiting }) => who === 'other' && !waiting);
    });

    it('is asked for again after a reconnect, when the old socket is still thought alive', async () => {
      await start();
      const one = await come('phone', 'tab-1');
      one.send({ type: 'talk', on: true, mode: 'press' });
      await one.told('floor', ({ who }) => who === 'you');
      const again = await come('phone', 'tab-1');
      assert.equal((await one.putOut()).code, 1001);
      assert.equal(again.all('welcome')[0]?.floor, 'nobody');
      again.send({ type: 'talk', on: true, mode: 'press' });
      await again.told('floor', ({ who }) => who === 'you');
      assert.deepEqual(page.clients, [{ name: 'phone', floor: true }]);
      assert.deepEqual(talks, ['press on', 'press off', 'press on']);
    });
  });

  it('typed text and stop come from anybody', async () => {
    await start();
    const one = await come('phone');
    one.send({ type: 'text', text: 'lost' });
    assert.equal((await one.told('error')).code, 'NOT_TAKEN');
    const text = once(page, 'text');
    one.send({ type: 'text', text: ' What time is it?' });
    assert.deepEqual(await text, [' What time is it?', { name: 'phone', floor: false }]);
    const stop = once(page, 'stop');
    one.send({ type: 'stop' });
    await stop;
  });

  it('typed texts are counted: each of them costs', async () => {
    await start({ limits: { textsPerSecond: 1 }, now: () => 0 });
    const texts: string[] = [];
    page.on('text', (text) => texts.push(text));
    const one = await come();
    for (let i = 0; i < 5; i += 1) one.send({ type: 'text', text: String(i) });
    one.send({ type: 'text', text: 'x'.repeat(20_000) });
    await one.settled();
    assert.deepEqual(texts, ['0', '1', '2']);
    assert.deepEqual(
      one.all('error').map(({ code }) => code),
      ['TOO_FAST', 'TOO_FAST', 'TOO_LARGE'],
    );
  });

  describe('recorded file', () => {
    const mime = 'audio/webm;codecs=opus';

    it('arrives whole, under a plain name', async () => {
      await start();
      const one = await come();
      const [first, second] = [Buffer.alloc(1000, 1), Buffer.alloc(500, 2)];
      const arrived = once(page, 'file') as Promise<[TalkFile]>;
      one.send({ type: 'file', mime, name: '..\\..\\etc/pass:wd\u0007.webm', bytes: 1500 });
      one.frame(file, first);
      one.frame(file, second);
      one.send({ type: 'file-end' });
      const [got] = await arrived;
      assert.deepEqual(got, { mime, name: 'pass_wd .webm', data: Buffer.concat([first, second]) });
    });

    it('is refused in words when nobody takes it, when it is too large, and when it is not whole', async () => {
      await start({ limits: { fileBytes: 2000 } });
      const one = await come();
      const send = (bytes: number, sent: number): void => {
        one.send({ type: 'file', mime, name: 'a.webm', bytes });
        one.frame(file, Buffer.alloc(sent));
        one.send({ type: 'file-end' });
      };
      send(100, 100);
      await one.told('error', ({ code }) => code === 'NOT_TAKEN');
      const files: TalkFile[] = [];
      page.on('file', (got) => files.push(got));
      send(2001, 500);
      await one.told('error', ({ code }) => code === 'TOO_LARGE');
      send(100, 99);
      await one.told('error', ({ message }) => /99 of 100 bytes/.test(message));
      send(100, 101);
      await one.settled();
      assert.deepEqual(files, []);
      send(100, 100);
      await eventually(() => files.length === 1, 'a good one is taken afterwards');
    });
  });

  describe('pictures', () => {
    const jpeg = (value: number): Buffer => Buffer.from([0xff, 0xd8, 0xff, 0xe0, value]);

    it('are those of whoever switched them on last; the newest is kept', async () => {
      await start();
      const sources: string[] = [];
      page.on('video', (source) => sources.push(source));
      const [one, two] = [await come(), await come()];
      one.frame(picture, jpeg(0));
      one.send({ type: 'video', source: 'camera' });
      one.frame(picture, jpeg(1));
      await one.told('video', ({ who }) => who === 'you');
      await one.settled();
      two.send({ type: 'video', source: 'screen' });
      await one.told('video', ({ who }) => who === 'other');
      two.frame(picture, jpeg(2));
      await two.settled();
      one.frame(picture, jpeg(3));
      await one.settled();
      const reader = page.camera().open();
      const [seen] = (await once(reader, 'data')) as [Buffer];
      assert.deepEqual(seen, jpeg(2));
      reader.destroy();
      await two.leave();
      await one.told('video', ({ who }) => who === 'you');
      one.send({ type: 'video', source: 'off' });
      await one.until(() => one.all('video').at(-1)?.who === 'nobody', 'nobody is seen');
      assert.deepEqual(sources, ['camera', 'screen', 'camera', 'off']);
      assert.equal(page.camera().stats.written, 2);
    });

    it('that the model was shown go to all but the one who took them', async () => {
      await start();
      const [one, two] = [await come(), await come()];
      one.send({ type: 'video', source: 'camera' });
      const taken = once(page.camera().open(), 'data') as Promise<[Buffer]>;
      one.frame(picture, jpeg(1));
      page.show((await taken)[0]);
      assert.equal((await one.told('picture')).from, 'you');
      assert.equal((await two.told('picture')).from, 'elsewhere');
      await two.until(() => two.frames.length === 1, 'the picture');
      assert.deepEqual([two.frames[0]!.kind, two.frames[0]!.payload], [FromServer.picture, jpeg(1)]);
      await one.settled();
      assert.equal(one.frames.length, 0);
    });

    it('that come too fast are dropped', async () => {
      await start({ now: () => 0, limits: { picturesPerSecond: 3 } });
      const one = await come();
      one.send({ type: 'video', source: 'camera' });
      for (let i = 0; i < 10; i += 1) one.frame(picture, jpeg(i));
      await one.settled();
      assert.equal(page.camera().stats.written, 3);
      assert.equal(one.closed, undefined);
    });
  });

  it('what is shown reaches those who come later, each piece once', async () => {
    await start({ limits: { history: 3 } });
    const one = await come();
    page.tell({ type: 'state', state: 'ready', words: 'Ready' });
    page.tell({ type: 'text', role: 'user', text: 'gone', final: true, turn: 1 });
    page.tell({ type: 'text', role: 'user', text: 'What', final: false, turn: 2 });
    page.tell({ type: 'text', role: 'user', text: 'What time', final: true, turn: 2 });
    page.tell({ type: 'tool', id: 'a', name: 'get_time', args: { zone: 'UTC' } });
    page.tell({ type: 'tool', id: 'a', name: 'get_time', outcome: 'ok', ms: 12 });
    page.tell({ type: 'text', role: 'model', text: 'Noon.', final: true, turn: 2 });
    await one.told('text', ({ role }) => role === 'model');
    assert.equal(one.all('text').length, 4, 'who is there sees it grow');
    const two = await come();
    await two.told('text', ({ role }) => role === 'model');
    await two.settled();
    assert.deepEqual(
      two.messages.slice(1).filter(({ type }) => type !== 'clients'),
      [
        { type: 'state', state: 'ready', words: 'Ready' },
        { type: 'text', role: 'user', text: 'What time', final: true, turn: 2 },
        { type: 'tool', id: 'a', name: 'get_time', outcome: 'ok', ms: 12 },
        { type: 'text', role: 'model', text: 'Noon.', final: true, turn: 2 },
      ],
    );
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    assert.throws(() => page.tell({ type: 'tool', id: 'b', name: 'x', args: circle }), TypeError);
  });

  it('a listener that throws harms nobody', async () => {
    await start();
    page.on('text', () => {
      throw new Error('mine');
    });
    page.on('clients', () => Promise.reject(new Error('mine, too')));
    const texts = once(page, 'text');
    const one = await come();
    one.send({ type: 'text', text: 'hello' });
    await texts;
    await one.settled();
  });
});

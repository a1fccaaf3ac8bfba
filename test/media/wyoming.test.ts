import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MediaError, wyoming, type WakeWordEar, type WyomingOptions } from '../../src/media';
import { EventReader } from '../../src/media/wake-word/wire';
import { randomFrom } from '../../src/server/clock';
import { heapInUse } from '../support/memory';
import { bytesOf } from '../support/sound';
import { buzz } from '../support/speech-like';
import { WyomingServer, written, type WyomingScript } from '../support/wyoming';

/** What an ear has told, in its order. */
interface Told {
  what: 'detected' | 'failed' | 'back';
  word?: string;
  error?: MediaError;
}

/** An ear, and what it tells. */
class Listener {
  readonly told: Told[] = [];
  readonly ear: WakeWordEar;
  private waiting: () => void = () => {};

  constructor(options: WyomingOptions) {
    const service = wyoming({ firstDelayMs: 10, maxDelayMs: 40, ...options });
    this.ear = service.listen({
      detected: (word) => this.note({ what: 'detected', word }),
      failed: (error) => this.note({ what: 'failed', error }),
      back: () => this.note({ what: 'back' }),
    });
  }

  /** The n-th thing that is told (0 = the first). */
  async nth(n: number): Promise<Told> {
    while (this.told.length <= n) await new Promise<void>((resolve) => (this.waiting = resolve));
    return this.told[n]!;
  }

  private note(told: Told): void {
    this.told.push(told);
    this.waiting();
  }
}

/** 100 ms of sound, with a value of its own everywhere. */
const sound = (value: number): Buffer => Buffer.alloc(3200, value);

describe('media: wake words by Wyoming', () => {
  let server: WyomingServer;
  let listener: Listener;

  async function start(script: WyomingScript = {}, options: Partial<WyomingOptions> = {}): Promise<void> {
    server = await WyomingServer.start(script);
    listener = new Listener({ url: server.url, ...options });
  }

  /** The service has begun to listen. */
  const listening = (): Promise<unknown> => server.until(() => server.types.includes('audio-start'));

  afterEach(async () => {
    listener.ear.close();
    await server.stop();
  });

  it('asks what there is, says what to listen for, and begins a stream of 16 kHz mono PCM16', async () => {
    await start({}, { names: ['OK Nabu'] });
    await listening();
    assert.deepEqual(server.types, ['describe', 'detect', 'audio-start']);
    const [, detect, begin] = server.events;
    assert.deepEqual(detect?.data, { names: ['ok_nabu_v0.1'] }, 'by the name that the service has for it');
    const { rate, width, channels } = begin?.data ?? {};
    assert.deepEqual({ rate, width, channels }, { rate: 16_000, width: 2, channels: 1 });
  });

  it('brings all sound in its order, also what came before it was connected', async () => {
    await start();
    listener.ear.push(sound(1));
    await listening();
    for (let value = 2; value <= 8; value++) listener.ear.push(sound(value));
    await server.untilHeard(800);
    const expected = Buffer.concat([1, 2, 3, 4, 5, 6, 7, 8].map(sound));
    assert.deepEqual(server.sound, expected);
    const chunk = server.events.find(({ type }) => type === 'audio-chunk');
    assert.equal(chunk?.data.rate, 16_000);
  });

  it('takes sound in pieces of any size', async () => {
    await start();
    const random = randomFrom(3);
    const all = Buffer.from(Uint8Array.from({ length: 32 * 800 }, () => random() * 256));
    for (let at = 0; at < all.length;) {
      const end = at + 1 + Math.floor(random() * 3000);
      listener.ear.push(all.subarray(at, end));
      at = end;
    }
    await server.untilHeard(800);
    assert.deepEqual(server.sound, all);
  });

  it('tells of a word', async () => {
    await start({ hear: (pcm) => (pcm.some((byte) => byte > 0) ? 'hey_jarvis_v0.1' : undefined) });
    for (let i = 0; i < 5; i++) listener.ear.push(Buffer.alloc(3200));
    listener.ear.push(bytesOf(buzz(400)));
    assert.deepEqual(await listener.nth(0), { what: 'detected', word: 'hey_jarvis_v0.1' });
  });

  it('tells a word once, although the service tells it for each frame', async () => {
    await start();
    await listening();
    for (let i = 0; i < 20; i++) server.detect('ok_nabu_v0.1');
    await listener.nth(0);
    // What comes after the words: it shows that they have been read.
    server.drop();
    assert.equal((await listener.nth(1)).what, 'failed');
  });

  it('does not tell of a word that nobody asked for', async () => {
    await start({}, { names: ['hey jarvis'] });
    await listening();
    // openWakeWord forgets what it was asked for when the sound begins.
    server.detect('ok_nabu_v0.1');
    server.detect('hey_jarvis_v0.1');
    assert.deepEqual(await listener.nth(0), { what: 'detected', word: 'hey_jarvis_v0.1' });
  });

  it('a word without a name is the one that was asked for', async () => {
    await start({}, { names: ['hey jarvis'] });
    await listening();
    server.detect(undefined);
    assert.deepEqual(await listener.nth(0), { what: 'detected', word: 'hey_jarvis_v0.1' });
  });

  it('a closed ear is gone: no connection, no word, no failure', async () => {
    await start();
    await listening();
    listener.ear.close();
    await server.until(() => server.connections === 0);
    listener.ear.push(sound(1));
    await server.stop();
    await server.listen();
    await sleep(60); // an attempt would come within 10
    assert.equal(server.taken, 1);
    assert.deepEqual(listener.told, []);
  });

  describe('what goes wrong', () => {
    it('no service at all: told once, and heard as soon as it is there', async () => {
      await start();
      listener.ear.close();
      await server.stop();
      listener = new Listener({ url: server.url });
      const { error } = await listener.nth(0);
      assert.ok(error instanceof MediaError);
      assert.equal(error.code, 'WAKE_WORD_FAILED');
      assert.match(error.message, /"Wyoming 127\.0\.0\.1:\d+" cannot be reached: .*Check that it runs/);
      await sleep(100); // several attempts
      server.events.length = 0;
      await server.listen();
      assert.equal((await listener.nth(1)).what, 'back');
      server.detect('ok_nabu_v0.1');
      assert.equal((await listener.nth(2)).word, 'ok_nabu_v0.1');
    });

    it('the connection breaks: told once for each outage, and the sound goes on', async () => {
      await start();
      for (const outage of [0, 1]) {
        await server.until(() => server.types.filter((type) => type === 'audio-start').length > outage);
        server.drop();
        assert.match((await listener.nth(2 * outage)).error?.message ?? '', /has closed the connection/);
        assert.equal((await listener.nth(2 * outage + 1)).what, 'back');
      }
      listener.ear.push(sound(9));
      await server.untilHeard(80);
    });

    it('one that hangs up at once is tried again, in pauses that grow', async () => {
      const began = performance.now();
      await start({ hangUp: true }, { firstDelayMs: 10, maxDelayMs: 1_000_000 });
      await server.until(() => server.taken === 5);
      const took = performance.now() - began;
      assert.ok(took > 10 + 20 + 40 + 80 - 10, `five attempts in ${took} ms`);
      assert.equal(listener.told.length, 1);
    });

    it('a service that takes the connection and says nothing', async () => {
      await start({ silent: true }, { patienceMs: 50 });
      assert.match((await listener.nth(0)).error?.message ?? '', /does not answer within 0\.05 s/);
      server.script = {};
      assert.equal((await listener.nth(1)).what, 'back');
    });

    it('a service that stalls while it listens', async () => {
      await start({}, { patienceMs: 100, probeMs: 50 });
      await listening();
      server.stall();
      assert.match((await listener.nth(0)).error?.message ?? '', /does not (answer|take the sound) within/);
    });

    it('sound for a service that stalls takes no memory', async () => {
      await start({}, { patienceMs: 600_000, probeMs: 600_000 });
      await listening();
      server.stall();
      const buffers = (): number => {
        heapInUse();
        return process.memoryUsage().arrayBuffers;
      };
      const before = buffers();
      for (let i = 0; i < 200; i++) {
        // 20 s of sound each time: 128 MB altogether.
        for (let k = 0; k < 20; k++) listener.ear.push(Buffer.alloc(32_000, i));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const grown = buffers() - before;
      assert.ok(grown < 4 * 1024 * 1024, `${grown} bytes`);
    });

    it('another kind of Wyoming service', async () => {
      await start({ models: [] });
      assert.match((await listener.nth(0)).error?.message ?? '', /none that listens for wake words/);
    });

    it('a word that the service does not know: says which it knows', async () => {
      await start({}, { names: ['ok nabu', 'computer'] });
      const { message } = (await listener.nth(0)).error!;
      assert.match(message, /does not know "computer"\. It knows: ok_nabu_v0\.1, hey_jarvis_v0\.1/);
    });

    it('an error of the service is told with its words', async () => {
      await start();
      await listening();
      server.send('error', { text: 'model is damaged', code: 'x' });
      assert.match((await listener.nth(0)).error?.message ?? '', /has failed: model is damaged/);
    });

    it('a hook that throws costs nothing', async () => {
      await start();
      listener.ear.close();
      let calls = 0;
      const fail = (): never => {
        calls++;
        throw new Error('hook');
      };
      const hooks = { detected: fail, failed: fail, back: fail };
      const ear = wyoming({ url: server.url, firstDelayMs: 5, maxDelayMs: 5 }).listen(hooks);
      await server.until(() => server.types.includes('audio-start'));
      server.drop();
      await server.until(() => server.types.filter((type) => type === 'audio-start').length > 1);
      server.detect('ok_nabu_v0.1');
      for (let i = 0; calls < 3 && i < 1000; i++) await sleep(10);
      ear.close();
      assert.equal(calls, 3);
    });

    it('an address that is none', () => {
      const bad = [
        ['http://localhost:10400', /must begin with "tcp:\/\/"/],
        ['localhost:10400', /must begin with/],
        ['tcp://', /(is no URL|names no host)/],
        ['tcp://me:secret@host:1', /user or a password/],
        ['', /is no URL/],
        [undefined, /is no URL/],
      ] as const;
      for (const [url, message] of bad) {
        const code = 'BAD_INPUT';
        assert.throws(() => wyoming({ url: url as string }), { code, message }, String(url));
      }
      try {
        wyoming({ url: 'tcp://me:secret@host:1' });
      } catch (error) {
        assert.doesNotMatch((error as Error).message, /secret/);
      }
      assert.equal(wyoming({ url: 'tcp://[::1]' }).name, 'Wyoming ::1:10400');
    });
  });

  describe('hostile services', () => {
    const hostile: Record<string, Buffer> = {
      'bytes that mean nothing': Buffer.from([0, 1, 2, 255, 254, 10, 10, 0]),
      HTTP: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'JSON that is no object': Buffer.from('[1,2,3]\n'),
      'no type': Buffer.from('{"data":{}}\n'),
      'a type that is no text': Buffer.from('{"type":{"a":1}}\n'),
      'a negative length': Buffer.from('{"type":"info","data_length":-1}\n'),
      'a length that is no number': Buffer.from('{"type":"info","data_length":"9e9"}\n'),
      'a length without end': Buffer.from('{"type":"info","data_length":1e300}\n'),
      'a huge length': Buffer.from('{"type":"info","data_length":4000000000}\n'),
      'a huge payload': Buffer.from('{"type":"info","payload_length":4000000000}\n'),
      'data that is no JSON': Buffer.from('{"type":"info","data_length":5}\n{{{{{'),
      'data that is no object': Buffer.from('{"type":"info","data_length":4}\nnull'),
      'a header without end': Buffer.alloc(1024 * 1024, 'a'),
      'deep JSON': Buffer.from(`{"type":"info","data_length":400000}\n${'['.repeat(400_000)}`),
      'info of nonsense': written('info', { wake: [null, 1, { models: 7 }, { models: [null, {}] }], asr: 1 }),
    };
    for (const [what, instead] of Object.entries(hostile)) {
      it(`${what}: one failure, and a good service is heard again`, async () => {
        await start({ instead }, { names: ['ok nabu'], patienceMs: 2000 });
        assert.equal((await listener.nth(0)).error?.code, 'WAKE_WORD_FAILED');
        server.script = {};
        assert.equal((await listener.nth(1)).what, 'back');
        server.detect('ok_nabu_v0.1');
        assert.equal((await listener.nth(2)).word, 'ok_nabu_v0.1');
      });
    }

    it('names that are no names', async () => {
      await start();
      await listening();
      server.send('detection', { name: { toString: 'no' } });
      assert.deepEqual(await listener.nth(0), { what: 'detected', word: '' });
    });

    it('a name of a million letters is cut', async () => {
      await start();
      await listening();
      server.detect('x'.repeat(1_000_000));
      assert.equal((await listener.nth(0)).word?.length, 200);
    });

    it('events that mean nothing here, with payloads, cost nothing', async () => {
      await start();
      await listening();
      for (let i = 0; i < 2000; i++) {
        const payload = Buffer.alloc(100, i);
        const header = `{"type":"audio-chunk","data":{"__proto__":{"polluted":1}},"payload_length":${payload.length}}\n`;
        server.sendRaw(Buffer.concat([Buffer.from(header), payload]));
      }
      server.detect('ok_nabu_v0.1');
      assert.equal((await listener.nth(0)).word, 'ok_nabu_v0.1');
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });

    it('a service that sends without end and never what is asked for', async () => {
      await start({ silent: true }, { patienceMs: 200 });
      await server.until(() => server.connections > 0);
      const flood = setInterval(() => server.sendRaw(Buffer.alloc(64 * 1024, '{"type":"x"}\n')), 1);
      try {
        assert.equal((await listener.nth(0)).what, 'failed');
      } finally {
        clearInterval(flood);
      }
    });

    it('one that connects to nothing: the far end never accepts', async () => {
      // Accepted by the system and read by nobody.
      const sockets: Socket[] = [];
      const deaf = createServer((socket) => void sockets.push(socket.pause())).listen(0, '127.0.0.1');
      await new Promise((resolve) => deaf.once('listening', resolve));
      await start();
      listener.ear.close();
      const { port } = deaf.address() as AddressInfo;
      listener = new Listener({ url: `tcp://127.0.0.1:${port}`, patienceMs: 50 });
      assert.match((await listener.nth(0)).error?.message ?? '', /does not answer/);
      listener.ear.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => deaf.close(resolve));
    });
  });

  describe('the wire', () => {
    it('gives the same events whatever the pieces (property)', async () => {
      await start();
      const random = randomFrom(11);
      const text = Buffer.concat([
        written('info', { wake: [{ models: [{ name: 'grüße_v1' }] }] }),
        Buffer.from('{"type":"a","data":{"x":1,"y":1},"data_length":7,"payload_length":3}\n{"y":2}\n\n\n'),
        written('detection', { name: 'é'.repeat(300) }),
        written('pong'),
      ]);
      const whole = new EventReader().push(text);
      assert.deepEqual(
        whole.map(({ type }) => type),
        ['info', 'a', 'detection', 'pong'],
      );
      assert.deepEqual(whole[1]?.data, { x: 1, y: 2 }, 'what follows wins');
      for (let run = 0; run < 100; run++) {
        const reader = new EventReader();
        const events = [];
        for (let at = 0; at < text.length;) {
          const end = at + 1 + Math.floor(random() * (run % 10 === 0 ? 1 : 80));
          events.push(...reader.push(text.subarray(at, end)));
          at = end;
        }
        assert.deepEqual(events, whole);
      }
    });

    it('noise never does anything but fail (property)', async () => {
      await start();
      const random = randomFrom(5);
      for (let run = 0; run < 300; run++) {
        const reader = new EventReader();
        const bytes = Buffer.from(Uint8Array.from({ length: 500 }, () => random() * 256));
        try {
          for (const event of reader.push(bytes)) assert.equal(typeof event.type, 'string');
        } catch (error) {
          assert.match((error as Error).message, /JSON|header|length/);
        }
      }
    });
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { isMediaError, openAudioInput } from '../../src/media';
import { Clips } from './clips';
import { collectGarbage, frame, marks, media, readAll, settle } from './support';

describe('media: silent servers', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  before(async () => {
    server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  for (const address of ['http://HOST/a.mp3', 'http://me:geheim@HOST/a.mp3', 'rtsp://HOST/a']) {
    it(`do not keep ${address} waiting for ever`, async () => {
      const url = address.replace('HOST', `127.0.0.1:${(server.address() as AddressInfo).port}`);
      const start = Date.now();
      const error = await readAll(openAudioInput({ source: { url } })).catch((reason: unknown) => reason);
      assert.ok(isMediaError(error), String(error));
      assert.equal(error.code, 'SOURCE_FAILED', error.message);
      assert.doesNotMatch(error.message, /geheim/);
      assert.ok(Date.now() - start < 60_000);
    });
  }
});

/** Contracts, "Memory flat": slope over the second half below 1 % of the heap per 1,000 operations. */
describe('media: memory', () => {
  let clips: Clips;
  before(async () => {
    clips = await Clips.open();
    await clips.tone(440, 1, '-c:a', 'libopus', 'tone.ogg');
    await clips.tone(440, 1, 'tone.mp3');
  });
  after(() => clips.close());

  async function assertFlat(operations: number, operation: (nth: number) => Promise<void>): Promise<void> {
    const used = async (): Promise<number> => {
      await settle();
      collectGarbage();
      collectGarbage();
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    for (let nth = 0; nth < operations / 2; nth++) await operation(nth);
    const middle = await used();
    for (let nth = 0; nth < operations / 2; nth++) await operation(nth);
    const growth = (((await used()) - middle) / middle) * (1000 / (operations / 2));
    assert.ok(growth < 0.01, `grew by ${(growth * 100).toFixed(2)} % per 1,000 operations`);
  }

  it('is flat over turns that are heard, interrupted, forgotten', () =>
    assertFlat(20_000, async (nth) => {
      const writer = media({ expireMs: 1 });
      const reader = writer.handle.open();
      if (nth % 2) reader.resume();
      for (const mark of marks(20)) writer.write(frame(mark));
      if (nth % 3) writer.end();
      else writer.abort('INTERRUPTED');
      if (nth % 100 === 0) await settle();
    }));

  it('is flat over readers that come and go on one stream', () => {
    const writer = media({ policy: 'drop-oldest' });
    return assertFlat(20_000, async (nth) => {
      const reader = writer.handle.open().on('data', () => {});
      writer.write(frame(nth % 256));
      reader.destroy();
      if (nth % 100 === 0) await settle();
    });
  });

  it('is flat over Opus files', async () => {
    const buffer = await clips.bytes('tone.ogg');
    await assertFlat(2000, async () => void (await readAll(openAudioInput({ source: { buffer } }))));
  });

  it('is flat over files through ffmpeg', async () => {
    await assertFlat(
      400,
      async () => void (await readAll(openAudioInput({ source: { file: clips.path('tone.mp3') } }))),
    );
  });
});

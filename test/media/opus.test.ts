import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { decodeOpus } from '../../src/media';
import { opusDecoderFree } from '../../src/media/opus';
import { Clips, frequency } from './clips';
import { readAll } from './support';

type Container = 'ogg' | 'webm';

function decode(
  container: Container,
  bytes: Buffer,
  { rate = 16000, channels = 1, piece = Infinity } = {},
): Promise<Buffer> {
  const decoder = decodeOpus({ container, rate, channels });
  for (let at = 0; at < bytes.length; at += piece) decoder.write(bytes.subarray(at, at + piece));
  decoder.end();
  return readAll(decoder);
}

describe('media: Opus', () => {
  let clips: Clips;
  before(async () => {
    clips = await Clips.open();
    await clips.tone(440, 2, '-c:a', 'libopus', '-b:a', '32k', 'tone.ogg');
    await clips.make('-i', clips.path('tone.ogg'), '-c', 'copy', 'tone.webm');
    await clips.tone(440, 1, '-ac', '2', '-c:a', 'libopus', '-frame_duration', '60', 'long.ogg');
  });
  after(() => clips.close());
  afterEach(() => assert.equal(opusDecoderFree(), true));

  for (const container of ['ogg', 'webm'] as const) {
    it(`decodes ${container} to the last packet, without what the encoder put in front`, async () => {
      const pcm = await decode(container, await clips.bytes(`tone.${container}`));
      // 101 packets of 20 ms, less 6.5 ms of pre-skip.
      assert.equal(pcm.length, (101 * 20 - 6.5) * 32);
      assert.ok(Math.abs(frequency(pcm, 16000) - 440) < 3);
    });

    it(`gives the same whatever the pieces (${container})`, async () => {
      const bytes = await clips.bytes(`tone.${container}`);
      const whole = await decode(container, bytes);
      for (const piece of [13, 333, 5000]) assert.deepEqual(await decode(container, bytes, { piece }), whole);
    });

    it(`refuses what is no ${container}, instead of ending quietly`, async () => {
      const bytes = await clips.bytes(`tone.${container}`);
      const other = await clips.bytes(`tone.${container === 'ogg' ? 'webm' : 'ogg'}`);
      for (const bad of [
        Buffer.from('hello '.repeat(2000)),
        randomBytes(50_000),
        other,
        bytes.subarray(0, 20),
        bytes.subarray(1),
      ]) {
        await assert.rejects(decode(container, bad), { name: 'MediaError', code: 'BAD_INPUT' });
      }
      await assert.rejects(decode(container, Buffer.alloc(0)), { code: 'EMPTY_INPUT' });
    });

    it(`gives what there is of a ${container} that ends early`, async () => {
      const bytes = await clips.bytes(`tone.${container}`);
      const part = await decode(container, bytes.subarray(0, 6000));
      assert.ok(part.length > 16000 && part.length < 60000);
    });
  }

  it('decodes to every rate and to stereo', async () => {
    const bytes = await clips.bytes('tone.ogg');
    for (const rate of [8000, 12000, 16000, 24000, 48000]) {
      const pcm = await decode('ogg', bytes, { rate });
      assert.ok(Math.abs(frequency(pcm, rate) - 440) < 3, `${rate}`);
    }
    const long = await clips.bytes('long.ogg');
    assert.equal((await decode('ogg', long, { channels: 2 })).length, 2 * (await decode('ogg', long)).length);
  });

  it('skips damaged packets and goes on', async () => {
    const bytes = Buffer.from(await clips.bytes('tone.ogg'));
    const whole = await decode('ogg', bytes);
    bytes.fill(0xff, 3000, 3400);
    const pcm = await decode('ogg', bytes);
    assert.ok(
      pcm.length < whole.length && pcm.length > whole.length - 300 * 32,
      `${pcm.length} of ${whole.length}`,
    );
  });

  it('is not caught in a circle by an element that claims a negative size', async () => {
    const bytes = await clips.bytes('tone.webm');
    // EBML header, then a Void element (0xec) of 8 bytes of size whose lower half is −13 in 32 bits: back to its own start.
    const circle = Buffer.from('ec01000000fffffff3', 'hex');
    const evil = Buffer.concat([bytes.subarray(0, 5 + bytes[4]! - 0x80), circle, Buffer.alloc(100_000)]);
    await assert.rejects(decode('webm', evil), { code: 'BAD_INPUT' });
  });

  it('survives any damage with audio or a MediaError', async () => {
    for (const container of ['ogg', 'webm'] as const) {
      const bytes = await clips.bytes(`tone.${container}`);
      for (let run = 0; run < 40; run++) {
        const broken = Buffer.from(bytes);
        const at = (run * 7919) % broken.length;
        randomBytes(1 + (run % 40)).copy(broken, at);
        const result = await decode(container, broken).catch((error: Error) => error);
        assert.ok(Buffer.isBuffer(result) || result.name === 'MediaError', String(result));
      }
    }
  });

  it('gives up on a part that never ends instead of collecting it', async () => {
    const bytes = await clips.bytes('tone.webm');
    const simpleBlock = Buffer.from('a301ffffffffffffff', 'hex');
    const evil = Buffer.concat([
      bytes.subarray(0, bytes.indexOf(Buffer.from('1f43b675', 'hex'))),
      simpleBlock,
    ]);
    const decoder = decodeOpus({ container: 'webm', rate: 16000, channels: 1 });
    decoder.resume().write(evil);
    const failed = new Promise((resolve) => decoder.once('error', resolve));
    for (let i = 0; i < 100; i++) decoder.write(Buffer.alloc(64 * 1024));
    assert.equal(((await failed) as { code: string }).code, 'BAD_INPUT');
  });

  it('decodes many at once, though opusscript cannot', async () => {
    const bytes = await clips.bytes('tone.ogg');
    const expected = await decode('ogg', bytes);
    const all = await Promise.all(Array.from({ length: 80 }, () => decode('ogg', bytes)));
    for (const pcm of all) assert.ok(pcm.equals(expected));
  });

  it('gives its place back when it is destroyed, also while it waits for one', async () => {
    const open = Array.from({ length: 40 }, () => decodeOpus({ container: 'ogg', rate: 16000, channels: 1 }));
    await new Promise(setImmediate);
    assert.equal(opusDecoderFree(), false);
    const closed = open.map((decoder) => new Promise((resolve) => decoder.once('close', resolve)));
    for (const decoder of open.reverse()) decoder.destroy();
    await Promise.all(closed);
  });

  it('refuses what it cannot make', () => {
    const bad = { container: 'ogg', rate: 16000, channels: 1 } as const;
    for (const wrong of [{ rate: 44100 }, { channels: 3 }, { container: 'mp4' }]) {
      assert.throws(() => decodeOpus({ ...bad, ...wrong } as never), { code: 'UNSUPPORTED_FORMAT' });
    }
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { looksLikeWav, parseWav, PCM_16K, PCM_24K, readWavHeader, wavHeader } from '../../src/media';

const samples = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);

/** A WAV file of these chunks; `size` is what RIFF claims. */
function wav(chunks: Array<[name: string, body: Buffer, size?: number]>, size?: number): Buffer {
  const parts = chunks.map(([name, body, claimed = body.length]) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(claimed, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  });
  const body = Buffer.concat(parts);
  const riff = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1');
  riff.writeUInt32LE(size ?? body.length + 4, 4);
  return Buffer.concat([riff, body]);
}

function fmt({ tag = 1, channels = 1, rate = 16000, bits = 16, more = '' } = {}): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return Buffer.concat([body, Buffer.from(more, 'hex')]);
}

/** What WAVE_FORMAT_EXTENSIBLE adds: size, valid bits, speaker mask, sub-format GUID that begins with the real tag. */
function extension(tag: number): string {
  const more = Buffer.alloc(24);
  more.writeUInt16LE(22, 0);
  more.writeUInt16LE(16, 2);
  more.writeUInt16LE(tag, 8);
  Buffer.from('000000001000800000aa00389b71', 'hex').copy(more, 10);
  return more.toString('hex');
}

describe('media: WAV', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 192000 }),
        fc.integer({ min: 1, max: 4 }),
        (bytes, rate, channels) => {
          const data = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % (2 * channels))));
          const format = { mime: 'audio/pcm', rate, channels };
          assert.deepEqual(parseWav(Buffer.concat([wavHeader(format, data.length), data])), { format, data });
        },
      ),
    );
  });

  it('writes the header that every program knows', () => {
    assert.equal(
      wavHeader(PCM_24K, 48000).toString('hex'),
      '52494646a4bb0000' +
        '57415645' +
        '666d742010000000' +
        '01000100c05d000080bb000002001000' +
        '6461746180bb0000',
    );
  });

  it('says "until the end" where the length is not known or does not fit', () => {
    for (const bytes of [Infinity, 0xffffffff, 2 ** 40]) {
      const header = wavHeader(PCM_16K, bytes);
      assert.equal(header.readUInt32LE(40), 0xffffffff);
      assert.deepEqual(parseWav(Buffer.concat([header, samples])).data, samples);
    }
  });

  it('reads past other chunks, also of odd length', () => {
    const file = wav([
      ['LIST', Buffer.from('INFOISFT\x05\0\0\0Lavf\0', 'latin1')],
      ['fmt ', fmt()],
      ['bext', Buffer.alloc(7)],
      ['data', samples],
      ['LIST', Buffer.alloc(5)],
    ]);
    assert.deepEqual(parseWav(file), { format: { ...PCM_16K }, data: samples });
  });

  it('reads WAVE_FORMAT_EXTENSIBLE', () => {
    const file = (tag: number): Buffer =>
      wav([
        ['fmt ', fmt({ tag: 0xfffe, channels: 2, rate: 48000, more: extension(tag) })],
        ['data', samples],
      ]);
    assert.deepEqual(parseWav(file(1)).format, { mime: 'audio/pcm', rate: 48000, channels: 2 });
    assert.throws(() => parseWav(file(3)), { code: 'UNSUPPORTED_FORMAT', message: /0x3/ });
  });

  it('gives the whole samples of a file that ends early', () => {
    const cut = wav([
      ['fmt ', fmt({ channels: 2 })],
      ['data', samples.subarray(0, 7), 80000],
    ]);
    assert.deepEqual(parseWav(cut.subarray(0, cut.length - 1)).data, samples.subarray(0, 4));
  });

  it('gives what was recorded before a recorder died with the header of an empty file', () => {
    for (const size of [0, 36, 0xffffffff]) {
      const file = wav(
        [
          ['fmt ', fmt()],
          ['data', samples, 0],
        ],
        size,
      );
      assert.deepEqual(parseWav(file).data, samples, String(size));
    }
  });

  it('believes an empty file with something behind it', () => {
    const file = wav([
      ['fmt ', fmt()],
      ['data', Buffer.alloc(0)],
      ['LIST', Buffer.alloc(20)],
    ]);
    assert.equal(parseWav(file).data.length, 0);
  });

  it('asks for more bytes when the samples lie further on', () => {
    const file = wav([
      ['LIST', Buffer.alloc(1000)],
      ['fmt ', fmt()],
      ['data', samples],
    ]);
    for (const length of [12, 100, 1020, 1030, 1050])
      assert.equal(readWavHeader(file.subarray(0, length)), undefined);
    assert.equal(readWavHeader(file)?.dataOffset, file.length - samples.length);
  });

  it('refuses what is no WAV file, or damaged, or not PCM16', () => {
    const bad = (file: Buffer, code: string): void => assert.throws(() => parseWav(file), { code });
    bad(Buffer.from('hello'), 'BAD_INPUT');
    bad(Buffer.from('RIFF\0\0\0\0AVI LIST', 'latin1'), 'BAD_INPUT');
    bad(wav([['data', samples]]), 'BAD_INPUT');
    bad(wav([['fmt ', fmt()]]), 'BAD_INPUT');
    bad(wav([['fmt ', Buffer.alloc(4)], ['data', samples]]), 'BAD_INPUT'); // prettier-ignore
    bad(wav([['fmt ', fmt({ channels: 0 })], ['data', samples]]), 'BAD_INPUT'); // prettier-ignore
    bad(wav([['fmt ', fmt({ bits: 8 })], ['data', samples]]), 'UNSUPPORTED_FORMAT'); // prettier-ignore
    bad(wav([['fmt ', fmt({ tag: 3, bits: 32 })], ['data', samples]]), 'UNSUPPORTED_FORMAT'); // prettier-ignore
    assert.throws(() => wavHeader({ mime: 'audio/mpeg' }, 1), { code: 'UNSUPPORTED_FORMAT' });
  });

  it('never throws anything but a MediaError, whatever the bytes', () => {
    const real = wav([
      ['fmt ', fmt()],
      ['LIST', Buffer.alloc(9)],
      ['data', samples],
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: real.length - 1 }),
        fc.uint8Array({ maxLength: 12 }),
        (at, noise) => {
          const file = Buffer.from(real);
          file.set(noise.subarray(0, file.length - at), at);
          try {
            assert.equal(parseWav(file).data.length % 2, 0);
          } catch (error) {
            assert.ok(['BAD_INPUT', 'UNSUPPORTED_FORMAT'].includes((error as { code: string }).code));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('recognises WAV by its first bytes', () => {
    assert.equal(looksLikeWav(wavHeader(PCM_16K, 0)), true);
    assert.equal(looksLikeWav(wavHeader(PCM_16K, 0).subarray(0, 11)), false);
    assert.equal(looksLikeWav(Buffer.from('RIFX....WAVE')), false);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PCM_16K, PCM_24K, PcmFramer } from '../../src/media';

describe('media: PCM framer', () => {
  it('makes 20 ms frames: 640 bytes at 16 kHz, 960 at 24 kHz', () => {
    assert.equal(new PcmFramer(PCM_16K).frameBytes, 640);
    assert.equal(new PcmFramer(PCM_24K).frameBytes, 960);
    assert.equal(new PcmFramer({ mime: 'audio/pcm', rate: 48000, channels: 2 }, 10).frameBytes, 1920);
  });

  it('keeps every byte in order, in whole frames, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 40 }),
        (pieces, channels, frameMs) => {
          const framer = new PcmFramer({ mime: 'audio/pcm', rate: 1000, channels }, frameMs);
          const frames = pieces.flatMap((piece) => framer.push(Buffer.from(piece)));
          for (const frame of frames) assert.equal(frame.length, 2 * channels * frameMs);
          const last = framer.flush() ?? Buffer.alloc(0);
          assert.ok(last.length < framer.frameBytes);
          const all = Buffer.concat(pieces);
          const whole = all.length - (all.length % (2 * channels));
          assert.deepEqual(Buffer.concat([...frames, last]), all.subarray(0, whole));
          assert.equal(framer.flush(), undefined);
        },
      ),
    );
  });

  it('makes whole samples at rates that do not divide', () => {
    assert.equal(new PcmFramer({ mime: 'audio/pcm', rate: 11025 }).frameBytes, 440);
    assert.equal(new PcmFramer({ mime: 'audio/pcm', rate: 8 }).frameBytes, 2);
  });

  it('refuses anything but PCM', () => {
    assert.throws(() => new PcmFramer({ mime: 'audio/mpeg' }), { code: 'UNSUPPORTED_FORMAT' });
    assert.throws(() => new PcmFramer({ mime: 'audio/pcm' }), { code: 'UNSUPPORTED_FORMAT' });
  });
});

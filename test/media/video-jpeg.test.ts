import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JpegSplitter, jpegSize } from '../../src/media';
import { makePicture } from '../support/pictures';

const segment = (marker: number, body: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};

const NOTHING: Buffer = Buffer.alloc(0);

/** A frame by its structure alone: nobody decodes it. */
function build({ app = NOTHING, scan = NOTHING, width = 16, height = 8, scans = 1 } = {}): Buffer {
  const size = Buffer.from([8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  // In a scan FF is followed by 00.
  const stuffed = Buffer.from([...scan].flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe1, app),
    segment(0xdb, Buffer.alloc(65, 1)),
    segment(0xc0, size),
    ...Array.from({ length: scans }, () =>
      Buffer.concat([
        segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
        stuffed,
        Buffer.from([0xff, 0xd0]),
        stuffed,
      ]),
    ),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** Pushes all in pieces of these sizes, over and over. */
function split(
  bytes: Buffer,
  sizes: readonly number[] = [bytes.length],
): { jpegs: Buffer[]; dropped: number } {
  const splitter = new JpegSplitter();
  const jpegs: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    jpegs.push(...splitter.push(bytes.subarray(at, at + size)).map(({ jpeg }) => jpeg));
    at += size;
  }
  return { jpegs, dropped: splitter.dropped };
}

const frames = fc.record({
  app: fc.uint8Array({ maxLength: 300 }).map((bytes): Buffer => Buffer.from(bytes)),
  scan: fc.uint8Array({ maxLength: 600 }).map((bytes): Buffer => Buffer.from(bytes)),
  scans: fc.integer({ min: 1, max: 3 }),
});
/** What may stand between frames: anything that does not begin like one. */
const between = fc
  .uint8Array({ maxLength: 80 })
  .map((bytes) => Buffer.from(bytes))
  .filter((bytes) => !bytes.includes(0xff));

describe('media: frames in a stream of JPEG', () => {
  it('gives each out with its last byte, whatever the pieces and what lies between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(between, frames), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
        (parts, sizes) => {
          const made = parts.map(([gap, frame]) => ({ gap, jpeg: build(frame) }));
          const all = Buffer.concat(made.flatMap(({ gap, jpeg }) => [gap, jpeg]));
          for (const each of [sizes, [1]]) {
            const { jpegs, dropped } = split(all, each);
            assert.deepEqual(
              jpegs,
              made.map(({ jpeg }) => jpeg),
            );
            assert.equal(dropped, 0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is not ended by a thumbnail inside', async () => {
    const thumbnail = await makePicture('testsrc=s=32x24');
    const jpeg = build({ app: Buffer.concat([Buffer.from('Exif\0\0'), thumbnail]), scan: thumbnail });
    const { jpegs } = split(Buffer.concat([jpeg, jpeg]), [7]);
    assert.deepEqual(jpegs, [jpeg, jpeg]);
  });

  it('does not wait for the next one to begin', () => {
    const splitter = new JpegSplitter();
    const jpeg = build({ scan: Buffer.from('abc') });
    assert.deepEqual(splitter.push(jpeg.subarray(0, -1), 5), []);
    assert.ok(splitter.pending > 0);
    assert.deepEqual(
      splitter.push(jpeg.subarray(-1), 9),
      [{ jpeg, at: 5 }],
      'its time is that of its first byte',
    );
    assert.equal(splitter.pending, 0);
  });

  it('loses one that is cut off, and at most the one after it', () => {
    fc.assert(
      fc.property(
        frames,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (frame, share, size) => {
          const whole = build({ ...frame, scan: frame.scan });
          const cut = whole.subarray(0, 3 + Math.floor(share * (whole.length - 4)));
          const good = [1, 2, 3].map((mark) => build({ scan: Buffer.alloc(100, mark) }));
          const { jpegs } = split(Buffer.concat([cut, ...good]), [size]);
          for (const jpeg of jpegs)
            assert.ok(
              good.some((one) => one.equals(jpeg)),
              'something that was never sent',
            );
          assert.deepEqual(jpegs.slice(-2), good.slice(1));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('goes on after any damage, and never throws', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        (parts, damage) => {
          const bytes = Buffer.concat(parts.map(build));
          for (const [at, value] of damage) bytes[at % bytes.length] = value;
          const good = build({ scan: Buffer.from('good') });
          // A segment may claim to be 64 KiB long.
          const many = Array.from({ length: 800 }, () => good);
          const { jpegs } = split(Buffer.concat([bytes, ...many]), [997]);
          assert.deepEqual(jpegs.at(-1), good);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives up what has no end', () => {
    const splitter = new JpegSplitter(10_000);
    const endless = build({ scan: Buffer.alloc(100_000, 7) });
    for (let at = 0; at < endless.length - 2; at += 1000) splitter.push(endless.subarray(at, at + 1000));
    assert.ok(splitter.dropped >= 1 && splitter.pending <= 10_000);
    const good = build();
    assert.deepEqual(splitter.push(good).at(-1)?.jpeg, good);
  });

  it('cuts what ffmpeg writes, and reads its size', async () => {
    const made = await Promise.all([makePicture('testsrc=s=320x240'), makePicture('testsrc2=s=160x120')]);
    const { jpegs } = split(Buffer.concat(made), [333]);
    assert.deepEqual(jpegs, made);
    assert.deepEqual(jpegs.map(jpegSize), [
      { width: 320, height: 240 },
      { width: 160, height: 120 },
    ]);
    assert.equal(jpegSize(Buffer.from('no picture')), undefined);
  });
});

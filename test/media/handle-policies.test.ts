import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import { capturedAt, createMedia, PCM_16K, type OverflowPolicy } from '../../src/media';
import {
  collectGarbage,
  failure,
  frame,
  marks,
  media,
  readMarks,
  readNow,
  settle,
  writeAll,
} from './support';

/** Contracts, "MediaHandle": who gets what, one test for each cell of the table. */
describe('media: handle policies', () => {
  describe('live audio (drop-oldest)', () => {
    const live = (options = {}): ReturnType<typeof media> => media({ policy: 'drop-oldest', ...options });

    it('gives every new reader now, plus 300 ms of pre-roll', () => {
      const writer = live();
      writeAll(writer, marks(50));
      assert.deepEqual(readNow(writer.handle.open()), marks(15, 35));
      writeAll(writer, [50]);
      assert.deepEqual(readNow(writer.handle.open()), marks(15, 36), 'not only the first reader');
    });

    it('takes another pre-roll, also none to speak of', () => {
      const writer = live({ preRollMs: 0 });
      writeAll(writer, marks(50));
      assert.deepEqual(readNow(writer.handle.open()), [49], 'only what is being said');
    });

    it('lets a slow reader lose its own oldest audio, counted; others are unaffected', async () => {
      const writer = live({ capMs: 100 });
      const slow = writer.handle.open();
      const fast = readMarks(writer.handle);
      await settle();
      for (const mark of marks(20)) {
        writer.write(frame(mark));
        await settle();
      }
      assert.deepEqual(readNow(slow), marks(5, 15));
      assert.equal(slow.dropped, 15);
      assert.equal(slow.droppedMs, 300);
      assert.equal(writer.handle.stats.dropped, 15);
      writer.end();
      assert.deepEqual(await fast, marks(20));
    });

    it('takes the bound of a single reader from open()', () => {
      const writer = live();
      const reader = writer.handle.open({ queueMs: 40 });
      writeAll(writer, marks(10));
      assert.deepEqual(readNow(reader), [8, 9]);
    });

    it('keeps only the pre-roll when nobody opens it, and the writer never waits', () => {
      const writer = live();
      const first = new WeakRef(frame(1));
      writer.write(first.deref()!);
      for (const mark of marks(100)) assert.equal(writer.write(frame(mark)), true);
      assert.equal(writer.handle.stats.dropped, 0, 'what nobody wanted is not lost');
      return settle().then(() => {
        collectGarbage();
        assert.equal(first.deref(), undefined);
      });
    });
  });

  describe('file (block)', () => {
    const file = (options = {}): ReturnType<typeof media> =>
      media({ policy: 'block', capMs: 100, ...options });

    it('gives the first reader all from the start', async () => {
      const writer = file();
      writeAll(writer, marks(4));
      const read = readMarks(writer.handle);
      writeAll(writer, [4]);
      writer.end();
      assert.deepEqual(await read, marks(5));
    });

    it('lets the first reader set the pace', async () => {
      const writer = file();
      const reader = writer.handle.open();
      assert.deepEqual(
        marks(5).map((mark) => writer.write(frame(mark))),
        [true, true, true, true, false],
      );
      let ready = false;
      void writer.ready().then(() => (ready = true));
      await settle();
      assert.equal(ready, false);
      for (const mark of [0, 1, 2]) assert.equal(reader.read()?.[0], mark);
      await settle();
      assert.equal(ready, true, 'at half of the bound');
    });

    it('makes the writer wait for a first reader, who loses nothing', async () => {
      const writer = file();
      writeAll(writer, marks(5));
      let ready = false;
      const waiting = writer.ready().then(() => (ready = true));
      await settle();
      assert.equal(ready, false);
      const reader = writer.handle.open();
      const read = readMarks(reader);
      await waiting;
      writer.end();
      assert.deepEqual(await read, marks(5));
    });

    it('never drops anything of the reader that sets the pace, even if the writer does not wait', () => {
      const writer = file();
      const reader = writer.handle.open();
      writeAll(writer, marks(50));
      assert.deepEqual(readNow(reader), marks(50));
    });

    it('lets later readers begin where they come and lose, counted, what they cannot take', async () => {
      const writer = file();
      const pace = writer.handle.open();
      writeAll(writer, marks(2));
      const late = writer.handle.open();
      writeAll(writer, marks(10, 2));
      assert.deepEqual(readNow(pace), marks(12));
      assert.deepEqual(readNow(late), marks(5, 7));
      assert.equal(late.dropped, 5);
    });

    it('passes the pace on when its reader leaves', async () => {
      const writer = file();
      const first = writer.handle.open();
      const second = writer.handle.open();
      writeAll(writer, marks(5));
      readNow(second);
      const waiting = writer.ready();
      first.destroy();
      await waiting;
      writeAll(writer, marks(50));
      assert.deepEqual(readNow(second), marks(50));
    });

    it('expires unread, with a warning, and lets its writer go', async () => {
      const writer = file({ expireMs: 20, label: 'doorbell.mp3' });
      const warned = once(writer.handle.events, 'warning');
      writeAll(writer, marks(5));
      const waiting = writer.ready();
      const [warning] = (await warned) as [{ code: string; message: string }];
      assert.equal(warning.code, 'EXPIRED');
      assert.match(warning.message, /doorbell\.mp3/);
      await waiting;
      assert.equal(writer.handle.state, 'expired');
      assert.equal(writer.writable, false);
      assert.equal(writer.write(frame(1)), false);
      assert.equal((await failure(writer.handle.open())).code, 'EXPIRED');
    });

    it('does not expire while somebody reads, but when nobody does any more', async () => {
      const writer = file({ expireMs: 20 });
      const reader = writer.handle.open();
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.equal(writer.handle.state, 'open');
      const expired = once(writer.handle.events, 'expired');
      reader.destroy();
      await expired;
    });
  });

  describe('model turn (retain)', () => {
    it('gives every reader all from the start, even late, even after the end', async () => {
      const writer = media();
      const early = readMarks(writer.handle);
      writeAll(writer, marks(3));
      const middle = readMarks(writer.handle);
      writeAll(writer, [3]);
      writer.end();
      for (const read of [early, middle, readMarks(writer.handle)]) assert.deepEqual(await read, marks(4));
    });

    it('never slows the writer: a reader that takes nothing keeps the whole turn', () => {
      const writer = media();
      const reader = writer.handle.open();
      for (const mark of marks(200)) assert.equal(writer.write(frame(mark)), true);
      assert.deepEqual(readNow(reader), marks(200));
      assert.equal(writer.handle.stats.dropped, 0);
    });

    it('keeps at most 10 minutes, then drops the oldest and counts', () => {
      const writer = createMedia({ format: { mime: 'audio/pcm', rate: 100 }, policy: 'retain' });
      const second = (mark: number): Buffer => Buffer.alloc(200, mark);
      for (const mark of marks(610)) writer.write(second(mark % 256));
      const read = readNow(writer.handle.open());
      assert.equal(read.length, 600);
      assert.equal(read[0], 10);
      assert.equal(writer.handle.stats.dropped, 10);
    });

    it('is held until it is over and a while has passed, then expires with a warning', async () => {
      const writer = media({ expireMs: 20 });
      writeAll(writer, marks(3));
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.equal(writer.handle.state, 'open', 'a turn that goes on does not expire');
      const warned = once(writer.handle.events, 'warning');
      writer.end();
      await warned;
      assert.equal((await failure(writer.handle.open())).code, 'EXPIRED');
    });

    it('expires without a warning when it was heard', async () => {
      const writer = media({ expireMs: 20 });
      const warnings: unknown[] = [];
      writer.handle.on('warning', (warning) => warnings.push(warning));
      writeAll(writer, marks(3));
      writer.end();
      await readMarks(writer.handle);
      await once(writer.handle.events, 'expired');
      assert.deepEqual(warnings, []);
    });

    it('lets a reader finish a turn that expires meanwhile', async () => {
      const writer = media({ expireMs: 10 });
      const reader = writer.handle.open();
      writeAll(writer, marks(30));
      writer.end();
      await once(writer.handle.events, 'expired');
      assert.deepEqual(await readMarks(reader), marks(30));
    });

    it('gives the memory back after expiry', async () => {
      const writer = media({ expireMs: 10 });
      const chunk = new WeakRef(frame(1));
      writer.write(chunk.deref()!);
      writer.end();
      await readMarks(writer.handle);
      await once(writer.handle.events, 'expired');
      await settle();
      collectGarbage();
      assert.equal(chunk.deref(), undefined);
    });
  });

  describe('video (latest)', () => {
    const video = (): ReturnType<typeof media> => media({ policy: 'latest', format: { mime: 'image/jpeg' } });

    it('gives a new reader the latest frame at once', () => {
      const writer = video();
      writeAll(writer, marks(5));
      assert.deepEqual(readNow(writer.handle.open()), [4]);
    });

    it('lets a slow reader skip frames, counted', () => {
      const writer = video();
      const slow = writer.handle.open();
      writeAll(writer, marks(5));
      assert.deepEqual(readNow(slow), [4]);
      assert.equal(slow.dropped, 4);
    });

    it('keeps one frame when nobody opens it', async () => {
      const writer = video();
      const old = new WeakRef(frame(1));
      writer.write(old.deref()!);
      writer.write(frame(2));
      await settle();
      collectGarbage();
      assert.equal(old.deref(), undefined);
      assert.deepEqual(readNow(writer.handle.open()), [2]);
    });

    it('skips frames for a reader whose destination is slow, and shows it the newest', async () => {
      const writer = video();
      const seen: number[] = [];
      let next = (): void => {};
      const reading = (async () => {
        for await (const image of writer.handle) {
          seen.push(image[0]!);
          await new Promise<void>((resolve) => (next = resolve));
        }
      })();
      await settle();
      writeAll(writer, marks(10));
      await settle();
      next();
      await settle();
      writer.end();
      next();
      await reading;
      assert.deepEqual(seen, [0, 9]);
    });
  });

  it('holds no timer that keeps a process alive', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const writers = (['block', 'retain', 'latest', 'drop-oldest'] as const).map((policy) =>
      media({ policy }),
    );
    for (const writer of writers) {
      writer.write(frame(1));
      writer.end();
    }
    assert.equal(timers(), before);
  });

  it('carries the capture time of each chunk', async () => {
    const writer = media();
    writer.write(frame(1), 1234.5);
    const before = Date.now();
    writer.write(frame(2));
    writer.end();
    const times: Array<number | undefined> = [];
    for await (const chunk of writer.handle) times.push(capturedAt(chunk));
    assert.equal(times[0], 1234.5);
    assert.ok(times[1]! >= before && times[1]! <= Date.now());
    assert.equal(capturedAt(Buffer.alloc(2)), undefined);
  });

  it('never tears a sample, however odd the writes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 20 }),
        fc.constantFrom<OverflowPolicy>('drop-oldest', 'block', 'retain'),
        fc.integer({ min: 1, max: 3 }),
        async (pieces, policy, channels) => {
          const writer = media({ policy, format: { ...PCM_16K, channels } });
          const reader = writer.handle.open();
          for (const piece of pieces) writer.write(Buffer.from(piece));
          writer.end();
          const read: Buffer[] = [];
          for await (const chunk of reader) read.push(chunk as Buffer);
          for (const chunk of read) assert.equal(chunk.length % (2 * channels), 0);
          const all = Buffer.concat(pieces);
          assert.deepEqual(Buffer.concat(read), all.subarray(0, all.length - (all.length % (2 * channels))));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives every reader of a turn the same bytes, whenever it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('write', 'open', 'read'), { maxLength: 40 }),
        async (steps) => {
          const writer = media();
          const readers = [writer.handle.open()];
          const seen: number[][] = [[]];
          let written = 0;
          for (const step of steps) {
            if (step === 'write') writer.write(frame(written++));
            if (step === 'open') seen[readers.push(writer.handle.open()) - 1] = [];
            if (step === 'read') readers.forEach((reader, i) => seen[i]!.push(...readNow(reader)));
          }
          writer.end();
          for (const [i, reader] of readers.entries()) seen[i]!.push(...(await readMarks(reader)));
          for (const read of seen) assert.deepEqual(read, marks(written));
        },
      ),
      { numRuns: 100 },
    );
  });
});

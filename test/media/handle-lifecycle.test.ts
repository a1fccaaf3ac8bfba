import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createMedia, MediaError, PCM_16K, type AbortCode, type OverflowPolicy } from '../../src/media';
import { failure, frame, marks, media, readAll, readMarks, readNow, settle, writeAll } from './support';

const POLICIES: OverflowPolicy[] = ['drop-oldest', 'block', 'retain', 'latest'];

/** Contracts, "MediaHandle": the table of events. */
describe('media: handle life', () => {
  describe('writer ends', () => {
    for (const policy of POLICIES) {
      it(`gives each reader what is left, then ends it (${policy})`, async () => {
        const writer = media({ policy });
        const waiting = readMarks(writer.handle);
        const behind = writer.handle.open();
        await settle();
        writer.write(frame(7));
        writer.end();
        assert.deepEqual(await waiting, [7]);
        assert.deepEqual(await readMarks(behind), [7]);
        assert.equal(writer.handle.state, 'ended');
      });
    }

    it('tells once, and takes nothing more', async () => {
      const writer = media();
      let ends = 0;
      writer.handle.on('end', () => (ends += 1));
      writer.end();
      writer.end();
      assert.equal(writer.write(frame(1)), false);
      assert.equal(ends, 1);
      assert.equal(writer.handle.stats.written, 0);
    });
  });

  describe('writer aborts', () => {
    const codes: AbortCode[] = ['INTERRUPTED', 'CANCELLED', 'SOURCE_FAILED', 'NODE_CLOSED'];
    for (const policy of POLICIES) {
      it(`destroys each reader at once with the code, unread data is gone (${policy})`, async () => {
        for (const code of codes) {
          const writer = media({ policy });
          const reader = writer.handle.open();
          const other = writer.handle.open();
          writeAll(writer, marks(5));
          reader.read();
          writer.abort(code, 'because');
          assert.equal(reader.destroyed, true, 'at once');
          assert.equal(reader.read(), null);
          for (const error of await Promise.all([failure(reader), failure(other)])) {
            assert.ok(error instanceof MediaError);
            assert.equal(error.code, code);
            assert.equal(error.message, 'because');
          }
          assert.equal(writer.handle.state, 'aborted');
          assert.equal(writer.handle.error?.code, code);
        }
      });
    }

    it('stops a reader in the middle of its loop', async () => {
      const writer = media();
      writeAll(writer, marks(5));
      const seen: number[] = [];
      await assert.rejects(
        async () => {
          for await (const chunk of writer.handle) {
            seen.push(chunk[0]!);
            if (seen.length === 2) writer.abort('INTERRUPTED');
          }
        },
        { code: 'INTERRUPTED' },
      );
      assert.deepEqual(seen, [0, 1]);
    });

    it('emits nothing more to a flowing reader', async () => {
      const writer = media();
      const seen: number[] = [];
      writer.handle.open().on('data', (chunk: Buffer) => {
        seen.push(chunk[0]!);
        if (seen.length === 2) writer.abort('INTERRUPTED');
      });
      writeAll(writer, marks(5));
      await settle();
      assert.deepEqual(seen, [0, 1]);
    });

    it('fails who opens it afterwards, with time to listen', async () => {
      const writer = media();
      writer.abort('INTERRUPTED');
      assert.equal((await failure(writer.handle.open())).code, 'INTERRUPTED');
      await assert.rejects(readMarks(writer.handle), { code: 'INTERRUPTED' });
    });

    it('works after the end, because an answer is interrupted while it still plays', async () => {
      const writer = media();
      const reader = writer.handle.open();
      writeAll(writer, marks(5));
      writer.end();
      writer.abort('INTERRUPTED');
      assert.equal((await failure(reader)).code, 'INTERRUPTED');
    });

    it('works after expiry too, while a speaker still reads', async () => {
      const writer = media({ expireMs: 10 });
      const reader = writer.handle.open();
      writeAll(writer, marks(5));
      writer.end();
      await once(writer.handle.events, 'expired');
      writer.abort('INTERRUPTED');
      assert.equal((await failure(reader)).code, 'INTERRUPTED');
    });

    it('tells once: the first reason stands', () => {
      const writer = media();
      const codes: string[] = [];
      writer.handle.on('abort', (error) => codes.push(error.code));
      writer.abort('INTERRUPTED');
      writer.abort('NODE_CLOSED');
      writer.end();
      assert.deepEqual(codes, ['INTERRUPTED']);
      assert.equal(writer.handle.state, 'aborted');
    });

    it('lets a waiting writer go', async () => {
      const writer = media({ policy: 'block', capMs: 20 });
      writer.handle.open();
      writeAll(writer, marks(3));
      const waiting = writer.ready();
      writer.abort('CANCELLED');
      await waiting;
    });

    it('is no uncaught exception when nobody listens', async () => {
      const uncaught: unknown[] = [];
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', (error) => uncaught.push(error));
      try {
        const writer = media();
        writer.handle.open();
        writer.handle.open().resume();
        writer.handle.pipe(new PassThrough());
        writer.write(frame(1));
        writer.abort('NODE_CLOSED');
        writer.handle.open();
        await settle();
      } finally {
        process.removeAllListeners('uncaughtException');
        for (const listener of listeners) process.on('uncaughtException', listener);
      }
      assert.deepEqual(uncaught, []);
    });
  });

  describe('reader destroyed', () => {
    it('touches only that reader; the last one gone does not stop the writer', async () => {
      for (const policy of POLICIES) {
        const writer = media({ policy });
        const counts: number[] = [];
        writer.handle.on('reader', (count) => counts.push(count));
        const one = writer.handle.open();
        const two = writer.handle.open();
        one.destroy();
        writer.write(frame(1));
        assert.deepEqual(readNow(two), [1], policy);
        two.destroy();
        await settle();
        assert.equal(writer.writable, true);
        writer.write(frame(2));
        assert.ok(readNow(writer.handle.open()).includes(2), policy);
        assert.deepEqual(counts.slice(0, 4), [1, 2, 1, 0]);
        assert.equal(writer.handle.stats.opened, 3);
      }
    });

    it('leaves no listener behind on the handle or on a destination', async () => {
      const writer = media();
      const target = new PassThrough().resume();
      const count = (): number =>
        writer.handle.events.eventNames().length +
        target.eventNames().reduce((sum, name) => sum + target.listenerCount(name), 0);
      const before = count();
      writer.write(frame(0));
      for (const mark of marks(30)) {
        writer.handle.open().destroy();
        const ended = media();
        ended.handle.pipe(target, { end: false });
        ended.write(frame(mark));
        ended.end();
        for await (const _ of writer.handle) break;
        await settle();
      }
      await settle();
      assert.equal(count(), before);
      assert.equal(writer.handle.stats.readers, 0);
    }).timeout(5000);
  });

  describe('like a Node.js stream', () => {
    it('pipes into an ordinary byte stream, waits for it, and ends it', async () => {
      const writer = media();
      const got: Buffer[] = [];
      const slow = new Writable({
        highWaterMark: 1,
        write: (chunk: Buffer, _encoding, done) => {
          got.push(chunk);
          setImmediate(done);
        },
      });
      assert.equal(writer.handle.pipe(slow), slow);
      writeAll(writer, marks(20));
      writer.end();
      await finished(slow);
      assert.deepEqual(Buffer.concat(got), Buffer.concat(marks(20).map(frame)));
    });

    it('gives each use a reader of its own', async () => {
      const writer = media();
      const piped = readAll(writer.handle.pipe(new PassThrough()) as AsyncIterable<Buffer>);
      const looped = readAll(writer.handle);
      const through = new PassThrough();
      const pipelined = pipeline(writer.handle.open(), through);
      writeAll(writer, marks(3));
      writer.end();
      const expected = Buffer.concat(marks(3).map(frame));
      assert.deepEqual(await piped, expected);
      assert.deepEqual(await looped, expected);
      assert.deepEqual(await readAll(through), expected);
      await pipelined;
      assert.equal(writer.handle.stats.opened, 3);
    });

    it('ends the destination of a pipe when the stream is aborted', async () => {
      const writer = media();
      const target = writer.handle.pipe(new PassThrough());
      writeAll(writer, marks(2));
      await settle();
      writer.abort('INTERRUPTED');
      assert.deepEqual(await readAll(target), Buffer.concat(marks(2).map(frame)));
    });

    it('survives a destination that fails or closes', async () => {
      const writer = media();
      const warned = once(writer.handle.events, 'warning');
      writer.handle.pipe(
        new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full at http://u:pw@h/')) }),
      );
      const closing = new PassThrough();
      writer.handle.pipe(closing);
      closing.destroy();
      writer.write(frame(1));
      const [warning] = (await warned) as [MediaError];
      assert.equal(warning.code, 'WRITE_FAILED');
      assert.match(warning.message, /disk full/);
      assert.doesNotMatch(warning.message, /pw/);
      await settle();
      assert.equal(writer.handle.stats.readers, 0);
      assert.equal(writer.writable, true);
    });
  });

  describe('a listener that throws', () => {
    it('costs neither the writer nor the others anything', async () => {
      const writer = media();
      const warnings: MediaError[] = [];
      const seen: number[] = [];
      writer.handle.on('warning', (warning) => warnings.push(warning));
      writer.handle.open().on('data', () => {
        throw new Error('bad flow');
      });
      writer.handle.open().on('data', (chunk: Buffer) => seen.push(chunk[0]!));
      await settle();
      writeAll(writer, [1, 2]);
      writer.handle.on('end', () => {
        throw new Error('bad listener');
      });
      writer.handle.on('end', async () => {
        await settle();
        throw new Error('bad promise');
      });
      let ended = false;
      writer.handle.once('end', () => (ended = true));
      writer.end();
      await settle();
      await settle();
      assert.deepEqual(seen, [1, 2]);
      assert.equal(ended, true);
      assert.deepEqual(
        warnings.map(({ message }) => /bad flow|bad listener|bad promise/.exec(message)?.[0]),
        ['bad flow', 'bad listener', 'bad promise'],
      );
    });
  });

  it('refuses formats and policies that make no sense', () => {
    const bad =
      (options: object): (() => unknown) =>
      () =>
        createMedia(options as never);
    assert.throws(bad({ format: {}, policy: 'retain' }), { code: 'UNSUPPORTED_FORMAT' });
    assert.throws(bad({ format: { mime: 'audio/pcm' }, policy: 'retain' }), { code: 'UNSUPPORTED_FORMAT' });
    assert.throws(bad({ format: { mime: 'audio/pcm', rate: -1 }, policy: 'retain' }), {
      code: 'UNSUPPORTED_FORMAT',
    });
    assert.throws(bad({ format: PCM_16K, policy: 'never' }), { code: 'BAD_INPUT' });
  });
});

import assert from 'node:assert/strict';
import type { LiveSession } from '../../src/live';
import { createMedia, EchoGuard, PCM_16K } from '../../src/media';
import { Uplink } from '../../nodes/session/uplink';

/** 100 ms of 16 kHz PCM16 with this byte everywhere. */
const sound = (byte: number): Buffer => Buffer.alloc(3200, byte);

describe('session: files in a row', () => {
  it('keeps a file that waits behind a longer one than a stream lives unread', async () => {
    const sent: number[] = [];
    const session = {
      audio: { write: (chunk: Buffer) => sent.push(chunk[0]!) },
      audioStreamEnd: () => sent.push(-1),
      stats: { queuedAudioMs: 0 },
    } as unknown as LiveSession;
    const uplink = new Uplink({
      session: () => session,
      echo: new EchoGuard({ mode: 'off' }),
      realtime: false,
    });
    const file = (expireMs: number) => createMedia({ format: PCM_16K, policy: 'block', expireMs });
    const first = file(30_000);
    const second = file(20);
    const expired = new Promise<void>((resolve) => setTimeout(resolve, 100));
    const done = [uplink.send(first.handle), uplink.send(second.handle)];
    first.write(sound(1));
    second.write(sound(2));
    second.end();
    await expired;
    first.end();
    await Promise.all(done);
    assert.deepEqual(sent, [1, 1, 1, 1, 1, -1, 2, 2, 2, 2, 2, -1]);
  });
});

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveSession, type LiveSessionOptions } from '../../src/live';
import { createMedia, PCM_16K } from '../../src/media';
import { Bench, logOf, next, of, type Log } from './support';
import { bytesOf, tone } from '../support/sound';
import { noise } from '../support/speech-like';

const bench = new Bench();
afterEach(() => bench.cleanUp());

/** An unconnected session: what is heard of a microphone needs no service. */
function listening(options: Partial<LiveSessionOptions> = {}): { session: LiveSession; log: Log } {
  const session = bench.session('ws://127.0.0.1:1', options);
  return { session, log: logOf(session) };
}

/** Sound as a microphone's handle gives it: in pieces of 20 ms with their capture times. */
async function speak(
  session: LiveSession,
  pcm: Buffer,
  { from = 1_000_000, stepMs = 20 } = {},
): Promise<number> {
  const writer = createMedia({ format: PCM_16K, policy: 'drop-oldest', capMs: 1_000_000, preRollMs: 0 });
  const piped = writer.handle.pipe(session.audio, { end: false });
  let at = from;
  for (let start = 0; start < pcm.length; start += 640) {
    writer.write(pcm.subarray(start, start + 640), (at += stepMs));
  }
  const read = new Promise<void>((resolve) =>
    writer.handle.on('reader', (count) => void (count === 0 && resolve())),
  );
  writer.end();
  await read;
  assert.ok(piped.writable);
  return at;
}

const room = (ms: number): Buffer => bytesOf(noise(ms, 40));
const codes = (log: Log): string[] =>
  of(log, 'warning').map(({ code, over }) => (over ? `${code} over` : code));

describe('live: level of the microphone', () => {
  it('tells the level at the pace that was asked for', async () => {
    const { session, log } = listening({ levels: { everyMs: 500 } });
    session.audio.write(bytesOf(tone(400, 500, 16_000, 0.1)));
    const { rmsDb, peakDb, clipped, ms } = await next(session, 'level');
    assert.deepEqual({ rmsDb, peakDb, clipped, ms }, { rmsDb: -23, peakDb: -20, clipped: 0, ms: 500 });
    session.audio.write(room(480));
    assert.equal(of(log, 'level').length, 1);
  });

  it('a file that comes faster than it is spoken makes no flood', () => {
    const { session, log } = listening({ levels: { everyMs: 1000 } });
    const began = performance.now();
    const second = room(1000);
    for (let i = 0; i < 600; i++) session.audio.write(second);
    const told = of(log, 'level').length;
    const most = 1 + (performance.now() - began) / 500;
    assert.ok(told >= 1 && told <= most, `${told} levels of 600 s of sound`);
  });

  it('says nothing of it without being asked', () => {
    for (const levels of [undefined, false] as const) {
      const { session, log } = listening({ levels });
      session.audio.write(room(10_000));
      assert.deepEqual(of(log, 'level'), []);
    }
  });

  it('a pace that is none is refused', () => {
    for (const everyMs of [0, 99, -1, NaN, '500']) {
      assert.throws(() => listening({ levels: { everyMs: everyMs as number } }), { code: 'BAD_CONFIG' });
    }
  });

  it('warns of a dead microphone once, and says when it is heard again', async () => {
    const { session, log } = listening({ levels: { everyMs: 100 } });
    const at = await speak(session, Buffer.alloc(32 * 20_000));
    assert.deepEqual(codes(log), ['MICROPHONE_DEAD']);
    assert.match(of(log, 'warning')[0]!.advice ?? '', /connected and not muted/);
    await sleep(60); // levels are told at their pace
    session.audio.write(Buffer.alloc(3200));
    assert.equal(of(log, 'level').at(-1)?.problem, 'DEAD');
    await speak(session, room(5000), { from: at });
    assert.deepEqual(codes(log), ['MICROPHONE_DEAD', 'MICROPHONE_DEAD over']);
  });

  it('warns of clipping and of a wrong rate, without levels too', async () => {
    const loud = listening();
    await speak(
      loud.session,
      bytesOf(tone(200, 5000, 16_000, 1).map((sample) => Math.sign(sample) * 32_767)),
    );
    assert.deepEqual(codes(loud.log), ['MICROPHONE_CLIPPING']);
    const fast = listening();
    await speak(fast.session, room(40_000), { stepMs: 20 / 3 });
    assert.deepEqual(codes(fast.log), ['MICROPHONE_RATE']);
    assert.match(of(fast.log, 'warning')[0]!.message, /: (2\.9|3\.0)\d times as much/);
  });

  it('sound that was not captured may be silent, and may come at any pace', () => {
    const { session, log } = listening();
    for (let i = 0; i < 60; i++) session.audio.write(Buffer.alloc(32_000));
    for (let i = 0; i < 60; i++) session.audio.write(room(1000));
    assert.deepEqual(codes(log), []);
  });
});

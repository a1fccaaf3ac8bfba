import assert from 'node:assert/strict';
import { createMedia, EchoGuard, PCM_16K, PCM_24K } from '../../src/media';
import { CaptureClock } from '../../src/media/capture-clock';
import { DevicePosition, withoutPositions } from '../../src/media/device-position';
import { stamp } from '../../src/media/stamp';
import { frame } from './support';

const FRAME_MS = 20;

describe('media: when late sound was captured', () => {
  /** A device that gives a frame every 20 ms, or rather `everyMs`, and pipes in which they wait. */
  function device(everyMs = FRAME_MS) {
    let now = 10_000;
    let captured = now;
    const clock = new CaptureClock(() => now);
    return {
      /** Frames arrive at once, the last one `lateMs` after its capture. @returns how wrong the clock is about the last (ms) */
      arrive(frames: number, lateMs = 0): number {
        let at = 0;
        captured += frames * everyMs;
        now = captured + lateMs;
        for (let i = 0; i < frames; i += 1) at = clock.next(FRAME_MS);
        return at - captured;
      },
      /** It is not there for a while. */
      pause: (ms: number): number => (captured += ms),
    };
  }

  it('is told by its position, and not by when a burst comes', () => {
    const { arrive } = device();
    assert.equal(arrive(1), 0);
    assert.equal(arrive(40, 800), 0);
    assert.equal(arrive(1, 780), 0);
    assert.equal(arrive(30), 0);
  });

  it('is corrected by a piece that comes quicker than the first one', () => {
    const { arrive } = device();
    assert.equal(arrive(1, 300), 300);
    assert.equal(arrive(1, 5), 5);
    assert.equal(arrive(1, 300), 5);
  });

  it('follows a device that runs slower than it should', () => {
    const { arrive } = device(FRAME_MS * 1.01);
    // 30 s: without it, the clock would be off by 300 ms.
    for (let i = 0; i < 1500; i += 1) assert.ok(Math.abs(arrive(1)) <= 51);
  });

  it('notices at once that the device has paused for long, and after some seconds that it left something out', () => {
    const { arrive, pause } = device();
    arrive(1);
    pause(60_000);
    assert.equal(arrive(1), 0);
    pause(500);
    assert.equal(arrive(1), -500);
    for (let i = 0; i < 300; i += 1) arrive(1);
    assert.equal(arrive(1), 0);
  });
});

describe('media: EchoGuard, sound that comes late', () => {
  it('is echo if it was captured while the answer was heard', () => {
    let time = 5000;
    const guard = new EchoGuard({ mode: 'auto', now: () => time });
    const answer = createMedia({ format: PCM_24K, policy: 'retain' });
    answer.write(Buffer.alloc(24_000, 1)); // 500 ms
    guard.watch(answer.handle);
    answer.handle.reportPlayed(500, { sink: 'speaker' });
    time += 1000; // open since 700 ms
    const microphone = createMedia({ format: PCM_16K, policy: 'drop-oldest' }).handle;
    const passes = (chunk: Buffer): boolean => guard.filter(chunk, microphone) === chunk;
    assert.ok(passes(frame(7)));
    assert.ok(passes(stamp(frame(7), Date.now())));
    assert.ok(!passes(stamp(frame(7), Date.now() - 800)), 'from before it opened');
    assert.ok(!guard.closed);
    time += 10_000;
    assert.ok(passes(stamp(frame(7), Date.now() - 800)));
  });
});

describe('media: how far a device has played', () => {
  /** A device that is handed sound, and says something now and then. */
  function device() {
    let now = 1000;
    const position = new DevicePosition(() => now);
    return {
      position,
      pass: (ms: number) => (now += ms),
      says: (ms: number): void =>
        position.hear(`Time: ${(ms / 1000).toFixed(3)} sec; Latency: 47195 usec.        \r`),
    };
  }

  it('is what it says, however late it is', () => {
    const { position, pass, says } = device();
    position.hand(1000);
    says(100);
    assert.equal(position.leftUntil(1000), 900);
    pass(1500);
    assert.equal(position.leftUntil(1000), 850, 'it is believed to play on for a moment, and not for ever');
    says(300);
    assert.equal(position.leftUntil(1000), 700);
    assert.equal(position.leftUntil(200), 0);
  });

  it('nothing was played before it says so', () => {
    const { position, pass } = device();
    position.hand(500);
    pass(1000);
    assert.ok(position.leftUntil(500) >= 450);
  });

  it('a device that holds a little back has played all it was given', () => {
    const { position, says, pass } = device();
    position.hand(400);
    says(393);
    assert.equal(position.leftUntil(400), 0);
    pass(60_000);
    position.hand(100);
    assert.ok(position.leftUntil(500) > 50, 'it is believed again when there is more');
  });

  it('a device that says nothing new for long, or has no word for it, leaves it to the clock', () => {
    const { position, says, pass } = device();
    position.hear('Stream underrun.\n');
    assert.equal(position.leftUntil(0), 0);
    position.hand(1000);
    says(100);
    for (let i = 0; i < 70; i += 1) {
      pass(50);
      says(100);
    }
    assert.equal(position.leftUntil(1000), 0);
    says(150);
    assert.equal(position.leftUntil(1000), 850);
  });

  it('its last words are told without its positions', () => {
    const said = 'Connected.\nTime: 0.10 sec; Latency: 40 usec.     \rStream error: No such entity\n';
    assert.equal(withoutPositions(said), 'Stream error: No such entity');
    assert.equal(withoutPositions(''), '');
  });
});

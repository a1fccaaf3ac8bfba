import assert from 'node:assert/strict';
import { JitterBuffer, type Progress } from '../../src/talk/page/worklets/jitter';
import { Resampler } from '../../src/talk/page/worklets/resampler';
import { samplesOf, bytesOf, tone, toneShare } from '../support/sound';

const DEVICE = 48_000;
const BLOCK = 128;

/** Pulls what the device would, and gives it as PCM16. */
function pull(buffer: JitterBuffer, ms: number): Int16Array {
  const blocks = Math.ceil((ms * DEVICE) / 1000 / BLOCK);
  const all = new Int16Array(blocks * BLOCK);
  const block = new Float32Array(BLOCK);
  for (let index = 0; index < blocks; index += 1) {
    buffer.pull(block);
    all.set(
      block.map((sample) => sample * 32_767),
      index * BLOCK,
    );
  }
  return all;
}

const loud = (samples: Int16Array): number =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
/** First sample that is not silent. */
const onset = (samples: Int16Array): number => samples.findIndex((sample) => Math.abs(sample) > 300);

function filled(): { buffer: JitterBuffer; told: Progress[] } {
  const told: Progress[] = [];
  return { buffer: new JitterBuffer(DEVICE, (progress) => told.push(progress)), told };
}

describe('sound of the talk page', () => {
  describe('resampler', () => {
    for (const [from, to] of [
      [48_000, 16_000],
      [44_100, 16_000],
      [24_000, 48_000],
      [24_000, 44_100],
      [16_000, 16_000],
    ] as const) {
      it(`keeps tone and length from ${from} to ${to} Hz, in pieces as in one`, () => {
        const input = Float32Array.from(tone(1000, 500, from), (sample) => sample / 32_768);
        const whole = new Resampler(from, to).push(input);
        const pieces = new Resampler(from, to);
        const cut: number[] = [];
        for (let at = 0; at < input.length; at += 128) cut.push(...pieces.push(input.subarray(at, at + 128)));
        assert.equal(cut.length, whole.length);
        const seam = Math.max(...cut.map((sample, index) => Math.abs(sample - whole[index]!)));
        assert.ok(seam < 1e-4, `a seam of ${seam}`);
        assert.ok(Math.abs(whole.length - to / 2) < 0.004 * to, `${whole.length} samples of ${to / 2}`);
        const middle = Int16Array.from(whole.slice(800, -800), (sample) => sample * 32_767);
        assert.ok(toneShare(middle, 1000, to) > 0.999);
      });
    }

    it('takes away what the lower rate cannot hold', () => {
      const input = Float32Array.from(tone(11_000, 500, 48_000), (sample) => sample / 32_768);
      const output = new Resampler(48_000, 16_000).push(input).slice(200, -200);
      assert.ok(Math.max(...output.map(Math.abs)) < 0.005, 'an alias is heard');
    });
  });

  describe('jitter buffer', () => {
    it('begins when enough is there, plays all of it and tells the position', () => {
      const { buffer, told } = filled();
      const answer = tone(500, 400, 24_000);
      buffer.begin(7, 24_000);
      buffer.push(7, answer.slice(0, 480)); // 20 ms: too little
      assert.equal(loud(pull(buffer, 40)), 0);
      assert.equal(buffer.progress, undefined);
      buffer.push(7, answer.slice(480, 4800));
      const first = pull(buffer, 100);
      assert.ok(onset(first) >= 0 && onset(first) < 2 * BLOCK);
      assert.ok(Math.abs(buffer.progress!.ms - 100) < 6, `at ${buffer.progress!.ms} ms`);
      buffer.push(7, answer.slice(4800));
      buffer.end(7);
      const rest = pull(buffer, 400);
      assert.deepEqual(told, [{ stream: 7, ms: 400, over: 'end' }]);
      assert.ok(
        toneShare(samplesOf(bytesOf(rest)).slice(480, 9600), 500, DEVICE) > 0.99,
        'a piece is missing',
      );
      assert.equal(loud(rest.slice(-4800)), 0);
    });

    it('is silent within one block of a flush, tells how far it was, and starts nothing from it', () => {
      const { buffer, told } = filled();
      buffer.begin(1, 24_000);
      buffer.push(1, tone(500, 1000, 24_000));
      pull(buffer, 250);
      buffer.flush(1);
      buffer.push(1, tone(500, 1000, 24_000));
      const after = pull(buffer, 100);
      assert.equal(loud(after.slice(BLOCK)), 0);
      assert.equal(told.length, 1);
      assert.ok(told[0]!.over === 'flush' && Math.abs(told[0]!.ms - 250) < 6, `at ${told[0]!.ms} ms`);
      // The next answer is not held up.
      buffer.begin(2, 24_000);
      buffer.push(2, tone(500, 200, 24_000));
      assert.ok(onset(pull(buffer, 20)) >= 0);
    });

    it('waits for more after a gap, and longer than the first time', () => {
      const { buffer } = filled();
      const hear = (ms: number): boolean => {
        buffer.push(1, tone(500, ms, 24_000));
        return loud(pull(buffer, 2)) > 0;
      };
      buffer.begin(1, 24_000);
      assert.equal(hear(70), true);
      pull(buffer, 100); // it runs dry
      assert.equal(hear(70), false);
      assert.equal(hear(40), true);
    });

    it('plays what is there when nothing more comes', () => {
      const { buffer } = filled();
      buffer.begin(1, 24_000);
      buffer.push(1, tone(500, 30, 24_000));
      assert.ok(loud(pull(buffer, 400)) > 0);
    });

    it('plays one stream after the other, and counts from where one begins', () => {
      const { buffer, told } = filled();
      for (const [stream, at] of [
        [1, 0],
        [2, 3000],
      ] as const) {
        buffer.begin(stream, 24_000, at);
        buffer.push(stream, tone(500, 100, 24_000));
        buffer.end(stream);
      }
      pull(buffer, 300);
      assert.deepEqual(told, [
        { stream: 1, ms: 100, over: 'end' },
        { stream: 2, ms: 3100, over: 'end' },
      ]);
    });
  });
});

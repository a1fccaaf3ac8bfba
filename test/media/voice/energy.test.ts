import assert from 'node:assert/strict';
import { ActivityDetector, EnergyDetector, type ActivityStep } from '../../../src/media/voice';
import { hasVoice, synthesise } from '../../../scripts/assets/synth';
import { skipWithout } from '../../support/skip';

const RATE = 16_000;

/** Noise (white, fixed seed) or tones as PCM16 at 16 kHz. */
function sound(ms: number, sample: (at: number) => number): Buffer {
  const pcm = Buffer.alloc(ms * 32);
  for (let at = 0; at < pcm.length / 2; at += 1) pcm.writeInt16LE(Math.round(sample(at)), at * 2);
  return pcm;
}
const silence = (ms: number): Buffer => Buffer.alloc(ms * 32);
const hum = (ms: number, hz = 440, level = 2000): Buffer =>
  sound(ms, (at) => level * Math.sin((2 * Math.PI * hz * at) / RATE));
function noise(ms: number, level: number): Buffer {
  let state = 1;
  return sound(ms, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return level * (state / 2 ** 31 - 1);
  });
}

/** Stretches of speech in a sound: from when to when (ms), as recognised. */
function stretches(
  pcm: Buffer,
  detector = new EnergyDetector(),
): { from: number; to: number; bytes: number }[] {
  const activity = new ActivityDetector(detector);
  const found: { from: number; to: number; bytes: number }[] = [];
  for (let at = 0; at < pcm.length; at += 640) {
    for (const step of activity.push(pcm.subarray(at, at + 640)) as ActivityStep[]) {
      if (step.type === 'start')
        found.push({
          from: at / 32,
          to: Infinity,
          bytes: step.chunks.reduce((sum, one) => sum + one.length, 0),
        });
      if (step.type === 'speech') found.at(-1)!.bytes += step.chunk.length;
      if (step.type === 'end') found.at(-1)!.to = at / 32;
    }
  }
  return found;
}

describe('voice by energy', () => {
  it('hears nothing in silence, in a room that is not silent, and in rumble', () => {
    assert.deepEqual(stretches(silence(5000)), []);
    assert.deepEqual(stretches(noise(5000, 60)), []);
    assert.deepEqual(stretches(Buffer.concat([silence(1500), hum(3000, 50, 1000)])), []);
  });

  it('takes a fan that is switched on for background before long', () => {
    const found = stretches(Buffer.concat([silence(2000), noise(9000, 2000)]));
    assert.equal(found.length, 1);
    assert.ok(found[0]!.to < 6000, `still speech at ${found[0]!.to} ms`);
  });

  it('hears a voice that stands out of noise, from its beginning on', () => {
    const voice = Buffer.concat([silence(0), hum(600, 700, 9000)]);
    const bed = noise(6000, 900);
    for (let at = 0; at < voice.length; at += 2)
      bed.writeInt16LE(
        Math.max(-32768, Math.min(32767, bed.readInt16LE(at + 4000 * 32) + voice.readInt16LE(at))),
        at + 4000 * 32,
      );
    const found = stretches(bed).filter(({ from }) => from > 2000);
    assert.equal(found.length, 1);
    assert.ok(found[0]!.from >= 4000 && found[0]!.from < 4300, `${found[0]!.from}`);
  });

  it('can be told to be harder to convince', () => {
    const pcm = Buffer.concat([noise(3000, 200), hum(400, 600, 700), noise(1500, 200)]);
    assert.equal(stretches(pcm).filter(({ from }) => from > 2000).length, 1);
    assert.equal(stretches(pcm, new EnergyDetector({ raiseDb: 15 })).length, 0);
  });

  it('judges the same in pieces of any size', () => {
    const pcm = Buffer.concat([noise(1000, 100), hum(500, 500, 5000), noise(1000, 100)]);
    const verdicts = (bytes: number): number => {
      const detector = new EnergyDetector();
      let last = 0;
      for (let at = 0; at < pcm.length; at += bytes) last = detector.push(pcm.subarray(at, at + bytes));
      return Math.round(detector.floorDb * 1000) + (last > 0.5 ? 1 : 0);
    };
    assert.equal(verdicts(640), verdicts(pcm.length - 640));
    assert.equal(verdicts(640), verdicts(34));
  });

  for (const voice of ['espeak-ng:en-us', 'espeak-ng:en-gb+f2', 'espeak-ng:en-us+m3'] as const) {
    it(`loses neither "yes" nor "stop" of ${voice}, nor the beginning of a word`, async function () {
      this.timeout(30_000);
      skipWithout(this, !hasVoice(voice) && 'espeak-ng is not installed');
      for (const text of ['yes', 'stop', 'no', 'okay']) {
        const said = await synthesise(voice, text, RATE);
        const pcm = Buffer.concat([
          silence(1500),
          Buffer.from(said.buffer, said.byteOffset, said.byteLength),
          silence(1500),
        ]);
        const found = stretches(pcm);
        assert.equal(found.length, 1, `"${text}" was heard ${found.length} times`);
        const [{ to, bytes }] = found as [{ from: number; to: number; bytes: number }];
        // All of the recording, from before its first sample until it ended.
        assert.ok(
          to - bytes / 32 <= 1500,
          `"${text}" begins at ${to - bytes / 32} ms, after its first sample`,
        );
      }
    });
  }
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ActivityDetector,
  type ActivityOptions,
  type ActivityStep,
  type VoiceDetector,
} from '../../../src/media/voice';

const CHUNK = 640;

/** Says of each chunk what its first byte says, in hundredths. */
const telling = (later = false): VoiceDetector => ({
  name: 'energy',
  push: (pcm) => (later ? Promise.resolve(pcm[0]! / 100) : pcm[0]! / 100),
  reset: () => {},
});

/** Chunks of 20 ms with the likelihood in their first bytes and their number in the next. */
const sound = (...likely: number[]): Buffer[] =>
  likely.map((one, index) => {
    const chunk = Buffer.alloc(CHUNK);
    chunk[0] = Math.round(one * 100);
    chunk.writeUInt16LE(index, 2);
    return chunk;
  });

const times = (count: number, likely: number): number[] => Array<number>(count).fill(likely);
const numbers = (chunks: Buffer[]): number[] => chunks.map((chunk) => chunk.readUInt16LE(2));

async function run(
  chunks: Buffer[],
  options: ActivityOptions,
  detector = telling(),
): Promise<ActivityStep[]> {
  const activity = new ActivityDetector(detector, options);
  const steps: ActivityStep[] = [];
  for (const chunk of chunks) steps.push(...(await activity.push(chunk)));
  return [...steps, ...activity.stop()];
}

describe('activity detector', () => {
  it('begins with the pre-roll, in order, and ends after the silence asked for', async () => {
    const chunks = sound(...times(30, 0), ...times(20, 0.9), ...times(40, 0));
    const steps = await run(chunks, { preRollMs: 200, minSpeechMs: 80, silenceMs: 400 });
    const [start, ...rest] = steps;
    assert.equal(start?.type, 'start');
    const begun = start?.type === 'start' ? numbers(start.chunks) : [];
    assert.equal(begun.at(-1), 33, 'recognised with the fourth voiced chunk');
    assert.ok(begun[0]! <= 20, `the pre-roll begins at ${begun[0]}`);
    const end = rest.findIndex(({ type }) => type === 'end');
    const speech = rest.slice(0, end).flatMap((step) => (step.type === 'speech' ? [step.chunk] : []));
    assert.deepEqual(
      numbers(speech),
      Array.from({ length: 36 }, (_, at) => 34 + at),
    );
    assert.deepEqual(rest[end], { type: 'end', why: 'silence' });
    assert.equal(rest.length, end + 1, 'nothing after the end');
  });

  it('does not take a click for speech, and bridges a soft syllable', async () => {
    assert.deepEqual(await run(sound(...times(10, 0), 1, 1, ...times(60, 0)), { minSpeechMs: 80 }), []);
    const dip = await run(sound(...times(10, 1), ...times(29, 0.2), ...times(10, 0.4)), { silenceMs: 600 });
    assert.equal(dip.filter(({ type }) => type === 'end').length, 1);
    assert.deepEqual(dip.at(-1), { type: 'end', why: 'stopped' });
  });

  it('ends speech that lasts too long, and goes on with the next stretch without losing a byte', async () => {
    const steps = await run(sound(...times(90, 1)), { maxSpeechMs: 1000, preRollMs: 100, minSpeechMs: 40 });
    assert.deepEqual(
      steps.filter((step) => step.type === 'end').map((step) => step.type === 'end' && step.why),
      ['longest', 'stopped'],
    );
    const all = steps.flatMap((step) =>
      step.type === 'start' ? step.chunks : step.type === 'speech' ? [step.chunk] : [],
    );
    assert.deepEqual(
      numbers(all),
      Array.from({ length: 90 }, (_, at) => at),
    );
  });

  it('says the same when its detector needs time', async () => {
    const chunks = sound(...times(30, 0), ...times(20, 0.9), ...times(40, 0));
    assert.deepEqual(await run(chunks, {}, telling(true)), await run(chunks, {}));
  });

  it('forgets what it kept when the sound ends', async () => {
    const activity = new ActivityDetector(telling(), { minSpeechMs: 40 });
    for (const chunk of sound(...times(20, 0))) await activity.push(chunk);
    activity.stop();
    const steps: ActivityStep[] = [];
    for (const chunk of sound(1, 1)) steps.push(...(await activity.push(chunk)));
    assert.deepEqual(
      steps.map((step) => step.type === 'start' && step.chunks.length),
      [2],
    );
  });

  it('gives stretches that are uncut, in order and apart, whatever comes (property)', async () => {
    const one = fc.record({
      likely: fc.array(fc.constantFrom(0, 0.3, 0.5, 0.7, 1), { maxLength: 200 }),
      preRollMs: fc.integer({ min: 0, max: 400 }),
      minSpeechMs: fc.integer({ min: 0, max: 200 }),
      silenceMs: fc.integer({ min: 20, max: 400 }),
      maxSpeechMs: fc.integer({ min: 100, max: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(one, async ({ likely, ...options }) => {
        let open = false;
        let last = -1;
        for (const step of await run(sound(...likely), options)) {
          if (step.type === 'end') {
            assert.ok(open, 'an end without a start');
            open = false;
            continue;
          }
          assert.equal(open, step.type === 'speech');
          const chunks = step.type === 'start' ? step.chunks : [step.chunk];
          for (const [at, number] of numbers(chunks).entries()) {
            if (step.type === 'speech' || at > 0) assert.equal(number, last + 1, 'a gap');
            else assert.ok(number > last, 'sound was given twice');
            last = number;
          }
          open = true;
        }
        assert.ok(!open, 'a start without an end');
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

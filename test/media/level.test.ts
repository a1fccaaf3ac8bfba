import assert from 'node:assert/strict';
import { LevelMeter, MicrophoneWatch, type LevelReport, type ProblemChange } from '../../src/media';
import { randomFrom } from '../../src/server/clock';
import { bytesOf, tone } from '../support/sound';
import { buzz, join, mix, noise } from '../support/speech-like';

const RATE = 16_000;

/** The level of some sound, given as one piece. */
function levelOf(samples: Int16Array): LevelReport {
  const meter = new LevelMeter({ everyMs: (samples.length / RATE) * 1000 });
  const report = meter.push(bytesOf(samples));
  assert.ok(report);
  return report;
}

/** A change as text, e.g. `DEAD` and `DEAD over`. */
const word = ({ problem, over }: ProblemChange): string => (over ? `${problem} over` : problem);

/** A microphone whose sound is watched. */
class Watched {
  readonly watch: MicrophoneWatch;
  readonly told: string[] = [];
  /** Clock of the capture (epoch ms). */
  at = 1_000_000;

  constructor(options: ConstructorParameters<typeof MicrophoneWatch>[0] = {}) {
    this.watch = new MicrophoneWatch(options);
  }

  /** Sound in pieces of 20 ms that take `stepMs` each. */
  hear(samples: Int16Array, { stepMs = 20, stamped = true } = {}): this {
    const pcm = bytesOf(samples);
    for (let start = 0; start < pcm.length; start += 640) {
      this.at += stepMs;
      const changes = this.watch.push(pcm.subarray(start, start + 640), stamped ? this.at : undefined);
      this.told.push(...changes.map(word));
    }
    return this;
  }

  /** The next piece comes that much later. */
  pause(ms: number): this {
    this.at += ms;
    return this;
  }
}

/** As {@link buzz}, but so loud that its tops are cut off. */
const tooLoud = (ms: number): Int16Array =>
  Int16Array.from(tone(200, ms, RATE, 1), (sample) => Math.max(-32768, Math.min(32767, sample * 3)));
const silence = (ms: number): Int16Array => new Int16Array((ms * RATE) / 1000);
const room = (ms: number): Int16Array => noise(ms, 40);

describe('media: level of sound', () => {
  it('a sine of full scale has -3 dB, one of a tenth -23, silence -100', () => {
    assert.equal(levelOf(tone(400, 500, RATE, 1)).rmsDb, -3);
    assert.equal(levelOf(tone(400, 500, RATE, 0.1)).rmsDb, -23);
    assert.deepEqual(levelOf(silence(100)), { rmsDb: -100, peakDb: -100, clipped: 0, ms: 100 });
  });

  it('the peak is that of the loudest sample, also a negative one', () => {
    const samples = silence(100);
    samples[7] = 16_384;
    assert.equal(levelOf(samples).peakDb, -6);
    samples[9] = -32_768;
    assert.equal(levelOf(samples).peakDb, 0);
  });

  it('counts the samples at full scale', () => {
    const samples = room(100);
    samples[3] = 32_767;
    samples[4] = -32_768;
    samples[5] = 32_766;
    assert.equal(levelOf(samples).clipped, 2);
    assert.ok(!Object.is(levelOf(samples).peakDb, -0));
  });

  it('one report for each second of sound, whatever the pieces (property)', () => {
    const pcm = bytesOf(mix(buzz(3500), room(3500)));
    const random = randomFrom(8);
    const seconds = [0, 1, 2].map((second) =>
      levelOf(new Int16Array(bufferOf(pcm, second * 32_000, 32_000))),
    );
    for (let run = 0; run < 20; run++) {
      const meter = new LevelMeter();
      const reports: LevelReport[] = [];
      // Odd pieces that yet end where a second does.
      for (let at = 0; at < pcm.length;) {
        const step = 1 + Math.floor(random() * 1500);
        const end = Math.min(at + step, 32_000 * (Math.floor(at / 32_000) + 1), pcm.length);
        const report = meter.push(pcm.subarray(at, end));
        if (report) reports.push(report);
        at = end;
      }
      assert.deepEqual(reports, seconds);
    }
  });

  it('a long piece makes one report, and empty ones make none', () => {
    const meter = new LevelMeter();
    assert.equal(meter.push(Buffer.alloc(0)), undefined);
    assert.equal(meter.push(bytesOf(room(5000)))?.ms, 5000);
    assert.equal(meter.push(Buffer.alloc(0)), undefined);
  });

  it('knows other PCM, and refuses what is none', () => {
    const meter = new LevelMeter({ format: { mime: 'audio/pcm', rate: 48_000, channels: 2 }, everyMs: 100 });
    assert.equal(meter.push(Buffer.alloc(48 * 4 * 100 - 4)), undefined);
    assert.equal(meter.push(Buffer.alloc(4))?.ms, 100);
    const code = 'UNSUPPORTED_FORMAT';
    assert.throws(() => new LevelMeter({ format: { mime: 'audio/mpeg' } }), { code });
    assert.throws(() => new MicrophoneWatch({ format: { mime: 'image/jpeg' } }), { code });
  });
});

/** Bytes of their own, so that samples can be made of them. */
function bufferOf(pcm: Buffer, from: number, length: number): ArrayBuffer {
  return pcm.buffer.slice(pcm.byteOffset + from, pcm.byteOffset + from + length) as ArrayBuffer;
}

describe('media: what is wrong with a microphone', () => {
  it('nothing, with speech in a quiet room', () => {
    const speech = mix(join(silence(2000), buzz(3000), silence(2000), buzz(1500)), room(8500));
    const mic = new Watched().hear(speech).hear(speech).hear(speech);
    assert.deepEqual(mic.told, []);
    assert.equal(mic.watch.problem, undefined);
  });

  describe('dead', () => {
    it('after five seconds of digital silence, once, and once more when it is heard again', () => {
      const mic = new Watched().hear(silence(4900));
      assert.deepEqual(mic.told, []);
      mic.hear(silence(60_000));
      assert.deepEqual(mic.told, ['DEAD']);
      assert.equal(mic.watch.problem, 'DEAD');
      mic.hear(room(5000));
      assert.deepEqual(mic.told, ['DEAD', 'DEAD over']);
      assert.equal(mic.watch.problem, undefined);
    });

    it('also where a converter puts the last bit to and fro', () => {
      assert.deepEqual(new Watched().hear(noise(6000, 1.4)).told, ['DEAD']);
    });

    it('a crackle does not bring it to life', () => {
      const mic = new Watched().hear(silence(6000));
      for (let i = 0; i < 20; i++) mic.hear(room(200)).hear(silence(1000));
      assert.deepEqual(mic.told, ['DEAD']);
    });

    it('silence that stands in for what must not be heard means nothing', () => {
      const mic = new Watched();
      for (let i = 0; i < 10; i++) mic.hear(room(400)).hear(silence(4000), { stamped: false });
      mic.hear(silence(60_000), { stamped: false });
      assert.deepEqual(mic.told, []);
    });

    it('a pause is no silence: a muted microphone gives nothing at all', () => {
      const mic = new Watched();
      for (let i = 0; i < 10; i++) mic.hear(room(400)).pause(60_000);
      assert.deepEqual(mic.told, []);
    });
  });

  describe('clipping', () => {
    it('speech that is too loud, once, and once more when it is not', () => {
      const mic = new Watched().hear(tooLoud(10_000));
      assert.deepEqual(mic.told, ['CLIPPING']);
      assert.equal(mic.watch.problem, 'CLIPPING');
      mic.hear(buzz(5000));
      assert.deepEqual(mic.told, ['CLIPPING', 'CLIPPING over']);
    });

    it('loud words with pauses between them are one outbreak', () => {
      const mic = new Watched();
      for (let i = 0; i < 10; i++) mic.hear(tooLoud(2200)).hear(room(1800));
      assert.deepEqual(mic.told, ['CLIPPING']);
    });

    it('a knock on the table is none, nor is sound that just reaches full scale', () => {
      const mic = new Watched();
      for (let i = 0; i < 10; i++) mic.hear(tooLoud(60)).hear(room(4000));
      assert.deepEqual(mic.told, []);
      const peaks = room(10_000);
      for (let i = 0; i < peaks.length; i += 4000) peaks[i] = 32_767;
      assert.deepEqual(new Watched().hear(peaks).told, []);
    });

    it('is found in sound without a capture time, too', () => {
      assert.deepEqual(new Watched().hear(tooLoud(5000), { stamped: false }).told, ['CLIPPING']);
    });
  });

  describe('wrong rate', () => {
    it('48 kHz that is taken for 16 kHz: three times too fast', () => {
      const mic = new Watched().hear(room(40_000), { stepMs: 20 / 3 });
      assert.deepEqual(mic.told, ['WRONG_RATE']);
      assert.equal(mic.watch.problem, 'WRONG_RATE');
    });

    it('tells how wrong it is', () => {
      const watch = new MicrophoneWatch();
      const changes: ProblemChange[] = [];
      for (let i = 1; i < 1000; i++) changes.push(...watch.push(bytesOf(room(20)), 40 * i));
      assert.equal(changes.length, 1);
      assert.ok(Math.abs(changes[0]!.ratio! - 0.5) < 0.01, String(changes[0]!.ratio));
    });

    it('8 % are the border, to both sides', () => {
      for (const [ratio, told] of [
        [0.9, ['WRONG_RATE']],
        [0.94, []],
        [1.06, []],
        [1.1, ['WRONG_RATE']],
      ] as const) {
        const mic = new Watched().hear(room(30_000), { stepMs: 20 / ratio });
        assert.deepEqual(mic.told, told, String(ratio));
      }
    });

    it('is over when the rate is right', () => {
      const mic = new Watched().hear(room(30_000), { stepMs: 25 }).hear(room(15_000));
      assert.deepEqual(mic.told, ['WRONG_RATE', 'WRONG_RATE over']);
    });

    it('a machine that stalls is no wrong rate, though each stall moves 0.9 s (property)', () => {
      const random = randomFrom(21);
      const mic = new Watched();
      for (let i = 0; i < 60; i++) {
        const { at } = mic;
        // What was captured in the stall is read all at once at its end.
        mic.pause(900).hear(room(900), { stepMs: 0 });
        assert.equal(mic.at, at + 900);
        mic.hear(room(20 * Math.ceil(random() * 200)));
      }
      assert.deepEqual(mic.told, []);
    });

    it('pauses are no lost sound: muted, replaced by a file or by silence', () => {
      const mic = new Watched();
      for (let i = 0; i < 30; i++) mic.hear(room(1000)).pause(1500);
      for (let i = 0; i < 60; i++) mic.hear(room(500)).hear(silence(500), { stamped: false });
      assert.deepEqual(mic.told, []);
    });

    it('a clock that is set back or forth costs one count, no alarm', () => {
      const mic = new Watched();
      for (const jump of [-3_600_000, 7_200_000, -800, 800]) mic.hear(room(12_000)).pause(jump);
      mic.hear(room(12_000));
      assert.deepEqual(mic.told, []);
    });

    it('sound without a capture time has no pace', () => {
      assert.deepEqual(new Watched().hear(room(60_000), { stepMs: 0, stamped: false }).told, []);
    });
  });

  it('the gravest problem comes first', () => {
    const mic = new Watched().hear(silence(30_000), { stepMs: 40 });
    assert.deepEqual(mic.told.sort(), ['DEAD', 'WRONG_RATE']);
    assert.equal(mic.watch.problem, 'DEAD');
  });
});

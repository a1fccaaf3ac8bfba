import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { parseWav } from '../../src/media';
import { Resampler } from '../../src/server/resample';
import type { Detection } from '../../src/server/setup';
import { TurnTaker } from '../../src/server/turn-taker';
import { buzz, join, mix, noise } from '../support/speech-like';
import { bytesOf, rms, samplesOf, tone, toneShare } from '../support/sound';

const DETECTION: Detection = {
  automatic: true,
  startSensitivity: 'high',
  prefixPaddingMs: 60,
  silenceDurationMs: 600,
};

interface Taken {
  starts: number;
  /** Length of each utterance in ms. */
  utterances: number[];
  pcm: Int16Array[];
}

class Listener {
  readonly taken: Taken = { starts: 0, utterances: [], pcm: [] };
  activityStarted(): void {
    this.taken.starts++;
  }
  utterance({ pcm }: { pcm: Int16Array }): void {
    this.taken.utterances.push(pcm.length / 16);
    this.taken.pcm.push(pcm);
  }
}

function take(pcm: Int16Array, detection: Partial<Detection> = {}, rate = 16_000, chunk = 640): Taken {
  const listener = new Listener();
  const taker = new TurnTaker({ ...DETECTION, ...detection }, listener, () => 1);
  const bytes = bytesOf(pcm);
  for (let at = 0; at < bytes.length; at += chunk) taker.audio(bytes.subarray(at, at + chunk), rate);
  return listener.taken;
}

const within = (value: number | undefined, least: number, most: number): void =>
  assert.ok(value !== undefined && value >= least && value <= most, `${value} is not in ${least}…${most}`);

describe('local Live server: voice activity', () => {
  it('takes a burst between silences for one utterance, with a lead and its tail', () => {
    const { starts, utterances } = take(join(noise(1000), buzz(1000), noise(1000)));
    assert.equal(starts, 1);
    assert.equal(utterances.length, 1);
    within(utterances[0], 1000 + 300 + 500, 1000 + 400 + 700);
  });

  it('hears two bursts apart as two, close together as one', () => {
    const pause = (ms: number) => join(noise(500), buzz(700), noise(ms), buzz(700), noise(1000));
    assert.equal(take(pause(400)).utterances.length, 1);
    assert.equal(take(pause(900)).utterances.length, 2);
  });

  it('waits for the silence it was told to wait for', () => {
    const pcm = join(noise(500), buzz(700), noise(900), buzz(700), noise(2500));
    assert.equal(take(pcm, { silenceDurationMs: 300 }).utterances.length, 2);
    assert.equal(take(pcm, { silenceDurationMs: 1500 }).utterances.length, 1);
  });

  it('lets a sound shorter than the prefix padding pass', () => {
    const click = join(noise(800), buzz(100), noise(1200));
    assert.equal(take(click, { prefixPaddingMs: 300 }).starts, 0);
    assert.equal(take(click, { prefixPaddingMs: 20 }).starts, 1);
  });

  it('starts at faint speech only when it is sensitive', () => {
    const faint = join(noise(1000), buzz(800, 400), noise(1000));
    assert.equal(take(faint, { startSensitivity: 'high' }).utterances.length, 1);
    assert.equal(take(faint, { startSensitivity: 'low' }).utterances.length, 0);
  });

  it('does not take silence, a quiet room or a steady hum for speech', () => {
    assert.equal(take(new Int16Array(16_000 * 5)).starts, 0);
    assert.equal(take(noise(5000, 40)).starts, 0);
    assert.equal(take(noise(5000, 400)).starts, 0);
    assert.equal(take(join(new Int16Array(16_000), tone(50, 4000, 16_000, 0.002))).starts, 0);
  });

  it('hears speech in a noisy room', () => {
    const room = noise(6000, 900);
    const speech = mix(room, join(new Int16Array(16_000 * 3), buzz(1000)));
    const { starts, utterances } = take(speech);
    assert.equal(starts, 1);
    assert.equal(utterances.length, 1);
  });

  it('gets used to a noise that begins and stays', () => {
    const fan = noise(8000, 1500, 16_000, 3);
    const { starts, utterances } = take(
      join(noise(1000), fan, mix(fan, join(noise(3000), buzz(1000, 16_000)))),
    );
    // The fan itself is one false start; the speech in front of it is heard for itself.
    assert.equal(starts, 2);
    assert.equal(utterances.length, 2);
  });

  it('hears speech that begins with the very first sample', () => {
    assert.equal(take(join(buzz(900), noise(900))).utterances.length, 1);
  });

  it('finds the same utterances however the stream is cut, even inside a sample', () => {
    const pcm = join(noise(600), buzz(900), noise(900));
    const whole = take(pcm, {}, 16_000, pcm.length * 2);
    for (const chunk of [1, 7, 321, 3200]) {
      assert.deepEqual(take(pcm, {}, 16_000, chunk).pcm, whole.pcm, `chunks of ${chunk} bytes`);
    }
  });

  it('ends an utterance that never ends after a minute', () => {
    const words = Array.from({ length: 80 }, () => join(buzz(900), noise(200)));
    const { utterances } = take(join(...words));
    within(utterances[0], 59_000, 60_000);
  });

  for (const rate of [8000, 24_000, 44_100, 48_000]) {
    it(`listens to ${rate} Hz`, () => {
      const { utterances } = take(
        join(noise(800, 12, rate), buzz(1000, 9000, rate), noise(1000, 12, rate)),
        {},
        rate,
      );
      assert.equal(utterances.length, 1);
      within(utterances[0], 1700, 2200);
    });
  }

  describe('markers of the client', () => {
    const manual = { ...DETECTION, automatic: false };

    it('cut the utterance; audio outside them is discarded', () => {
      const listener = new Listener();
      const taker = new TurnTaker(manual, listener, () => 1);
      taker.audio(bytesOf(buzz(500)), 16_000);
      taker.activityStart();
      taker.audio(bytesOf(buzz(1000)), 16_000);
      taker.activityEnd();
      taker.audio(bytesOf(buzz(500)), 16_000);
      assert.deepEqual(listener.taken.utterances, [1000]);
      assert.equal(listener.taken.starts, 1);
    });

    it('without audio only interrupt', () => {
      const listener = new Listener();
      const taker = new TurnTaker(manual, listener, () => 1);
      taker.activityStart();
      taker.activityEnd();
      assert.deepEqual(listener.taken, { starts: 1, utterances: [], pcm: [] });
    });
  });

  it('ends the turn at once when the stream ends', () => {
    const listener = new Listener();
    const taker = new TurnTaker(DETECTION, listener, () => 1);
    taker.audio(bytesOf(join(noise(500), buzz(800))), 16_000);
    assert.equal(listener.taken.utterances.length, 0);
    taker.streamEnd();
    assert.equal(listener.taken.utterances.length, 1);
    taker.streamEnd();
    assert.equal(listener.taken.utterances.length, 1);
  });

  describe('with real speech', () => {
    const speak = (text: string): Int16Array | undefined => {
      const { stdout, error } = spawnSync('espeak-ng', ['--stdout', text], { maxBuffer: 1 << 24 });
      if (error || !stdout?.length) return undefined;
      const { format, data } = parseWav(stdout);
      return new Resampler(format.rate ?? 22_050, 16_000).push(samplesOf(data));
    };
    let first: Int16Array;
    let second: Int16Array;

    before(function () {
      const spoken = [speak('Turn on the kitchen light, please.'), speak('What time is it?')];
      if (!spoken[0] || !spoken[1]) {
        process.stdout.write('needs the package espeak-ng\n');
        return this.skip();
      }
      [first, second] = spoken as [Int16Array, Int16Array];
    });

    it('finds each of two sentences whole, in silence and in noise of 20 dB', () => {
      const clean = join(new Int16Array(8000), first, new Int16Array(16_000), second, new Int16Array(16_000));
      const level = rms(first) * 32_768;
      const noisy = mix(clean, noise(clean.length / 16, (level / 10) * Math.sqrt(3)));
      for (const pcm of [clean, noisy]) {
        const { starts, utterances } = take(pcm);
        assert.equal(starts, 2);
        assert.equal(utterances.length, 2);
        within(utterances[0], (first.length / 16) * 0.8, first.length / 16 + 1200);
        within(utterances[1], (second.length / 16) * 0.8, second.length / 16 + 1200);
      }
    });

    it('does not cut a sentence at its comma', () => {
      assert.equal(take(join(first, new Int16Array(16_000))).utterances.length, 1);
    });
  });
});

describe('local Live server: resampling', () => {
  for (const [from, to] of [
    [48_000, 16_000],
    [44_100, 16_000],
    [8000, 16_000],
    [24_000, 16_000],
  ] as const) {
    it(`keeps a tone at its pitch and length, ${from} to ${to} Hz, however it is cut`, () => {
      const input = tone(440, 1000, from);
      const whole = new Resampler(from, to).push(input);
      within(whole.length, to - 4, to);
      assert.ok(toneShare(whole, 440, to) > 0.99, `share ${toneShare(whole, 440, to)}`);
      const cut = new Resampler(from, to);
      const pieces: Int16Array[] = [];
      for (let at = 0; at < input.length; at += 37) pieces.push(cut.push(input.subarray(at, at + 37)));
      const joined = join(...pieces);
      assert.deepEqual(joined, whole.subarray(0, joined.length));
      within(joined.length, whole.length - 8, whole.length + 8);
    });
  }

  it('returns the same samples when there is nothing to do', () => {
    const input = tone(440, 10, 16_000);
    assert.equal(new Resampler(16_000, 16_000).push(input), input);
  });
});

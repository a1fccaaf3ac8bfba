import assert from 'node:assert/strict';
import { Playout, type PlayResult } from '../../src/media/playout';
import { findInPath } from '../../src/media/ffmpeg';
import { PCM_16K } from '../../src/media/format';
import { runningTools } from '../../src/media/process';
import { createMedia } from '../../src/media/writer';
import { turn, wholeTurn } from '../support/media';
import { until } from '../support/processes';
import { describePulse, PulseServer, type Recording } from '../support/pulse';
import { bytesOf, heardTone, loudMs, loudSpan, rms, tone } from '../support/sound';

const RATE = 48_000;
const isNear = (value: number, expected: number): boolean => Math.abs(value - expected) <= 20;
const ms = (samples: number): number => (samples / RATE) * 1000;

describePulse('media: playout', () => {
  let pulse: PulseServer;
  let recording: Recording;
  let from = 0;

  before(async () => {
    pulse = await PulseServer.start();
    recording = await pulse.record('speaker.monitor', RATE);
  });
  after(async () => {
    await recording?.stop();
    await pulse?.stop();
    assert.equal(runningTools(), 0);
  });

  const players: Playout[] = [];
  function playout(...options: ConstructorParameters<typeof Playout>): Playout {
    const player = new Playout(...options);
    players.push(player);
    return player;
  }
  beforeEach(() => {
    from = recording.samples().length;
  });
  afterEach(async () => {
    for (const player of players.splice(0)) await player.close();
    assert.equal(await pulse.streams('sink-inputs'), 0, 'a stream was left playing');
  });

  /** What the loudspeaker gave since the test began, once it has been silent for a while. */
  async function heard(): Promise<Int16Array> {
    await recording.until(ms(recording.samples().length) + 250);
    return recording.samples().subarray(from);
  }
  /** Resolves when this much of a tone was heard, ms. */
  const heardFor = (atLeast: number): Promise<number> =>
    until(
      `${atLeast} ms are heard`,
      () => {
        const span = loudSpan(recording.samples().subarray(from));
        return span ? ms(span.end - span.start) : 0;
      },
      (length) => length >= atLeast,
    );

  it('plays what it was given, whole, at its level', async () => {
    const { handle } = wholeTurn(440, 700);
    assert.deepEqual(await playout().play(handle), { playedMs: 700, aborted: false } satisfies PlayResult);
    assert.deepEqual(handle.played, { ms: 700, estimated: false });
    const sound = await heard();
    assert.ok(isNear(loudMs(sound, RATE), 700), `${loudMs(sound, RATE)} ms`);
    assert.ok(heardTone(sound, 440, RATE) > 0.98, `share ${heardTone(sound, 440, RATE)}`);
    const { start } = loudSpan(sound)!;
    assert.ok(Math.abs(rms(sound.subarray(start, start + RATE / 20)) - 0.354) < 0.05);
  });

  it('plays even what is shorter than the device buffer', async () => {
    await playout().play(wholeTurn(440, 25).handle);
    assert.ok(isNear(loudMs(await heard(), RATE), 25));
  });

  it('plays one stream after the other, in order, and says when it plays', async () => {
    const player = playout();
    const states: string[] = [];
    player.on('state', (state) => states.push(state));
    const results = await Promise.all([
      player.play(wholeTurn(400, 300).handle),
      player.play(wholeTurn(900, 300).handle),
    ]);
    assert.deepEqual(
      results.map(({ playedMs }) => playedMs),
      [300, 300],
    );
    const sound = await heard();
    assert.ok(isNear(loudMs(sound, RATE), 600), `${loudMs(sound, RATE)} ms`);
    const { start, end } = loudSpan(sound)!;
    assert.ok(heardTone(sound.subarray(start, start + RATE / 5), 400, RATE) > 0.95);
    assert.ok(heardTone(sound.subarray(end - RATE / 5, end), 900, RATE) > 0.95);
    assert.deepEqual(states, ['playing', 'idle']);
  });

  it('a live stream is played while it comes', async () => {
    const writer = turn(440, 200);
    const done = playout().play(writer.handle);
    await heardFor(150);
    assert.equal(writer.handle.state, 'open');
    writer.write(bytesOf(tone(440, 200, 24_000)));
    writer.end();
    assert.equal((await done).playedMs, 400);
  });

  it('another rate needs no conversion', async () => {
    const player = playout();
    await player.play(wholeTurn(440, 200).handle);
    const writer = createMedia({ format: PCM_16K, policy: 'retain' });
    writer.write(bytesOf(tone(700, 400, 16_000)));
    writer.end();
    await heard();
    from = recording.samples().length;
    await player.play(writer.handle);
    const sound = await heard();
    assert.ok(isNear(loudMs(sound, RATE), 400), `${loudMs(sound, RATE)} ms`);
    assert.ok(heardTone(sound, 700, RATE) > 0.98);
  });

  it('volume, also while it plays, and never beyond the range', async () => {
    const player = playout({ volume: 0.5 });
    const done = player.play(wholeTurn(440, 1200, 0.8).handle);
    await heardFor(500);
    player.setVolume(0);
    await done;
    const sound = await heard();
    assert.ok(loudMs(sound, RATE) < 1100, 'it went silent before the end');
    const { start } = loudSpan(sound)!;
    assert.ok(Math.abs(rms(sound.subarray(start, start + RATE / 20)) - 0.283) < 0.05);
  });

  describe('interruption', () => {
    it('is silent at once although seconds were left, and reports what was heard', async () => {
      const player = playout();
      const writer = turn(440, 5000);
      const done = player.play(writer.handle);
      await heardFor(400);
      const at = recording.samples().length;
      writer.abort('INTERRUPTED');
      const reported = writer.handle.played;
      const { playedMs, aborted } = await done;
      assert.equal(aborted, true);
      assert.deepEqual(
        reported,
        { ms: playedMs, estimated: false, over: true },
        'the position is known when the abort is',
      );
      const sound = await heard();
      const span = loudSpan(sound)!;
      // How far the recorder is behind is part of it; the benchmark measures what is ours.
      const late = ms(from + span.end - at);
      assert.ok(late < 500, `${late} ms of sound after the abort`);
      const total = loudMs(sound, RATE);
      assert.ok(Math.abs(total - playedMs) < 150, `${total} ms heard, ${playedMs} ms reported`);
    });

    it('of a stream that has ended but still plays', async () => {
      const writer = wholeTurn(440, 3000);
      const done = playout().play(writer.handle);
      await heardFor(200);
      assert.equal(writer.handle.state, 'ended');
      writer.abort('INTERRUPTED');
      assert.equal((await done).aborted, true);
      assert.ok(loudMs(await heard(), RATE) < 1500);
    });

    it('the next stream plays at once', async () => {
      const player = playout();
      const writer = turn(440, 5000);
      const done = player.play(writer.handle);
      await heardFor(200);
      writer.abort('INTERRUPTED');
      await done;
      await player.play(wholeTurn(900, 300).handle);
      const sound = await heard();
      const { end } = loudSpan(sound)!;
      assert.ok(
        heardTone(sound.subarray(end - RATE / 4, end), 900, RATE) > 0.98,
        'nothing else sounds in it',
      );
    });

    it('of a stream that still waits: nothing of it is heard, the one before is not cut', async () => {
      const player = playout();
      const first = player.play(wholeTurn(440, 400).handle);
      const waiting = turn(900, 1000);
      const second = player.play(waiting.handle);
      waiting.abort('INTERRUPTED');
      assert.deepEqual(await second, { playedMs: 0, aborted: true });
      assert.deepEqual(await first, { playedMs: 400, aborted: false });
      const sound = await heard();
      assert.ok(heardTone(sound, 440, RATE) > 0.98);
      assert.ok(isNear(loudMs(sound, RATE), 400), `${loudMs(sound, RATE)} ms`);
    });

    it('a stream that was aborted before is not started', async () => {
      const writer = turn(440, 1000);
      writer.abort('INTERRUPTED');
      assert.deepEqual(await playout().play(writer.handle), { playedMs: 0, aborted: true });
      assert.equal(loudSpan(await heard()), undefined);
    });

    it('stop() silences all that plays and waits, and playing goes on afterwards', async () => {
      const player = playout();
      const both = [player.play(turn(440, 5000).handle), player.play(turn(440, 5000).handle)];
      await heardFor(200);
      player.stop();
      assert.deepEqual(
        (await Promise.all(both)).map(({ aborted }) => aborted),
        [true, true],
      );
      await until('it is idle', () => player.state === 'idle');
      from = recording.samples().length;
      assert.equal((await player.play(wholeTurn(900, 200).handle)).playedMs, 200);
      assert.ok(loudSpan(await heard()));
    });
  });

  it('reports positions that grow, of the stream that plays', async () => {
    const positions: number[] = [];
    const { handle } = wholeTurn(440, 500);
    handle.on('played', (position) => positions.push(position));
    await playout().play(handle);
    assert.ok(positions.length >= 10, `${positions.length} reports`);
    assert.deepEqual(
      positions,
      [...positions].sort((a, b) => a - b),
    );
    assert.equal(positions.at(-1), 500);
  });

  it('starts one program only when a stream is cut short while the device is still looked for', async () => {
    const player = playout();
    const first = player.play(wholeTurn(440, 300).handle);
    player.stop();
    assert.equal((await player.play(wholeTurn(440, 100).handle)).playedMs, 100);
    assert.equal((await first).aborted, true);
    assert.equal(await pulse.streams('sink-inputs'), 1);
  });

  it('does not give the device back under a stream that began when it was told to be idle', async () => {
    const player = playout();
    const { setTimeout } = globalThis;
    // The time after which an idle device is given back, made short.
    globalThis.setTimeout = ((run: () => void, ms: number) =>
      setTimeout(run, ms === 30_000 ? 50 : ms)) as typeof setTimeout;
    try {
      const second = new Promise<PlayResult>((resolve) =>
        player.once('state', () =>
          player.once('state', () => resolve(player.play(wholeTurn(440, 400).handle))),
        ),
      );
      await player.play(wholeTurn(440, 50).handle);
      assert.equal((await second).playedMs, 400);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
  });

  it('a listener that throws or rejects ends neither the playing nor the process', async () => {
    const player = playout();
    player.on('state', () => {
      throw new Error('bad listener');
    });
    player.on('played', () => Promise.reject(new Error('bad listener')) as never);
    assert.equal((await player.play(wholeTurn(440, 100).handle)).playedMs, 100);
    assert.equal((await player.play(wholeTurn(440, 100).handle)).playedMs, 100);
  });

  it('close() in the middle leaves nothing and refuses more', async () => {
    const player = playout();
    const done = player.play(turn(440, 5000).handle);
    await heardFor(100);
    const before = runningTools();
    await player.close();
    assert.equal(runningTools(), before - 1);
    assert.equal((await done).aborted, true);
    await assert.rejects(player.play(wholeTurn(440, 100).handle), { code: 'NODE_CLOSED' });
  });

  it('close() while the device is still looked for', async () => {
    const player = playout();
    const done = player.play(turn(440, 1000).handle);
    await player.close();
    assert.deepEqual(await done, { playedMs: 0, aborted: true });
  });

  describe('devices', () => {
    it('one that does not exist: says which do, and the next stream tries again', async () => {
      const player = playout({ device: 'late' });
      await assert.rejects(player.play(wholeTurn(440, 300).handle), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DEVICE_NOT_FOUND');
        assert.match(error.message, /"late" does not exist\. There are: speaker, room\./);
        return true;
      });
      await until('it failed', () => player.state === 'failed');
      const { stdout } = await pulse.pactl(
        'load-module',
        'module-null-sink',
        'sink_name=late',
        'norewinds=1',
      );
      try {
        assert.equal((await player.play(wholeTurn(440, 300).handle)).playedMs, 300);
        await until('it recovered', () => player.state === 'idle');
      } finally {
        await player.close();
        await pulse.pactl('unload-module', stdout.trim());
      }
    });

    it('no PulseAudio server: says so', async () => {
      process.env.PULSE_SERVER = 'unix:/no/such/socket';
      try {
        await assert.rejects(playout({ backend: 'pulse' }).play(wholeTurn(440, 300).handle), {
          code: 'DEVICE_FAILED',
          message: /no PulseAudio server answers\. Start PulseAudio/,
        });
      } finally {
        process.env.PULSE_SERVER = pulse.address;
      }
    });

    it('the server dies in the middle: an error, no hang', async () => {
      const other = await PulseServer.start();
      const player = playout();
      try {
        const done = player.play(turn(440, 5000).handle);
        await until('it plays', () => other.streams('sink-inputs'));
        await other.stop();
        await assert.rejects(done, { code: /DEVICE_FAILED|DEVICE_NOT_FOUND/ });
      } finally {
        await other.stop();
      }
      assert.equal(
        (await player.play(wholeTurn(440, 100).handle)).playedMs,
        100,
        'with the server that is there now',
      );
    });

    it('no program that plays: says what to install', async () => {
      const before = process.env.PATH;
      process.env.PATH = '';
      try {
        await assert.rejects(playout({ backend: 'pulse' }).play(wholeTurn(440, 100).handle), {
          code: 'DEVICE_FAILED',
          message: /Install pulseaudio-utils/,
        });
        await assert.rejects(
          playout({ backend: 'alsa' }).play(wholeTurn(440, 100).handle),
          /Install alsa-utils/,
        );
      } finally {
        process.env.PATH = before;
      }
    });

    it('refuses what is no PCM', async () => {
      const { handle } = createMedia({ format: { mime: 'audio/mpeg' }, policy: 'block' });
      await assert.rejects(playout().play(handle), {
        code: 'UNSUPPORTED_FORMAT',
        message: /not audio\/mpeg/,
      });
    });
  });

  it('through aplay (Debian packages alsa-utils, libasound2-plugins)', async function () {
    if (!findInPath('aplay').length) return this.skip();
    const player = playout({ backend: 'alsa' });
    const played = await player.play(wholeTurn(440, 500).handle).catch((error: Error & { code?: string }) => {
      // Without ALSA's PulseAudio plugin it finds no sound card.
      assert.equal(error.code, 'DEVICE_NOT_FOUND');
      return undefined;
    });
    if (!played) return this.skip();
    const sound = await heard();
    assert.ok(isNear(loudMs(sound, RATE), 500), `${loudMs(sound, RATE)} ms`);
    from = recording.samples().length;
    const writer = turn(440, 4000);
    const done = player.play(writer.handle);
    await heardFor(200);
    writer.abort('INTERRUPTED');
    assert.equal((await done).aborted, true);
    assert.ok(loudMs(await heard(), RATE) < 1500);
  });

  it('through ffmpeg (Debian package ffmpeg), where neither pacat nor aplay exists', async function () {
    const player = playout({ backend: 'ffmpeg' });
    const played = await player.play(wholeTurn(440, 500).handle).catch((error: Error & { code?: string }) => {
      // A machine whose only ffmpeg is the bundled one cannot do it.
      assert.match(error.message, /lacks output device/);
      return undefined;
    });
    if (!played) return this.skip();
    const sound = await heard();
    assert.ok(isNear(loudMs(sound, RATE), 500), `${loudMs(sound, RATE)} ms`);
    from = recording.samples().length;
    assert.equal((await player.play(wholeTurn(440, 200).handle)).playedMs, 200, 'and again');
    assert.ok(loudSpan(await heard()));
  });
});

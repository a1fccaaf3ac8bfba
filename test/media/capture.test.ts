import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { arecordArgs, captureMicrophone, ffmpegCaptureArgs, parecArgs } from '../../src/media/capture';
import type { MediaError } from '../../src/media/errors';
import { findInPath } from '../../src/media/ffmpeg';
import type { MediaHandle } from '../../src/media/handle';
import { runningTools } from '../../src/media/process';
import { capturedAt } from '../../src/media/stamp';
import { until } from '../support/processes';
import { describePulse, PulseServer } from '../support/pulse';
import { heardTone, loudMs, samplesOf, tone } from '../support/sound';

const aborted = (handle: MediaHandle): Promise<MediaError> =>
  new Promise((resolve) => (handle.error ? resolve(handle.error) : handle.once('abort', resolve)));

describePulse('media: capture', () => {
  let pulse: PulseServer;
  let tools: number;
  before(async () => {
    pulse = await PulseServer.start();
    tools = runningTools();
  });
  after(() => pulse?.stop());

  const running: Array<{ stop: AbortController; handle: MediaHandle }> = [];
  function microphone(options: Parameters<typeof captureMicrophone>[0] = {}): MediaHandle {
    const stop = new AbortController();
    const handle = captureMicrophone({ ...options, signal: stop.signal });
    running.push({ stop, handle });
    return handle;
  }
  afterEach(async () => {
    for (const { stop, handle } of running.splice(0)) {
      stop.abort();
      await until('the handle is closed', () => handle.state !== 'open');
    }
    assert.equal(runningTools(), tools, 'a capturing process was left');
    assert.equal(await pulse.streams('source-outputs'), 0, 'the microphone is still open');
  });

  /** Collects what a microphone hears. */
  function listen(handle: MediaHandle): Buffer[] {
    const chunks: Buffer[] = [];
    handle.open().on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  }

  async function hearsTone(handle: MediaHandle): Promise<Buffer[]> {
    const chunks = listen(handle);
    await until('sound comes', () => chunks.length > 5 || handle.error);
    await pulse.playInto('room', tone(440, 500, 16_000), 16_000);
    const sound = (): Int16Array => samplesOf(Buffer.concat(chunks));
    await until(
      'the tone was heard',
      () => loudMs(sound(), 16_000),
      (value) => value >= 480,
    );
    assert.ok(heardTone(sound(), 440, 16_000) > 0.98);
    return chunks;
  }

  it('gives what is said, in stamped frames of 640 bytes', async () => {
    const began = Date.now();
    const handle = microphone();
    assert.deepEqual(handle.format, { mime: 'audio/pcm', rate: 16_000, channels: 1 });
    assert.equal(handle.policy, 'drop-oldest');
    const chunks = await hearsTone(handle);
    assert.deepEqual([...new Set(chunks.map(({ length }) => length))], [640]);
    const stamps = chunks.map((chunk) => capturedAt(chunk)!);
    assert.deepEqual(
      stamps,
      [...stamps].sort((a, b) => a - b),
    );
    assert.ok(stamps[0]! >= began && stamps.at(-1)! <= Date.now());
  });

  it('a chosen device, by every way there is', async function () {
    for (const backend of ['pulse', 'alsa'] as const) {
      // Only ALSA's PulseAudio plugin can be shown here: there is no sound card.
      if (backend === 'alsa' && !findInPath('arecord').length) continue;
      await hearsTone(microphone({ backend, device: backend === 'pulse' ? 'room.monitor' : 'pulse' }));
    }
  });

  it('without an ffmpeg that knows PulseAudio, through parec', async () => {
    const before = process.env.PATH;
    const folder = mkdtempSync(path.join(tmpdir(), 'bin-'));
    for (const tool of ['pactl', 'parec']) {
      writeFileSync(path.join(folder, tool), `#!/bin/sh\nPATH='${before}' exec ${tool} "$@"\n`, {
        mode: 0o755,
      });
    }
    process.env.PATH = folder;
    try {
      const handle = microphone();
      const chunks = listen(handle);
      await until('sound comes', () => chunks.length > 5 || handle.error);
      assert.equal(handle.error, undefined);
      assert.equal(chunks[0]!.length, 640);
    } finally {
      process.env.PATH = before;
      rmSync(folder, { recursive: true });
    }
  });

  it('muted: nothing comes; unmuted: what is said now', async () => {
    const handle = microphone();
    const chunks = await hearsTone(handle);
    handle.setMuted(true);
    const count = chunks.length;
    await pulse.playInto('room', tone(440, 300, 16_000), 16_000);
    assert.equal(chunks.length, count);
    const { written } = handle.stats;
    handle.setMuted(false);
    await until('sound comes again', () => handle.stats.written > written + 5);
    const after = samplesOf(Buffer.concat(chunks.slice(count)));
    assert.ok(loudMs(after, 16_000) < 300, 'what was said while muted was kept');
  });

  it('a consumer that does not read costs only itself, and later hears what is said then', async () => {
    const handle = microphone();
    const slow = handle.open({ queueMs: 200 });
    const quick = listen(handle);
    await until('two seconds have come', () => quick.length > 100, Boolean, 30_000);
    assert.ok(slow.dropped > 60, `${slow.dropped} frames dropped`);
    const oldest = slow.read() as Buffer;
    assert.ok(Date.now() - capturedAt(oldest)! < 1500);
  });

  it('a signal stops it: the handle ends when the microphone was released', async () => {
    const stop = new AbortController();
    const handle = captureMicrophone({ signal: stop.signal });
    const chunks = listen(handle);
    await until('sound comes', () => chunks.length > 2);
    const ended = new Promise<void>((resolve) => handle.once('end', resolve));
    stop.abort();
    await ended;
    assert.equal(runningTools(), tools);
    assert.equal(handle.state, 'ended');
  });

  it('a signal that comes before it has begun', async () => {
    const handle = captureMicrophone({ signal: AbortSignal.abort() });
    await until('it ended', () => handle.state === 'ended');
    assert.equal(handle.stats.written, 0);
  });

  describe('what goes wrong', () => {
    it('a device that does not exist: lists those that do', async () => {
      const error = await aborted(microphone({ device: 'nosuch' }));
      assert.equal(error.code, 'DEVICE_NOT_FOUND');
      assert.match(
        error.message,
        /no microphone "nosuch"\. There are: mic, speaker\.monitor, room\.monitor\./,
      );
    });

    it('an ALSA device that does not exist (Debian package alsa-utils)', async function () {
      if (!findInPath('arecord').length) return this.skip();
      assert.equal(
        (await aborted(microphone({ backend: 'alsa', device: 'nosuch' }))).code,
        'DEVICE_NOT_FOUND',
      );
      // An id from the list says by itself that it is ALSA's.
      const error = await aborted(microphone({ device: 'plughw:CARD=No,DEV=9' }));
      assert.equal(error.code, 'DEVICE_NOT_FOUND');
      assert.doesNotMatch(error.message, /There are: mic/);
    });

    it('no PulseAudio server', async () => {
      process.env.PULSE_SERVER = 'unix:/no/such/socket';
      try {
        const error = await aborted(microphone({ backend: 'pulse' }));
        assert.equal(error.code, 'SOURCE_FAILED');
        assert.match(error.message, /no PulseAudio server answers\. Start PulseAudio/);
      } finally {
        process.env.PULSE_SERVER = pulse.address;
      }
    });

    it('the server dies in the middle', async () => {
      const other = await PulseServer.start();
      try {
        const handle = microphone();
        const chunks = listen(handle);
        await until('sound comes', () => chunks.length > 2);
        const gone = aborted(handle);
        await other.stop();
        assert.equal((await gone).code, 'SOURCE_FAILED');
        assert.match((await gone).message, /stopped working/);
      } finally {
        await other.stop();
      }
    });

    it('a wrong path to ffmpeg, a system that is another one, nothing to capture with', async () => {
      assert.equal((await aborted(microphone({ ffmpegPath: '/no/ffmpeg' }))).code, 'NO_FFMPEG');
      assert.equal((await aborted(microphone({ backend: 'dshow' }))).code, 'FFMPEG_CAPABILITY');
      const before = process.env.PATH;
      process.env.PATH = '';
      try {
        assert.match((await aborted(microphone({ backend: 'alsa' }))).message, /Install alsa-utils/);
      } finally {
        process.env.PATH = before;
      }
    });

    it('a device that opens and stays silent for ever', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'mute-'));
      const dumb = path.join(folder, 'ffmpeg');
      const listing = 'echo "ffmpeg version 1"; echo " D  pulse   Pulse"';
      writeFileSync(dumb, `#!/bin/sh\ncase "$*" in *pipe:1*) exec sleep 60;; esac\n${listing}\n`, {
        mode: 0o755,
      });
      const error = await aborted(microphone({ backend: 'pulse', ffmpegPath: dumb, startTimeoutMs: 300 }));
      rmSync(folder, { recursive: true });
      assert.equal(error.code, 'SOURCE_FAILED');
      assert.match(error.message, /gave no sound within 0\.3 s/);
    });
  });
});

describe('media: capture arguments', () => {
  const before = '-hide_banner -loglevel error -nostdin -fflags nobuffer -probesize 32 -analyzeduration 0';
  const after = '-ac 1 -ar 16000 -c:a pcm_s16le -f s16le pipe:1';

  it('are the measured ones', () => {
    assert.equal(
      ffmpegCaptureArgs('pulse', 'mic').join(' '),
      `${before} -f pulse -sample_rate 16000 -channels 1 -fragment_size 640 -i mic ${after}`,
    );
    assert.equal(
      ffmpegCaptureArgs('alsa', undefined).join(' '),
      `${before} -f alsa -sample_rate 16000 -channels 1 -i default ${after}`,
    );
    assert.equal(
      ffmpegCaptureArgs('avfoundation', '0').join(' '),
      `${before} -f avfoundation -i :0 ${after}`,
    );
    assert.equal(
      ffmpegCaptureArgs('dshow', 'Mic (USB)').join('|'),
      `${before} -f dshow -audio_buffer_size 20 -i`.split(' ').join('|') +
        `|audio=Mic (USB)|${after.split(' ').join('|')}`,
    );
  });

  it('arecord and parec work in pieces of 20 ms', () => {
    assert.match(
      arecordArgs('hw:1').join(' '),
      /^-q -D hw:1 -t raw -f S16_LE -r 16000 -c 1 --period-size=320 /,
    );
    assert.match(
      parecArgs(undefined).join(' '),
      /^--raw --format=s16le --rate=16000 --channels=1 --latency-msec=20/,
    );
  });
});

import assert from 'node:assert/strict';
import { aplayArgs, ffmpegPlayArgs, pacatArgs } from '../../src/media/speaker';
import { scalePcm } from '../../src/media/volume';
import { bytesOf, samplesOf } from '../support/sound';

describe('media: playout arguments', () => {
  const format = { mime: 'audio/pcm', rate: 24_000, channels: 1 };

  it('pacat always has a latency: without, it would wait for a full buffer', () => {
    assert.deepEqual(pacatArgs('sink', format).slice(0, 8), [
      ...['--playback', '--device', 'sink', '--raw', '--format=s16le', '--rate=24000', '--channels=1'],
      '--latency-msec=50',
    ]);
    assert.ok(!pacatArgs(undefined, format).includes('--device'));
  });

  it('aplay and ffmpeg', () => {
    assert.equal(
      aplayArgs('plughw:1,0', format).join(' '),
      '-q -D plughw:1,0 -t raw -f S16_LE -r 24000 -c 1 --buffer-time=50000',
    );
    assert.match(
      ffmpegPlayArgs('pulse', 'x', format).join(' '),
      /-f pulse -buffer_duration 100 -device x Gemini Live$/,
    );
    assert.match(ffmpegPlayArgs('alsa', undefined, format).join(' '), /-f alsa default$/);
    assert.match(ffmpegPlayArgs('audiotoolbox', undefined, format).join(' '), /-f audiotoolbox -$/);
  });
});

describe('media: volume', () => {
  it('scales samples and keeps them in range, without touching the original', () => {
    const pcm = bytesOf(Int16Array.from([0, 1000, -1000, 30_000, -30_000]));
    assert.deepEqual([...samplesOf(scalePcm(pcm, 2))], [0, 2000, -2000, 32_767, -32_768]);
    assert.deepEqual([...samplesOf(scalePcm(pcm, 0.5))], [0, 500, -500, 15_000, -15_000]);
    assert.deepEqual([...samplesOf(pcm)], [0, 1000, -1000, 30_000, -30_000]);
    assert.equal(scalePcm(pcm, 1), pcm);
  });
});

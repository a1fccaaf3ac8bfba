import assert from 'node:assert/strict';
import { EventEmitter, getEventListeners, once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  MediaError,
  openAudioInput,
  PCM_24K,
  wavHeader,
  type AudioInputOptions,
  type MediaHandle,
} from '../../src/media';
import { resolveFfmpeg } from '../../src/media/ffmpeg';
import { descendants, hasProc, until } from '../support/processes';
import { Clips, frequency, level } from './clips';
import { readAll, settle } from './support';

const ffmpegs = (): string[] =>
  descendants(process.pid)
    .map(({ command }) => command)
    .filter((c) => /ffmpeg.*s16le/.test(c));
const noFfmpeg = (): Promise<unknown> => until('no ffmpeg runs', ffmpegs, (found) => found.length === 0);
/** Where ffmpeg must not be needed, there is none. */
const WITHOUT_FFMPEG = { ffmpegPath: '/no/such/ffmpeg' };

async function read(options: AudioInputOptions): Promise<Buffer> {
  const handle = openAudioInput(options);
  const chunks: Buffer[] = [];
  for await (const chunk of handle) chunks.push(chunk);
  const last = chunks.at(-1);
  for (const chunk of chunks) assert.ok(chunk.length === chunks[0]!.length || chunk === last);
  assert.equal(handle.state, 'ended');
  return Buffer.concat(chunks);
}

function assertTone(pcm: Buffer, ms: number, rate = 16000): void {
  const actual = pcm.length / ((rate * 2) / 1000);
  assert.ok(Math.abs(actual - ms) < 60, `${actual} ms instead of ${ms}`);
  assert.ok(Math.abs(frequency(pcm, rate) - 440) < 4, `${frequency(pcm, rate)} Hz`);
}

describe('media: audio input', () => {
  let clips: Clips;
  const FILES: Record<string, string[]> = {
    'tone.mp3': [],
    'trailing-moov.m4a': ['-c:a', 'aac'],
    'faststart.m4a': ['-c:a', 'aac', '-movflags', '+faststart'],
    'fragmented.mp4': ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov'],
    'tone.flac': [],
    'tone.aac': [],
    'vorbis.webm': ['-c:a', 'libvorbis'],
    '44100 stereo.wav': ['-ar', '44100', '-ac', '2'],
    '8-bit.wav': ['-c:a', 'pcm_u8'],
    'exact.wav': ['-ar', '16000'],
    'opus.ogg': ['-c:a', 'libopus'],
    'opus.webm': ['-c:a', 'libopus'],
    'opus.mka': ['-c:a', 'libopus'],
  };

  before(async () => {
    clips = await Clips.open();
    for (const [name, args] of Object.entries(FILES)) await clips.tone(440, 1, ...args, name);
  });
  after(() => clips.close());
  afterEach(async function () {
    if (hasProc) await noFfmpeg();
  });

  for (const name of Object.keys(FILES)) {
    it(`opens ${name} as file, Buffer and stream`, async () => {
      assertTone(await read({ source: { file: clips.path(name) } }), 1000);
      assertTone(await read({ source: { buffer: await clips.bytes(name) } }), 1000);
      assertTone(
        await read({ source: { stream: createReadStream(clips.path(name), { highWaterMark: 777 }) } }),
        1000,
      );
    });
  }

  for (const name of ['exact.wav', 'opus.ogg', 'opus.webm', 'opus.mka']) {
    it(`opens ${name} without ffmpeg`, async () => {
      assertTone(await read({ source: { file: clips.path(name) }, ...WITHOUT_FFMPEG }), 1000);
    });
  }

  it('gives the samples of a matching WAV file bit by bit', async () => {
    const file = await clips.bytes('exact.wav');
    const pcm = await read({ source: { buffer: file } });
    assert.ok(file.includes(pcm));
    assert.equal(pcm.length, 32000);
  });

  it('reads raw PCM as declared, straight or converted', async () => {
    const pcm = await read({ source: { file: clips.path('exact.wav') } });
    const format = { mime: 'audio/pcm', rate: 16000 };
    assert.deepEqual(await read({ source: { buffer: pcm }, format, ...WITHOUT_FFMPEG }), pcm);
    const stream = Readable.from([pcm.subarray(0, 333), pcm.subarray(333)]);
    assert.deepEqual(await read({ source: { stream }, format, ...WITHOUT_FFMPEG }), pcm);
    await writeFile(clips.path('raw'), pcm);
    assert.deepEqual(await read({ source: { file: clips.path('raw') }, format, ...WITHOUT_FFMPEG }), pcm);
    assertTone(await read({ source: { buffer: pcm }, format, output: PCM_24K }), 1000, 24000);
  });

  it('makes other PCM formats', async () => {
    for (const name of ['opus.ogg', 'tone.mp3', 'exact.wav']) {
      assertTone(await read({ source: { file: clips.path(name) }, output: PCM_24K }), 1000, 24000);
    }
    const stereo = await read({
      source: { file: clips.path('tone.mp3') },
      output: { ...PCM_24K, channels: 2 },
    });
    assert.ok(Math.abs(stereo.length / 96 - 1000) < 60);
  });

  it('takes file URLs, odd names, and a Uint8Array', async () => {
    const odd = clips.path("-i a'b %20 ü http: .mp3");
    await writeFile(odd, await clips.bytes('tone.mp3'));
    assertTone(await read({ source: { file: odd } }), 1000);
    assertTone(await read({ source: { url: pathToFileURL(odd).href } }), 1000);
    const bytes = new Uint8Array(await clips.bytes('opus.ogg'));
    assertTone(await read({ source: { buffer: bytes as Buffer } }), 1000);
  });

  it('works with the bundled ffmpeg as with any other', async function () {
    const bundled = await resolveFfmpeg({ env: {} }).catch(() => undefined);
    if (bundled?.source !== 'bundled') return this.skip();
    for (const name of ['tone.mp3', 'trailing-moov.m4a', '44100 stereo.wav']) {
      assertTone(await read({ source: { file: clips.path(name) }, ffmpegPath: bundled.path }), 1000);
    }
  });

  it('lets nothing above the new band fold back into it, and keeps what is in it', async () => {
    const at = async (hz: number): Promise<number> => {
      await clips.tone(hz, 1, '-ar', '44100', 'band.wav');
      return level(await read({ source: { file: clips.path('band.wav') } }));
    };
    const speech = await at(1000);
    assert.ok(Math.abs((await at(7000)) - speech) < 1);
    for (const hz of [8500, 9000, 12000]) assert.ok((await at(hz)) < speech - 55, `${hz} Hz`);
  });

  it('leaves no temporary file behind', async () => {
    const saved = process.env.TMPDIR;
    const tmp = (process.env.TMPDIR = clips.path('tmp'));
    try {
      await mkdir(tmp);
      await read({ source: { buffer: await clips.bytes('trailing-moov.m4a') } });
      assert.deepEqual(await readdir(tmp), []);
      const stop = new AbortController();
      const source = new PassThrough();
      source.write((await clips.bytes('trailing-moov.m4a')).subarray(0, 4000));
      const handle = openAudioInput({ source: { stream: source }, signal: stop.signal });
      await until(
        'the stream is kept in a file',
        () => readdir(tmp),
        (files) => files.length === 1,
      );
      stop.abort();
      await until(
        'the file is gone',
        () => readdir(tmp),
        (files) => files.length === 0,
      );
      assert.equal(handle.error?.code, 'CANCELLED');
      assert.equal(source.destroyed, true);
    } finally {
      if (saved === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = saved;
    }
  });

  it('gives the audio of a live stream as it comes, before its end', async () => {
    // Ogg comes in pages of a second, and ffmpeg wants some seconds before it believes what it hears.
    await clips.tone(440, 3, '-c:a', 'libopus', 'longer.ogg');
    await clips.tone(440, 20, 'longer.mp3');
    for (const name of ['opus.webm', 'longer.ogg', 'exact.wav', 'longer.mp3']) {
      const bytes = await clips.bytes(name);
      const source = new PassThrough();
      source.write(bytes.subarray(0, bytes.length * 0.9));
      const handle = openAudioInput({ source: { stream: source } });
      const [first] = (await once(handle.open(), 'data')) as [Buffer];
      assert.equal(first.length, 640, name);
      source.end(bytes.subarray(bytes.length * 0.9));
      await once(handle.events, 'end');
    }
  });

  describe('pace', () => {
    const long = async (): Promise<string> => {
      await clips.tone(440, 60, 'long.mp3');
      return clips.path('long.mp3');
    };

    it('reads ahead only as far as the first reader takes it', async () => {
      const handle = openAudioInput({ source: { file: await long() } });
      await until(
        'it read ahead',
        () => handle.durationMs,
        (ms) => ms >= 2000,
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(handle.durationMs, 2000);
      const reader = handle.open();
      for (let i = 0; i < 60; i++) assert.ok(reader.read());
      await until(
        'it reads on',
        () => handle.durationMs,
        (ms) => ms > 2000,
      );
      assert.ok(handle.durationMs < 5000);
      assert.ok(
        Math.abs((await readAll(reader as unknown as AsyncIterable<Buffer>)).length / 32 - 58_800) < 60,
      );
    });

    it('goes at the speed of speech from the first reader on, without a burst', async () => {
      const handle = openAudioInput({ source: { file: clips.path('exact.wav') }, realtime: true });
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok(handle.durationMs <= 40);
      const start = performance.now();
      let heard = 0;
      for await (const chunk of handle) {
        // Nothing is early by more than what may wait for a first reader.
        assert.ok(heard <= performance.now() - start + 61, `${heard} ms after ${performance.now() - start}`);
        heard += chunk.length / 32;
      }
      assert.equal(heard, 1000);
      assert.ok(performance.now() - start > 900);
    });
  });

  describe('stop', () => {
    const open = (options: Partial<AudioInputOptions> = {}): MediaHandle =>
      openAudioInput({ source: { file: clips.path('endless.mp3') }, ...options });
    before(() => clips.tone(440, 120, 'endless.mp3'));
    beforeEach(function () {
      if (!hasProc) this.skip();
    });
    const running = (): Promise<unknown> => until('ffmpeg runs', ffmpegs, (found) => found.length > 0);

    it('ends ffmpeg and the handle with the signal, and leaves nothing on it', async () => {
      const stop = new AbortController();
      const handle = open({ signal: stop.signal });
      const reader = handle.open();
      await running();
      const failed = once(reader, 'error') as Promise<[MediaError]>;
      stop.abort();
      assert.equal((await failed)[0].code, 'CANCELLED');
      await noFfmpeg();
      await until(
        'no listener is left',
        () => getEventListeners(stop.signal, 'abort').length,
        (n) => n === 0,
      );
    });

    it('takes the reason of the signal', async () => {
      const reason = new MediaError('NODE_CLOSED', 'The node was closed.');
      const handle = open({ signal: AbortSignal.abort(reason) });
      assert.equal(handle.error, reason);
      await settle();
      assert.deepEqual(ffmpegs(), []);
    });

    it('leaves nothing on the signal after a normal end', async () => {
      const stop = new AbortController();
      await read({ source: { file: clips.path('tone.mp3') }, signal: stop.signal });
      await until(
        'no listener is left',
        () => getEventListeners(stop.signal, 'abort').length,
        (n) => n === 0,
      );
    });

    it('ends ffmpeg when it is stopped before ffmpeg has begun', async () => {
      const stop = new AbortController();
      const handle = open({ signal: stop.signal });
      await settle();
      stop.abort();
      assert.equal(handle.state, 'aborted');
    });

    it('ends when the last reader has left, but not when another takes its place', async () => {
      const handle = open();
      const first = handle.open();
      await once(first, 'readable');
      first.destroy();
      await settle();
      const second = handle.open();
      await new Promise((resolve) => setTimeout(resolve, 1300));
      assert.equal(handle.state, 'open');
      second.destroy();
      const [error] = (await once(handle.events, 'abort')) as [MediaError];
      assert.equal(error.code, 'CANCELLED');
      await noFfmpeg();
    });

    it('ends ffmpeg when nobody comes in time', async () => {
      const handle = open({ expireMs: 1500 });
      await once(handle.events, 'expired');
      await noFfmpeg();
    });

    it('destroys a stream that is no longer wanted', async () => {
      const source = new PassThrough();
      const stop = new AbortController();
      openAudioInput({ source: { stream: source }, signal: stop.signal });
      await settle();
      stop.abort();
      await once(source, 'close');
    });

    it('says nothing of its own stop', async () => {
      const said: unknown[] = [];
      const stop = new AbortController();
      const handle = open({ signal: stop.signal }).on('warning', (warning) => said.push(warning));
      await once(handle.open(), 'readable');
      stop.abort();
      await noFfmpeg();
      assert.deepEqual(said, []);
    });
  });

  it('stops at the end of the samples that a WAV header promises', async () => {
    const header = wavHeader({ mime: 'audio/pcm', rate: 16000 }, 640);
    const pcm = await read({
      source: { buffer: Buffer.concat([header, Buffer.alloc(640, 1), Buffer.from('LIST....')]) },
    });
    assert.deepEqual(pcm, Buffer.alloc(640, 1));
  });

  it('accepts streams of the old kind', async () => {
    const old = new EventEmitter() as EventEmitter & Record<string, unknown>;
    Object.assign(old, { readable: true, pause() {}, resume() {}, pipe() {} });
    const handle = openAudioInput({
      source: { stream: old as never },
      format: { mime: 'audio/pcm', rate: 16000 },
    });
    const reading = readAll(handle);
    await settle();
    old.emit('data', Buffer.alloc(64, 1));
    old.emit('end');
    assert.deepEqual(await reading, Buffer.alloc(64, 1));
  });
});

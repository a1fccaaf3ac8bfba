import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import {
  isMediaError,
  openAudioInput,
  PCM_24K,
  type AudioInputOptions,
  type MediaError,
  type MediaFormat,
} from '../../src/media';
import { descendants, hasProc, until } from '../support/processes';
import { bytesOf, tone } from '../support/sound';
import { Clips, frequency } from './clips';
import { readAll } from './support';

/** Reads to the end and gives the error that must come. */
async function failure(options: AudioInputOptions): Promise<MediaError> {
  const handle = openAudioInput(options);
  const error = await readAll(handle).then(
    () => assert.fail('no error'),
    (reason: unknown) => reason,
  );
  assert.ok(isMediaError(error), String(error));
  assert.equal(handle.error, error);
  assert.equal(handle.state, 'aborted');
  return error;
}

async function assertFails(options: AudioInputOptions, code: string, message: RegExp): Promise<MediaError> {
  const error = await failure(options);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  // What to do next stands in a sentence of its own.
  assert.match(
    error.message,
    /\. (Check|Choose|Give|Record|Send|If|It|Correct|Install|Try|Make)|[.] .*(Check|Choose)/,
  );
  return error;
}

describe('media: audio input that cannot be read', () => {
  let clips: Clips;
  before(async () => {
    clips = await Clips.open();
    await clips.tone(440, 1, 'tone.mp3');
  });
  after(() => clips.close());
  afterEach(async () => {
    if (!hasProc) return;
    const ffmpegs = (): string[] =>
      descendants(process.pid)
        .map(({ command }) => command)
        .filter((c) => /ffmpeg.*s16le/.test(c));
    await until('no ffmpeg runs', ffmpegs, (found) => found.length === 0);
  });

  const file = (name: string): AudioInputOptions => ({ source: { file: clips.path(name) } });

  it('says that a file is missing, and where it looked', async () => {
    await assertFails(file('missing.wav'), 'NOT_FOUND', /no file ".*missing\.wav"/);
    await assertFails(file('tone.mp3/inside'), 'NOT_FOUND', /no file/);
    await assertFails(
      { ...file('missing.raw'), format: { mime: 'audio/pcm', rate: 16000 } },
      'NOT_FOUND',
      /no file/,
    );
  });

  it('says that it is a directory', async () => {
    await mkdir(clips.path('folder'));
    await assertFails(file('folder'), 'BAD_INPUT', /is a directory/);
  });

  it('says that a file may not be read', async () => {
    await writeFile(clips.path('secret.wav'), 'x');
    await chmod(clips.path('secret.wav'), 0);
    // Root may read everything: it tries as somebody else.
    const root = process.getuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      await assertFails(file('secret.wav'), 'READ_FAILED', /permission/i);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it('says that there is nothing in it', async () => {
    await writeFile(clips.path('empty.wav'), '');
    await assertFails(file('empty.wav'), 'EMPTY_INPUT', /empty/);
    for (const source of [{ buffer: Buffer.alloc(0) }, { stream: Readable.from([]) }]) {
      assert.equal((await failure({ source })).code, 'EMPTY_INPUT');
      const format = { mime: 'audio/pcm', rate: 16000 };
      const again = 'buffer' in source ? source : { stream: Readable.from([]) };
      assert.equal((await failure({ source: again, format })).code, 'EMPTY_INPUT');
    }
  });

  it('says that no audio came out of it', async () => {
    await clips.tone(440, 1, '-t', '0', 'nothing.wav');
    assert.equal((await failure(file('nothing.wav'))).code, 'EMPTY_INPUT');
    await clips.tone(440, 1, '-t', '0', '-ar', '44100', 'nothing44.wav');
    assert.equal((await failure(file('nothing44.wav'))).code, 'EMPTY_INPUT');
  });

  it('says that it is no audio', async () => {
    await writeFile(clips.path('notes.txt'), 'Milk, eggs, bread.\n'.repeat(500));
    await writeFile(
      clips.path('noise.dat'),
      Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251)),
    );
    await clips.make('-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-pix_fmt', 'yuv420p', 'silent.mp4');
    await clips.make('-f', 'lavfi', '-i', 'testsrc=d=0.04:s=64x64', '-frames:v', '1', 'image.png');
    await clips.make('-f', 'lavfi', '-i', 'testsrc=d=0.04:s=64x64', '-frames:v', '1', 'image.jpg');
    for (const name of ['notes.txt', 'noise.dat', 'silent.mp4', 'image.png', 'image.jpg']) {
      await assertFails(file(name), 'BAD_INPUT', new RegExp(name.replace('.', '\\.')));
      const error = await failure({ source: { buffer: await clips.bytes(name) } });
      assert.equal(error.code, 'BAD_INPUT', `${name}: ${error.message}`);
    }
  });

  it('says that it is damaged', async () => {
    await clips.tone(440, 1, '-c:a', 'aac', 'whole.m4a');
    await writeFile(clips.path('half.m4a'), (await clips.bytes('whole.m4a')).subarray(0, 3000));
    await assertFails(file('half.m4a'), 'BAD_INPUT', /half\.m4a/);
    await clips.tone(440, 1, '-c:a', 'libopus', 'whole.ogg');
    const ogg = Buffer.from(await clips.bytes('whole.ogg'));
    randomBytes(ogg.length - 700).copy(ogg, 700);
    await assertFails({ source: { buffer: ogg } }, 'BAD_INPUT', /Opus/);
    await assertFails(
      { source: { buffer: Buffer.from('RIFF....WAVEdata....12345678') } },
      'BAD_INPUT',
      /WAV/,
    );
  });

  it('says that raw PCM ends in the middle of a sample', async () => {
    const format = { mime: 'audio/pcm', rate: 16000, channels: 2 };
    await assertFails(
      { source: { buffer: Buffer.alloc(642) }, format },
      'BAD_INPUT',
      /642 bytes, 4 per sample/,
    );
    await writeFile(clips.path('odd.raw'), Buffer.alloc(641));
    await assertFails({ ...file('odd.raw'), format }, 'BAD_INPUT', /641 bytes/);
  });

  it('hears the whole samples of a stream of raw PCM with an odd end, and warns', async () => {
    const handle = openAudioInput({
      source: { stream: Readable.from([Buffer.alloc(333, 1), Buffer.alloc(308, 1)]) },
      format: { mime: 'audio/pcm', rate: 16000 },
    });
    const warnings: MediaError[] = [];
    handle.on('warning', (warning) => warnings.push(warning));
    assert.deepEqual(await readAll(handle), Buffer.alloc(640, 1));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['BAD_INPUT'],
    );
  });

  it('says what a stream gave instead of bytes, or how it failed', async () => {
    await assertFails({ source: { stream: Readable.from(['a', 'b']) } }, 'BAD_INPUT', /strings, not Buffers/);
    await assertFails({ source: { stream: Readable.from([{ a: 1 }]) } }, 'BAD_INPUT', /objects, not Buffers/);
    const mp3 = await clips.bytes('tone.mp3');
    for (const head of [[], [mp3.subarray(0, 5000)]]) {
      const broken = Readable.from(
        (async function* () {
          yield* head;
          await Promise.resolve();
          throw new Error('cable cut at http://me:pw@host/');
        })(),
      );
      const error = await failure({ source: { stream: broken } });
      assert.equal(error.code, 'SOURCE_FAILED');
      assert.match(error.message, /cable cut/);
      assert.doesNotMatch(error.message, /pw/);
    }
  });

  it('says that there is no ffmpeg, only when one is needed', async () => {
    await assertFails(
      { ...file('tone.mp3'), ffmpegPath: '/no/such/ffmpeg' },
      'NO_FFMPEG',
      /\/no\/such\/ffmpeg/,
    );
  });

  it('survives an ffmpeg that vanishes before it is started, or ends with a riddle', async function () {
    if (!hasProc) return this.skip();
    const fake = async (name: string, body: string): Promise<string> => {
      const script = `#!/bin/sh\ncase "$*" in *-version*) echo "ffmpeg version 9.9";; *-formats*) echo "  E s16le PCM";; esac\n${body}\n`;
      await writeFile(clips.path(name), script, { mode: 0o755 });
      return clips.path(name);
    };
    // The real one goes first: what it can do is asked once, so that the fakes are asked for nothing but the job.
    await readAll(openAudioInput(file('tone.mp3')));
    const gone = await fake('gone-ffmpeg', 'case "$*" in *-formats*) rm "$0";; esac');
    assert.equal((await failure({ ...file('tone.mp3'), ffmpegPath: gone })).code, 'FFMPEG_FAILED');
    const riddle = await fake(
      'riddle-ffmpeg',
      'case "$*" in *s16le*) echo "[x @ 0x1] Qwertz" >&2; exit 3;; esac',
    );
    await assertFails({ ...file('tone.mp3'), ffmpegPath: riddle }, 'FFMPEG_FAILED', /tone\.mp3": Qwertz\./);
    const crash = await fake('crash-ffmpeg', 'case "$*" in *s16le*) kill -SEGV $$;; esac');
    await assertFails({ ...file('tone.mp3'), ffmpegPath: crash }, 'FFMPEG_FAILED', /SIGSEGV/);
  });

  it('throws at once for arguments that make no sense', () => {
    const bad =
      (options: unknown): (() => unknown) =>
      () =>
        openAudioInput(options as AudioInputOptions);
    for (const source of [
      undefined,
      null,
      {},
      'a.wav',
      { file: ' ' },
      { buffer: 'x' },
      { stream: {} },
      { url: 1 },
    ]) {
      assert.throws(bad({ source }), { name: 'MediaError', code: 'BAD_INPUT' });
    }
    assert.throws(bad({ source: { url: 'ftp://me:pw@host/a' } }), (error: MediaError) => {
      return error.code === 'BAD_INPUT' && /ftp:/.test(error.message) && !/pw/.test(error.message);
    });
    assert.throws(bad({ source: { url: 'concat:a|b' } }), { code: 'BAD_INPUT' });
    const source = { file: 'a.wav' };
    assert.throws(bad({ source, output: { mime: 'audio/mpeg' } }), { code: 'UNSUPPORTED_FORMAT' });
    assert.throws(bad({ source, format: { mime: 'image/png' } }), { code: 'UNSUPPORTED_FORMAT' });
    assert.throws(bad({ source, format: { mime: 'audio/pcm' } }), { code: 'UNSUPPORTED_FORMAT' });
  });
});

describe('media: audio input from a URL', () => {
  let clips: Clips;
  let server: Server;
  let base: string;
  const seen: Array<string | undefined> = [];
  before(async () => {
    clips = await Clips.open();
    await clips.tone(440, 1, 'tone.mp3');
    const mp3 = await clips.bytes('tone.mp3');
    const answer: RequestListener = (request, response) => {
      seen.push(request.headers.authorization);
      const { pathname } = new URL(request.url!, 'http://x');
      if (pathname === '/tone.mp3') response.end(mp3);
      else if (pathname === '/raw') response.end(bytesOf(tone(440, 500, 24_000)));
      else if (pathname === '/moved') response.writeHead(302, { location: '/tone.mp3' }).end();
      else if (pathname === '/private' && request.headers.authorization === 'Basic bWU6cDp3')
        response.end(mp3); // me:p:w
      else if (pathname === '/private') response.writeHead(401).end();
      else if (pathname === '/text') response.end('Milk, eggs, bread.\n'.repeat(500));
      else if (pathname === '/cut') {
        response.writeHead(200, { 'content-length': 1e6 });
        response.write(mp3.subarray(0, 2000), () => response.destroy());
      } else response.writeHead(404).end();
    };
    server = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await clips.close();
  });

  const heard = async (url: string, format?: MediaFormat): Promise<void> => {
    const pcm = await readAll(openAudioInput({ source: { url }, format }));
    assert.ok(Math.abs(frequency(pcm, 16000) - 440) < 4);
  };

  it('plays it, also after a redirection', async () => {
    await heard(`http://${base}/tone.mp3`);
    await heard(`http://${base}/moved`);
  });

  it('takes raw PCM whose format is given', () => heard(`http://${base}/raw`, PCM_24K));

  it('keeps credentials out of the list of processes', async function () {
    if (!hasProc) return this.skip();
    seen.length = 0;
    const handle = openAudioInput({ source: { url: `http://me:p%3Aw@${base}/private?token=tok` } });
    const commands: string[] = [];
    const watch = setInterval(
      () => commands.push(...descendants(process.pid).map(({ command }) => command)),
      5,
    );
    const pcm = await readAll(handle);
    clearInterval(watch);
    assert.ok(pcm.length > 30_000);
    assert.ok(
      commands.some((command) => /ffmpeg/.test(command)),
      'ffmpeg was seen',
    );
    assert.doesNotMatch(commands.join('\n'), /p%3Aw|p:w|tok/);
    assert.deepEqual(seen, ['Basic bWU6cDp3']);
    assert.doesNotMatch(`${handle.label} ${String(handle)} ${JSON.stringify(handle)}`, /p%3Aw|tok[^e]/);
  });

  const CASES: Array<[what: string, path: string, code: string]> = [
    ['nothing is there', '/nowhere', 'NOT_FOUND'],
    ['it is not allowed', '/private', 'SOURCE_FAILED'],
    ['it is no audio', '/text', 'BAD_INPUT'],
  ];
  for (const [what, path, code] of CASES) {
    it(`says that ${what}, with and without credentials, and shows none`, async () => {
      await assertFails({ source: { url: `http://${base}${path}` } }, code, /127\.0\.0\.1/);
      const error = await assertFails(
        { source: { url: `http://me:geheim@${base}${path}` } },
        code,
        /127\.0\.0\.1/,
      );
      assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /geheim/);
    });
  }

  it('says that the connection was cut', async () => {
    const error = await failure({ source: { url: `http://me:geheim@${base}/cut` } });
    assert.equal(error.code, 'SOURCE_FAILED', error.message);
    assert.doesNotMatch(error.message, /geheim/);
  });

  it('says that nobody answers there', async () => {
    const tcp = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => tcp.once('listening', resolve));
    const { port } = tcp.address() as AddressInfo;
    await new Promise((resolve) => tcp.close(resolve));
    for (const scheme of ['http', 'rtsp']) {
      for (const login of ['', 'me:geheim@']) {
        const url = `${scheme}://${login}127.0.0.1:${port}/a.mp3`;
        const error = await assertFails({ source: { url } }, 'SOURCE_FAILED', /refused/i);
        assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /geheim/);
      }
    }
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveFfmpeg } from '../../src/media/ffmpeg';
import { writeAudioFile } from '../../src/media/file-sink';
import { PCM_24K } from '../../src/media/format';
import { runTool, runningTools } from '../../src/media/process';
import { parseWav } from '../../src/media/wav';
import { createMedia } from '../../src/media/writer';
import { turn, wholeTurn } from '../support/media';
import { until } from '../support/processes';
import { rms, samplesOf, toneShare } from '../support/sound';

const code = (value: string, message?: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, value, error.message);
  if (message) assert.match(error.message, message);
  return true;
};

describe('media: file sink', () => {
  let folder: string;
  let ffmpeg: string;
  const at = (name: string): string => path.join(folder, name);
  before(async () => {
    ffmpeg = (await resolveFfmpeg()).path;
    folder = mkdtempSync(path.join(tmpdir(), 'file-sink-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => assert.equal(runningTools(), 0, 'an ffmpeg was left running'));

  /** What a player would hear, 24 kHz mono. */
  async function decode(file: string): Promise<Int16Array> {
    const raw = `${file}.raw`;
    const args = ['-v', 'error', '-i', file, '-ac', '1', '-ar', '24000', '-f', 's16le', '-y', raw];
    const { code, stderr } = await runTool(ffmpeg, args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '', 'the decoder complained');
    return samplesOf(readFileSync(raw));
  }

  describe('wav', () => {
    it('holds exactly what came, and needs no ffmpeg for it', async () => {
      const file = at('whole.wav');
      const result = await writeAudioFile({ ...wholeTurn(440, 1500), file, ffmpegPath: '/no/ffmpeg' });
      assert.deepEqual(result, { file, bytes: 44 + 72_000, durationMs: 1500, incomplete: false });
      const { format, data } = parseWav(readFileSync(file));
      assert.deepEqual(format, PCM_24K);
      assert.ok(toneShare(samplesOf(data), 440, 24_000) > 0.99);
    });

    it('keeps its header right while it is written, at most a second late', async () => {
      const file = at('growing.wav');
      const writer = turn(440, 2500);
      const written = writeAudioFile({ handle: writer.handle, file });
      const seconds = (): number =>
        existsSync(file) ? parseWav(readFileSync(file)).data.length / 48_000 : 0;
      await until('two seconds are in the header', seconds, (value) => value > 1.9);
      writer.end();
      await written;
      assert.equal(seconds(), 2.5);
    });

    it('is complete when the turn is interrupted', async () => {
      const file = at('interrupted.wav');
      const writer = turn(440, 1200);
      const written = writeAudioFile({ handle: writer.handle, file });
      const size = (): number => (existsSync(file) ? readFileSync(file).length : 0);
      await until('all was written', size, (bytes) => bytes === 44 + 57_600);
      writer.abort('INTERRUPTED');
      assert.deepEqual(await written, { file, bytes: 57_644, durationMs: 1200, incomplete: true });
      assert.equal(parseWav(readFileSync(file)).data.length, 57_600);
    });
  });

  describe('formats of ffmpeg', () => {
    for (const kind of ['mp3', 'ogg', 'flac', 'opus', 'm4a', 'aiff']) {
      it(`${kind} holds the sound`, async () => {
        const result = await writeAudioFile({ ...wholeTurn(440, 1000), file: at(`whole.${kind}`) });
        assert.equal(result.incomplete, false);
        assert.equal(result.bytes, readFileSync(result.file).length);
        const heard = await decode(result.file);
        const middle = heard.subarray(4800, 19_200);
        assert.ok(Math.abs(heard.length / 24 - 1000) < 120, `${heard.length / 24} ms`);
        assert.ok(toneShare(middle, 440, 24_000) > 0.95);
        assert.ok(Math.abs(rms(middle) - 0.354) < 0.05, `rms ${rms(middle)}`);
      });
    }

    for (const kind of ['mp3', 'ogg', 'm4a']) {
      it(`${kind} is complete when the flow stops half-way`, async () => {
        const stop = new AbortController();
        const writer = turn(440, 1000);
        const written = writeAudioFile({
          handle: writer.handle,
          file: at(`half.${kind}`),
          signal: stop.signal,
        });
        // ffmpeg makes the file when it has something for it.
        await until('the file is there', () => existsSync(at(`half.${kind}`)));
        stop.abort();
        const result = await written;
        assert.equal(result.incomplete, true);
        const heard = await decode(result.file);
        assert.ok(Math.abs(heard.length / 24 - result.durationMs) < 120);
        assert.ok(heard.length > 0);
      });
    }

    it('a format can be named instead of an extension', async () => {
      const { file } = await writeAudioFile({ ...wholeTurn(440, 300), file: at('reply'), format: 'flac' });
      assert.equal(readFileSync(file).toString('latin1', 0, 4), 'fLaC');
    });

    it('names that look like options, protocols or patterns are file names', async () => {
      for (const name of ['-y.mp3', 'http:.mp3', '%03d.flac', 'a b;c$(x).ogg']) {
        const { bytes } = await writeAudioFile({ ...wholeTurn(440, 100), file: at(name) });
        assert.equal(readFileSync(at(name)).length, bytes);
      }
    });

    it('completes the file even if Node exits in the middle', async () => {
      const file = at('exit.m4a');
      const source = (name: string): string => JSON.stringify(path.resolve(__dirname, '../../', name));
      const script = `
        const { writeAudioFile } = require(${source('src/media/file-sink.ts')});
        const { turn } = require(${source('test/support/media.ts')});
        writeAudioFile({ handle: turn(440, 3000).handle, file: ${JSON.stringify(file)} });
        // As soon as ffmpeg has begun, however long a busy machine takes for that.
        const begun = setInterval(() => {
          if (!require('node:fs').existsSync(${JSON.stringify(file)})) return;
          clearInterval(begun);
          setTimeout(() => process.exit(0), 700);
        }, 20);`;
      const child = spawn(process.execPath, ['-r', 'tsx/cjs', '-e', script], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('exit', resolve));
      const seconds = async (): Promise<number> =>
        existsSync(file) ? (await decode(file).catch(() => [])).length / 24_000 : 0;
      await until('ffmpeg completed the file', seconds, (value) => value > 2);
    });
  });

  describe('what goes wrong', () => {
    const refused = (name: string, check: (error: Error) => boolean, options = {}): Promise<void> =>
      assert.rejects(writeAudioFile({ ...wholeTurn(440, 100), file: name, ...options }), check);

    it('a folder that does not exist', async () => {
      await refused(at('no/such/reply.wav'), code('NOT_FOUND', /no.such does not exist\. Create it/));
      await refused(at('no/such/reply.mp3'), code('NOT_FOUND'));
    });

    it('a folder instead of a file, no name, no extension', async () => {
      mkdirSync(at('folder.wav'));
      await refused(at('folder.wav'), code('WRITE_FAILED', /is a folder/));
      await refused('', code('BAD_INPUT'));
      await refused(at('reply'), code('UNSUPPORTED_FORMAT', /no extension/));
    });

    it('a place that may not be written', async function () {
      // /proc refuses new files even to root, whom permissions do not stop.
      if (!existsSync('/proc/self')) this.skip();
      await refused('/proc/reply.wav', code('WRITE_FAILED'));
      await refused('/proc/reply.mp3', (error) =>
        /WRITE_FAILED|FFMPEG_FAILED/.test((error as { code?: string }).code!),
      );
    });

    it('an extension that means no sound: says so, and leaves a file of that name alone', async () => {
      await refused(at('reply.zzz'), code('UNSUPPORTED_FORMAT', /"zzz".*\.wav/));
      assert.ok(!existsSync(at('reply.zzz')));
      writeFileSync(at('notes.txt'), 'precious');
      await refused(at('notes.txt'), code('UNSUPPORTED_FORMAT'));
      assert.equal(readFileSync(at('notes.txt'), 'utf8'), 'precious');
    });

    it('no ffmpeg, or one that dies: no half file is left', async () => {
      await refused(at('reply.mp3'), code('NO_FFMPEG', /no such file/), { ffmpegPath: at('no-ffmpeg') });
      const dying = at('dying-ffmpeg');
      const listing = 'printf " A....D libmp3lame  x\\n  E mp3   MP3\\n"';
      const run = `echo "ffmpeg version 1"; ${listing}; case "$*" in *pipe:0*) echo half > "${at('reply.mp3')}"; echo broken >&2; exit 9;; esac`;
      writeFileSync(dying, `#!/bin/sh\n${run}\n`, { mode: 0o755 });
      await refused(at('reply.mp3'), code('FFMPEG_FAILED', /broken/), { ffmpegPath: dying });
      assert.ok(!existsSync(at('reply.mp3')));
    });

    it('a stream without sound', async () => {
      await assert.rejects(
        writeAudioFile({ ...wholeTurn(440, 0), file: at('empty.wav') }),
        code('EMPTY_INPUT', /without any sound/),
      );
      assert.ok(!existsSync(at('empty.wav')));
    });

    it('a stream that was interrupted before its first sound is no error, and makes no file', async () => {
      const writer = turn(440, 0);
      const file = at('never.wav');
      const written = writeAudioFile({ handle: writer.handle, file });
      writer.abort('INTERRUPTED');
      assert.deepEqual(await written, { file, bytes: 0, durationMs: 0, incomplete: true });
      assert.ok(!existsSync(file));
    });

    it('a source that failed before its first sound says why', async () => {
      const writer = turn(440, 0);
      const written = writeAudioFile({ handle: writer.handle, file: at('failed.wav') });
      writer.abort('SOURCE_FAILED', 'unplugged');
      await assert.rejects(written, code('SOURCE_FAILED', /unplugged/));
    });

    it('images are no sound', async () => {
      const { handle } = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest' });
      await assert.rejects(writeAudioFile({ handle, file: at('image.wav') }), code('UNSUPPORTED_FORMAT'));
      assert.equal(handle.stats.readers, 0);
    });
  });
});

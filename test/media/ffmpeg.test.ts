import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findInPath, resolveFfmpeg } from '../../src/media/ffmpeg';
import { parseListing } from '../../src/media/ffmpeg-build';

const code = (value: string) => (error: Error & { code?: string }) => {
  assert.equal(error.code, value, error.message);
  return true;
};

describe('media: ffmpeg', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ffmpeg-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A stand-in that answers like an ffmpeg with few abilities. */
  function fake(name: string, { version = '9.9', encoders = ['flac'], mode = 0o755 } = {}): string {
    const lines = encoders.map((encoder) => ` A....D ${encoder}   Some encoder`).join('\\n');
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(
      file,
      `#!/bin/sh\ncase "$2" in -version) echo "ffmpeg version ${version} Copyright";; ` +
        `-encoders) printf '${lines}\\n';; esac\n`,
    );
    chmodSync(file, mode);
    return file;
  }

  describe('where it looks', () => {
    it('explicit before FFMPEG_PATH before PATH before bundled', async () => {
      const chosen = fake('chosen');
      const variable = fake('variable');
      const system = fake('bin/ffmpeg');
      const env = { FFMPEG_PATH: variable, PATH: path.dirname(system) };
      const found = async (options: object) => {
        const { source, path: file } = await resolveFfmpeg(options);
        return [source, file];
      };
      assert.deepEqual(await found({ path: chosen, env }), ['explicit', chosen]);
      assert.deepEqual(await found({ env }), ['FFMPEG_PATH', variable]);
      assert.deepEqual(await found({ env: { PATH: env.PATH } }), ['system', system]);
      assert.equal((await found({ env: {} }))[0], 'bundled');
    });

    it('reads FFMPEG_PATH when it is asked, not when it is loaded', async () => {
      const before = process.env.FFMPEG_PATH;
      try {
        process.env.FFMPEG_PATH = fake('late', { version: 'late' });
        assert.equal((await resolveFfmpeg()).version, 'late');
      } finally {
        if (before === undefined) delete process.env.FFMPEG_PATH;
        else process.env.FFMPEG_PATH = before;
      }
    });

    it('takes a bare name from PATH', async () => {
      const file = fake('bin2/my-ffmpeg');
      const { path: found } = await resolveFfmpeg({ path: 'my-ffmpeg', env: { PATH: path.dirname(file) } });
      assert.equal(found, file);
    });

    it('the bundled build runs and can do what file conversion needs', async function () {
      const { source, version } = await resolveFfmpeg({
        env: {},
        need: {
          decoder: ['mp3', 'opus', 'aac'],
          encoder: ['libmp3lame', 'flac', 'aac'],
          muxer: ['s16le', 'ogg'],
        },
      });
      assert.equal(source, 'bundled');
      assert.match(version, /\S/);
    });

    it('notices that a build was replaced', async () => {
      const file = fake('upgraded', { version: '1' });
      assert.equal((await resolveFfmpeg({ path: file })).version, '1');
      fake('upgraded', { version: '2' });
      utimesSync(file, new Date(), new Date(Date.now() + 5000));
      assert.equal((await resolveFfmpeg({ path: file })).version, '2');
    });
  });

  describe('what it can do', () => {
    it('passes over a build that lacks something', async () => {
      const poor = fake('poor');
      const rich = fake('bin3/ffmpeg', { encoders: ['flac', 'libmp3lame'] });
      const env = { FFMPEG_PATH: poor, PATH: path.dirname(rich) };
      assert.equal((await resolveFfmpeg({ env, need: { encoder: 'flac' } })).path, poor);
      assert.equal((await resolveFfmpeg({ env, need: { encoder: ['flac', 'libmp3lame'] } })).path, rich);
    });

    it('says what is missing and why each candidate would not do', async () => {
      const poor = fake('poor2', { version: '3.2.1' });
      const env = { FFMPEG_PATH: poor, PATH: path.join(folder, 'empty') };
      await assert.rejects(resolveFfmpeg({ env, need: { encoder: 'nosuchcodec' } }), (error: Error) => {
        code('FFMPEG_CAPABILITY')(error);
        assert.match(
          error.message,
          new RegExp(`FFMPEG_PATH ${poor} \\(3\\.2\\.1\\) lacks encoder "nosuchcodec"`),
        );
        assert.match(error.message, /system: not in PATH/);
        assert.match(error.message, /bundled \S+ \(.+\) lacks encoder "nosuchcodec"/);
        assert.match(error.message, /Install ffmpeg/);
        return true;
      });
    });

    it('does not trust the bundled build with ALSA, whose plugins it cannot load', async () => {
      await assert.rejects(
        resolveFfmpeg({ env: {}, need: { inputDevice: 'alsa' } }),
        code('FFMPEG_CAPABILITY'),
      );
    });
  });

  describe('what goes wrong', () => {
    it('a chosen path that does not exist is an error, not a reason to take another one', async () => {
      const file = path.join(folder, 'nothing-here');
      await assert.rejects(resolveFfmpeg({ path: file }), (error: Error) => {
        code('NO_FFMPEG')(error);
        assert.ok(error.message.includes(`${file}: no such file`), error.message);
        return true;
      });
    });

    it('a chosen file that is a folder, cannot be executed or is no ffmpeg', async () => {
      const text = path.join(folder, 'script');
      writeFileSync(text, '#!/bin/sh\necho hello\n', { mode: 0o755 });
      const broken = path.join(folder, 'broken');
      writeFileSync(broken, '\x7fELF nonsense', { mode: 0o755 });
      const cases: Array<[string, RegExp]> = [
        [folder, /not a file/],
        [fake('plain', { mode: 0o644 }), /not executable/],
        [text, /is not an ffmpeg/],
        [broken, /cannot be started|is not an ffmpeg/],
      ];
      for (const [file, message] of cases) {
        await assert.rejects(resolveFfmpeg({ path: file }), (error: Error) => {
          code('NO_FFMPEG')(error);
          assert.match(error.message, message);
          return true;
        });
      }
    });

    it('no ffmpeg at all: says how to get one', async () => {
      await assert.rejects(resolveFfmpeg({ env: { PATH: '' }, bundled: false }), (error: Error) => {
        code('NO_FFMPEG')(error);
        assert.match(error.message, /apt install ffmpeg/);
        assert.match(error.message, /brew install ffmpeg/);
        return true;
      });
    });

    it('asks again what a build can do when it did not answer the first time', async () => {
      const file = fake('busy', { encoders: ['flac'] });
      const build = (await resolveFfmpeg({ path: file })).capabilities;
      const flag = path.join(folder, 'busy-now');
      writeFileSync(flag, '');
      writeFileSync(
        file,
        `#!/bin/sh\n[ -e '${flag}' ] && kill -9 $$\nprintf ' A....D flac   Some encoder\\n'\n`,
      );
      await assert.rejects(build.has('encoder', 'flac'), /-encoders/);
      rmSync(flag);
      assert.equal(await build.has('encoder', 'flac'), true);
    });

    it('forgets a failure: the same path works once it is repaired', async () => {
      const file = path.join(folder, 'repaired');
      await assert.rejects(resolveFfmpeg({ path: file }), code('NO_FFMPEG'));
      fake('repaired');
      assert.equal((await resolveFfmpeg({ path: file })).source, 'explicit');
    });
  });

  describe('listings', () => {
    it('devices: input, output, several names in one line', () => {
      const text = [
        'Devices:',
        ' D. = Demuxing supported',
        ' .E = Muxing supported',
        ' --',
        ' DE alsa            ALSA audio output',
        '  E caca            caca (color ASCII art) output device',
        ' D  lavfi           Libavfilter virtual input device',
        ' DE video4linux2,v4l2 Video4Linux2 output device',
      ].join('\n');
      assert.deepEqual([...parseListing('inputDevice', text)], ['alsa', 'lavfi', 'video4linux2', 'v4l2']);
      assert.deepEqual([...parseListing('outputDevice', text)], ['alsa', 'caca', 'video4linux2', 'v4l2']);
    });

    it('formats of version 7, which marks devices in a third column', () => {
      const text = [
        ' D d alsa            ALSA',
        ' DE  data            raw data',
        '  E  mp3   MP3',
        ' D   aac   ADTS',
      ].join('\n');
      assert.deepEqual([...parseListing('demuxer', text)], ['alsa', 'data', 'aac']);
      assert.deepEqual([...parseListing('muxer', text)], ['data', 'mp3']);
    });

    it('codecs and filters without their legends', () => {
      const codecs =
        ' A..... = Audio\n ------\n A....D flac     FLAC\n V..... mjpeg   JPEG\n A..X.. opus  Opus';
      assert.deepEqual([...parseListing('encoder', codecs)], ['flac', 'mjpeg', 'opus']);
      const filters =
        '  T.. = Timeline support\n ... aresample   A->A  Resample\n TSC scale  V->V  Scale\n .. anull A->A x';
      assert.deepEqual([...parseListing('filter', filters)], ['aresample', 'scale', 'anull']);
    });

    it('finds nothing in an empty PATH', () => assert.deepEqual(findInPath('ffmpeg', {}), []));
  });
});

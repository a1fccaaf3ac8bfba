import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { takePicture, type VideoSource } from '../../src/media';
import { runningTools } from '../../src/media/process';
import { Darkroom } from '../../src/media/video/darkroom';
import { networkInput } from '../../src/media/video/inputs';
import { LOGIN, startCamera, type Camera } from '../support/camera';
import { grey, makePicture } from '../support/pictures';
import { until } from '../support/processes';
import { failure, stopAll, watch } from './video-support';

describe('media: network cameras and commands', function () {
  this.timeout(60_000);
  let camera: Camera;
  let frames: Buffer[];
  let png: Buffer<ArrayBuffer>;
  /** An address at which nobody listens any more. */
  let closed: string;
  let folder: string;
  const address = (route: string, login: object = {}): VideoSource => ({
    kind: 'address',
    url: `${camera.url}/${route}`,
    ...login,
  });
  before(async () => {
    frames = await Promise.all(
      ['black', 'gray', 'white'].map((color) => makePicture(`color=${color}:s=320x240`)),
    );
    png = Buffer.from(await makePicture('testsrc=s=320x240', { format: 'png' }));
    folder = mkdtempSync(path.join(tmpdir(), 'frames of-'));
    const other = await startCamera(frames);
    closed = other.url;
    await other.stop();
    camera = await startCamera(frames, { png });
  });
  afterEach(() => stopAll());
  after(async () => {
    await camera.stop();
    rmSync(folder, { recursive: true });
  });
  const known = (jpeg: Buffer): boolean => frames.some((frame) => frame.equals(jpeg));

  for (const route of ['stream', 'raw', 'snapshot', 'damaged']) {
    it(`${route}: frames pass untouched, at the rate that is set`, async () => {
      const got = await watch({ source: address(route), fps: 5, duplicates: false }).some(4);
      assert.ok(got.every(({ jpeg }) => known(jpeg)));
      const whole = got[3]!.at - got[0]!.at;
      assert.ok(whole >= 3 * 190 - 20, `3 frames in ${whole} ms, at 5 per second`);
      assert.deepEqual([got[0]!.width, got[0]!.height], [320, 240]);
    });
  }

  it('is closed when its ffmpeg is gone, also one that is given up in the middle of a picture', async () => {
    const settings = { fps: 1, longestSide: 160, quality: 5, masks: [], heartbeatMs: 0 };
    const darkroom = new Darkroom({ ...settings, threshold: undefined });
    const control = new AbortController();
    await darkroom.develop(frames[0]!, 0, control.signal);
    const work = darkroom.develop(frames[1]!, 0, control.signal);
    const failed = assert.rejects(work);
    await Promise.resolve();
    control.abort();
    await darkroom.close();
    assert.equal(runningTools(), 0);
    await failed;
  });

  it('needs no ffmpeg when nothing is to be done', async () => {
    await watch({ source: address('stream'), fps: 20, duplicates: false, ffmpegPath: '/nowhere' }).some(3);
    assert.equal(runningTools(), 0);
  });

  it('skips equal frames and refreshes them, without touching them', async () => {
    const still = await startCamera([frames[2]!]);
    try {
      const seen = watch({
        source: { kind: 'address', url: `${still.url}/stream` },
        fps: 20,
        heartbeatMs: 1000,
      });
      const [one, two] = await seen.some(2);
      assert.ok(two!.at - one!.at >= 1000);
      assert.deepEqual([one!.jpeg, two!.jpeg], [frames[2], frames[2]]);
    } finally {
      await stopAll();
      await still.stop();
    }
  });

  it('makes smaller and masks what needs it, one ffmpeg for all frames', async () => {
    const masks = [{ x: 0, y: 0, width: '50%', height: '100%' }] as const;
    const seen = watch({ source: address('stream'), fps: 20, duplicates: false, masks, longestSide: 160 });
    const got = await seen.some(9);
    const means = new Set<number>();
    for (const { jpeg, width, height } of got) {
      assert.deepEqual([width, height], [160, 120]);
      const picture = await grey(jpeg, 160, 120);
      assert.ok(picture.span(0, 0, 79, 120).max <= 20, 'something is seen through the mask');
      means.add(Math.round(picture.span(90, 0, 70, 120).mean / 50));
    }
    assert.ok(means.size > 1, 'every frame was the same');
    assert.ok(runningTools() <= 1);
  });

  it('takes snapshots of another kind', async () => {
    const [one] = await watch({ source: address('png'), fps: 5 }).some(1);
    assert.deepEqual([one!.width, one!.height, one!.jpeg.readUInt16BE(0)], [320, 240, 0xffd8]);
  });

  for (const way of ['basic', 'digest']) {
    it(`logs in (${way}), by fields or by address, and never shows the password`, async () => {
      const secret = encodeURIComponent(LOGIN.password);
      const inside = camera.url.replace('://', `://${LOGIN.user}:${secret}@`);
      for (const source of [address(way, LOGIN), { kind: 'address', url: `${inside}/${way}` } as const]) {
        const seen = watch({ source, fps: 20, duplicates: false });
        await seen.some(2);
        assert.ok(!JSON.stringify([seen.handle, String(seen.handle)]).includes('rd'.padStart(4, 'w:')));
        await seen.stop();
      }
      const wrong = await failure(watch({ source: address(way, { ...LOGIN, password: 'hunter2' }) }));
      assert.match(wrong.message, /401.*Check user and password/s);
      assert.ok(!wrong.message.includes('hunter2'));
      const none = await failure(watch({ source: address(way) }));
      assert.match(none.message, /401.*Enter user and password/s);
    });
  }

  it('says what is wrong with an address', async () => {
    const cases: [string, string, RegExp][] = [
      [`${camera.url}/nothing`, 'NOT_FOUND', /404/],
      [`${camera.url}/page`, 'UNSUPPORTED_FORMAT', /text\/html.*RTSP/s],
      [`${closed}/cam?token=hunter2`, 'SOURCE_FAILED', /cannot be reached.*ECONNREFUSED/s],
      [closed.replace('://', '://guard:hunter2@'), 'SOURCE_FAILED', /cannot be reached/],
      ['rtsp://guard:hunter2@127.0.0.1:9/cam', 'SOURCE_FAILED', /127\.0\.0\.1:9\/cam.*cannot be opened/s],
      ['camera.local', 'BAD_INPUT', /no address/],
      ['file:///etc/passwd', 'BAD_INPUT', /no way to a camera/],
    ];
    for (const [url, code, message] of cases) {
      const error = await failure(watch({ source: { kind: 'address', url } }));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('hunter2'), error.message);
    }
  });

  it('keeps a login out of the arguments of ffmpeg', () => {
    const { args, script, name } = networkInput("rtsp://guard:it's@cam/one?channel=1");
    assert.ok(!JSON.stringify([args, name]).includes("it's"));
    assert.equal(script, "ffconcat version 1.0\nfile 'rtsp://guard:it%27s@cam/one?channel=1&tcp'\n");
    assert.match(networkInput('rtsp://cam/one').script!, /cam\/one\?tcp'/);
    assert.match(networkInput('rtsp://cam/one?udp').script!, /cam\/one\?udp'/);
  });

  it('gives up a source that says nothing, in time', async () => {
    const silent = await failure(watch({ source: address('silent'), startTimeoutMs: 400 }));
    assert.equal(silent.code, 'SOURCE_FAILED');
    assert.match(silent.message, /gave no picture within 0.4 s/);
    await until(
      'it has let go',
      () => camera.connections(),
      (count) => count <= 1,
    );
  });

  for (const [route, told] of [
    ['stalls', /gave no more pictures within 0.5 s/],
    ['dies', /ended its stream|cannot be reached/],
  ] as const) {
    it(`opens a source again that ${route}, and tells it once`, async () => {
      const before = camera.requests.length;
      const source = address(route);
      const seen = watch({ source, fps: 20, duplicates: false, retryMs: 50, silenceTimeoutMs: 500 });
      await seen.some(5);
      assert.ok(camera.requests.length - before >= 3);
      assert.match(seen.warnings[0] ?? '', told);
      assert.deepEqual(seen.states.slice(0, 5), ['opening', 'watching', 'waiting', 'opening', 'watching']);
    });
  }

  it('waits for a camera that is not there yet, if it is to, and tells it once', async () => {
    const source = { kind: 'address', url: closed } as const;
    const seen = watch({ source, retry: 'always', retryMs: 20 });
    await until('several attempts', () => seen.states.length >= 8);
    assert.equal(seen.warnings.length, 1);
    assert.equal(seen.handle.state, 'open');
    const never = watch({ source: address('dies'), retry: 'never', fps: 20, duplicates: false });
    assert.equal((await failure(never)).code, 'SOURCE_FAILED');
  });

  it('commands: one picture per run, or many, of any kind', async () => {
    const jpeg = path.join(folder, 'one.jpg');
    const other = path.join(folder, 'one.png');
    const many = path.join(folder, 'many.mjpeg');
    writeFileSync(jpeg, frames[1]!);
    writeFileSync(other, png);
    writeFileSync(many, Buffer.concat(frames));
    const single = await watch({
      source: { kind: 'command', command: `cat "${jpeg}"` },
      fps: 10,
      duplicates: false,
    }).some(3);
    assert.ok(single.every((one) => one.jpeg.equals(frames[1]!)));
    const [made] = await watch({ source: { kind: 'command', command: `cat '${other}'` }, fps: 10 }).some(1);
    assert.deepEqual([made!.width, made!.jpeg.readUInt16BE(0)], [320, 0xffd8]);
    const look = await takePicture({ source: { kind: 'command', command: `cat '${many}'` } });
    assert.deepEqual(look.jpeg, frames[0]);
  });

  it('says what is wrong with a command', async () => {
    const cases: [string, string, RegExp][] = [
      ['no-such-program -x', 'SOURCE_FAILED', /"no-such-program" was not found/],
      ['false', 'SOURCE_FAILED', /failed \(1\)/],
      ['true', 'SOURCE_FAILED', /ended without a picture/],
      ['echo no picture', 'BAD_INPUT', /cannot be read/],
      ['cat "open', 'BAD_INPUT', /not closed/],
      [' ', 'BAD_INPUT', /no command/],
    ];
    for (const [command, code, message] of cases) {
      const error = await failure(watch({ source: { kind: 'command', command } }));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    }
    const silent = await failure(
      watch({ source: { kind: 'command', command: 'sleep 100' }, startTimeoutMs: 300 }),
    );
    assert.match(silent.message, /gave no picture/);
  });
});

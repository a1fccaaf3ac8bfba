import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolveFfmpeg, type VideoSource } from '../../src/media';
import { runningTools } from '../../src/media/process';
import { descendants, until } from '../support/processes';
import { RtspCamera, rtspMissing } from '../support/rtsp-camera';
import { describeScreen, Screen } from '../support/screen';
import { skipWithout } from '../support/skip';
import { failure, stopAll, watch } from './video-support';

const LOGIN = { user: 'guard', password: "p@ss it's/w:rd" };

describe('media: RTSP cameras', function () {
  this.timeout(120_000);
  let cameras: RtspCamera[] = [];
  before(async function () {
    skipWithout(this, await rtspMissing());
  });
  afterEach(async () => {
    await Promise.all(cameras.map((camera) => camera.stop()));
    cameras = [];
    await stopAll();
  });
  const camera = async (...login: Parameters<typeof RtspCamera.start>): Promise<RtspCamera> => {
    const started = await RtspCamera.start(...login);
    cameras.push(started);
    return started;
  };
  const at = ({ port }: { port: number }, login: object = {}): VideoSource => ({
    kind: 'address',
    url: `rtsp://127.0.0.1:${port}/cam`,
    ...login,
  });

  for (const build of ['system', 'bundled'] as const) {
    for (const way of ['none', 'basic', 'digest'] as const) {
      it(`gives frames at the rate that is set; login ${way}, ${build} ffmpeg`, async () => {
        const { path } = await resolveFfmpeg({ env: build === 'bundled' ? { PATH: '' } : process.env });
        const server = await (way === 'none' ? camera() : camera(way, LOGIN.user, LOGIN.password));
        const seen = watch({
          source: at(server, way === 'none' ? {} : LOGIN),
          fps: 2,
          duplicates: false,
          ffmpegPath: path,
        });
        const frames = await seen.some(5);
        assert.deepEqual([frames[0]!.width, frames[0]!.height], [640, 360]);
        const gaps = frames.slice(2).map(({ at: time }, i) => time - frames[i + 1]!.at);
        gaps.sort((a, b) => a - b);
        assert.ok(gaps[1]! > 420, `the middle gap is ${gaps[1]} ms, of 500`);
        const shown = descendants(process.pid)
          .map(({ command }) => command)
          .filter((one) => one.includes('concat'));
        assert.ok(
          shown.length === 1 && !shown[0]!.includes('guard'),
          'the login stands in the list of processes',
        );
      });
    }
  }

  it('compares its frames, too', async () => {
    const frames = await watch({ source: at(await camera()), fps: 5 }).some(4);
    assert.deepEqual(
      frames.map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  it('says that a login is wrong, and shows none', async () => {
    const server = await camera('digest', LOGIN.user, LOGIN.password);
    const { message } = await failure(watch({ source: at(server, { ...LOGIN, password: 'hunter2' }) }));
    assert.ok(!message.includes('hunter2') && message.includes('cannot be opened'), message);
  });

  it('gives up a server that says nothing, in time', async () => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { message } = await failure(watch({ source: at({ port }), startTimeoutMs: 1500 }));
    assert.match(message, /gave no picture within 1.5 s/);
    await stopAll();
    silent.close();
  });

  it('opens a camera again that was switched off, and tells it once', async () => {
    const server = await camera();
    const seen = watch({
      source: at(server),
      fps: 5,
      duplicates: false,
      retryMs: 100,
      silenceTimeoutMs: 2000,
    });
    await seen.some(2);
    await server.stop();
    await until(
      'several attempts',
      () => seen.states.filter((state) => state === 'waiting').length >= 3,
      Boolean,
      60_000,
    );
    assert.equal(seen.warnings.length, 1, seen.warnings.join('\n'));
  });
});

describeScreen('media: a thousand starts and stops', function () {
  this.timeout(600_000);

  it('leave no process, whenever they are stopped', async () => {
    const screen = await Screen.start(640, 480);
    try {
      const before = runningTools();
      const source: VideoSource = { kind: 'screen', display: screen.display };
      const known = descendants(process.pid).length;
      for (let cycle = 0; cycle < 1000; cycle += 10) {
        await Promise.all(
          Array.from({ length: 10 }, async (_, i) => {
            const one = watch({ source, fps: 10 });
            // Some are stopped before anything was started, some while it starts, a few with frames.
            if (i === 0 && cycle % 100 === 0) await one.some(1);
            else await new Promise((resolve) => setTimeout(resolve, (cycle * 7 + i * 31) % 250));
            await one.stop();
          }),
        );
        await stopAll(before);
      }
      assert.equal(descendants(process.pid).length, known);
    } finally {
      await screen.stop();
    }
  });
});

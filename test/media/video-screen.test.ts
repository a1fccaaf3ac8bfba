import assert from 'node:assert/strict';
import { resolveFfmpeg, runTool, takePicture, type VideoSource } from '../../src/media';
import { runningTools } from '../../src/media/process';
import { openScreen } from '../../src/media/video/devices';
import { grab } from '../../src/media/video/grab';
import { GRID_BYTES, type Shot } from '../../src/media/video/grid';
import { completeSettings } from '../../src/media/video/settings';
import { Wish } from '../../src/media/video/wish';
import { grey } from '../support/pictures';
import { until } from '../support/processes';
import { describeScreen, Screen } from '../support/screen';
import { failure, stopAll, watch } from './video-support';

describeScreen('media: a screen as frames', function () {
  this.timeout(120_000);
  let screen: Screen;
  let source: VideoSource;
  let tools: number;
  before(async () => {
    screen = await Screen.start(1280, 720);
    source = { kind: 'screen', display: screen.display };
    await screen.paint('white');
    tools = runningTools();
  });
  afterEach(async () => {
    await screen.closeWindows();
    await stopAll(tools);
  });
  after(() => screen?.stop());

  it('come at most at the rate that is set, with time, size and number', async () => {
    const frames = await watch({ source, fps: 5, duplicates: false, longestSide: 640 }).some(8);
    const gaps = frames.slice(1).map(({ at }, i) => at - frames[i]!.at);
    gaps.sort((a, b) => a - b);
    assert.ok(gaps[3]! > 170, `the middle gap is ${gaps[3]} ms, of 200`);
    assert.deepEqual(
      frames.slice(0, 8).map(({ width, height, sequence }) => [width, height, sequence]),
      [1, 2, 3, 4, 5, 6, 7, 8].map((number) => [640, 360, number]),
    );
    assert.equal((await grey(frames[0]!.jpeg, 640, 360)).at(5, 5), 255);
  });

  it('are skipped while they are equal, refreshed by the heartbeat, and come when something changes', async () => {
    const seen = watch({ source, fps: 8, heartbeatMs: 1500 });
    await seen.some(3);
    const [first, second, third] = seen.frames;
    assert.ok(
      second!.at - first!.at >= 1500 && third!.at - second!.at >= 1500,
      'an equal frame came too early',
    );
    const still = watch({ source, fps: 8, heartbeatMs: 0 });
    await still.some(1);
    await screen.paint('black');
    await still.some(2);
    await screen.paint('white');
    await still.some(3);
    const means = [];
    for (const { jpeg, width, height } of still.frames)
      means.push(Math.round((await grey(jpeg, width, height)).span(0, 0, width, height).mean));
    assert.deepEqual(means, [255, 0, 255]);
  });

  it('are refreshed when one is wanted, though nothing has changed', async () => {
    const seen = watch({ source, fps: 8, heartbeatMs: 0 });
    await seen.some(1);
    seen.handle.want();
    const [, again] = await seen.some(2);
    assert.equal(again!.repeated, true);
  });

  it('show a word that is typed, though it is small', async () => {
    const seen = watch({ source, fps: 8, heartbeatMs: 0 });
    await seen.some(1);
    screen.terminal('hello', '20x1+300+300');
    await seen.some(2);
  });

  for (const build of ['system', 'bundled'] as const) {
    it(`are black where they are masked, with the ${build} ffmpeg`, async () => {
      const env = build === 'bundled' ? { PATH: '' } : process.env;
      const { path } = await resolveFfmpeg({ env });
      const masks = [
        { x: 101, y: 51, width: 200, height: 100 },
        { x: '75%', y: 0, width: '25%', height: '100%' },
      ] as const;
      await screen.paint('white');
      const seen = watch({ source, fps: 5, masks, longestSide: 640, ffmpegPath: path });
      const [{ jpeg } = assert.fail()] = await seen.some(1);
      const picture = await grey(jpeg, 640, 360);
      // Half of what was asked for; at its edge the scaler mixes in the white from outside.
      assert.ok(picture.span(53, 28, 95, 45).max <= 20, 'something is seen through the first mask');
      assert.ok(picture.span(482, 0, 158, 360).max <= 20, 'something is seen through the second mask');
      assert.ok(picture.span(0, 0, 45, 360).mean > 250 && picture.span(170, 0, 300, 360).mean > 250);
    });
  }

  it('stay together with their grids', async () => {
    const input = await openScreen({ kind: 'screen', display: screen.display }, { fps: 10 });
    const control = new AbortController();
    const shots: Shot[] = [];
    const done = grab(input, {
      settings: completeSettings({ fps: 10, longestSide: 320 }),
      signal: control.signal,
      onShot: (shot) => shots.push(shot),
      wish: new Wish(),
    });
    for (let level = 10; shots.length < 20; level = (level + 37) % 250)
      await screen.paint(`gray${level % 100}`);
    control.abort();
    await done;
    const levels = new Set<number>();
    for (const { jpeg, grid } of shots) {
      assert.equal(grid?.length, GRID_BYTES);
      const mean = grid!.reduce((sum, cell) => sum + cell, 0) / GRID_BYTES;
      const { mean: shown } = (await grey(jpeg, 320, 180)).span(0, 0, 320, 180);
      // The grid has the range of video (16 to 235), the picture that of JPEG.
      levels.add(Math.round(shown / 10));
      const expected = [shown, 16 + (shown * 219) / 255];
      assert.ok(
        expected.some((value) => Math.abs(value - mean) < 6),
        `a grid of ${mean} with a picture of ${shown}`,
      );
    }
    assert.ok(levels.size > 3, 'the pictures were all the same');
  });

  it('a part of it, and of a monitor; one look', async () => {
    await screen.paint('white');
    const region = { x: 640, y: 360, width: '25%', height: 100 } as const;
    const { width, height, jpeg } = await takePicture({
      source: { kind: 'screen', display: screen.display, region },
    });
    assert.deepEqual([width, height, jpeg.readUInt16BE(0)], [320, 100, 0xffd8]);
    const whole = await takePicture({
      source: { ...source, monitor: 'screen' } as VideoSource,
      longestSide: 1280,
    });
    assert.deepEqual([whole.width, whole.height], [1280, 720]);
  });

  it('keeps text of normal size readable at 1536', async () => {
    const large = await Screen.start(1920, 1080);
    try {
      await large.paint('gray40');
      const text = Array.from(
        { length: 20 },
        (_, i) => `${i} The quick brown fox jumps over the lazy dog`,
      ).join('\\r\\n');
      large.terminal(text, '80x24+100+100');
      const seen = watch({ source: { kind: 'screen', display: large.display }, longestSide: 1536, fps: 4 });
      const { jpeg } = await until('the text', async () => {
        for (const one of seen.frames.slice(-1)) {
          const picture = await grey(one.jpeg, 1536, 864);
          const { max, mean } = picture.span(90, 95, 250, 150);
          if (max > 240 && mean < 235) return one;
        }
        return undefined as never;
      });
      const picture = await grey(jpeg, 1536, 864);
      // A line of letters keeps its dark strokes and the light between them.
      const line = Array.from({ length: 200 }, (_, x) => picture.at(100 + x, 100));
      assert.ok(Math.max(...line) - Math.min(...line) > 100, `${Math.min(...line)} to ${Math.max(...line)}`);
      if (process.env.KEEP_FRAME) (await import('node:fs')).writeFileSync(process.env.KEEP_FRAME, jpeg);
    } finally {
      await stopAll(tools + 2);
      await large.stop();
    }
  });

  it('leaves nothing after starts and stops at any moment', async () => {
    for (let cycle = 0; cycle < 16; cycle++) {
      const one = watch({ source, fps: 10 });
      await runTool('sleep', [String((cycle % 8) * 0.03)]);
      await one.stop();
    }
    await stopAll(tools);
  });

  it('mutes at the source', async () => {
    const seen = watch({ source, fps: 10, duplicates: false });
    await seen.some(2);
    seen.handle.setMuted(true);
    const { written } = seen.handle.stats;
    await runTool('sleep', ['0.5']);
    assert.equal(seen.handle.stats.written, written);
    seen.handle.setMuted(false);
    await seen.some(4);
  });

  it('says what is wrong with a display, a monitor, a region', async () => {
    const cases: [VideoSource, string, RegExp][] = [
      [{ kind: 'screen', display: ':4711' }, 'DEVICE_FAILED', /:4711.*Check the display/s],
      [{ ...source, monitor: 'HDMI-9' } as VideoSource, 'DEVICE_NOT_FOUND', /HDMI-9.*There are: screen/s],
      [{ kind: 'camera', device: '/dev/video97' }, 'DEVICE_NOT_FOUND', /\/dev\/video97/],
    ];
    for (const [wrong, code, message] of cases) {
      const error = await failure(watch({ source: wrong }));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    }
  });

  it('explains Wayland and a service without a screen', async () => {
    const open = (env: NodeJS.ProcessEnv) =>
      openScreen({ kind: 'screen' }, { fps: 1, env, platform: 'linux' });
    await assert.rejects(open({ WAYLAND_DISPLAY: 'wayland-0', DISPLAY: ':0' }), /Wayland.*command.*grim/s);
    await assert.rejects(open({}), /DISPLAY is not set/);
  });
});

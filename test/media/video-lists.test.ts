import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listCameras, parseRectangles } from '../../src/media';
import {
  avfoundationInput,
  dshowInput,
  gdigrabInput,
  v4l2Input,
  x11Input,
} from '../../src/media/video/inputs';
import { parseAvfoundationVideo, parseDshowVideo, parseMonitors } from '../../src/media/video/lists';
import { areaOf } from '../../src/media/video/source';
import { splitWords } from '../../src/media/video/words';

describe('media: screens and cameras', () => {
  it('monitors of xrandr, with their places', () => {
    const text =
      'Monitors: 2\n 0: +*HDMI-1 1920/509x1080/286+0+0  HDMI-1\n 1: +DP-2 2560/597x1440/336+1920+-120  DP-2\n';
    assert.deepEqual(parseMonitors(text), [
      { id: 'HDMI-1', name: 'HDMI-1 (1920 × 1080)', area: { x: 0, y: 0, width: 1920, height: 1080 } },
      { id: 'DP-2', name: 'DP-2 (2560 × 1440)', area: { x: 1920, y: -120, width: 2560, height: 1440 } },
    ]);
  });

  it('cameras of DirectShow, in its old and new listing', () => {
    const old =
      '[dshow @ 0a] DirectShow video devices\n[dshow @ 0a]  "Cam"\n[dshow @ 0a]     Alternative name "@device_pnp"\n[dshow @ 0a] DirectShow audio devices\n[dshow @ 0a]  "Mic"\n';
    const now =
      '[in#0 @ 0a] "Cam" (video)\n[dshow @ 0a]   Alternative name "@device"\n[in#0 @ 0a] "Mic" (audio)\n';
    for (const text of [old, now]) assert.deepEqual(parseDshowVideo(text), [{ id: 'Cam', name: 'Cam' }]);
  });

  it('cameras and screens of AVFoundation', () => {
    const text =
      '[AVFoundation indev @ 0x1] AVFoundation video devices:\n[AVFoundation indev @ 0x1] [0] FaceTime HD Camera\n[AVFoundation indev @ 0x1] [1] Capture screen 0\n[AVFoundation indev @ 0x1] AVFoundation audio devices:\n[AVFoundation indev @ 0x1] [0] Microphone\n';
    assert.deepEqual(parseAvfoundationVideo(text), [
      { id: '0', name: 'FaceTime HD Camera' },
      { id: '1', name: 'Capture screen 0' },
    ]);
  });

  it('cameras that the kernel knows: those with pictures, by the name that stays', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'sys-'));
    try {
      for (const [name, label, index] of [
        ['video0', 'Cam: Cam', '0'],
        ['video1', 'Cam: Cam', '1'],
        ['video10', 'Grabber', '0'],
      ] as const) {
        const folder = path.join(root, 'sys/class/video4linux', name);
        mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, 'name'), `${label}\n`);
        writeFileSync(path.join(folder, 'index'), `${index}\n`);
      }
      mkdirSync(path.join(root, 'dev/v4l/by-id'), { recursive: true });
      symlinkSync('../../video0', path.join(root, 'dev/v4l/by-id/usb-Cam-video-index0'));
      assert.deepEqual(await listCameras({ root, platform: 'linux' }), [
        { id: '/dev/v4l/by-id/usb-Cam-video-index0', name: 'Cam: Cam (video0)' },
        { id: '/dev/video10', name: 'Grabber (video10)' },
      ]);
      assert.deepEqual(await listCameras({ root: path.join(root, 'nowhere'), platform: 'linux' }), []);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('are opened with what each system wants', () => {
    const area = { x: 10, y: 20, width: 300, height: 200 };
    const ends = (args: readonly string[], ...end: string[]): void =>
      assert.deepEqual(args.slice(-end.length), end);
    ends(x11Input(':1', area, 2, false).args, '-video_size', '300x200', '-draw_mouse', '0', '-i', ':1+10,20');
    ends(
      v4l2Input('/dev/video0', '1280x720').args,
      '-f',
      'v4l2',
      '-video_size',
      '1280x720',
      '-i',
      '/dev/video0',
    );
    ends(
      gdigrabInput(area, 2, true).args,
      '-offset_x',
      '10',
      '-offset_y',
      '20',
      '-video_size',
      '300x200',
      '-i',
      'desktop',
    );
    ends(gdigrabInput(undefined, 2, true).args, '-draw_mouse', '1', '-i', 'desktop');
    ends(dshowInput('My Cam', undefined).args, '-f', 'dshow', '-i', 'video=My Cam');
    const region = { x: 0, y: '50%', width: 100, height: '50%' } as const;
    const screen = avfoundationInput('1', { screen: true, region });
    ends(screen.args, '-capture_cursor', '1', '-i', '1:none');
    assert.deepEqual(screen.filters, ['crop=w=100:h=ih*0.5:x=0:y=ih*0.5']);
  });

  it('regions are cut to what is there, and rectangles read as people write them', () => {
    const whole = { x: 100, y: 0, width: 1000, height: 500 };
    const [half, beyond] = parseRectangles('50%, 0, 50%, 100%; 900px 400 999 999');
    assert.deepEqual(areaOf(half, whole), { x: 600, y: 0, width: 500, height: 500 });
    assert.deepEqual(areaOf(beyond, whole), { x: 1000, y: 400, width: 100, height: 100 });
    assert.deepEqual(areaOf(undefined, whole), whole);
    assert.deepEqual(parseRectangles(' \n;'), []);
    for (const wrong of ['1,2,3', '1,2,3,x', '1,2,0,4', '1,2,3,120%', '-1,2,3,4'])
      assert.throws(() => parseRectangles(wrong), { code: 'BAD_INPUT' });
  });

  it('commands are cut into words without a shell', () => {
    assert.deepEqual(splitWords(`a "b c" d'e f'g "x\\"y" '' $HOME|;`), [
      'a',
      'b c',
      'de fg',
      'x"y',
      '',
      '$HOME|;',
    ]);
    assert.throws(() => splitWords('a "b'), { code: 'BAD_INPUT' });
  });
});

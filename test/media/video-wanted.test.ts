import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMedia, type VideoSource } from '../../src/media';
import { Duplicates } from '../../src/media/video/duplicates';
import { GRID_BYTES } from '../../src/media/video/grid';
import { startCamera, type Camera } from '../support/camera';
import { makePicture } from '../support/pictures';
import { stopAll, watch } from './video-support';

/** Nothing comes by itself within a test. */
const SLOW = { fps: 0.01, heartbeatMs: 0 };

describe('media: a fresh frame that is wanted', function () {
  this.timeout(60_000);
  let camera: Camera;
  let picture: Buffer;
  let folder: string;
  const address = (route: string): VideoSource => ({ kind: 'address', url: `${camera.url}/${route}` });
  before(async () => {
    picture = await makePicture('color=gray:s=320x240');
    camera = await startCamera([picture]);
    folder = mkdtempSync(path.join(tmpdir(), 'wanted-'));
    writeFileSync(path.join(folder, 'one.jpg'), picture);
  });
  afterEach(() => stopAll());
  after(async () => {
    await camera.stop();
    rmSync(folder, { recursive: true });
  });

  const sources: Array<[name: string, source: () => VideoSource]> = [
    ['a stream of JPEG', () => address('stream')],
    ['single pictures', () => address('snapshot')],
    ['a command', () => ({ kind: 'command', command: `cat "${path.join(folder, 'one.jpg')}"` })],
  ];
  for (const [name, source] of sources) {
    it(`comes at once from ${name}, before its time and although it shows nothing new`, async () => {
      const seen = watch({ source: source(), ...SLOW });
      await seen.some(1);
      for (const count of [2, 3]) {
        seen.handle.want();
        await seen.some(count);
      }
      await sleep(200);
      assert.equal(seen.frames.length, 3, 'one for each time it was wanted');
      assert.deepEqual(
        seen.frames.map(({ sequence, repeated }) => [sequence, repeated]),
        [
          [1, undefined],
          [2, true],
          [3, true],
        ],
      );
    });
  }

  it('is not given while the handle is muted, nor made up for later', async () => {
    const seen = watch({ source: address('snapshot'), ...SLOW });
    await seen.some(1);
    const asked = camera.requests.length;
    seen.handle.setMuted(true);
    seen.handle.want();
    while (camera.requests.length === asked) await sleep(5);
    await sleep(100);
    seen.handle.setMuted(false);
    await sleep(100);
    assert.equal(seen.frames.length, 1);
    assert.ok(camera.requests.length <= asked + 1, 'a picture that is wanted is fetched once');
  });

  it('is asked of the writer, as long as there is one', () => {
    const writer = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest' });
    const { handle } = writer;
    let wanted = 0;
    handle.on('wanted', () => (wanted += 1));
    handle.want();
    writer.end();
    handle.want();
    assert.equal(wanted, 1);
  });

  it('counts as sent: what follows is compared with it', () => {
    const duplicates = new Duplicates({ threshold: 10, heartbeatMs: 1000 });
    const shot = (level: number, at: number): { grid: Buffer; at: number } => ({
      grid: Buffer.alloc(GRID_BYTES, level),
      at,
    });
    const verdicts = [
      duplicates.judge(shot(100, 0)),
      duplicates.judge(shot(105, 100)),
      duplicates.judge(shot(105, 200), true),
      duplicates.judge(shot(114, 300)),
      duplicates.judge(shot(116, 400)),
      duplicates.judge(shot(116, 1400)),
    ];
    assert.deepEqual(verdicts, ['new', 'skip', 'repeated', 'skip', 'new', 'repeated']);
    assert.equal(duplicates.skipped, 2);
  });
});

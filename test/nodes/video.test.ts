import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { frameInfo, isMediaHandle, jpegSize, type MediaHandle } from '../../src/media';
import { runningTools } from '../../src/media/process';
import { scriptedEars, scriptedMind, startServer, toneVoice } from '../../src/server';
import { LOGIN, startCamera, type Camera } from '../support/camera';
import { grey, makePicture } from '../support/pictures';
import { helper, run, sessionFlow, until, type Got, type Running } from './support';

type Shown = Got & {
  format?: { mime: string };
  picture?: { width: number; height: number; at: number; sequence: number };
};

describe('video-in node', function () {
  this.timeout(60_000);
  let camera: Camera;
  let frames: Buffer[];
  let folder: string;
  before(async () => {
    frames = await Promise.all(
      ['black', 'gray', 'white'].map((color) => makePicture(`color=${color}:s=320x240`)),
    );
    camera = await startCamera(frames);
    folder = await mkdtemp(path.join(tmpdir(), 'video-in-'));
  });
  afterEach(async () => {
    await helper.unload();
    assert.equal(runningTools(), 0, 'a program is left');
  });
  after(async () => {
    await camera.stop();
    await rm(folder, { recursive: true });
  });

  const node = (def: object): object => ({
    id: 'in',
    type: 'gemini-live-video-in',
    source: 'address',
    output: 'stream',
    url: `${camera.url}/stream`,
    fps: '20',
    skip: true,
    retry: true,
    wires: [['out']],
    ...def,
  });
  const start = (def: object = {}, credentials: object = {}): Promise<Running> =>
    run([node(def), { id: 'out', type: 'helper' }], { userDir: folder, credentials: { in: credentials } });
  const out = (flow: Running, index = 0): Promise<Shown> => until('a message', () => flow.got('out')[index]);
  async function stream(flow: Running, index = 0): Promise<MediaHandle> {
    const { payload } = await out(flow, index);
    assert.ok(isMediaHandle(payload));
    return payload;
  }
  const written = (handle: MediaHandle, count: number): Promise<unknown> =>
    until(`${count} frames`, () => handle.stats.written >= count);

  it('gives one stream of frames from "start" to "stop"', async () => {
    const flow = await start();
    flow.send('in', { topic: 'door' });
    const handle = await stream(flow);
    assert.deepEqual([handle.policy, handle.format.mime], ['latest', 'image/jpeg']);
    await written(handle, 3);
    flow.send('in', { action: 'start' });
    flow.send('in', { action: 'stop' });
    await until('its end', () => handle.state === 'ended');
    assert.equal(flow.got('out').length, 1, 'a second start began a second stream');
    assert.equal(flow.got('out')[0]?.topic, 'door');
    await until('the status', () => flow.statuses('in').at(-1) === 'off');
    assert.deepEqual(flow.statuses('in').slice(-3), ['opening', 'watching', 'off']);
    assert.deepEqual(flow.errors, []);
  });

  it('starts after a deploy if it is to, and ends with it', async () => {
    const flow = await start({ autostart: true });
    const handle = await stream(flow);
    await written(handle, 1);
    await flow.deploy([]);
    assert.notEqual(handle.state, 'open');
  });

  it('starts and stops by its button', async () => {
    const flow = await start();
    const press = () => helper.request().post('/gemini-live/video-in/in').expect(200);
    await press();
    const handle = await stream(flow);
    await written(handle, 1);
    await press();
    await until('its end', () => handle.state === 'ended');
    await helper.request().post('/gemini-live/video-in/nobody').expect(404);
  });

  it('logs in with what stands in no message, and to the same host only', async () => {
    const flow = await start({ url: `${camera.url}/digest` }, LOGIN);
    flow.send('in', {});
    await written(await stream(flow), 1);
    const shown = JSON.stringify([flow.got('out')[0], flow.statuses('in')]);
    assert.ok(!shown.includes(LOGIN.password));
    flow.send('in', { url: `${camera.url.replace('127.0.0.1', 'localhost')}/basic` });
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.match(error.message, /Enter user and password/);
  });

  it('looks once per message, one look for all that ask meanwhile', async () => {
    const flow = await start({ output: 'picture', url: `${camera.url}/snapshot` });
    const before = camera.requests.length;
    for (let i = 0; i < 20; i++) flow.send('in', { topic: i });
    await until('all answers', () => flow.got('out').length === 20);
    const shown = (await out(flow)) as Shown;
    assert.ok(
      Buffer.isBuffer(shown.payload) && frames.some((frame) => frame.equals(shown.payload as Buffer)),
    );
    assert.deepEqual(shown.format, { mime: 'image/jpeg' });
    assert.deepEqual([shown.picture?.width, shown.picture?.height], [320, 240]);
    assert.ok(Math.abs(Date.now() - (shown.picture?.at ?? 0)) < 60_000);
    assert.deepEqual(new Set(flow.got('out').map(({ topic }) => topic)).size, 20);
    assert.ok(camera.requests.length - before <= 4, `${camera.requests.length - before} requests`);
  });

  it('looks while it watches', async () => {
    const command = `cat "${path.join(folder, 'now.jpg')}"`;
    await writeFile(path.join(folder, 'now.jpg'), frames[1]!);
    const flow = await start({ source: 'command', command });
    flow.send('in', {});
    await written(await stream(flow), 1);
    flow.send('in', { action: 'look' });
    const { payload } = await out(flow, 1);
    assert.deepEqual(payload, frames[1]);
  });

  describe('with pictures that arrive', () => {
    const formats: [string, object][] = [
      ['png', {}],
      ['gif', {}],
      ['bmp', {}],
      ['tiff', {}],
    ];
    for (const [format] of formats) {
      it(`makes JPEG of ${format}`, async () => {
        const flow = await start({ source: 'input', output: 'picture', longestSide: '160' });
        flow.send('in', { payload: await makePicture('testsrc=s=320x240', { format }), topic: 'x' });
        const shown = (await out(flow)) as Shown;
        assert.deepEqual(jpegSize(shown.payload as Buffer), { width: 160, height: 120 });
        assert.equal(shown.topic, 'x');
      });
    }

    it('lets a JPEG that fits pass untouched, from a Buffer, a data: URL, a file', async () => {
      const flow = await start({ source: 'input', output: 'picture' });
      await writeFile(path.join(folder, 'a.jpg'), frames[2]!);
      const given = [frames[2], `data:image/jpeg;base64,${frames[2]!.toString('base64')}`, 'a.jpg'];
      for (const payload of given) flow.send('in', { payload });
      await until('all of them', () => flow.got('out').length === 3);
      for (const { payload } of flow.got('out')) assert.deepEqual(payload, frames[2]);
    });

    it('masks a JPEG that would fit', async () => {
      const flow = await start({ source: 'input', output: 'picture', masks: '0, 0, 50%, 100%' });
      flow.send('in', { payload: frames[2] });
      const picture = await grey((await out(flow)).payload as Buffer, 320, 240);
      assert.ok(picture.span(0, 0, 158, 240).max <= 20 && picture.span(170, 0, 150, 240).mean > 245);
    });

    it('makes one stream of all of them, without the equal ones', async () => {
      const flow = await start({ source: 'input' });
      for (const index of [0, 0, 2]) {
        flow.send('in', { payload: frames[index] });
        const handle = await stream(flow);
        await written(handle, index === 0 ? 1 : 2);
      }
      const handle = await stream(flow);
      assert.equal(handle.stats.written, 2);
      const reader = handle.open();
      const [frame] = (await reader.take(1).toArray()) as Buffer[];
      assert.deepEqual([frame, frameInfo(frame!)?.sequence], [frames[2], 2]);
      flow.send('in', { action: 'stop' });
      await until('its end', () => handle.state === 'ended');
    });

    it('says what it cannot use', async () => {
      const flow = await start({ source: 'input', output: 'picture' });
      const cases: [unknown, string][] = [
        [Buffer.from('no picture at all'), 'BAD_INPUT'],
        [Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'), 'BAD_INPUT'],
        ['nowhere.png', 'NOT_FOUND'],
        ['http://127.0.0.1/a.png', 'BAD_PAYLOAD'],
        [{ a: 1 }, 'BAD_PAYLOAD'],
        [undefined, 'BAD_PAYLOAD'],
      ];
      for (const [index, [payload, code]] of cases.entries()) {
        flow.send('in', { payload });
        const { error } = await until('an error', () => flow.errors[index]);
        assert.equal(error?.code, code, error?.message);
      }
      assert.equal(flow.got('out').length, 0);
    });
  });

  it('reports what fails: once, with the message that asked for it', async () => {
    const cases: [object, object, string][] = [
      [{ url: `${camera.url}/nothing` }, {}, 'NOT_FOUND'],
      [{ url: '' }, {}, 'BAD_CONFIG'],
      [{ fps: 'often' }, {}, 'BAD_CONFIG'],
      [{ masks: '1, 2' }, {}, 'BAD_INPUT'],
      [{ source: 'command', command: '' }, {}, 'BAD_CONFIG'],
      [{}, { action: 'dance' }, 'UNKNOWN_ACTION'],
      [{ source: 'input' }, { action: 'start' }, 'UNKNOWN_ACTION'],
      [{ output: 'picture', url: `${camera.url}/page` }, {}, 'UNSUPPORTED_FORMAT'],
    ];
    for (const [def, msg, code] of cases) {
      const flow = await start(def);
      flow.send('in', { topic: 'mine', ...msg });
      const { error, topic } = await until('an error', () => flow.errors[0]);
      assert.deepEqual([error?.code, topic], [code, 'mine'], error?.message);
      assert.ok(flow.statuses('in').length > 0);
      await helper.unload();
    }
  });

  it('tells the dialog which screens and cameras there are', async () => {
    await start();
    for (const kind of ['screens', 'cameras']) {
      const { body } = await helper.request().get(`/gemini-live/video-devices?kind=${kind}`).expect(200);
      const { devices, ffmpeg, problem } = body as { devices: unknown[]; ffmpeg?: string; problem?: string };
      assert.ok(Array.isArray(devices) && (ffmpeg ?? problem));
    }
  });

  it('shows a session what it sees: frames arrive, at most as many as the model looks at', async () => {
    const server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(() => 'I see'),
      voice: toneVoice(),
      keepJournal: true,
    });
    try {
      const flow = await run([...sessionFlow(server.url), node({ skip: false, wires: [['session']] })]);
      flow.send('in', {});
      const pictures = (): { at: number; data: string }[] =>
        server.journal.flatMap((entry) =>
          entry.kind === 'received' && entry.message.realtimeInput?.video
            ? [{ at: entry.at, data: entry.message.realtimeInput.video.data ?? '' }]
            : [],
        );
      const seen = await until('three frames', () => pictures().length >= 3 && pictures(), 30_000);
      assert.ok(seen.every(({ data }) => frames.some((frame) => frame.toString('base64') === data)));
      // The camera sends 25 a second, the node lets 20 through, the model looks at one.
      assert.ok(seen[2]!.at - seen[0]!.at >= 1900, `3 frames within ${seen[2]!.at - seen[0]!.at} ms`);
      flow.send('in', { action: 'stop' });
      assert.deepEqual(flow.errors, []);
    } finally {
      await helper.unload();
      await server.close();
    }
  });
});

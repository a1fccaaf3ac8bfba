import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { isMediaHandle, parseWav, PCM_16K, PCM_24K, type MediaHandle } from '../../src/media';
import { listSamples } from '../../nodes/shared/admin';
import { turn, wholeTurn } from '../support/media';
import { spoken, spokenWav } from './sounds';
import { helper, run, until, type Running } from './support';

async function read(handle: MediaHandle): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of handle) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('audio-in node', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'audio-in-'))));
  afterEach(async () => {
    await helper.unload();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (def: object): Promise<Running> =>
    run(
      [
        {
          id: 'in',
          type: 'gemini-live-audio-in',
          source: 'file',
          device: '',
          file: '',
          wires: [['out']],
          ...def,
        },
        { id: 'out', type: 'helper' },
      ],
      { userDir: folder },
    );
  async function stream(flow: Running): Promise<MediaHandle> {
    const { payload } = await until('a stream', () => flow.got('out')[0]);
    assert.ok(isMediaHandle(payload));
    assert.deepEqual(payload.format, PCM_16K);
    return payload;
  }

  it('reads a file of the user directory', async () => {
    await writeFile(path.join(folder, 'ask.wav'), spokenWav());
    const flow = await start({ file: 'ask.wav' });
    flow.send('in', { topic: 'door', action: 'start' });
    assert.deepEqual(await read(await stream(flow)), spoken());
    const [msg] = flow.got('out');
    assert.deepEqual([msg?.topic, msg?.action], ['door', undefined], 'its action stays here');
    assert.deepEqual(flow.errors, []);
  });

  it('takes the file of the message before that of the dialog', async () => {
    await writeFile(path.join(folder, 'this.wav'), spokenWav(300));
    const flow = await start({ file: 'nowhere.wav' });
    flow.send('in', { filename: path.join(folder, 'this.wav') });
    assert.deepEqual(await read(await stream(flow)), spoken(300));
  });

  it('reads each recording that comes with the package', async () => {
    const names = await listSamples();
    assert.ok(names.length > 0, 'there are recordings');
    for (const name of names) {
      const flow = await start({ file: `sample:${name}` });
      flow.send('in', {});
      assert.ok((await read(await stream(flow))).length > 16_000, `${name} is half a second at least`);
      await helper.unload();
    }
  });

  it('starts when it is deployed, if it is to', async () => {
    await writeFile(path.join(folder, 'ask.wav'), spokenWav());
    const flow = await start({ file: 'ask.wav', autostart: true });
    await read(await stream(flow));
    await flow.deploy([], 'nodes');
    assert.equal(flow.got('out').length, 1);
  });

  for (const [what, msg] of [
    ['a WAV Buffer', () => ({ payload: spokenWav() })],
    ['a PCM Buffer', () => ({ payload: spoken(), format: PCM_16K })],
    ['a Node.js stream', () => ({ payload: Readable.from([spoken()]), format: 'audio/pcm;rate=16000' })],
    ['the name of a file', () => ({ payload: path.join(folder, 'ask.wav') })],
  ] as const) {
    it(`converts ${what} that arrives`, async () => {
      await writeFile(path.join(folder, 'ask.wav'), spokenWav());
      const flow = await start({ source: 'input' });
      flow.send('in', msg());
      assert.deepEqual(await read(await stream(flow)), spoken());
    });
  }

  it('converts the stream of another node', async () => {
    const flow = await start({ source: 'input' });
    flow.send('in', { payload: wholeTurn(440, 500).handle });
    const length = (await read(await stream(flow))).length;
    assert.ok(Math.abs(length - 16_000) < 700, `500 ms are 16000 bytes, not ${length}`);
  });

  it('gives a file up on "stop" and when it is closed, without an error', async () => {
    await writeFile(path.join(folder, 'long.wav'), spokenWav(8000));
    const flow = await start({ file: 'long.wav' });
    for (const [code, end] of [
      ['CANCELLED', () => flow.send('in', { action: 'stop' })],
      ['NODE_CLOSED', () => flow.deploy([])],
    ] as const) {
      const before = flow.got('out').length;
      flow.send('in', {});
      const { payload } = await until('a stream', () => flow.got('out')[before]);
      const handle = payload as MediaHandle;
      handle.open();
      await end();
      await until('its end', () => handle.state === 'aborted');
      assert.equal(handle.error?.code, code);
    }
    assert.deepEqual(flow.errors, []);
  });

  it('starts and stops by its button', async () => {
    await writeFile(path.join(folder, 'long.wav'), spokenWav(8000));
    const flow = await start({ file: 'long.wav' });
    await helper.request().post('/gemini-live/audio-in/in').expect(200);
    const handle = await stream(flow);
    handle.open();
    await helper.request().post('/gemini-live/audio-in/in').expect(200);
    await until('its end', () => handle.state === 'aborted');
    await helper.request().post('/gemini-live/audio-in/nobody').expect(404);
  });

  it('tells the dialog which devices and recordings there are', async () => {
    await start({});
    const devices = (await helper.request().get('/gemini-live/devices?direction=capture').expect(200))
      .body as {
      devices: unknown[];
      ffmpeg?: string;
      problem?: string;
    };
    assert.ok(Array.isArray(devices.devices));
    assert.ok(devices.ffmpeg ?? devices.problem);
    const names = (await helper.request().get('/gemini-live/samples').expect(200)).body as string[];
    assert.deepEqual(names, await listSamples());
  });
});

describe('audio-out node', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'audio-out-'))));
  afterEach(async () => {
    await helper.unload();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (def: object = {}): Promise<Running> =>
    run(
      [
        {
          id: 'out',
          type: 'gemini-live-audio-out',
          sink: 'file',
          device: '',
          volume: '100',
          overlap: 'queue',
          file: 'answer-{turn}.wav',
          wires: [['done']],
          ...def,
        },
        { id: 'done', type: 'helper' },
      ],
      { userDir: folder },
    );
  interface Done {
    file: string;
    bytes: number;
    durationMs: number;
    incomplete: boolean;
  }
  const done = async (flow: Running, index = 0): Promise<Done> =>
    (await until('the end', () => flow.got('done')[index])).payload as Done;

  it('writes an answer to a file of the user directory and says so', async () => {
    const flow = await start();
    flow.send('out', { payload: wholeTurn(440, 500).handle, turn: 7, topic: 'door' });
    const result = await done(flow);
    assert.deepEqual(result, {
      file: path.join(folder, 'answer-7.wav'),
      bytes: 24_044,
      durationMs: 500,
      incomplete: false,
    });
    assert.equal(flow.got('done')[0]?.topic, 'door');
    const { format, data } = parseWav(await readFile(result.file));
    assert.deepEqual([format, data.length], [PCM_24K, 24_000]);
    assert.deepEqual(flow.errors, []);
  });

  it('leaves a valid file of an answer that was interrupted', async () => {
    const flow = await start();
    const answer = turn(440, 300);
    flow.send('out', { payload: answer.handle, turn: 1 });
    await until('it is read', () => answer.handle.stats.readers === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer.abort('INTERRUPTED');
    const { file, incomplete, durationMs } = await done(flow);
    assert.equal(incomplete, true);
    assert.equal(Math.round((parseWav(await readFile(file)).data.length / 48_000) * 1000), durationMs);
    assert.deepEqual(flow.errors, [], 'an interruption is no failure');
  });

  it('closes its file on "stop" and when it is closed', async () => {
    const flow = await start();
    const [one, two] = [turn(440, 300), turn(440, 300)];
    flow.send('out', { payload: one.handle, turn: 1 });
    await until('it is read', () => one.handle.stats.readers === 1);
    flow.send('out', { action: 'stop' });
    assert.equal((await done(flow)).incomplete, true);
    flow.send('out', { payload: two.handle, turn: 2 });
    await until('it is read', () => two.handle.stats.readers === 1);
    await flow.deploy([]);
    await until('it is let go', () => two.handle.stats.readers === 0);
    assert.equal(one.handle.state, 'open', 'the stream is not this node’s');
  });

  it('takes the name of the message before that of the dialog, and other formats by their ending', async () => {
    const flow = await start();
    flow.send('out', { payload: wholeTurn(440, 500).handle, filename: 'this.mp3' });
    const { file, bytes } = await done(flow);
    assert.equal(file, path.join(folder, 'this.mp3'));
    assert.ok(bytes > 1000);
  });

  it('writes the file although the loudspeaker is missing, and says both', async () => {
    const flow = await start({ sink: 'both', device: 'nosuch' });
    flow.send('out', { payload: wholeTurn(440, 500).handle, turn: 3 });
    const { file, incomplete } = await done(flow);
    assert.equal(incomplete, false);
    assert.equal(parseWav(await readFile(file)).data.length, 24_000);
    await until('an error', () => flow.errors[0]);
    assert.equal(flow.errors.length, 1);
  });

  it('writes a Buffer, too', async () => {
    const flow = await start();
    flow.send('out', { payload: spokenWav(500) });
    assert.equal((await done(flow)).durationMs, 760);
  });
});

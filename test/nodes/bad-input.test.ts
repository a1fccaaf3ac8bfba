import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createMedia } from '../../src/media';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { spokenWav } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';
import { toolsNode } from './tools-support';

/** Bad input: each gives one catchable error that says what to do, and the flow goes on. */
describe('bad input', () => {
  let folder: string;
  let server: LocalLiveServer;
  let saved: NodeJS.ProcessEnv;

  beforeEach(async () => {
    saved = { ...process.env };
    folder = await mkdtemp(path.join(tmpdir(), 'bad-input-'));
    server = await startServer({
      ears: scriptedEars(['first']),
      mind: scriptedMind(({ text }) => `You said ${text}`),
      voice: toneVoice(),
      clock: 10,
    });
  });
  afterEach(async () => {
    for (const name of ['PATH', 'FFMPEG_PATH', 'PULSE_SERVER']) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await helper.unload();
    await server.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** audio-in → session, as in example 02, and audio-out beside it. */
  const flowWith = (audioIn: object, session: object = {}): Promise<Running> =>
    run(
      [
        {
          id: 'in',
          type: 'gemini-live-audio-in',
          source: 'file',
          device: '',
          file: '',
          wires: [['session']],
          ...audioIn,
        },
        ...sessionFlow(server.url, session),
        { id: 'out', type: 'gemini-live-audio-out', sink: 'file', file: 'out.wav', wires: [['audio']] },
        { id: 'cut', type: 'gemini-live-to-messages', frameMs: '20', wires: [['audio']] },
        { id: 'join', type: 'gemini-live-from-messages', wires: [['audio']] },
        toolsNode([{ name: 'light', confirm: 'flow' }]),
        { id: 'answer', type: 'gemini-live-tool-response' },
      ],
      { userDir: folder },
    );

  /** Exactly one error with this code and advice; then the session still answers. */
  async function oneError(flow: Running, code: string | RegExp, advice: RegExp): Promise<void> {
    const error = await until('an error', () => flow.errors[0]?.error, 25_000);
    assert.match(String(error.code), new RegExp(code));
    assert.match(error.message, advice);
    flow.send('session', { payload: 'still there' });
    await until('the flow goes on', () =>
      events(flow, 'events', 'turn').some(
        ({ payload }) => (payload as { model: string }).model === 'You said still there',
      ),
    );
    assert.deepEqual(
      flow.errors.map((one) => one.error?.message),
      [error.message],
      'one error only',
    );
  }

  const file = async (name: string, content: Buffer | string): Promise<string> => {
    await writeFile(path.join(folder, name), content);
    return name;
  };

  it('a file that does not exist', async () => {
    const flow = await flowWith({ file: 'nowhere.wav' });
    flow.send('in', {});
    await oneError(flow, 'NOT_FOUND', /nowhere\.wav.*Check the name/);
  });

  it('a recording that does not exist', async () => {
    const flow = await flowWith({ file: 'sample:nonsense' });
    flow.send('in', {});
    await oneError(flow, 'NOT_FOUND', /sample:nonsense.*There are:/);
  });

  it('no file name at all', async () => {
    const flow = await flowWith({});
    flow.send('in', {});
    await oneError(flow, 'BAD_CONFIG', /msg\.filename/);
  });

  it('a file that is no audio', async () => {
    const flow = await flowWith({
      file: await file('text.wav', 'just some words, and no sound at all in them\n'.repeat(50)),
    });
    flow.send('in', {});
    await oneError(flow, 'BAD_INPUT', /text\.wav/);
  });

  it('an empty file', async () => {
    const flow = await flowWith({ file: await file('empty.wav', '') });
    flow.send('in', {});
    await oneError(flow, 'EMPTY_INPUT', /empty\.wav/);
  });

  it('a folder instead of a file', async () => {
    const flow = await flowWith({ file: '.' });
    flow.send('in', {});
    await oneError(flow, 'BAD_INPUT', /is not a file/);
  });

  it('a Buffer with an odd number of bytes', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: Buffer.alloc(3201), format: 'audio/pcm;rate=16000' });
    await oneError(flow, 'BAD_INPUT', /middle of a sample.*Check its rate and channels/);
  });

  it('an empty Buffer', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: Buffer.alloc(0) });
    await oneError(flow, 'BAD_PAYLOAD', /empty Buffer/);
  });

  it('a Buffer that nothing is said about', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: Buffer.alloc(3200) });
    await oneError(flow, 'BAD_PAYLOAD', /a Buffer of 3200 bytes.*Set msg\.format/);
  });

  it('a Buffer of a wrong format', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: Buffer.from('GIF89a'), format: { mime: 'text/html' } });
    await oneError(flow, 'BAD_PAYLOAD', /text\/html.*needs audio/);
  });

  it('a format that makes no sense', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: Buffer.alloc(320), format: { mime: 'audio/pcm', rate: 'fast' } });
    await oneError(flow, 'UNSUPPORTED_FORMAT', /sample rate must be a positive whole number/);
  });

  for (const [id, name] of [
    ['session', 'session'],
    ['out', 'audio-out'],
    ['cut', 'to-messages'],
    ['join', 'from-messages'],
  ] as const) {
    it(`an object in the payload of ${name}`, async () => {
      const flow = await flowWith({});
      flow.send(id, { payload: { text: 'hello', lang: 'en' } });
      await oneError(flow, 'BAD_PAYLOAD', new RegExp(`${name} .*an object with text, lang`));
    });
  }

  it('an object in the payload of audio-in', async () => {
    const flow = await flowWith({ source: 'input' });
    flow.send('in', { payload: { a: 1 } });
    await oneError(flow, 'BAD_PAYLOAD', /an object with a/);
  });

  it('nothing in the payload', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: undefined });
    await oneError(flow, 'BAD_PAYLOAD', /nothing/);
  });

  it('what JSON leaves of a stream', async () => {
    const flow = await flowWith({});
    const writer = createMedia({ format: { mime: 'audio/pcm', rate: 16000 }, policy: 'block' });
    flow.send('session', { payload: JSON.parse(JSON.stringify(writer.handle)) as object });
    await oneError(flow, 'BAD_PAYLOAD', /to-messages/);
    writer.end();
  });

  it('a raw stream that was used up before', async () => {
    const flow = await flowWith({});
    const stream = Readable.from([Buffer.alloc(320)]);
    stream.destroy();
    flow.send('session', { payload: stream, format: 'audio/pcm;rate=16000' });
    await oneError(flow, 'BAD_PAYLOAD', /one wire only/);
  });

  it('a stream that breaks', async () => {
    const flow = await flowWith({});
    const stream = new Readable({ read: () => {} });
    flow.send('session', { payload: stream, format: 'audio/pcm;rate=16000' });
    stream.push(Buffer.alloc(640));
    setTimeout(() => stream.destroy(new Error('the cable was pulled')), 50);
    await oneError(flow, 'SOURCE_FAILED', /the cable was pulled/);
  });

  for (const id of ['session', 'in', 'out', 'cut', 'router']) {
    it(`an action that ${id} does not know`, async () => {
      const flow = await flowWith({});
      flow.send(id, { action: 'dance' });
      await oneError(flow, 'UNKNOWN_ACTION', /"dance"/);
    });
  }

  for (const [action, payload] of [
    ['played', 'far'],
    ['content', { text: 'x' }],
    ['raw', 'text'],
    ['raw', { setup: {}, clientContent: {} }],
  ] as const) {
    it(`a payload that "${action}" cannot use: ${JSON.stringify(payload)}`, async () => {
      const flow = await flowWith({});
      flow.send('session', { action, payload });
      await oneError(flow, /BAD_(PAYLOAD|INPUT)/, /turn|client message|exactly one field/);
    });
  }

  for (const id of ['router', 'answer']) {
    for (const tool of [undefined, 'c1', { id: 'c1', name: 'light' }, { id: {}, name: [], session: null }]) {
      it(`a message for ${id} that belongs to no call: ${JSON.stringify(tool)}`, async () => {
        const flow = await flowWith({});
        flow.send(id, { payload: true, tool });
        await oneError(flow, 'NO_CALL', /msg\.tool.*Change node/);
      });
    }
  }

  it('an error that Node-RED itself stumbles over', async () => {
    const flow = await flowWith({});
    flow.send('session', { payload: undefined, error: Object.create(null) as object });
    await oneError(flow, 'BAD_PAYLOAD', /nothing/);
  });

  it('an answer for a session that does not exist', async () => {
    const flow = await flowWith({});
    flow.send('answer', { payload: 'done', tool: { id: 'c1', name: 'light', session: '__proto__' } });
    await oneError(flow, 'NO_SESSION', /deleted or disabled/);
  });

  it('an answer that is a raw stream', async () => {
    const flow = await flowWith({});
    const tool = { id: 'c1', name: 'light', session: 'session' };
    flow.send('answer', { payload: Readable.from([Buffer.alloc(320)]), tool });
    await oneError(flow, 'BAD_PAYLOAD', /stream.*Send a Buffer/);
  });

  it('a loudness out of bounds', async () => {
    const flow = await flowWith({});
    flow.send('out', { action: 'volume', payload: 900 });
    await oneError(flow, 'BAD_CONFIG', /0 to 200/);
  });

  it('a microphone that does not exist', async () => {
    process.env.PULSE_SERVER = `unix:${folder}/no-such-socket`;
    const flow = await flowWith({ source: 'microphone', device: 'no-such-device' });
    flow.send('in', { action: 'start' });
    await oneError(flow, /DEVICE_NOT_FOUND|SOURCE_FAILED|NO_FFMPEG/, /no-such-device/);
    assert.ok(
      flow.statuses('in').some((text) => /not found|failed/.test(text)),
      flow.statuses('in').join(),
    );
  });

  it('a loudspeaker that does not exist', async () => {
    process.env.PULSE_SERVER = `unix:${folder}/no-such-socket`;
    const flow = await run([
      ...sessionFlow(server.url),
      {
        id: 'out',
        type: 'gemini-live-audio-out',
        sink: 'speaker',
        device: 'no-such-device',
        volume: '100',
        file: '',
      },
    ]);
    flow.send('out', { payload: spokenWav() });
    await oneError(flow, /DEVICE_/, /no-such-device|loudspeaker/i);
  });

  it('no ffmpeg at all', async () => {
    process.env.PATH = folder;
    process.env.FFMPEG_PATH = path.join(folder, 'no-ffmpeg');
    const flow = await flowWith({
      file: await file('song.mp3', Buffer.from('ID3\x03\x00 and so on'.repeat(200))),
    });
    // The build that npm installed cannot be taken away, but its module can say that it lies elsewhere.
    const bundled = (await import('@ffmpeg-installer/ffmpeg')) as unknown as { default: { path: string } };
    const before = bundled.default.path;
    bundled.default.path = path.join(folder, 'gone');
    try {
      flow.send('in', {});
      await oneError(flow, 'NO_FFMPEG', /Install ffmpeg/);
    } finally {
      bundled.default.path = before;
    }
  });

  it('a file that cannot be written', async () => {
    const flow = await flowWith({});
    flow.send('out', { payload: spokenWav(), filename: 'no/such/folder/out.wav' });
    await oneError(flow, 'NOT_FOUND', /no\/such\/folder/);
  });

  it('a server that is not there', async () => {
    const gone = await startServer({ ears: scriptedEars([]), voice: toneVoice() });
    const { url, port } = gone;
    await gone.close();
    const flow = await run(sessionFlow(url, {}, { attempts: '1', firstDelay: '0' }));
    flow.send('session', { payload: 'hello' });
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'CONNECT_FAILED');
    const back = await startServer({
      port,
      ears: scriptedEars([]),
      mind: scriptedMind(() => 'Back again'),
      voice: toneVoice(),
      clock: 10,
    });
    flow.send('session', { payload: 'hello again' });
    await until('an answer', () => flow.got('text').some(({ payload }) => payload === 'Back again'));
    await helper.unload();
    await back.close();
    assert.equal(flow.errors.length, 1);
  });

  /** No error: the session mends itself. Then it still answers. */
  async function noError(flow: Running): Promise<void> {
    flow.send('session', { payload: 'still there' });
    await until('the flow goes on', () =>
      events(flow, 'events', 'turn').some(
        ({ payload }) => (payload as { model: string }).model === 'You said still there',
      ),
    );
    assert.deepEqual(flow.errors, []);
  }

  it('a server that goes in mid-turn', async () => {
    server.faults.terminateAfterAudio = 2;
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'please say many words to be cut off in the middle' });
    const turn = await until('the turn', () => events(flow, 'events', 'turn')[0]);
    assert.equal((turn.payload as { incomplete: boolean }).incomplete, true);
    delete server.faults.terminateAfterAudio;
    await noError(flow);
  });

  it('a file that is being sent while the server goes', async () => {
    const flow = await run(sessionFlow(server.url, {}, { maxDelay: '0.2', attempts: '1000' }));
    flow.send('session', { payload: spokenWav(3000) });
    await until('a session', () =>
      events(flow, 'events', 'state').some(({ payload }) => (payload as { to: string }).to === 'ready'),
    );
    const { port } = server;
    await server.close();
    await until('it is noticed', () => flow.statuses('session').includes('connecting again'));
    server = await startServer({
      port,
      ears: scriptedEars([]),
      mind: scriptedMind(({ text }) => `You said ${text}`),
      voice: toneVoice(),
      clock: 10,
    });
    await noError(flow);
  });
});

import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { Express } from 'express';
import type { NodeInitializer } from 'node-red';
import { TalkService } from '../../nodes/shared/talk';
import type { Red } from '../../nodes/shared/types';
import { isMediaHandle, type MediaHandle } from '../../src/media';
import { FromClient } from '../../src/talk';
import { heard, marked, shape, untilMarked } from '../live/turn-support';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { askToken, tryUpgrade, Visitor } from '../support/talk';
import { spokenWav } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

const PAGE = 'hall';

describe('talk page of the nodes', function () {
  this.timeout(60_000);
  let server: ScriptedServer;
  let red: Red;
  /** Listeners for sockets that are not ours. */
  let others = 0;
  const visitors: Visitor[] = [];

  beforeEach(async () => {
    await helper.startServer();
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    for (const visitor of visitors.splice(0)) visitor.socket.terminate();
    await helper.unload();
    await server.close();
    assert.equal(listeners(), others, 'the listener for sockets goes with the last page');
    assert.equal(TalkService.of(red).listenerCount('opened'), 0, 'a session goes on waiting for pages');
    await helper.stopServer();
  });

  const listeners = (): number => red.server.listenerCount('upgrade');
  const base = (): string => {
    const { port } = (red.server as Server).address() as { port: number };
    return `http://127.0.0.1:${port}/gemini-live/talk`;
  };
  /** The helper serves no HTTP for flows by itself. */
  async function start(
    flow: object[],
    settings: object = { httpNodeAuth: { user: 'me' } },
  ): Promise<Running> {
    const known: NodeInitializer = (given) => {
      red = given;
      others = listeners();
      Object.assign(red.settings, settings);
      (helper as unknown as { _app: Express })._app.use(red.httpNode);
    };
    return run(flow, { types: [known] });
  }
  async function visit(page = PAGE): Promise<Visitor> {
    const visitor = await Visitor.open(base(), page);
    visitors.push(visitor);
    return visitor;
  }
  const microphone = (id: string, more: object = {}): object => ({
    ...{ id, type: 'gemini-live-audio-in', source: 'browser', page: PAGE, wires: [['out']] },
    ...more,
  });
  const out = { id: 'out', type: 'helper' };
  /** A session between both sides of a page. */
  async function talking(
    id: string,
    session: object = {},
  ): Promise<{ flow: Running; visitor: Visitor; wire: () => Promise<ScriptedConnection> }> {
    const flow = await start([
      microphone(`${id}-in`, { wires: [['session', 'out']] }),
      ...sessionFlow(server.url, { ...session, wires: [['audio', `${id}-out`], ['text'], ['events']] }),
      { id: `${id}-out`, type: 'gemini-live-audio-out', sink: 'browser', page: PAGE },
      out,
    ]);
    return { flow, visitor: await visit(), wire: () => server.connection() };
  }
  const say = async (visitor: Visitor): Promise<void> => {
    const sound = marked(10, true);
    for (let at = 0; at < sound.length; at += 640)
      visitor.frame(FromClient.microphone, sound.subarray(at, at + 640));
    await visitor.settled();
  };
  const talk = (visitor: Visitor, on: boolean): void => visitor.send({ type: 'talk', on, mode: 'hold' });

  it('is not waited for by a session that is gone, not even by one that never had a service', async () => {
    const flow = await start([{ id: 'alone', type: 'gemini-live-session', wires: [[], [], []] }]);
    flow.send('alone', { payload: 'hello' });
    const { error } = await until('an error', () => flow.errors[0]);
    assert.equal(error?.code, 'NO_CONFIG');
  });

  it('brings what is said to the session from the first word, and tells the service that it pauses', async () => {
    const { flow, visitor, wire } = await talking('talk-1');
    for (let round = 1; round <= 2; round += 1) {
      talk(visitor, true);
      await say(visitor);
      talk(visitor, false);
      const items = await untilMarked(await wire(), 'audioStreamEnd', round);
      assert.deepEqual(shape(items).slice(-2), ['audio', 'audioStreamEnd']);
      assert.equal((items.at(-2) as Buffer).length, 6400);
    }
    const handles = flow.got('out').filter(({ payload }) => isMediaHandle(payload));
    assert.equal(handles.length, 1, 'one message for the microphone');
    const { meta } = handles[0]!.payload as MediaHandle;
    assert.deepEqual([meta.page, meta.echoCancelled], [PAGE, true]);
    assert.deepEqual(flow.errors, []);
  });

  it('marks the activity for push to talk, also for the first who talks', async () => {
    const { flow, visitor, wire } = await talking('talk-2', { turnDetection: 'push-to-talk' });
    for (let round = 1; round <= 2; round += 1) {
      talk(visitor, true);
      await say(visitor);
      talk(visitor, false);
      const items = await untilMarked(await wire(), 'activityEnd', round);
      assert.deepEqual(shape(items).slice(-3), ['activityStart', 'audio', 'activityEnd']);
      assert.equal((items.at(-2) as Buffer).length, 6400);
    }
    assert.deepEqual(flow.errors, []);
  });

  it('never marks anything where this machine finds speech', async () => {
    const { visitor, wire } = await talking('talk-3', { turnDetection: 'machine' });
    talk(visitor, true);
    await say(visitor);
    talk(visitor, false);
    visitor.send({ type: 'text', text: 'and now in writing' });
    const got = await (await wire()).until((all) => JSON.stringify(all).includes('in writing') && all);
    assert.ok(!shape(heard(got)).includes('audioStreamEnd'));
  });

  it('shows the state, both sides, and the calls; plays the answer, and reports how far it was heard', async () => {
    const { flow, visitor, wire } = await talking('talk-4');
    visitor.send({ type: 'text', text: 'Is the light on?' });
    const typed = await visitor.told('text', ({ role }) => role === 'user');
    assert.deepEqual([typed.text, typed.final], ['Is the light on?', true]);
    const peer = await wire();
    await peer.until((all) => JSON.stringify(all).includes('Is the light on?'));
    await visitor.told('state', ({ state }) => state === 'ready');
    peer.send({ toolCall: { functionCalls: [{ id: 'c1', name: 'look', args: { room: 'hall' } }] } });
    const { id } = await visitor.told('tool', ({ name }) => name === 'look');
    const pcm = Buffer.alloc(24_000, 1); // half a second
    peer.content(
      { outputTranscription: { text: 'It ' } },
      {
        modelTurn: {
          parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: pcm.toString('base64') } }],
        },
      },
      { outputTranscription: { text: 'is.' } },
    );
    const { stream } = await visitor.told('audio');
    const grown = await visitor.told('text', ({ role, text }) => role === 'model' && text === 'It is.');
    assert.ok(grown.turn >= typed.turn);
    await visitor.told('state', ({ state }) => state === 'speaking');
    peer.content({ turnComplete: true });
    await visitor.told('text', ({ role, final }) => role === 'model' && final);
    await visitor.told('end', (message) => message.stream === stream);
    assert.ok(visitor.sound(stream).equals(pcm));
    visitor.send({ type: 'played', stream, ms: 500 });
    const done = await until('the answer is over', () => events(flow, 'events', 'turn')[0]);
    assert.ok(done);
    await until('it was heard', () => {
      const handle = flow.got('audio')[0]?.payload as MediaHandle;
      return handle.played.ms === 500;
    });
    // No node has declared it.
    await visitor.told('tool', (tool) => tool.id === id && tool.outcome === 'error');
    assert.equal(visitor.all('text').filter(({ role }) => role === 'user').length, 1, 'it is told once');
    visitor.send({ type: 'stop' });
    await until('"interrupt"', () =>
      flow.got('out').some((msg) => (msg as { action?: string }).action === 'interrupt'),
    );
    assert.deepEqual(flow.errors, []);
  });

  it('makes a stream of a recording, and an error of what is none', async () => {
    const flow = await start([microphone('talk-5'), out]);
    const visitor = await visit();
    for (const data of [spokenWav(), Buffer.alloc(5000, 7)]) {
      visitor.send({ type: 'file', mime: 'audio/wav', name: 'note.wav', bytes: data.length });
      visitor.frame(FromClient.file, data);
      visitor.send({ type: 'file-end' });
    }
    const { payload } = await until('the stream', () => flow.got('out')[0]);
    let bytes = 0;
    for await (const chunk of payload as MediaHandle) bytes += chunk.length;
    assert.ok(Math.abs(bytes - (spokenWav().length - 44)) < 700, `${bytes} bytes`);
    const { error } = await until('an error', () => flow.errors[0]);
    assert.equal(error?.source.id, 'talk-5');
  });

  it('belongs to one audio-in: the second turns red, and gets it when the first is gone', async () => {
    const [first, second] = [microphone('talk-6a'), microphone('talk-6b')];
    const flow = await start([first, second, out]);
    const { error } = await until('an error', () => flow.errors[0]);
    assert.deepEqual([error?.code, error?.source.id], ['PAGE_TAKEN', 'talk-6b']);
    await until('it is red', () => flow.statuses('talk-6b').includes('page taken'));
    await flow.deploy([second, out], 'nodes');
    await until('it has it', () => flow.statuses('talk-6b').at(-1) === 'nobody there');
    await visit();
    await until('a browser is there', () => flow.statuses('talk-6b').at(-1) === 'browsers: 1');
    assert.equal(flow.errors.length, 1);
  });

  it('says what is wrong where Node-RED serves no pages', async () => {
    const flow = await start([microphone('talk-7'), out], { httpNodeRoot: false });
    const { error } = await until('an error', () => flow.errors[0]);
    assert.equal(error?.code, 'NO_HTTP');
    assert.match(error?.message ?? '', /httpNodeRoot/);
    await until('it is red', () => flow.statuses('talk-7').includes('no http'));
  });

  it('asks for the PIN that the status shows, where flows have no login, and leaves other sockets alone', async () => {
    const flow = await start([microphone('talk-8'), out], { httpNodeAuth: undefined });
    const status = await until('the PIN', () =>
      flow.statuses('talk-8').find((text) => text.startsWith('PIN')),
    );
    assert.equal((await askToken(base(), PAGE)).body.code, 'PIN_NEEDED');
    const { origin } = new URL(base());
    const paired = await fetch(`${base()}/pair`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ pin: status.slice(4) }),
    });
    assert.equal(paired.status, 204);
    const cookie = paired.headers.get('set-cookie')!.split(';')[0]!;
    assert.equal((await askToken(base(), PAGE, { cookie })).status, 200);
    // Whoever they belong to answers.
    red.server.once('upgrade', (_request, socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'));
    const { status: other } = await tryUpgrade(`${origin}/elsewhere`, [], { origin });
    assert.equal(other, 418);
  });
});

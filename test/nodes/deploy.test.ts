import assert from 'node:assert/strict';
import type { MediaHandle } from '../../src/media';
import { keptConversations } from '../../nodes/session/memory';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { ScriptedServer } from '../support/scripted-server';
import { microphone } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';
import { declared, toolsNode } from './tools-support';

/** Contracts, "Deploys". */
describe('deploys', () => {
  let server: LocalLiveServer;

  beforeEach(async () => {
    server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(({ text, memory }) => {
        const told = /my name is (\w+)/.exec(text)?.[1];
        if (told) memory.set('name', told);
        return text === 'who am I' ? `You are ${memory.get('name') ?? 'unknown'}` : `You said ${text}`;
      }),
      voice: toneVoice(),
      clock: 10,
    });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const turns = (flow: Running): { model: string }[] =>
    events(flow, 'events', 'turn').map(({ payload }) => payload as { model: string });
  const restored = (flow: Running): boolean[] =>
    events(flow, 'events', 'restored').map(
      ({ payload }) => (payload as { stateRestored: boolean }).stateRestored,
    );
  async function ask(flow: Running, text: string): Promise<string | undefined> {
    const before = turns(flow).length;
    flow.send('session', { payload: text });
    await until(`an answer to "${text}"`, () => turns(flow).length > before);
    return turns(flow).at(-1)?.model;
  }

  it('leave a conversation alone when other nodes change', async () => {
    const nodes = sessionFlow(server.url);
    const flow = await run([...nodes, { id: 'other', type: 'gemini-live-to-messages', frameMs: '20' }]);
    await ask(flow, 'my name is Ada');
    await flow.deploy([...nodes, { id: 'other', type: 'gemini-live-to-messages', frameMs: '40' }], 'nodes');
    assert.equal(server.connections, 1);
    assert.equal(await ask(flow, 'who am I'), 'You are Ada');
    assert.deepEqual(restored(flow), []);
  });

  it('stop the answer and take the conversation up again when everything is created again', async () => {
    const flow = await run(sessionFlow(server.url));
    await ask(flow, 'my name is Ada');
    flow.send('session', { payload: 'please say many words to be interrupted in the middle' });
    const audio = await until('the second answer', () => flow.got('audio')[1]);
    await flow.deploy(sessionFlow(server.url));
    assert.equal((audio.payload as MediaHandle).error?.code, 'NODE_CLOSED');
    await until('the old connection is gone', () => server.connections === 0);
    assert.equal(await ask(flow, 'who am I'), 'You are Ada');
    assert.deepEqual(restored(flow), [true]);
  });

  it('begin anew, and forget, when the model is another one', async () => {
    const flow = await run(sessionFlow(server.url));
    await ask(flow, 'my name is Ada');
    await flow.deploy(sessionFlow(server.url, {}, { model: 'gemini-2.5-flash-native-audio-latest' }));
    assert.equal(await ask(flow, 'who am I'), 'You are unknown');
    assert.equal(keptConversations(), 0);
  });

  it('drop the conversation of a session that is deleted or disabled', async () => {
    const nodes = sessionFlow(server.url);
    for (const without of [
      nodes.filter((node) => (node as { id: string }).id !== 'session'),
      sessionFlow(server.url, { d: true }),
    ]) {
      const flow = await run(nodes);
      await ask(flow, 'my name is Ada');
      await flow.deploy(without, 'nodes');
      await until('the connection is gone', () => server.connections === 0);
      assert.equal(keptConversations(), 0);
      await flow.deploy(nodes);
      assert.equal(await ask(flow, 'who am I'), 'You are unknown');
      await helper.unload();
    }
  });

  it('find the conversation again at the local server of this process', async () => {
    const local = sessionFlow('', {}, { endpoint: 'local' });
    const flow = await run(local);
    await ask(flow, 'what time is it');
    await flow.deploy(local);
    await ask(flow, 'what time is it');
    assert.deepEqual(restored(flow), [true]);
  });

  it('let go of the microphone of a session that is created again', async () => {
    const mic = microphone();
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: mic.handle });
    await until('it is read', () => mic.handle.stats.readers === 1);
    await flow.deploy(sessionFlow(server.url));
    assert.equal(mic.handle.stats.readers, 0);
    assert.equal(mic.handle.state, 'open', 'the microphone is not the session’s');
  });
});

describe('deploys with functions', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  const session = (): object[] => sessionFlow(wire.url, { connect: 'deploy' });
  const tools = (id: string, functions: string[], more: object = {}): object =>
    toolsNode(
      functions.map((name) => ({ name })),
      { id, wires: [], ...more },
    );

  it('offer what is declared by nodes that are constructed after the session', async () => {
    await run([...session(), tools('router', ['light'])]);
    assert.deepEqual(declared(await (await wire.connection()).message(0)), ['light']);
  });

  it('offer what is declared by nodes that are constructed before it, on other tabs and in subflows', async () => {
    const flow = [
      tools('first', ['light']),
      { id: 'elsewhere', type: 'tab', label: 'another' },
      tools('second', ['heating'], { z: 'elsewhere' }),
      { id: 'sub', type: 'subflow', name: 'sub', in: [], out: [] },
      tools('third', ['music'], { z: 'sub' }),
      { id: 'instance', type: 'subflow:sub' },
      ...session(),
    ];
    await run(flow);
    assert.deepEqual(declared(await (await wire.connection()).message(0)), ['heating', 'light', 'music']);
  });

  it('connect again only when the functions changed', async () => {
    const flow = await run([...session(), tools('router', ['light'])]);
    const first = await wire.connection();
    await first.message(0);
    // Only a connection that was good is left at once.
    first.content({ turnComplete: true });
    first.send({ sessionResumptionUpdate: { newHandle: 'first', resumable: true } });
    await flow.deploy([...session(), tools('router', ['light'], { note: 'created again' })], 'nodes');
    await flow.deploy([...session(), tools('router', ['light', 'heating'])], 'nodes');
    assert.deepEqual(declared(await (await wire.connection(1)).message(0)), ['heating', 'light']);
    assert.equal((await (await wire.connection(0)).untilClosed()).code, 1000);
    assert.equal(wire.connections.length, 2);
    assert.deepEqual(flow.errors, []);
  });

  it('offer nothing of a disabled node', async () => {
    await run([...session(), tools('router', ['light'], { d: true })]);
    assert.deepEqual(declared(await (await wire.connection()).message(0)), []);
  });

  it('turn the second of two equal names red, with an error for Catch nodes', async () => {
    const flow = await run([...session(), tools('a', ['light']), tools('b', ['light'])]);
    assert.deepEqual(declared(await (await wire.connection()).message(0)), ['light']);
    const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
    assert.equal(error?.error?.code, 'DUPLICATE_TOOL');
    assert.equal(error.error.source.id, 'b');
    assert.deepEqual(flow.statuses('b'), ['duplicate tool']);
  });

  it('treat two instances of a subflow with one name as two nodes', async () => {
    const flow = await run([
      { id: 'sub', type: 'subflow', name: 'sub', in: [], out: [] },
      tools('inside', ['light'], { z: 'sub' }),
      { id: 'one', type: 'subflow:sub' },
      { id: 'two', type: 'subflow:sub' },
      ...session(),
    ]);
    assert.deepEqual(declared(await (await wire.connection()).message(0)), ['light']);
    assert.equal((await until('an error', () => flow.errors[0])).error?.code, 'DUPLICATE_TOOL');
  });
});

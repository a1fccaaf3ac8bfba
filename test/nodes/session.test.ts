import assert from 'node:assert/strict';
import { isMediaHandle, type MediaHandle } from '../../src/media';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { spokenWav } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

/** A conversation with the local server, which hears by script here: hearing itself has tests of its own. */
describe('session node', () => {
  let server: LocalLiveServer;

  beforeEach(async () => {
    server = await startServer({
      ears: scriptedEars(['first', 'second', 'third']),
      mind: scriptedMind(({ text, memory }) => {
        const known = memory.get('name');
        const told = /my name is (\w+)/.exec(text)?.[1];
        if (told) memory.set('name', told);
        return text === 'who am I' ? `You are ${known ?? 'unknown'}` : `You said ${text}`;
      }),
      voice: toneVoice(),
      clock: 10,
    });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const turns = (flow: Running): Record<string, unknown>[] =>
    events(flow, 'events', 'turn').map(({ payload }) => payload as Record<string, unknown>);

  it('answers a text on its three ports', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'hello there', topic: 'door' });
    const [turn] = await until('a turn', () => turns(flow).length > 0 && turns(flow));
    const [audio] = flow.got('audio');
    assert.ok(isMediaHandle(audio?.payload));
    assert.equal(audio.turn, 1);
    assert.equal(audio.topic, 'door');
    assert.equal(audio.payload.format.rate, 24000);
    const texts = flow
      .got('text')
      .map(({ role, final, payload, turn: number }) => [role, final, payload, number]);
    assert.deepEqual(texts, [
      ['user', true, 'hello there', 1],
      ['model', true, 'You said hello there', 1],
    ]);
    assert.equal(turn?.conversation, audio.conversation);
    for (const { payload, event } of flow.got('events')) {
      assert.ok((payload as { at: number }).at > 0, `${event} has no time`);
    }
    const states = events(flow, 'events', 'state').map(({ payload }) => (payload as { to: string }).to);
    assert.deepEqual(states, ['connecting', 'setup', 'ready']);
    assert.deepEqual(flow.errors, []);
  });

  it('hears a file and tells when it is answered', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: spokenWav() });
    const [turn] = await until('a turn', () => turns(flow).length > 0 && turns(flow));
    assert.equal(turn?.user, 'first');
    assert.equal(turn?.model, 'You said first');
    const { timeToFirstAudioMs } = turn?.timings as { timeToFirstAudioMs: number };
    assert.ok(timeToFirstAudioMs >= 0);
  });

  it('sends pieces of texts only if they are asked for', async () => {
    const flow = await run(sessionFlow(server.url, { partial: true }));
    flow.send('session', { payload: 'one two three four five' });
    await until('a turn', () => turns(flow).length > 0);
    const pieces = flow.got('text').filter(({ final, role }) => final === false && role === 'model');
    assert.ok(pieces.length > 0);
  });

  it('silences the answer on "interrupt" and says how far it was played', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'please say very many words so that it takes long' });
    const audio = await until('audio', () => flow.got('audio')[0]);
    const handle = audio.payload as MediaHandle;
    flow.send('session', { action: 'played', payload: 120, turn: 1 });
    await until('the position', () => handle.played.ms === 120);
    flow.send('session', { action: 'interrupt' });
    const told = await until('interrupted', () => events(flow, 'events', 'interrupted')[0]);
    assert.equal(handle.error?.code, 'INTERRUPTED');
    assert.equal((told.payload as { playedMs: number }).playedMs, 120);
    assert.equal(told.turn, 1);
  });

  it('goes on with the conversation after "disconnect", and says so', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'my name is Ada' });
    await until('a turn', () => turns(flow).length === 1);
    flow.send('session', { action: 'disconnect' });
    await until('nobody is connected', () => server.connections === 0);
    flow.send('session', { payload: 'who am I' });
    await until('a second turn', () => turns(flow).length === 2);
    assert.equal(turns(flow)[1]?.model, 'You are Ada');
    assert.equal(turns(flow)[1]?.turn, 2);
    const restored = events(flow, 'events', 'restored').map(
      ({ payload }) => payload as { stateRestored: boolean },
    );
    assert.deepEqual(
      restored.map(({ stateRestored }) => stateRestored),
      [true],
    );
    const ids = new Set(flow.got('text').map(({ conversation }) => conversation));
    assert.equal(ids.size, 1);
  });

  it('shows endpoint and state', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'hello' });
    await until('a turn', () => turns(flow).length > 0);
    assert.ok(
      flow.statuses('session').every((text) => text === 'custom'),
      flow.statuses('session').join(),
    );
  });

  it('connects on deploy if it is to', async () => {
    const flow = await run(sessionFlow(server.url, { connect: 'deploy' }));
    await until('a connection', () => server.connections === 1);
    assert.deepEqual(flow.errors, []);
  });

  it('stays unconnected until something arrives', async () => {
    await run(sessionFlow(server.url));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(server.connections, 0);
  });
});

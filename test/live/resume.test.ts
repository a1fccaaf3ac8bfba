import assert from 'node:assert/strict';
import { Bench, next, of } from './support';

type Setup = { setup: { sessionResumption?: { handle?: string } } };
const config = { sessionResumption: {} };
const update = (newHandle: string, resumable = true): object => ({
  sessionResumptionUpdate: { newHandle, resumable },
});
const answer = { outputTranscription: { text: 'Hello.' }, generationComplete: true, turnComplete: true };

describe('live: a conversation is taken up again', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('resumes with the newest resumable handle after a lost connection', async () => {
    const { session, log, peer, server } = await bench.connected({ config });
    peer.send(update('one'), update('two'), { sessionResumptionUpdate: { resumable: false, newHandle: '' } });
    peer.content(answer);
    await next(session, 'turn');
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'closed');
    await session.connect();
    const again = await server.connection(1);
    assert.equal((again.received[0] as Setup).setup.sessionResumption?.handle, 'two');
    assert.equal((await next(session, 'restored')).stateRestored, true);
    again.content(answer);
    assert.equal((await next(session, 'turn')).turn, 2, 'turns are counted on');
    const told = of(log, 'resumption');
    assert.deepEqual(
      told.map(({ resumable }) => resumable),
      [true, true, false],
    );
    assert.ok(told[0]?.handle && told[1]?.handle && told[0].handle !== told[1].handle);
    assert.doesNotMatch(
      JSON.stringify(told),
      /one|two/,
      'a handle opens the conversation: events do not show it',
    );
  });

  it('carries handle, history, usage and turn counter to another session object', async () => {
    const first = await bench.connected({ config });
    first.session.sendText('Hi');
    first.peer.send(update('h'), { serverContent: answer, usageMetadata: { totalTokenCount: 5 } });
    await next(first.session, 'turn');
    const state = JSON.parse(JSON.stringify(first.session.conversationState()));
    await first.session.close();

    const session = bench.session(first.server, { config, resumeFrom: state });
    await session.connect();
    const peer = await first.server.connection(1);
    assert.equal((peer.received[0] as Setup).setup.sessionResumption?.handle, 'h');
    assert.equal((await next(session, 'restored')).stateRestored, true);
    assert.equal(session.conversation, first.session.conversation);
    assert.notEqual(session.id, first.session.id);
    peer.send({ serverContent: answer, usageMetadata: { totalTokenCount: 3 } });
    const turn = await next(session, 'turn');
    assert.equal(turn.turn, 2);
    const after = session.conversationState();
    assert.equal(after.usage.totalTokenCount, 8);
    assert.deepEqual(
      after.history.map(({ text }) => text),
      ['Hi', 'Hello.', 'Hello.'],
    );
    assert.equal(state.turn, 1, 'the state that was given is not changed');
  });

  it('does not resume another model or endpoint, and says why', async () => {
    const { session: first, peer, server } = await bench.connected({ config });
    peer.send(update('h'));
    await next(first, 'resumption');
    const state = first.conversationState();
    const session = bench.session(server, { config, resumeFrom: state, model: 'gemini-2.5-x' });
    await session.connect();
    const setup = (await server.connection(1)).received[0] as Setup;
    assert.deepEqual(setup.setup.sessionResumption, {});
    const restored = await next(session, 'restored');
    assert.deepEqual([restored.stateRestored, restored.reason], [false, 'the model has changed']);
    const elsewhere = await bench.server();
    const other = bench.session(elsewhere, { config, resumeFrom: state });
    await other.connect();
    assert.equal((await next(other, 'restored')).reason, 'the local server was started anew');
    await other.close();
    await other.connect();
    assert.equal((await next(other, 'restored')).reason, 'there is no handle to resume with', 'told once');
  });

  it('does not offer a handle that is too old', async () => {
    const { session: first, peer, server } = await bench.connected({ config });
    peer.send(update('h'));
    await next(first, 'resumption');
    const state = { ...first.conversationState(), handleAt: Date.now() - 3 * 3600_000 };
    const session = bench.session(server, { config, resumeFrom: state });
    await session.connect();
    assert.deepEqual(((await server.connection(1)).received[0] as Setup).setup.sessionResumption, {});
  });

  it('starts afresh, and says so, when the service refuses the handle', async () => {
    const { session, peer, server } = await bench.connected({ config });
    peer.send(update('poisoned'));
    await next(session, 'resumption');
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'closed');
    server.script = { setup: 'manual' };
    const connecting = session.connect();
    const refused = await server.connection(1);
    await refused.message(0);
    server.script = {};
    refused.close(1008, 'Requested entity was not found');
    await connecting;
    const fresh = await server.connection(2);
    assert.deepEqual((fresh.received[0] as Setup).setup.sessionResumption, {});
    const restored = await next(session, 'restored');
    assert.deepEqual([restored.stateRestored, restored.reason], [false, 'Requested entity was not found']);
    assert.equal(session.state, 'ready');
    assert.equal(session.conversationState().handle, undefined);
  });

  it('keeps the handle when the connection breaks before the service has answered the setup', async () => {
    const { session, peer, server } = await bench.connected({ config });
    peer.send(update('good'));
    await next(session, 'resumption');
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'closed');
    server.script = { setup: 'manual' };
    const connecting = assert.rejects(session.connect(), { code: 'SETUP_REFUSED', policy: 'retry' });
    const broken = await server.connection(1);
    await broken.message(0);
    broken.cut();
    await connecting;
    assert.equal(session.conversationState().handle, 'good');
  });

  it('gives the handle up when the service says that it will not resume', async () => {
    const { session, peer, server } = await bench.connected({ config });
    peer.send(update('poisoned'));
    await next(session, 'resumption');
    peer.close(1008, 'The operation was aborted.');
    assert.equal((await next(session, 'error')).policy, 'fresh');
    await session.connect();
    assert.deepEqual(((await server.connection(1)).received[0] as Setup).setup.sessionResumption, {});
    const restored = await next(session, 'restored');
    assert.deepEqual([restored.stateRestored, restored.reason], [false, 'The operation was aborted.']);
  });

  it('takes up a state that lacks fields, as one from a file may', async () => {
    const server = await bench.server();
    const session = bench.session(server, { resumeFrom: { conversation: 'c' } as never });
    await session.connect();
    session.sendText('Hi');
    (await server.connection()).content(answer);
    assert.equal((await next(session, 'turn')).turn, 1);
    assert.equal(session.conversation, 'c');
    assert.equal(session.conversationState().history.length, 2);
  });

  it('keeps no handle unless the configuration asks for resumption', async () => {
    const { session, peer } = await bench.connected();
    peer.send(update('h'));
    await next(session, 'resumption');
    assert.equal(session.conversationState().handle, undefined);
  });

  it('holds no credential in its state', async () => {
    const server = await bench.server();
    const session = bench.session('', {
      endpoint: {
        backend: 'gemini',
        baseUrl: server.url.replace('//', '//user:secret@'),
        apiKey: 'AIzaSecretSecret',
      },
    });
    await session.connect();
    assert.doesNotMatch(JSON.stringify(session.conversationState()), /secret/i);
  });
});

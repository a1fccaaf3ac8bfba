import assert from 'node:assert/strict';
import type { LiveSession } from '../../src/live';
import { Ledger } from '../../src/live/tools/ledger';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, type Log } from './support';

const call = (...ids: string[]): object => ({
  toolCall: { functionCalls: ids.map((id) => ({ id, name: 'light', args: {} })) },
});
const WAITS = 'gemini-3.1-flash-live-preview';
/** What is told of the microphone. */
const micIn = (log: Log): string[] =>
  of(log, 'activity').flatMap(({ type }) => (type.startsWith('microphone') ? type : []));
const answer = (id: string, text = 'ok'): object & { id: string; name: string } => ({
  ...{ id, name: 'light', response: { text } },
});
const answers = (peer: ScriptedConnection): unknown[] =>
  peer.received.flatMap(
    (message) => (message['toolResponse'] as { functionResponses?: unknown[] })?.functionResponses ?? [],
  );
/** Everything sent so far has arrived when this has. */
async function settled(session: LiveSession, peer: ScriptedConnection): Promise<void> {
  const text = `settled ${Math.random()}`;
  session.sendRaw({ realtimeInput: { text } });
  await peer.until((received) => received.some((message) => JSON.stringify(message).includes(text)));
}

/** A ledger whose answers are sent at once. */
function ledgerOf(answered: object[], outcomes: string[] = []): Ledger {
  return new Ledger({
    tell: ({ outcome }) => void outcomes.push(outcome),
    send: (_responses, due, sent) => {
      answered.push(...due());
      sent();
      return true;
    },
    settled: () => {},
    answered: () => {},
    partial: () => true,
  });
}

describe('live: answers to function calls', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('sends one answer per call, and tells what became of each', async () => {
    const { session, log, peer } = await bench.connected();
    peer.send(call('a', 'b'));
    await next(session, 'tool-call', ({ id }) => id === 'b');
    session.respond(answer('a'));
    session.respond([answer('a', 'again'), answer('b'), answer('nobody')]);
    await settled(session, peer);
    assert.deepEqual(answers(peer), [answer('a'), answer('b')]);
    assert.deepEqual(
      of(log, 'tool-result').map(({ id, name, outcome }) => [id, name, outcome]),
      [
        ['a', 'light', 'sent'],
        ['a', 'light', 'duplicate'],
        ['nobody', 'light', 'unknown'],
        ['b', 'light', 'sent'],
      ],
    );
    for (const { ms } of of(log, 'tool-result')) assert.ok(ms >= 0);
  });

  it('tells a call once that the service repeats', async () => {
    const { session, log, peer } = await bench.connected();
    peer.send(call('a'), call('a'));
    peer.content({ turnComplete: true });
    await next(session, 'turn');
    assert.equal(of(log, 'tool-call').length, 1);
  });

  it('never answers a call that was cancelled', async () => {
    const { session, log, peer } = await bench.connected();
    peer.send(call('a'), { toolCallCancellation: { ids: ['a'] } });
    await next(session, 'tool-cancel');
    session.respond(answer('a'));
    await settled(session, peer);
    assert.deepEqual(answers(peer), []);
    assert.equal(of(log, 'tool-result')[0]?.outcome, 'cancelled');
  });

  it('leaves a call open that will be continued', async () => {
    const { session, log, peer } = await bench.connected({ model: 'gemini-3.8-live' });
    peer.send(call('a'));
    await next(session, 'tool-call');
    session.respond({ ...answer('a', 'half'), willContinue: true });
    session.respond(answer('a', 'whole'));
    await settled(session, peer);
    assert.equal(answers(peer).length, 2);
    assert.deepEqual(
      of(log, 'tool-result').map(({ outcome }) => outcome),
      ['sent', 'sent'],
    );
  });

  it('answers calls without an id by their name, the oldest first', () => {
    const sent: object[] = [];
    const outcomes: string[] = [];
    const ledger = ledgerOf(sent, outcomes);
    // Vertex AI has sent such calls; two of them are two calls.
    for (const id of ['', '']) {
      assert.equal(ledger.again(id), false);
      ledger.add({ id, name: 'f', args: {}, turn: 1 });
    }
    for (const text of ['one', 'two', 'three']) ledger.answer([{ name: 'f', response: { text } }]);
    assert.deepEqual(outcomes, ['sent', 'sent', 'unknown']);
    assert.equal(sent.length, 2);
  });

  it('sends the same answer again when the service asks again on a later connection', () => {
    const sent: object[] = [];
    const ledger = ledgerOf(sent);
    ledger.connected({ resumed: true });
    ledger.add({ id: 'a', name: 'f', args: {}, turn: 1 });
    ledger.answer([answer('a')]);
    assert.equal(ledger.again('a'), true);
    assert.equal(sent.length, 1);
    ledger.connected({ resumed: true });
    assert.equal(ledger.again('a'), true);
    assert.deepEqual(sent, [answer('a'), answer('a')]);
  });

  it('keeps open calls over a resumption, in another process too', async () => {
    const first = await bench.connected({ config: { sessionResumption: {} } });
    first.peer.send(call('a'), { sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await next(first.session, 'resumption');
    const state = JSON.parse(JSON.stringify(first.session.conversationState()));
    assert.deepEqual(
      state.openCalls.map(({ id, name }: { id: string; name: string }) => [id, name]),
      [['a', 'light']],
    );
    await first.session.close();
    const session = bench.session(first.server, { config: { sessionResumption: {} }, resumeFrom: state });
    await session.connect();
    const peer = await first.server.connection(1);
    session.respond(answer('a'));
    await settled(session, peer);
    assert.deepEqual(answers(peer), [answer('a')]);
  });

  it('gives open calls up as lost when the session starts afresh, and never answers them', async () => {
    const first = await bench.connected();
    first.peer.send(call('a'));
    await next(first.session, 'tool-call');
    const state = first.session.conversationState();
    await first.session.close();
    const session = bench.session(first.server, { resumeFrom: state });
    session.respond(answer('a'));
    await session.connect();
    const peer = await first.server.connection(1);
    const lost = await next(session, 'tool-result');
    assert.deepEqual([lost.id, lost.outcome], ['a', 'lost']);
    session.respond(answer('a'));
    assert.equal((await next(session, 'tool-result')).outcome, 'lost');
    await settled(session, peer);
    assert.deepEqual(answers(peer), []);
  });

  it('holds the microphone back while a blocking function runs, counts it, and lets it go afterwards', async () => {
    const { session, peer } = await bench.connected({ model: 'gemini-3.1-flash-live-preview' });
    peer.send(call('a'));
    assert.equal((await next(session, 'tool-call')).blocking, true);
    session.audio.write(Buffer.alloc(640));
    assert.equal(session.stats.droppedAudioMs, 20);
    session.respond(answer('a'));
    session.audio.write(Buffer.alloc(640));
    await settled(session, peer);
    assert.deepEqual([session.stats.droppedAudioMs, session.stats.sentAudioMs], [20, 20]);
  });

  it('opens the microphone by itself when the function never answers, and says so', async () => {
    const { session, peer } = await bench.connected({ model: WAITS, toolGateMs: 30 });
    peer.send(call('a'));
    await next(session, 'tool-call');
    session.audio.write(Buffer.alloc(640));
    await next(session, 'activity', ({ type }) => type === 'microphone-held');
    await next(session, 'activity', ({ type }) => type === 'microphone-free');
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual([session.stats.droppedAudioMs, session.stats.sentAudioMs], [20, 20]);
    assert.deepEqual(
      session.openCalls.map(({ id }) => id),
      ['a'],
    );
  });

  it('holds it for as long as any call needs, and not for those that are over', async () => {
    const { session, log, peer } = await bench.connected({ model: WAITS });
    peer.send(call('a', 'b', 'c'), { toolCallCancellation: { ids: ['b'] } });
    await next(session, 'tool-cancel');
    session.respond(answer('a'));
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual(micIn(log), ['microphone-held']);
    session.respond(answer('c'));
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual(micIn(log), ['microphone-held', 'microphone-free']);
    assert.deepEqual([session.stats.droppedAudioMs, session.stats.sentAudioMs], [20, 20]);
  });

  it('holds it as the functions are declared now, where the model lets each say how it behaves', async () => {
    const declared = (behavior: string): never =>
      [{ functionDeclarations: [{ name: 'light', behavior }] }] as never;
    const { session, log, peer } = await bench.connected({
      model: 'gemini-3.8-live',
      config: { tools: declared('NON_BLOCKING') },
    });
    peer.send(call('a'));
    await next(session, 'tool-call');
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual([session.stats.sentAudioMs, micIn(log)], [20, []]);
    await session.updateContext({ tools: declared('BLOCKING') });
    peer.send(call('b'));
    await next(session, 'tool-call');
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual([session.stats.droppedAudioMs, micIn(log)], [20, ['microphone-held']]);
    // A model that always waits does so whatever is declared: the declaration is not sent.
    const always = await bench.connected({ model: WAITS, config: { tools: declared('NON_BLOCKING') } });
    always.peer.send(call('a'));
    await next(always.session, 'tool-call');
    assert.deepEqual(micIn(always.log), ['microphone-held']);
  });

  it('holds it again for a call that is open when the conversation is resumed', async () => {
    const config = { sessionResumption: {} };
    const first = await bench.connected({ model: WAITS, config });
    first.peer.send(call('a'), { sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await next(first.session, 'resumption');
    await first.session.close();
    assert.deepEqual(micIn(first.log), ['microphone-held', 'microphone-free']);
    const resumeFrom = first.session.conversationState();
    const session = bench.session(first.server, { model: WAITS, config, resumeFrom });
    await session.connect();
    session.audio.write(Buffer.alloc(640));
    assert.equal(session.stats.droppedAudioMs, 20);
    session.respond(answer('a'));
    await next(session, 'activity', ({ type }) => type === 'microphone-free');
  });
});

import assert from 'node:assert/strict';
import type { SleepOptions } from '../../src/live';
import type { ScriptedConnection } from '../support/scripted-server';
import { config, inputs, pause, setupOf, states, until, update } from './recovery-support';
import { sleepy, talked, transcript, untilChunk } from './sleep-support';
import { Bench, bytesOf, next, of, sound, type Log } from './support';
import { marked, write } from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

type Woken = Awaited<ReturnType<typeof talked>> & { again: ScriptedConnection };

/** Asleep after a turn, and connected again by a voice; what was said is on the wire. */
async function spokenTo(options: SleepOptions = {}): Promise<Woken> {
  const all = await talked(bench, sleepy({ phrase: 'Hey house', phraseSettleMs: 60, ...options }));
  await all.session.sleep();
  await next(all.session, 'asleep');
  write(all.session, Buffer.concat([marked(20, true), marked(10, false, 20)]));
  const again = await all.server.connection(1);
  await untilChunk(again, 29);
  return { ...all, again };
}

/** Events that tell something of the conversation. */
const heardOf = (log: Log): string[] =>
  log
    .filter(({ event }) => ['text', 'audio', 'turn', 'tool-call', 'interrupted', 'grounding'].includes(event))
    .map(({ event }) => event);
const call = { toolCall: { functionCalls: [{ id: '1', name: 'unlock', args: {} }] } };
const usage = { usageMetadata: { promptTokenCount: 70, totalTokenCount: 70 } };

describe('live: a phrase that has to be heard', () => {
  it('is looked for with the transcript switched on', async () => {
    for (const given of [undefined, { ...config, inputAudioTranscription: undefined }]) {
      const { peer } = await bench.connected(sleepy({ phrase: 'Hey house' }, given && { config: given }));
      assert.deepEqual((setupOf(peer) as { inputAudioTranscription?: object }).inputAudioTranscription, {});
    }
  });

  it('lets everything through that came before it, in order, when it is found', async () => {
    const { session, again, log } = await spokenTo();
    const before = heardOf(log).length;
    again.content(sound(40));
    again.send(call, usage);
    again.content({ outputTranscription: { text: 'At once.' } });
    again.content(transcript('hey, '));
    const { receivedMessages } = session.stats;
    again.content(transcript(''));
    await until(() => session.stats.receivedMessages > receivedMessages + 4);
    assert.equal(session.asleep, true, 'it is not sure yet');
    assert.deepEqual(heardOf(log).slice(before), []);
    assert.equal(of(log, 'awake').length, 0);
    again.content(transcript('House! Unlock the door.'));
    const awake = await next(session, 'awake');
    assert.deepEqual([awake.by, awake.word, session.asleep], ['speech', 'Hey house', false]);
    assert.equal((await next(session, 'tool-call')).name, 'unlock');
    const { handle } = await next(session, 'audio');
    again.content({ ...sound(40), generationComplete: true });
    again.content({ turnComplete: true });
    assert.equal((await bytesOf(handle)).bytes, 80 * 48);
    const turn = await next(session, 'turn', ({ turn: number }) => number > 1);
    assert.deepEqual([turn.user, turn.model], ['hey, House! Unlock the door.', 'At once.']);
    assert.equal(turn.usage?.promptTokenCount, 70);
    session.respond({ id: '1', name: 'unlock', response: {} });
    await again.until((all) => all.some((message) => 'toolResponse' in message));
  });

  it('is missed: nobody hears of what was said, and the session sleeps on as if it had not been', async () => {
    const { session, server, again, log } = await spokenTo();
    const before = heardOf(log).length;
    const sleptMs = session.stats.sleep.asleepMs;
    again.content(transcript('the house is on fire'));
    again.send(update('h2'));
    again.content(sound(40));
    again.send(call, usage);
    again.content({ generationComplete: true });
    const asleep = await next(session, 'asleep');
    assert.equal(asleep.reason, 'no-phrase');
    assert.deepEqual(heardOf(log).slice(before), []);
    assert.equal(of(log, 'awake').length, 0);
    assert.deepEqual(session.openCalls, []);
    await again.untilClosed();
    assert.equal(
      inputs(again).some((message) => JSON.stringify(message).includes('toolResponse')),
      false,
    );
    const { times, refused, asleepMs } = session.stats.sleep;
    assert.deepEqual([times, refused], [1, 1], 'it is one sleep');
    assert.ok(asleepMs >= sleptMs);
    const state = session.conversationState();
    assert.deepEqual(
      state.history.map(({ text }) => text),
      ['Hello', 'Hello.'],
    );
    assert.equal(state.usage.promptTokenCount, 70, 'money is spent all the same');
    await session.wake();
    const third = await server.connection(2);
    assert.deepEqual(setupOf(third).sessionResumption, { handle: 'h1' }, 'the handle of before');
    assert.deepEqual(inputs(third), [], 'nothing of it is said again');
    assert.equal((await next(session, 'awake')).saved.audioMs, 0);
    states(session);
  });

  it('is found in pieces that call themselves finished, and after the answer', async () => {
    const { session, again } = await spokenTo({ phraseSettleMs: 500 });
    again.content(transcript('Hey', true));
    again.content({ ...sound(20), generationComplete: true }, { turnComplete: true });
    await pause(30);
    again.content(transcript(' hause, good morning', true));
    assert.equal((await next(session, 'awake')).word, 'Hey house');
    await next(session, 'audio');
  });

  it('is not waited for longer than is set where nothing is understood', async () => {
    const { session } = await spokenTo({ phrasePatienceMs: 80 });
    assert.equal((await next(session, 'asleep')).reason, 'no-phrase');
    const noise = await spokenTo({ phrasePatienceMs: 60_000 });
    noise.again.content({ turnComplete: true });
    assert.equal((await next(noise.session, 'asleep')).reason, 'no-phrase');
  });

  it('is waited for while somebody speaks', async () => {
    const { session, again } = await spokenTo({ phrasePatienceMs: 150 });
    const speaking = setInterval(() => write(session, marked(2, true)), 40);
    await pause(500);
    assert.equal(session.state, 'ready');
    again.content(transcript('… and therefore I say: hey house'));
    await next(session, 'awake').finally(() => clearInterval(speaking));
  });

  it('is not needed by who writes', async () => {
    const { session, again, log } = await spokenTo();
    again.content(transcript('what a day'));
    again.content(sound(20));
    session.sendText('Good morning');
    assert.equal((await next(session, 'awake')).by, 'message');
    await next(session, 'audio');
    assert.equal(of(log, 'asleep').length, 1);
    await again.until((all) => JSON.stringify(all).includes('Good morning'));
    await pause(100);
    assert.equal(session.state, 'ready');
  });

  it('is not needed by who writes while it still connects', async () => {
    const { session, server } = await talked(bench, sleepy({ phrase: 'Hey house' }));
    await session.sleep();
    write(session, marked(20, true));
    session.sendText('Good morning');
    assert.equal((await next(session, 'awake')).by, 'message');
    const again = await server.connection(1);
    await again.until((all) => JSON.stringify(all).includes('Good morning'));
    again.content(sound(20));
    await next(session, 'audio');
  });

  it('is looked for anew when the connection breaks meanwhile', async () => {
    const { session, server, again, log } = await spokenTo();
    again.content(transcript('hey'));
    again.content(sound(20));
    await pause(20);
    again.cut();
    const third = await server.connection(2);
    await untilChunk(third, 19);
    assert.equal(session.asleep, true);
    assert.equal(of(log, 'audio').length, 0);
    third.content(transcript('Hey house'));
    third.content(sound(20));
    await next(session, 'awake');
    await next(session, 'audio');
    assert.equal(of(log, 'asleep').length, 1);
  });

  it('does not end a conversation that would have been too old to go on', async () => {
    const { session, again } = await spokenTo({ freshAfterMs: 0 });
    assert.deepEqual(setupOf(again).sessionResumption, {}, 'it was tried as a new one');
    const { conversation } = session;
    again.send(update('other'));
    again.content(transcript('nothing'));
    again.content(sound(20));
    await next(session, 'asleep');
    const state = session.conversationState();
    assert.equal(state.handle, 'h1');
    assert.equal(state.history.length, 2);
    assert.equal(state.conversation, conversation);
    assert.ok(state.asleepSince);
  });

  it('was not heard by a session that is closed meanwhile', async () => {
    const { session, again, log } = await spokenTo();
    again.content(transcript('what a day'));
    again.send(update('h2'));
    await next(session, 'resumption', ({ handle }) => handle !== undefined);
    await session.close();
    assert.equal(of(log, 'awake').length, 0);
    assert.equal(session.conversationState().handle, 'h1');
    await until(() => session.state === 'closed');
    assert.equal(session.asleep, false);
  });
});

import assert from 'node:assert/strict';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, sound } from './support';

/** What the model was asked to announce, in order. */
const asked = (peer: ScriptedConnection): string[] =>
  peer.received.flatMap((message) => {
    const text = JSON.stringify(message);
    return text.includes('Announce') ? [/\\n(.*?)"/.exec(text)?.[1] ?? ''] : [];
  });
const answered = [
  { outputTranscription: { text: 'Dinner.' } },
  { generationComplete: true },
  { turnComplete: true },
];

describe('live: announcements', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('asks the model to say it, in the lane its text takes, and tells it in the turn, not as the user’s words', async () => {
    const { session, log, peer } = await bench.connected();
    session.say('Dinner is ready.');
    const message = (await peer.message(1)) as { realtimeInput: { text: string } };
    assert.match(message.realtimeInput.text, /word for word[^]*\nDinner is ready\.$/);
    peer.content({ inputTranscription: { text: 'Dinner is ready.' } }, ...answered);
    const turn = await next(session, 'turn');
    assert.deepEqual([turn.say, turn.user, turn.model], ['Dinner is ready.', '', 'Dinner.']);
    assert.deepEqual(session.conversationState().history, [{ role: 'model', text: 'Dinner.' }]);
    assert.equal(of(log, 'text').filter(({ role }) => role === 'user').length, 0);
    const older = await bench.connected({ model: 'gemini-2.5-flash-native-audio-preview-12-2025' });
    older.session.say('Dinner is ready.');
    assert.ok('clientContent' in (await older.peer.message(1)));
  });

  it('waits while a turn runs and while its sound is played, and says one thing after the other', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(150));
    await next(session, 'audio');
    session.say('One.');
    session.say('Two.');
    peer.content({ generationComplete: true }, { turnComplete: true });
    const { at } = await next(session, 'turn');
    assert.deepEqual(asked(peer), []);
    await peer.until(() => asked(peer).length === 1);
    assert.ok(Date.now() - at >= 0);
    assert.equal((await next(session, 'activity', ({ type }) => type === 'playback-drained')).turn, 1);
    assert.deepEqual(asked(peer), ['One.']);
    peer.content(...answered);
    await peer.until(() => asked(peer).length === 2);
    assert.deepEqual(asked(peer), ['One.', 'Two.']);
  });

  it('does not wait for a loudspeaker that has failed or was stopped', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(5000), { generationComplete: true }, { turnComplete: true });
    const { handle } = await next(session, 'audio');
    handle.reportPlayed(1, { sink: 'speaker' });
    await next(session, 'turn');
    session.say('One.');
    assert.equal(session.busy, true);
    handle.reportPlayed(2, { sink: 'speaker', over: true });
    assert.equal(session.busy, false);
    await peer.until(() => asked(peer).length === 1);
  });

  it('interrupts with priority, before what waits', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(5000));
    const { handle } = await next(session, 'audio');
    session.say('Later.');
    session.say('Fire!', { priority: true });
    await peer.message(1);
    assert.deepEqual(asked(peer), ['Fire!']);
    assert.equal(handle.state, 'aborted');
    peer.content({ interrupted: true }, { turnComplete: true }, ...answered);
    assert.equal((await next(session, 'turn', ({ turn }) => turn === 2)).say, 'Fire!');
    await peer.until(() => asked(peer).length === 2);
    assert.deepEqual(asked(peer), ['Fire!', 'Later.']);
  });

  it('waits for a connection, and asks again when one breaks before the answer', async () => {
    const recovery = { firstDelayMs: 10, maxDelayMs: 20 };
    const server = await bench.server();
    const session = bench.session(server, { recovery });
    session.say('Dinner.');
    await session.connect();
    const first = await server.connection();
    await first.until(() => asked(first).length === 1);
    first.cut();
    assert.equal((await next(session, 'turn')).incomplete, true);
    const second = await server.connection(1);
    await second.until(() => asked(second).length === 1);
    second.content(...answered);
    assert.equal((await next(session, 'turn')).say, 'Dinner.');
    assert.equal(asked(second).length, 1);
  });

  it('refuses what is nothing, and more than can be spoken', async () => {
    const session = bench.session('http://127.0.0.1:1');
    for (const text of ['', '  ', undefined])
      assert.throws(() => session.say(text as string), { code: 'BAD_INPUT' });
    for (let i = 0; i < 50; i++) session.say(`${i}`);
    assert.throws(() => session.say('too much'), { code: 'QUEUE_FULL' });
  });
});

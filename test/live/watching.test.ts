import assert from 'node:assert/strict';
import type { LiveEvents, LiveSession, LiveSessionOptions } from '../../src/live';
import { describeFrame } from '../../src/media/video/frame';
import type { LiveClientMessage } from '../../src/protocol';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, sound, type Log } from './support';

const QUICK = { everyMs: 20, quietMs: 0 };
let pictures = 0;

/** A picture that shows something new, or the one before again. */
function picture(repeated = false): Buffer {
  const frame = Buffer.from([0xff, 0xd8, 0xff, ++pictures & 255]);
  const info = { at: Date.now(), width: 1, height: 1, sequence: pictures };
  return describeFrame(frame, repeated ? { ...info, repeated } : info);
}

/** What the client has asked in writing so far. */
function texts(received: readonly object[]): string[] {
  return received.flatMap((message) => {
    const { realtimeInput, clientContent } = message as LiveClientMessage;
    return realtimeInput?.text ?? clientContent?.turns?.flatMap(({ parts }) => parts?.[0]?.text ?? []) ?? [];
  });
}

const asked = (peer: ScriptedConnection, count: number): Promise<string[]> =>
  peer.until((received) => texts(received).length >= count && texts(received));
const kinds = (peer: ScriptedConnection): string[] =>
  peer.received.map((message) => Object.keys((message['realtimeInput'] as object) ?? message)[0]!);
const said = (text: string): object => ({ outputTranscription: { text } });
const DONE = [{ generationComplete: true }, { turnComplete: true }];
type WatchType = LiveEvents['watch'][0]['type'];
const became = (session: LiveSession, type: WatchType): Promise<LiveEvents['watch'][0]> =>
  next(session, 'watch', (event) => event.type === type);
/** Events that tell of an answer. */
const answers = (log: Log): unknown[] =>
  log.filter(({ event }) => ['audio', 'text', 'turn', 'tool-call', 'interrupted'].includes(event));

describe('live: turns about pictures alone', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  /** A session that watches and has been asked about its first picture. */
  async function watching(options: Partial<LiveSessionOptions> = {}): Promise<{
    session: LiveSession;
    log: Log;
    peer: ScriptedConnection;
  }> {
    const { session, log, peer } = await bench.connected({
      model: 'gemini-3.1-flash-live-preview',
      watching: QUICK,
      ...options,
    });
    session.video.write(picture());
    await asked(peer, 1);
    return { session, log, peer };
  }

  it('asks after the picture, says that nobody has spoken, and what to answer if there is nothing', async () => {
    const { session, log, peer } = await watching();
    assert.deepEqual(kinds(peer), ['setup', 'video', 'text']);
    const [text] = texts(peer.received);
    assert.match(text!, /Nobody has said anything.*newest pictures.*answer only with <nothing>$/);
    const { turn, pictures } = await became(session, 'asked');
    assert.deepEqual([turn, pictures], [1, 1]);
    assert.deepEqual(of(log, 'text'), [], 'it is not what the user has said');
  });

  it('asks in the words it is given', async () => {
    const { peer } = await watching({
      watching: { ...QUICK, prompt: 'Is the door open?', nothing: 'no change' },
    });
    assert.match(texts(peer.received)[0]!, /alone\. Is the door open\? .* answer only with "no change"$/);
  });

  it('swallows an answer that says nothing: no event but its usage, which counts', async () => {
    const { session, log, peer } = await watching();
    peer.send(
      { serverContent: sound(300) },
      { serverContent: said('Noth') },
      { serverContent: said('ing.'), usageMetadata: { totalTokenCount: 70 } },
      { serverContent: { generationComplete: true } },
      { serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 90 } },
    );
    const { turn, ms } = await became(session, 'swallowed');
    assert.equal(turn, 1);
    assert.ok(ms! >= 0);
    const { usage, total, turn: paid } = await next(session, 'usage');
    assert.deepEqual([usage.totalTokenCount, total.totalTokenCount, paid], [90, 90, 1]);
    assert.deepEqual(answers(log), []);
    assert.deepEqual(session.stats.watching, { asked: 1, swallowed: 1, said: 0, unanswered: 0 });
    assert.deepEqual(session.conversationState().history, []);
    assert.equal(session.conversationState().usage.totalTokenCount, 90);
    assert.equal(session.busy, false);
  });

  it('adds the usage of a swallowed turn to that of others, also where it comes late or while the user asks', async () => {
    const { session, peer } = await watching();
    session.sendText('Hello');
    peer.send({ serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 10 } });
    await became(session, 'swallowed');
    peer.send({ usageMetadata: { totalTokenCount: 11 } });
    peer.content(said('Good day'), ...DONE.slice(0, 1));
    peer.send({ serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 100 } });
    const turn = await next(session, 'turn');
    assert.deepEqual([turn.user, turn.model, turn.turn], ['Hello', 'Good day', 2]);
    assert.equal(session.conversationState().usage.totalTokenCount, 111);
  });

  it('lets an answer be heard that says something, from its beginning', async () => {
    const { session, log, peer } = await watching();
    peer.content(sound(100), said('Somebody'), sound(100), said(' is at the door.'), ...DONE);
    const { watch, model, audioMs, turn, user, say } = await next(session, 'turn');
    assert.deepEqual(
      [watch, model, audioMs, turn, user, say],
      [true, 'Somebody is at the door.', 200, 1, '', undefined],
    );
    assert.equal(of(log, 'audio').length, 1);
    assert.equal((await became(session, 'said')).turn, 1);
    const order = log.filter(({ event }) => event === 'watch' || event === 'audio');
    assert.deepEqual(order.map(({ type, event }) => type ?? event).slice(0, 3), ['asked', 'said', 'audio']);
  });

  it('is not afraid of an answer that begins like nothing', async () => {
    const { session, peer } = await watching();
    peer.content(said('Nothing'), said(' moves, but the light is on.'), ...DONE);
    assert.equal((await next(session, 'turn')).model, 'Nothing moves, but the light is on.');
  });

  it('knows nothing in writing, with thoughts before it', async () => {
    const config = { responseModalities: ['TEXT'] };
    const { session, log, peer } = await watching({ model: 'gemini-2.0-flash-live-001', config });
    peer.content(
      { modelTurn: { parts: [{ text: 'A still picture.', thought: true }] } },
      { modelTurn: { parts: [{ text: '<' }] } },
      { modelTurn: { parts: [{ text: 'NOTHING>\n' }] } },
      ...DONE,
    );
    await became(session, 'swallowed');
    assert.deepEqual(answers(log), []);
    assert.doesNotMatch(JSON.stringify(peer.received[0]), /outputAudioTranscription/);
  });

  it('asks for the transcript of what is said: without it nothing could be swallowed', async () => {
    const { peer } = await watching();
    assert.deepEqual((peer.received[0]!['setup'] as Record<string, unknown>)['outputAudioTranscription'], {});
  });

  it('lets long sound without a transcript be heard', async () => {
    const { session, peer } = await watching();
    peer.content(...Array.from({ length: 40 }, () => sound(100)));
    await next(session, 'audio');
    peer.content(...DONE);
    assert.equal((await next(session, 'turn')).audioMs, 4000);
  });

  it('tells of a function that the model calls, and of the whole turn with it', async () => {
    const { session, peer } = await watching();
    peer.send({ toolCall: { functionCalls: [{ id: 'c', name: 'ring', args: { loud: true } }] } });
    const { turn } = await next(session, 'tool-call');
    session.respond({ id: 'c', name: 'ring', response: { ok: true } });
    await peer.until((received) => received.some((message) => 'toolResponse' in message));
    peer.content(said('I rang the bell.'), ...DONE);
    const told = await next(session, 'turn');
    assert.deepEqual([told.turn, told.tools.length, told.watch], [turn, 1, true]);
  });

  it('warns of nothing because a swallowed turn was empty', async () => {
    const { session, log, peer } = await watching({ watchdogs: { serverSilentMs: 30 } });
    peer.content(...DONE);
    await became(session, 'swallowed');
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.deepEqual(of(log, 'warning'), []);
  });

  it('ignores the rest of a transcript that comes after a swallowed turn', async () => {
    const { session, log, peer } = await watching();
    peer.content(said('nothing'), ...DONE, said('>'));
    await became(session, 'swallowed');
    session.sendText('Hello');
    await asked(peer, 2);
    peer.content(said('Good day'), ...DONE);
    assert.equal((await next(session, 'turn')).model, 'Good day');
    assert.equal(of(log, 'turn').length, 1);
  });

  describe('asks only when', () => {
    it('something new was sent', async () => {
      const { session, peer } = await bench.connected({ watching: { ...QUICK, frames: 2 } });
      session.video.write(picture());
      await peer.until((received) => received.some((message) => 'realtimeInput' in message));
      session.video.write(picture(true));
      await peer.until((received) => received.filter((message) => 'realtimeInput' in message).length >= 2);
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(session.stats.watching.asked, 0, 'a picture that was only refreshed is not new');
      session.video.write(picture());
      assert.equal((await became(session, 'asked')).pictures, 2);
    });

    it('its time has come', async () => {
      const everyMs = 400;
      const { session, peer } = await bench.connected({ watching: { everyMs, quietMs: 0 } });
      session.video.write(picture());
      const first = (await became(session, 'asked')).at;
      peer.content(...DONE);
      await became(session, 'swallowed');
      session.video.write(picture());
      const second = (await became(session, 'asked')).at;
      assert.ok(second - first >= everyMs - 5, `${second - first} ms`);
    });

    it('nobody is being answered or has just been asked', async () => {
      const { session, peer } = await bench.connected({ watching: QUICK });
      session.sendText('Hello');
      await peer.message(1);
      session.video.write(picture());
      await new Promise((resolve) => setTimeout(resolve, 80));
      assert.equal(session.stats.watching.asked, 0);
      peer.content(said('Good day'), ...DONE);
      await next(session, 'turn');
      session.video.write(picture());
      await became(session, 'asked');
    });

    it('no answer is being played', async () => {
      const { session, peer } = await bench.connected({ watching: QUICK });
      peer.content(sound(400), said('Good day'), ...DONE);
      await next(session, 'turn');
      const at = Date.now();
      session.video.write(picture());
      assert.ok((await became(session, 'asked')).at - at >= 300);
    });

    it('no function is open', async () => {
      const { session, peer } = await bench.connected({ watching: QUICK });
      peer.send({ toolCall: { functionCalls: [{ id: 'c', name: 'f' }] } });
      await next(session, 'tool-call');
      peer.content(...DONE);
      await next(session, 'turn');
      session.video.write(picture());
      await new Promise((resolve) => setTimeout(resolve, 80));
      assert.equal(session.stats.watching.asked, 0);
      session.respond({ id: 'c', name: 'f', response: {} });
      await peer.until((received) => received.some((message) => 'toolResponse' in message));
      peer.content(said('Done.'), ...DONE);
      await next(session, 'turn', ({ model }) => model === 'Done.');
      session.video.write(picture());
      await became(session, 'asked');
    });

    it('nobody speaks', async () => {
      const turnDetection = { by: 'push-to-talk' as const };
      const { session } = await bench.connected({ watching: QUICK, turnDetection });
      session.activityStart();
      session.video.write(picture());
      await new Promise((resolve) => setTimeout(resolve, 80));
      assert.equal(session.stats.watching.asked, 0);
    });

    it('the limit of turns allows it', async () => {
      const limits = { key: 'watching', turnsPerMinute: 1 };
      const { session, peer } = await bench.connected({ watching: QUICK, limits });
      session.video.write(picture());
      await became(session, 'asked');
      peer.content(...DONE);
      await became(session, 'swallowed');
      session.video.write(picture());
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(session.stats.watching.asked, 1);
    });
  });

  it('says so when the model cannot be asked about pictures', async () => {
    const { session, log } = await bench.connected({
      model: 'gemini-3.5-live-translate-preview',
      watching: QUICK,
    });
    session.video.write(picture());
    assert.match(of(log, 'warning')[0]!.message, /cannot be asked about pictures/);
  });

  it('refuses what makes no sense', () => {
    for (const watching of [{ everyMs: -1 }, { frames: NaN }, { nothing: ' ' }, { prompt: '' }]) {
      assert.throws(() => bench.session('http://127.0.0.1:9', { watching }), { code: 'BAD_CONFIG' });
    }
  });

  describe('and the user', () => {
    it('is heard and answered although the question was under way', async () => {
      const { session, log, peer } = await watching();
      peer.content(sound(100), said('Noth'));
      session.sendText('Who is that?');
      await asked(peer, 2);
      peer.content({ interrupted: true }, { turnComplete: true });
      await became(session, 'swallowed');
      peer.content(said('The postman.'), sound(50), ...DONE);
      const { user, model, turn, watch } = await next(session, 'turn');
      assert.deepEqual([user, model, turn, watch], ['Who is that?', 'The postman.', 2, undefined]);
      assert.equal(of(log, 'turn').length, 1);
      assert.equal(of(log, 'interrupted').length, 0, 'nobody has heard what was interrupted');
    });

    it('may speak into it: the words belong to the next turn', async () => {
      const { session, log, peer } = await watching();
      peer.content(sound(50), { inputTranscription: { text: 'Who is' } });
      assert.equal((await next(session, 'text')).text, 'Who is');
      peer.content({ interrupted: true }, { inputTranscription: { text: ' that?' } }, { turnComplete: true });
      peer.content(said('The postman.'), ...DONE);
      const { user, model, turn } = await next(session, 'turn');
      assert.deepEqual([user, model, turn], ['Who is that?', 'The postman.', 2]);
      assert.equal(of(log, 'turn').length, 1);
    });

    it('is answered where the service answers both at once', async () => {
      const { session, log, peer } = await watching();
      peer.content({ inputTranscription: { text: 'Who is that?' } });
      peer.content(said('The postman.'), sound(50), ...DONE);
      const { user, model } = await next(session, 'turn');
      assert.deepEqual([user, model], ['Who is that?', 'The postman.']);
      assert.equal(of(log, 'turn').length, 1);
    });

    it('is answered in writing where the service answers both at once', async () => {
      const { session, log, peer } = await watching();
      session.sendText('Who is that?');
      await asked(peer, 2);
      peer.content(said('The postman.'), sound(50), ...DONE);
      const { user, model } = await next(session, 'turn');
      assert.deepEqual([user, model], ['Who is that?', 'The postman.']);
      session.video.write(picture());
      await asked(peer, 3);
      peer.content(...DONE);
      await became(session, 'swallowed');
      assert.equal(of(log, 'turn').length, 1);
    });

    it('is answered in writing after nothing was said', async () => {
      const { session, log, peer } = await watching();
      session.sendText('Who is that?');
      await asked(peer, 2);
      peer.content(said('nothing'), ...DONE, said('The postman.'), ...DONE);
      const { user, model } = await next(session, 'turn');
      assert.deepEqual([user, model], ['Who is that?', 'The postman.']);
      assert.equal(of(log, 'turn').length, 1);
    });

    it('may want to hear nothing of it', async () => {
      const { session, log, peer } = await watching();
      session.interrupt();
      peer.content(said('Somebody is at the door.'), sound(100), ...DONE);
      await became(session, 'swallowed');
      assert.deepEqual(answers(log), []);
    });

    it('is announced to when the answer is through', async () => {
      const { session, peer } = await watching();
      session.say('Dinner is ready');
      peer.content(said('nothing'), ...DONE);
      const all = await asked(peer, 2);
      assert.match(all[1]!, /Dinner is ready/);
      peer.content(said('Dinner is ready'), ...DONE);
      assert.equal((await next(session, 'turn')).say, 'Dinner is ready');
    });
  });

  describe('without an answer', () => {
    it('goes on as if nothing had been asked', async () => {
      const { session, log, peer } = await watching({ watching: { ...QUICK, patienceMs: 30 } });
      assert.equal((await became(session, 'unanswered')).turn, 1);
      session.sendText('Hello');
      await asked(peer, 2);
      peer.content(said('Good day'), ...DONE);
      assert.equal((await next(session, 'turn')).model, 'Good day');
      assert.equal(of(log, 'turn').length, 1);
    });

    it('tells what has come when it takes too long to decide', async () => {
      const { session, peer } = await watching({ watching: { ...QUICK, patienceMs: 50 } });
      peer.content(sound(100));
      await next(session, 'audio');
      peer.content(said('A cat.'), ...DONE);
      assert.equal((await next(session, 'turn')).model, 'A cat.');
    });

    it('loses it with the connection, and asks anew on the next one', async () => {
      const { session, log, peer, server } = await bench.connected({
        watching: QUICK,
        recovery: { maxDelayMs: 5 },
        config: { sessionResumption: {} },
      });
      session.video.write(picture());
      await became(session, 'asked');
      peer.send({ serverContent: sound(50), sessionResumptionUpdate: { resumable: true, newHandle: 'h' } });
      peer.content(said('noth'));
      await next(session, 'resumption');
      peer.cut();
      await became(session, 'unanswered');
      const again = await server.connection(1);
      await next(session, 'restored');
      assert.deepEqual(texts(again.received), [], 'it is not repeated');
      session.video.write(picture());
      await became(session, 'asked');
      again.content(said('nothing'), ...DONE);
      await became(session, 'swallowed');
      assert.deepEqual(answers(log), []);
    });

    it('is over when the session closes', async () => {
      const { session, log } = await watching();
      await session.close();
      assert.deepEqual(answers(log), []);
      assert.deepEqual(session.stats.watching, { asked: 1, swallowed: 0, said: 0, unanswered: 1 });
    });
  });

  describe('fresh pictures', () => {
    it('are wanted before a text and when a voice begins, where there are pictures at all', async () => {
      const { session, log } = await bench.connected({});
      session.sendText('Hello');
      assert.deepEqual(of(log, 'watch'), []);
      session.video.write(picture());
      session.sendText('What is that?');
      session.audio.write(Buffer.alloc(1280, 30));
      session.audio.write(Buffer.alloc(1280, 30));
      assert.deepEqual(
        of(log, 'watch').map(({ type, by }) => [type, by]),
        [
          ['wanted', 'text'],
          ['wanted', 'speech'],
        ],
      );
    });

    it('go before the question, even if their time has not come', async () => {
      const { session, peer } = await bench.connected({ lanes: { maxFramesPerSecond: 0.01 } });
      session.video.write(picture());
      session.video.write(picture());
      session.sendText('What is that?');
      await asked(peer, 1);
      assert.deepEqual(kinds(peer), ['setup', 'video', 'video', 'text']);
      session.video.write(picture());
      session.audio.write(Buffer.alloc(1280, 30));
      await peer.until(() => kinds(peer).filter((kind) => kind === 'video').length === 3);
    });

    it('are no more a second than the model looks at, whatever is asked for', async () => {
      const { session, peer } = await bench.connected({ lanes: { maxFramesPerSecond: 100 } });
      session.video.write(picture());
      session.video.write(picture());
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(kinds(peer), ['setup', 'video']);
    });
  });

  describe('media resolution', () => {
    const config = { mediaResolution: 'MEDIA_RESOLUTION_HIGH' };

    for (const model of [
      'gemini-3.1-flash-live-preview',
      'gemini-2.5-flash-native-audio-latest',
      'unknown-1',
    ]) {
      it(`reaches ${model}`, async () => {
        const { peer, log } = await bench.connected({ model, config });
        const setup = peer.received[0]!['setup'] as { generationConfig: Record<string, unknown> };
        assert.equal(setup.generationConfig['mediaResolution'], 'MEDIA_RESOLUTION_HIGH');
        assert.deepEqual(of(log, 'warning'), []);
      });
    }

    it('is left out for a model that looks at no pictures', async () => {
      const { peer, log } = await bench.connected({ model: 'gemini-3.5-live-translate-preview', config });
      assert.doesNotMatch(JSON.stringify(peer.received[0]), /MEDIA_RESOLUTION/);
      assert.match(of(log, 'warning')[0]!.message, /mediaResolution.*looks at no pictures/);
    });
  });
});

import assert from 'node:assert/strict';
import type { LiveSession, LiveSessionOptions } from '../../src/live';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, sound } from './support';
import { answer, config, inputs, pcm, quick, ready, setupOf, until, update } from './recovery-support';

const text = (words: string): object => ({ realtimeInput: { text: words } });

/** The sound in what a connection was sent, as one piece. */
function soundOf(peer: ScriptedConnection): Buffer {
  return Buffer.concat(inputs(peer).filter(Buffer.isBuffer));
}

function markersOf(peer: ScriptedConnection): string[] {
  return inputs(peer).map((input) => {
    if (Buffer.isBuffer(input)) return 'audio';
    return Object.keys((input as { realtimeInput: object }).realtimeInput)[0] ?? '';
  });
}

/** Every byte of sound that was handed in is in one of the counters. */
function checkBytes(session: LiveSession, given: number): void {
  const { audioBytes } = session.stats;
  assert.equal(audioBytes.given, given);
  assert.equal(audioBytes.sent + audioBytes.dropped + audioBytes.queued, given);
}

describe('live: what a lost connection may have swallowed is said again', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  async function connected(options: Partial<LiveSessionOptions> = {}): ReturnType<Bench['connected']> {
    const all = await bench.connected({ config, recovery: quick, ...options });
    await ready(all.session);
    return all;
  }

  describe('by turns', () => {
    it('repeats a text that was not answered, and keeps it once in history and turn', async () => {
      const { session, log, peer, server } = await connected();
      peer.content(answer);
      peer.send(update('h'));
      await next(session, 'resumption');
      session.sendText('Hi');
      await peer.message(1);
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      assert.deepEqual(await again.message(1), text('Hi'));
      assert.equal(setupOf(again).sessionResumption?.handle, 'h');
      again.content(answer);
      await next(session, 'turn', ({ user, incomplete }) => user === 'Hi' && !incomplete);
      assert.deepEqual(
        of(log, 'turn').map(({ user, incomplete }) => [user, incomplete]),
        [
          ['', false],
          ['Hi', true],
          ['Hi', false],
        ],
      );
      const { history } = session.conversationState();
      assert.equal(history.filter(({ text: said }) => said === 'Hi').length, 1);
      assert.equal(session.stats.repeatedMessages, 1);
    });

    it('repeats speech that was not answered to its end, in order, and counts it', async () => {
      const { session, peer, server } = await connected();
      const speech = Buffer.concat([pcm(100, 3000), pcm(100, 3001), pcm(100, 3002)]);
      session.audio.write(speech);
      await peer.until(() => soundOf(peer).length === speech.length);
      peer.content({ inputTranscription: { text: 'turn on' } }, sound(40));
      await next(session, 'audio');
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.until(() => soundOf(again).length >= speech.length);
      assert.ok(soundOf(again).equals(speech));
      checkBytes(session, speech.length);
      assert.equal(Math.round(session.stats.repeatedAudioMs), 300);
      assert.equal(session.stats.forgottenAudioMs, 0);
    });

    it('repeats no silence but the half second before speech', async () => {
      const { session, peer, server } = await connected();
      for (let i = 0; i < 150; i++) session.audio.write(pcm(20, 0));
      session.audio.write(pcm(40));
      await peer.until(() => soundOf(peer).length === 3040 * 32);
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.until(() => soundOf(again).subarray(-32).equals(pcm(1)));
      const ms = soundOf(again).length / 32;
      assert.ok(ms > 300 && ms < 700, `${ms} ms`);
    });

    it('repeats nothing that a handle covers, and the last turn if none does', async () => {
      const { session, peer, server } = await connected();
      for (const [words, handle] of [
        ['One', 'h1'],
        ['Two', undefined],
        ['Three', undefined],
      ] as const) {
        session.sendText(words);
        await peer.until((all) => inputs(peer).length > 0 && JSON.stringify(all).includes(words));
        peer.content(answer);
        await next(session, 'turn');
        if (!handle) continue;
        peer.send(update(handle));
        await next(session, 'resumption');
      }
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      assert.deepEqual(await again.message(1), text('Three'));
      assert.deepEqual(inputs(again), [text('Three')]);
    });

    it('keeps what was said into the answer of the turn before', async () => {
      const { session, peer, server } = await connected();
      session.sendText('Question');
      await peer.message(1);
      peer.content(sound(40));
      await next(session, 'audio');
      session.sendText('Stop');
      await peer.message(2);
      peer.content({ interrupted: true }, { turnComplete: true });
      await next(session, 'turn');
      peer.send(update('h'));
      await next(session, 'resumption');
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.message(1);
      assert.deepEqual(inputs(again), [text('Stop')]);
    });

    it('repeats only what came after the history to a session that starts afresh', async () => {
      const { session, peer, server } = await connected({ config: {} });
      session.sendText('One');
      await peer.message(1);
      peer.content(answer);
      await next(session, 'turn');
      session.sendText('Two');
      await peer.message(2);
      peer.cut();
      await ready(session);
      const fresh = await server.connection(1);
      await fresh.message(2);
      const [seed, ...rest] = inputs(fresh) as Array<{ clientContent?: { turns: object[] } }>;
      assert.deepEqual(seed?.clientContent?.turns, [
        { role: 'user', parts: [{ text: 'One' }] },
        { role: 'model', parts: [{ text: 'Hello.' }] },
      ]);
      assert.deepEqual(rest, [text('Two')]);
      const restored = await next(session, 'restored');
      assert.deepEqual([restored.stateRestored, restored.seeded], [false, 2]);
    });

    it('asks for an announcement once', async () => {
      const { session, peer, server } = await connected();
      session.say('Dinner is ready');
      await peer.message(1);
      peer.content(sound(40));
      await next(session, 'audio');
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.message(1);
      again.content(answer);
      await next(session, 'turn', ({ incomplete }) => !incomplete);
      const asked = inputs(again).filter((input) => JSON.stringify(input).includes('Dinner is ready'));
      assert.equal(asked.length, 1);
    });

    it('does not repeat what made the service close, and says how much that was', async () => {
      const { session, peer, server } = await connected();
      session.audio.write(pcm(100));
      await peer.until(() => soundOf(peer).length === 3200);
      peer.close(1007, 'Request contains an invalid argument.');
      await ready(session);
      session.sendText('Next');
      const fresh = await server.connection(1);
      await fresh.message(1);
      assert.deepEqual(inputs(fresh), [text('Next')]);
      assert.equal(Math.round(session.stats.forgottenAudioMs), 100);
    });

    it('repeats nothing after close(), nor when it is told not to', async () => {
      const { session, peer, server } = await connected();
      session.sendText('Hi');
      await peer.message(1);
      await session.close();
      await session.connect();
      session.sendText('New');
      const again = await server.connection(1);
      await again.message(2);
      const isSeed = (input: unknown): boolean => JSON.stringify(input).includes('clientContent');
      assert.deepEqual(inputs(again).map(isSeed), [true, false], 'what was said is history');
      assert.deepEqual(inputs(again)[1], text('New'));

      const off = await connected({ recovery: { ...quick, replay: false } });
      off.session.sendText('Hi');
      await off.peer.message(1);
      off.peer.cut();
      await ready(off.session);
      off.session.sendText('New');
      const other = await off.server.connection(1);
      await other.message(2);
      assert.deepEqual(inputs(other).map(isSeed), [true, false]);
      assert.deepEqual(inputs(other)[1], text('New'));
    });
  });

  describe('activities', () => {
    const manual = { ...config, realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };

    it('begins an activity again that the loss of the connection has cut in two', async () => {
      const { session, peer, server } = await connected({ config: manual });
      session.activityStart();
      session.audio.write(pcm(60));
      await peer.until(() => soundOf(peer).length === 1920);
      peer.cut();
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      session.audio.write(pcm(40));
      session.activityEnd();
      const again = await server.connection(1);
      await again.until(() => markersOf(again).includes('activityEnd'));
      assert.deepEqual(markersOf(again), ['activityStart', 'audio', 'audio', 'activityEnd']);
      assert.equal(soundOf(again).length, 3200);
    });

    it('begins it again although nothing of it is repeated', async () => {
      const { session, peer, server } = await connected({
        config: manual,
        recovery: { ...quick, replay: false },
      });
      session.activityStart();
      session.audio.write(pcm(60));
      await peer.until(() => soundOf(peer).length === 1920);
      peer.cut();
      await ready(session);
      session.activityEnd();
      const again = await server.connection(1);
      await again.until(() => markersOf(again).includes('activityEnd'));
      assert.deepEqual(markersOf(again), ['activityStart', 'activityEnd']);
    });

    it('forgets an open activity when the session is closed', async () => {
      const { session, peer, server } = await connected({ config: manual });
      session.activityStart();
      await peer.message(1);
      await session.close();
      await session.connect();
      session.interrupt();
      const again = await server.connection(1);
      await again.until(() => markersOf(again).includes('activityEnd'));
      assert.deepEqual(markersOf(again), ['activityStart', 'activityEnd'], 'an empty activity interrupts');
    });
  });

  describe('answers of functions', () => {
    const call = (id: string): object => ({ toolCall: { functionCalls: [{ id, name: 'f', args: {} }] } });
    const response = { id: 'c', name: 'f', response: { ok: true } };

    it('are lost with a call that is younger than the handle; the question is asked again', async () => {
      const { session, peer, server } = await connected();
      peer.content(answer);
      peer.send(update('h'));
      await next(session, 'resumption');
      session.sendText('Switch it on');
      await peer.message(1);
      peer.send(call('c'));
      await next(session, 'tool-call');
      peer.cut();
      await ready(session);
      assert.deepEqual((await next(session, 'tool-result')).outcome, 'lost');
      session.respond(response);
      const again = await server.connection(1);
      again.send(call('d'));
      await next(session, 'tool-call');
      session.respond({ ...response, id: 'd' });
      await again.message(2);
      assert.deepEqual(inputs(again), [
        text('Switch it on'),
        { toolResponse: { functionResponses: [{ ...response, id: 'd' }] } },
      ]);
    });

    it('wait for the connection when the handle knows the call, and nothing else is repeated', async () => {
      const { session, peer, server } = await connected();
      session.sendText('Switch it on');
      await peer.message(1);
      peer.send(call('c'), update('h'));
      await next(session, 'tool-call');
      await next(session, 'resumption');
      peer.cut();
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      session.respond(response);
      const again = await server.connection(1);
      await again.message(1);
      assert.deepEqual(inputs(again), [{ toolResponse: { functionResponses: [response] } }]);
      assert.equal((await next(session, 'tool-result')).outcome, 'sent');
    });

    it('are repeated when they were sent after a handle that knows the call', async () => {
      const { session, peer, server } = await connected();
      session.sendText('Switch it on');
      await peer.message(1);
      peer.send(call('c'), update('h'));
      await next(session, 'resumption');
      session.respond(response);
      await peer.message(2);
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.message(1);
      assert.deepEqual(inputs(again), [{ toolResponse: { functionResponses: [response] } }]);
    });
  });

  describe('indexed, on Vertex AI', () => {
    async function vertex(): ReturnType<Bench['connected']> {
      const server = await bench.server();
      const session = bench.session('', {
        endpoint: {
          backend: 'vertex',
          baseUrl: server.url,
          project: 'p',
          location: 'l',
          token: 'ya29.x',
        },
        model: 'gemini-live-2.5-flash-native-audio',
        config,
        recovery: quick,
      });
      await session.connect();
      await ready(session);
      const peer = await server.connection();
      return { session, log: [], peer, server };
    }

    it('asks for it, and sends each message after the index once more, exactly', async () => {
      const { session, peer, server } = await vertex();
      assert.deepEqual(setupOf(peer).sessionResumption, { transparent: true });
      const pieces = [1, 2, 3, 4, 5].map((value) => pcm(20, value));
      for (const piece of pieces) session.audio.write(piece);
      session.video.write(Buffer.from([0xff, 0xd8, 1]));
      await peer.until((received) => received.length === 7);
      // Messages 1 to 3 are in the handle, the setup being 0.
      peer.send(update('h', 3));
      await next(session, 'resumption');
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.message(3);
      assert.equal(setupOf(again).sessionResumption?.handle, 'h');
      const [four, five, picture, ...rest] = inputs(again);
      assert.deepEqual([four, five], [pieces[3], pieces[4]], 'silence too: nothing is judged');
      assert.ok(JSON.stringify(picture).includes('video'));
      assert.deepEqual(rest, []);

      // On the new connection the count begins anew.
      session.audio.write(pcm(20, 6));
      await again.until((received) => received.length === 5);
      again.send(update('i', 3));
      await next(session, 'resumption');
      again.cut();
      await ready(session);
      const third = await server.connection(2);
      await third.message(1);
      assert.deepEqual(inputs(third), [pcm(20, 6)]);
    });

    it('does not repeat a turn that is over but not in the handle', async () => {
      const { session, peer, server } = await vertex();
      session.sendText('One');
      await peer.message(1);
      peer.content(answer);
      await next(session, 'turn');
      peer.send(update('h', 1));
      await next(session, 'resumption');
      session.sendText('Two');
      await peer.message(2);
      peer.cut();
      await ready(session);
      const again = await server.connection(1);
      await again.message(1);
      assert.equal(inputs(again).length, 1);
      assert.ok(JSON.stringify(inputs(again)).includes('Two'));
    });
  });

  it('queues input of an outage within bounds, counts what is dropped, and lets texts wait', async () => {
    const { session, peer, server } = await connected({ lanes: { maxAudioMs: 100 } });
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'reconnecting');
    for (let i = 0; i < 30; i++) session.audio.write(pcm(20, 100 + i));
    session.sendText('Still there?');
    const given = 600 * 32;
    checkBytes(session, given);
    await ready(session);
    const again = await server.connection(1);
    await again.until(() => soundOf(again).length === 3200);
    await until(() => session.stats.queuedAudioMs === 0);
    checkBytes(session, given);
    assert.equal(session.stats.droppedAudioMs, 500);
    assert.deepEqual(inputs(again)[0], text('Still there?'));
    assert.ok(soundOf(again).subarray(-640).equals(pcm(20, 129)), 'the newest is kept');
  });
});

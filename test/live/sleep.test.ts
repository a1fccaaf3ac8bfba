import assert from 'node:assert/strict';
import type { WakeWordHooks, WakeWordService } from '../../src/media';
import { MediaError } from '../../src/media';
import { answer, inputs, pause, setupOf, states, until, update } from './recovery-support';
import { sleepy, talked, untilChunk } from './sleep-support';
import { Bench, logOf, next, of, sound } from './support';
import { heard, marked, range, shape, telling, write } from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

describe('live: a session that sleeps', () => {
  it('leaves its connection, sends nothing, wakes when somebody speaks, and loses no word of it', async () => {
    const { session, server, log, peer } = await talked(bench, sleepy());
    await session.sleep();
    assert.equal(session.state, 'asleep');
    assert.equal(session.asleep, true);
    await peer.untilClosed();
    assert.equal(server.open, 0, 'the socket is gone');
    write(session, marked(500, false));
    assert.equal(session.state, 'asleep');
    // The voice begins with chunk 500; 100 ms before it belong to it.
    write(session, marked(30, true, 500));
    const again = await server.connection(1);
    write(session, marked(30, true, 530));
    const sent = await untilChunk(again, 559);
    assert.deepEqual(sent, range(sent[0]!, 560), 'from the pre-roll on, in order and without a gap');
    assert.ok(sent[0]! <= 495 && sent[0]! > 480, `it begins with chunk ${sent[0]}`);
    assert.deepEqual(setupOf(again).sessionResumption, { handle: 'h1' });
    assert.equal((await next(session, 'restored')).stateRestored, true);
    assert.deepEqual(states(session).slice(3), ['closing', 'asleep', 'connecting', 'setup', 'ready']);
    assert.deepEqual(
      of(log, 'asleep').map(({ reason, idleMs }) => [reason, idleMs]),
      [['asked', undefined]],
    );
    const [awake] = of(log, 'awake');
    const savedMs = sent[0]! * 20;
    assert.deepEqual(
      { ...awake, event: '', at: 0, conversation: '', sleptMs: 0 },
      {
        ...{ event: '', at: 0, conversation: '', sleptMs: 0, by: 'speech', fresh: false },
        saved: { audioMs: savedMs, tokens: Math.round(savedMs / 40), usd: 0 },
      },
    );
    assert.equal(session.asleep, false);
    const { times, refused, savedTokens, asleepMs } = session.stats.sleep;
    assert.deepEqual([times, refused, savedTokens], [1, 0, Math.round(savedMs / 40)]);
    assert.equal(asleepMs, awake?.sleptMs);
    assert.equal(session.stats.unsentAudioMs, savedMs, 'every millisecond is accounted for');
  });

  it('counts what it saves while it sleeps, by the price of the model', async () => {
    const { session } = await bench.connected(sleepy({ wakeOn: 'message' }, { model: 'gemini-live-3.8' }));
    await session.sleep('night');
    write(session, marked(500, true));
    assert.equal(session.stats.sleep.savedTokens, 250, '25 tokens for a second');
    await pause(30);
    assert.ok(session.stats.sleep.asleepMs >= 25);
    assert.equal(session.state, 'asleep', 'voices are nothing to it');
    await session.wake();
    const { saved, by, sleptMs } = await next(session, 'awake');
    assert.deepEqual([saved.audioMs, saved.tokens, by], [10_000, 250, 'message']);
    assert.ok(sleptMs >= 25);
    assert.equal((await next(session, 'asleep')).reason, 'night');
  });

  const messages: Array<[string, (session: Awaited<ReturnType<typeof talked>>['session']) => unknown]> = [
    ['a text', (session) => session.sendText('wake up')],
    ['an announcement', (session) => session.say('dinner is ready')],
    ['content', (session) => session.sendContent('wake up')],
    ['a raw message', (session) => session.sendRaw({ realtimeInput: { text: 'wake up' } })],
  ];
  for (const [what, send] of messages) {
    it(`is woken by ${what}, which is sent`, async () => {
      const { session, server } = await talked(bench, sleepy());
      await session.sleep();
      send(session);
      await next(session, 'awake', ({ by }) => by === 'message');
      const again = await server.connection(1);
      const text = JSON.stringify(await again.message(1));
      assert.match(text, /wake up|dinner is ready/);
    });
  }

  it('is woken by the button of push to talk, and by nothing that is said before', async () => {
    const by = { turnDetection: { by: 'push-to-talk' } as const };
    const { session, server } = await bench.connected(sleepy({}, by));
    await session.sleep();
    write(session, marked(50, true));
    assert.equal(session.state, 'asleep');
    session.activityStart();
    write(session, marked(10, true, 50));
    session.activityEnd();
    const again = await server.connection(1);
    const items = await again.until((all) => heard(all).includes('activityEnd') && heard(all));
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(await untilChunk(again, 59), range(50, 60));
  });

  it('does not wake for content that asks nothing, but keeps it', async () => {
    const { session, server } = await bench.connected(sleepy());
    await session.sleep();
    session.sendContent('for later', false);
    await pause(30);
    assert.equal(session.state, 'asleep');
    await session.connect();
    assert.match(JSON.stringify(await (await server.connection(1)).message(1)), /for later/);
  });

  it('passes what wakes it through the detection of turns on this machine', async () => {
    const machine = { by: 'machine' as const, ...sleepy().sleep!.voice };
    const { session, server } = await bench.connected(sleepy({}, { turnDetection: machine }));
    await session.sleep();
    write(session, Buffer.concat([marked(40, false), marked(20, true, 40), marked(20, false, 60)]));
    const again = await server.connection(1);
    const items = await again.until((all) => heard(all).includes('activityEnd') && heard(all));
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    const sent = await untilChunk(again, 64);
    assert.deepEqual(sent, range(sent[0]!, 65));
    assert.ok(sent[0]! <= 35);
  });

  it('keeps the samples whole, whatever pieces they come in', async () => {
    const { session, server } = await bench.connected(sleepy());
    const all = Buffer.concat([marked(100, false), marked(20, true, 100), marked(11, false, 120)]);
    write(session, all.subarray(0, 6401), 333);
    await session.sleep();
    write(session, all.subarray(6401), 333);
    const words = all.subarray(100 * 640, 129 * 640);
    const sent = await (
      await server.connection(1)
    ).until((messages) => {
      const [sound] = heard(messages);
      return Buffer.isBuffer(sound) && sound.includes(words) && sound;
    });
    assert.equal(sent.indexOf(words) % 2, 0, 'half a sample at the beginning would make noise of it');
  });

  it('is woken by a wake word, which goes along, and lets go of who listens for it', async () => {
    const ears: Array<{ hooks: WakeWordHooks; bytes: number; closed: boolean }> = [];
    const service: WakeWordService = {
      name: 'a test',
      listen: (hooks) => {
        const ear = { hooks, bytes: 0, closed: false };
        ears.push(ear);
        return { push: (pcm) => void (ear.bytes += pcm.length), close: () => void (ear.closed = true) };
      },
    };
    const { session, server, log } = await bench.connected(sleepy({ wakeOn: service }));
    write(session, marked(5, true));
    assert.equal(ears.length, 0, 'awake, nobody listens for a word');
    await session.sleep();
    write(session, marked(100, true, 5));
    assert.equal(session.state, 'asleep');
    assert.equal(ears[0]!.bytes, 100 * 640);
    ears[0]!.hooks.failed(new MediaError('SOURCE_FAILED', 'The service is away.'));
    ears[0]!.hooks.back();
    ears[0]!.hooks.detected('ok_nabu');
    assert.equal(ears[0]!.closed, true);
    write(session, marked(10, true, 105));
    const sent = await untilChunk(await server.connection(1), 114);
    assert.deepEqual(sent, range(100, 115), 'with the 100 ms before');
    const { by, word } = await next(session, 'awake');
    assert.deepEqual([by, word], ['wake-word', 'ok_nabu']);
    assert.deepEqual(
      of(log, 'warning').map(({ code }) => code),
      ['WAKE_WORD_FAILED', 'WAKE_WORD_BACK'],
    );
    ears[0]!.hooks.detected('late');
    await session.sleep();
    await session.close();
    assert.deepEqual(
      ears.map(({ closed }) => closed),
      [true, true],
    );
    assert.equal(of(log, 'awake').length, 1);
  });

  it('outlives a wake-word service that throws; messages go on waking it', async () => {
    const broken: WakeWordService = {
      name: 'broken',
      listen: () => ({
        push: () => {
          throw new Error('no more room');
        },
        close: () => {
          throw new Error('nor now');
        },
      }),
    };
    const { session, log } = await bench.connected(sleepy({ wakeOn: broken }));
    await session.sleep();
    write(session, marked(20, true));
    await session.wake();
    assert.equal(session.state, 'ready');
    assert.deepEqual(
      of(log, 'warning').map(({ code }) => code),
      ['WAKE_WORD_FAILED'],
    );
  });

  it('waits a moment for the handle of the turn that has just ended: it would be forgotten', async () => {
    const { session, server, peer } = await talked(bench, sleepy());
    session.sendText('My name is Ada');
    await peer.message(2);
    peer.content(answer);
    await next(session, 'turn');
    const sleeping = session.sleep();
    assert.equal(session.state, 'ready');
    peer.send(update('h2'));
    await sleeping;
    assert.equal(session.state, 'asleep');
    await session.wake();
    assert.deepEqual(setupOf(await server.connection(1)).sessionResumption, { handle: 'h2' });
  });

  it('lets an answer that has come be heard to its end, and ends its turn', async () => {
    const { session, peer } = await bench.connected(sleepy());
    peer.content(sound(400));
    const { handle } = await next(session, 'audio');
    await session.sleep();
    let bytes = 0;
    for await (const piece of handle) bytes += piece.length;
    assert.equal(bytes, 400 * 48);
    assert.equal((await next(session, 'turn')).reason, 'closed');
  });

  it('keeps a call that is open, and its answer, for when it is awake', async () => {
    const { session, server, peer } = await talked(bench, sleepy());
    peer.send({ toolCall: { functionCalls: [{ id: '7', name: 'look', args: {} }] } }, update('h2'));
    await next(session, 'tool-call');
    await next(session, 'resumption');
    await session.sleep();
    session.respond({ id: '7', name: 'look', response: { seen: 'a cat' } });
    await pause(30);
    assert.equal(session.state, 'asleep', 'nobody asked for it to wake');
    await session.wake();
    const again = await server.connection(1);
    const sent = await again.until((all) => all.length > 1 && inputs(again));
    assert.match(JSON.stringify(sent), /a cat/);
  });

  it('listens before it has ever been connected', async () => {
    const server = await bench.server();
    const session = bench.session(server, sleepy());
    await session.sleep();
    assert.deepEqual(states(session), ['asleep']);
    write(session, Buffer.concat([marked(20, false), marked(20, true, 20)]));
    const sent = await untilChunk(await server.connection(), 39);
    assert.ok(sent[0]! <= 15);
    assert.equal((await next(session, 'awake')).by, 'speech');
  });

  it('tells what keeps it from waking, where nobody waits for that', async () => {
    const server = await bench.server({ refuse: { status: 403, body: 'no' } });
    const session = bench.session(server, sleepy());
    const log = logOf(session);
    await session.sleep();
    write(session, marked(20, true));
    assert.equal((await next(session, 'error')).code, 'HTTP_REFUSED');
    await until(() => session.state === 'failed');
    await session.sleep();
    await assert.rejects(session.wake(), { code: 'HTTP_REFUSED' });
    assert.equal(of(log, 'error').length, 1, 'who waits for it is told, and nobody else');
    server.script = {};
    await session.sleep();
    write(session, Buffer.concat([marked(20, false), marked(20, true, 20)]));
    await next(session, 'state', ({ to }) => to === 'ready');
    states(session);
  });

  it('goes by energy, with one warning, where its detector fails', async () => {
    const failing = { detector: () => Promise.reject(new Error('no such network')) };
    const { session, log } = await bench.connected(sleepy({ voice: failing }));
    await next(session, 'warning', ({ code }) => code === 'DETECTOR_FAILED');
    await session.sleep();
    write(session, marked(60, false));
    const loud = Buffer.alloc(60 * 640);
    for (let at = 0; at < loud.length; at += 2)
      loud.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 700 * at) / 32_000)), at);
    write(session, loud);
    await next(session, 'awake');
    assert.equal(of(log, 'warning').length, 1);
  });

  it('refuses options that make no sense', () => {
    const session = (sleep: object, more: object = {}): unknown =>
      bench.session('http://127.0.0.1:1', { sleep, ...more } as never);
    for (const sleep of [
      { afterMs: 0 },
      { afterMs: -1 },
      { freshAfterMs: Number.NaN },
      { wakeOn: 'cat' },
      { phrase: '…' },
      { phrase: ['hey house', ''] },
      { phrase: 'hey house', wakeOn: 'message' },
    ])
      assert.throws(() => session(sleep), { code: 'BAD_CONFIG' }, JSON.stringify(sleep));
    const detector = telling();
    const shared = { turnDetection: { by: 'machine', detector } };
    assert.throws(() => session({ voice: { detector } }, shared), { code: 'BAD_CONFIG' });
    assert.ok(session({}, shared), 'a detector that is made elsewhere is left where it is');
  });
});

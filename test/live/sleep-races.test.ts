import assert from 'node:assert/strict';
import type { LiveEventName, LiveSession } from '../../src/live';
import { Random } from '../support/random';
import { answer, config, pause, quick, ready, setupOf, states, until } from './recovery-support';
import { sleepy, talked, transcript, untilChunk, voice } from './sleep-support';
import { Bench, next, of, sound } from './support';
import { marked, range, write } from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

const speech = (first = 0): Buffer =>
  Buffer.concat([marked(20, false, first), marked(20, true, first + 20), marked(10, false, first + 40)]);
const once = (session: LiveSession, event: LiveEventName, act: () => void): void => {
  session.once(event as 'state', act);
};
const when = (session: LiveSession, state: string, act: () => void): void => {
  const listener = ({ to }: { to: string }): void => {
    if (to !== state) return;
    session.off('state', listener);
    act();
  };
  session.on('state', listener);
};

describe('live: falling asleep and waking in the wrong moment', () => {
  it('sleeps while it waits for its socket, its setup, or the next attempt', async () => {
    const mute = await bench.server({ mute: true });
    const connecting = bench.session(mute, sleepy());
    const refused = assert.rejects(connecting.connect(), { code: 'CLOSED', message: /sent to sleep/ });
    await connecting.sleep();
    await refused;
    await until(() => connecting.state === 'asleep');
    await until(() => mute.open === 0);

    const server = await bench.server({ setup: 'manual' });
    const setup = bench.session(server, sleepy());
    const given = assert.rejects(setup.connect(), { code: 'CLOSED' });
    await (await server.connection()).message(0);
    await setup.sleep();
    await given;
    assert.deepEqual(states(setup), ['connecting', 'setup', 'closing', 'asleep']);
    assert.equal(server.open, 0);
    server.script = {};
    await setup.wake();

    const slow = { ...quick, firstDelayMs: 60_000, maxDelayMs: 60_000 };
    const waiting = await bench.connected(sleepy({}, { recovery: slow }));
    waiting.peer.cut();
    await next(waiting.session, 'waiting');
    await waiting.session.sleep();
    assert.equal(waiting.session.state, 'asleep');
    write(waiting.session, speech());
    await untilChunk(await waiting.server.connection(1), 49);
    states(waiting.session);
  });

  it('keeps the words that come while the old connection is being closed', async () => {
    const { session, server, log } = await talked(bench, sleepy());
    write(session, marked(20, false));
    const sleeping = session.sleep();
    assert.equal(session.state, 'closing');
    write(session, marked(30, true, 20));
    assert.equal(session.state, 'closing', 'no new socket opens before the old one is closed');
    const sent = await untilChunk(await server.connection(1), 49);
    await sleeping;
    assert.deepEqual(sent, range(sent[0]!, 50));
    assert.ok(sent[0]! <= 15, 'with what came before the sleep');
    await ready(session);
    assert.deepEqual(states(session).slice(3), ['closing', 'asleep', 'connecting', 'setup', 'ready']);
    assert.deepEqual(
      log.map(({ event }) => event).filter((event) => event === 'asleep' || event === 'awake'),
      ['asleep', 'awake'],
    );
  });

  it('keeps the beginning of a word that was undecided when it fell asleep', async () => {
    const { session, server } = await talked(bench, sleepy());
    write(session, Buffer.concat([marked(20, false), marked(1, true, 20)]));
    await session.sleep();
    write(session, marked(20, true, 21));
    const sent = await untilChunk(await server.connection(1), 40);
    assert.deepEqual(sent, range(sent[0]!, 41));
    assert.ok(sent[0]! <= 15);
  });

  it('is not woken by who speaks on since before, but by who speaks next', async () => {
    const { session, server } = await talked(bench, sleepy());
    write(session, marked(20, true));
    await session.sleep();
    write(session, Buffer.concat([marked(100, true, 20), marked(20, false, 120)]));
    assert.equal(session.state, 'asleep');
    write(session, marked(20, true, 140));
    const sent = await untilChunk(await server.connection(1), 159);
    assert.ok(sent[0]! >= 120, `nothing of what was said before: ${sent[0]}`);
  });

  it('is woken by the first word of each sleep, although nobody listened in between', async () => {
    const turnDetection = { by: 'model', neverSendSilence: true, ...voice() } as const;
    const { session, server } = await bench.connected({ turnDetection });
    for (const night of [1, 2]) {
      await session.sleep();
      write(session, marked(2, false, 200 * night));
      write(session, marked(30, true, 200 * night + 2));
      const sent = await untilChunk(await server.connection(night), 200 * night + 31);
      assert.ok(sent[0]! >= 200 * night, `nothing of the night before: ${sent[0]}`);
      write(session, marked(30, false, 200 * night + 32));
    }
  });

  it('does as it was told last', async () => {
    const { session, server } = await talked(bench, sleepy());
    void session.sleep();
    void session.wake();
    await session.sleep();
    assert.equal(session.state, 'asleep');
    void session.wake();
    void session.sleep();
    await session.wake();
    assert.equal(session.state, 'ready');
    void session.sleep();
    await session.close();
    assert.equal(session.state, 'closed');
    void session.connect();
    await session.close();
    await session.sleep();
    void session.wake();
    await session.close();
    assert.equal(session.state, 'closed');
    assert.equal(session.asleep, false);
    await pause(50);
    assert.equal(session.state, 'closed');
    assert.equal(server.open, 0);
    write(session, speech());
    assert.equal(session.state, 'closed', 'who is closed hears nothing');
    states(session);
  });

  it('stays awake for what is asked while it waits for the handle of the last turn', async () => {
    const { session, peer } = await talked(bench, sleepy());
    session.sendText('Go to sleep');
    await peer.message(2);
    peer.content(answer);
    await next(session, 'turn');
    const sleeping = session.sleep();
    session.sendText('No, wait');
    await sleeping;
    assert.equal(session.state, 'ready');
    assert.match(JSON.stringify(await peer.message(3)), /No, wait/);
  });

  const moments: Array<[string, (session: LiveSession, act: () => void) => void]> = [
    ['the state closing', (session, act) => when(session, 'closing', act)],
    ['the state asleep', (session, act) => when(session, 'asleep', act)],
    ['asleep', (session, act) => once(session, 'asleep', act)],
    ['the end of a turn', (session, act) => once(session, 'turn', act)],
    ['the end of speech', (session, act) => once(session, 'activity', act)],
  ];
  for (const [what, at] of moments) {
    it(`may be closed, woken and asked by a listener of ${what}`, async () => {
      const machine = { turnDetection: { by: 'machine' as const, ...sleepy().sleep!.voice } };
      const begin = async (): Promise<Awaited<ReturnType<typeof talked>>> => {
        const all = await talked(bench, sleepy({}, machine));
        // A turn and a stretch of speech are under way, so that both have an end to tell.
        write(all.session, marked(20, true));
        await next(all.session, 'activity', ({ type }) => type === 'speech-start');
        all.peer.content(sound(20));
        await next(all.session, 'audio');
        return all;
      };
      const closing = await begin();
      let closed: Promise<void> | undefined;
      at(closing.session, () => (closed = closing.session.close()));
      await closing.session.sleep();
      await closed;
      assert.equal(closing.session.state, 'closed');
      assert.equal(closing.session.asleep, false);

      const waking = await begin();
      at(waking.session, () => waking.session.sendText('Stay!'));
      await waking.session.sleep();
      const again = await waking.server.connection(1);
      await again.until((all) => JSON.stringify(all).includes('Stay!'));
      assert.equal(waking.session.asleep, false);
      for (const { session } of [closing, waking]) states(session);
      const told = waking.log.map(({ event }) => event).filter((event) => /^as|^awake/.test(event));
      assert.deepEqual(told, ['asleep', 'awake']);
    });
  }

  for (const event of ['awake', 'the state connecting'] as const) {
    it(`may be closed, or sent to sleep again, by a listener of ${event}`, async () => {
      for (const act of ['close', 'sleep'] as const) {
        const { session, server } = await talked(bench, sleepy());
        await session.sleep();
        let done: Promise<void> | undefined;
        const listener = (): void => void (done = session[act]());
        if (event === 'awake') once(session, 'awake', listener);
        else when(session, 'connecting', listener);
        write(session, speech());
        await done;
        assert.ok(done);
        assert.equal(session.state, act === 'close' ? 'closed' : 'asleep');
        await pause(30);
        assert.equal(server.open, 0);
        states(session);
      }
    });
  }

  it('connects again and again until it can, and keeps the words within the bound of its lane', async () => {
    const { session, server, log } = await talked(bench, sleepy({}, { lanes: { maxAudioMs: 60_000 } }));
    await session.sleep();
    server.script = { refuse: { status: 503, body: 'later' } };
    write(session, speech());
    await until(() => of(log, 'waiting').filter(({ ms }) => ms).length >= 12);
    write(session, marked(20, true, 50));
    assert.equal(session.stats.queuedAudioMs > 1000, true);
    server.script = {};
    const sent = await untilChunk(await server.connection(1), 69);
    assert.deepEqual(sent, range(sent[0]!, 70), 'ten attempts and more, and not a word is lost');
    assert.equal(of(log, 'error').length, 0);
    assert.equal(of(log, 'awake').length, 1);
    states(session);
  });

  it('drops the oldest words when it takes longer than the lane keeps them, and counts them', async () => {
    const { session, server } = await talked(bench, sleepy({}, { lanes: { maxAudioMs: 400 } }));
    await session.sleep();
    server.script = { refuse: { status: 503, body: 'later' } };
    write(session, speech());
    await next(session, 'waiting');
    write(session, marked(100, true, 50));
    server.script = {};
    const sent = await untilChunk(await server.connection(1), 149);
    assert.deepEqual(sent, range(130, 150));
    const { given, sent: out, dropped, queued } = session.stats.audioBytes;
    assert.equal(given, out + dropped + queued);
  });

  it('sleeps when the end of the connection is announced, or comes', async () => {
    const announced = await talked(bench, sleepy());
    announced.peer.send({ goAway: { timeLeft: '1s' } });
    await next(announced.session, 'go-away');
    await announced.session.sleep();
    await pause(100);
    assert.equal(announced.session.state, 'asleep');
    const cut = await talked(bench, sleepy());
    void cut.session.sleep();
    cut.peer.cut();
    await next(cut.session, 'asleep');
    await cut.session.wake();
    assert.deepEqual(setupOf(await cut.server.connection(1)).sessionResumption, { handle: 'h1' });
    states(cut.session);
  });

  it('leaves the place among the sessions of its key to others', async () => {
    const limits = { concurrentSessions: 1, key: 'sleep-races' };
    const first = await talked(bench, sleepy({}, { limits }));
    await first.session.sleep();
    const second = bench.session(first.server, { config, limits });
    await second.connect();
    write(first.session, speech());
    assert.equal((await next(first.session, 'waiting')).for, 'concurrent');
    await second.close();
    await ready(first.session);
  });

  it('keeps its invariants whatever happens in whatever order (seed 9)', async function () {
    this.timeout(60_000);
    const random = new Random(9);
    const server = await bench.server();
    const options = sleepy({ afterMs: 60, phrase: 'hey house', phrasePatienceMs: 40, phraseSettleMs: 10 });
    const session = bench.session(server, options);
    let told: string[] = [];
    for (const event of ['asleep', 'awake'] as const)
      session.on(event, ({ reason }: { reason?: string }) => told.push(reason ?? event));
    const peer = () => server.connections.at(-1);
    const acts = [
      () => void session.sleep(),
      () => void session.wake().catch(() => {}),
      () => void session.close(),
      () => write(session, speech()),
      () => write(session, speech()),
      () => session.sendText('x'),
      () => session.audioStreamEnd(),
      () => peer()?.cut(),
      () => peer()?.content(transcript('hey house'), sound(10)),
      () => peer()?.content(transcript('no'), answer),
      () => peer()?.send({ goAway: { timeLeft: '0.1s' } }),
      () => peer()?.close(1011, 'Internal error'),
    ];
    for (let round = 0; round < 400; round++) {
      acts[random.below(acts.length)]!();
      if (random.below(3) === 0) await pause(random.below(30));
      assert.ok(server.connections.filter(({ closed }) => !closed).length <= 2);
    }
    await session.close();
    states(session);
    assert.equal(session.asleep, false);
    // Between two sleeps it was awake, unless the first was not ended but tried.
    told = told.filter((one) => one !== 'no-phrase');
    assert.ok(told.includes('awake') && told.length > 5);
    const { given, sent, dropped, queued } = session.stats.audioBytes;
    assert.equal(given, sent + dropped + queued);
    await session.connect();
    assert.equal(session.state, 'ready');
  });
});

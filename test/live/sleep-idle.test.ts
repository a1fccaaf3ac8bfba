import assert from 'node:assert/strict';
import { answer, pause, pcm, setupOf, states, update } from './recovery-support';
import { sleepy, talked, untilChunk, voice } from './sleep-support';
import { Bench, next, of, sound } from './support';
import { marked, write } from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

/** Longer than it takes a slow machine to do anything that must happen meanwhile (ms). */
const AFTER_MS = 400;
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9]);

describe('live: when a session sleeps by itself', () => {
  it('sleeps when nothing has happened for a time, and silence, noise of the room and pictures are nothing', async () => {
    const { session, log } = await bench.connected(sleepy({ afterMs: AFTER_MS }));
    const feeding = setInterval(() => {
      write(session, marked(2, false));
      session.video.write(jpeg);
    }, 40);
    const { reason, idleMs } = await next(session, 'asleep').finally(() => clearInterval(feeding));
    assert.equal(reason, 'idle');
    assert.ok(idleMs! >= AFTER_MS);
    assert.deepEqual(states(session), ['connecting', 'setup', 'ready', 'closing', 'asleep']);
    assert.equal(of(log, 'warning').length, 0);
  });

  it('is not woken by a fan that was there before, with nothing but energy to tell', async () => {
    const { session, server } = await bench.connected(sleepy({ afterMs: AFTER_MS, voice: {} }));
    let seed = 7;
    const fan = Buffer.alloc(16_000 * 2 * 4);
    for (let at = 0; at < fan.length; at += 2) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      fan.writeInt16LE(Math.round((seed / 0x7fffffff - 0.5) * 3000), at);
    }
    write(session, fan);
    await next(session, 'asleep');
    write(session, fan);
    write(session, fan);
    assert.equal(session.state, 'asleep');
    const loud = Buffer.from(fan);
    for (let at = 0; at < loud.length; at += 2)
      loud.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 700 * at) / 32_000)), at);
    write(session, loud);
    await server.connection(1);
  });

  it('stays awake while somebody speaks, however long that takes', async () => {
    const { session } = await bench.connected(sleepy({ afterMs: AFTER_MS }));
    const speaking = setInterval(() => write(session, marked(2, true)), 40);
    await pause(2.5 * AFTER_MS);
    clearInterval(speaking);
    assert.equal(session.state, 'ready');
    await next(session, 'asleep');
  });

  it('does not wait for the end of a voice whose microphone has died', async () => {
    const { session } = await bench.connected(sleepy({ afterMs: AFTER_MS }));
    write(session, marked(10, true));
    await next(session, 'asleep');
  });

  const activities: Array<[string, (on: Awaited<ReturnType<typeof talked>>) => Promise<() => void>]> = [
    [
      'an answer is being played',
      async ({ peer }) => {
        peer.content({ ...sound(3 * AFTER_MS), generationComplete: true }, { turnComplete: true });
        return () => peer.send(update('h2'));
      },
    ],
    [
      'an answer is being given',
      async ({ peer, session }) => {
        peer.content({ modelTurn: { parts: [{ text: 'Well' }] } });
        await next(session, 'text');
        return () => {
          peer.content({ turnComplete: true });
          peer.send(update('h2'));
        };
      },
    ],
    [
      'a function runs',
      async ({ peer, session }) => {
        peer.send({ toolCall: { functionCalls: [{ id: '1', name: 'look', args: {} }] } });
        await next(session, 'tool-call');
        return () => {
          session.respond({ id: '1', name: 'look', response: {} });
          peer.content(answer);
          peer.send(update('h2'));
        };
      },
    ],
    [
      'the service thinks',
      async ({ peer, session }) => {
        peer.content({ interactionStatus: 'IN_PROGRESS' });
        await next(session, 'activity');
        return () => peer.content({ interactionStatus: 'IDLE' });
      },
    ],
  ];
  for (const [what, begin] of activities) {
    it(`stays awake while ${what}`, async () => {
      const on = await talked(bench, sleepy({ afterMs: AFTER_MS }));
      const end = await begin(on);
      await pause(2.2 * AFTER_MS);
      assert.equal(on.session.state, 'ready');
      end();
      const asleep = await next(on.session, 'asleep');
      assert.equal(asleep.reason, 'idle');
    });
  }

  it('stays awake for a text that waits for the limit of turns, and for its answer', async () => {
    const limits = { turnsPerMinute: 1, windowMs: 3 * AFTER_MS, key: 'sleep-idle' };
    const { session, peer } = await bench.connected(sleepy({ afterMs: AFTER_MS }, { limits }));
    session.sendText('one');
    await peer.message(1);
    peer.content(answer);
    session.sendText('two');
    await next(session, 'waiting');
    assert.match(JSON.stringify(await peer.message(2)), /two/);
    assert.equal(session.state, 'ready');
  });

  it('counts the time over connections that change', async () => {
    const recovery = {
      ...sleepy().recovery,
      rotateAfterMs: AFTER_MS / 2,
      handoverMarginMs: 10,
      maxDelayMs: 20,
    };
    const { session } = await bench.connected(sleepy({ afterMs: 2 * AFTER_MS }, { recovery }));
    await next(session, 'asleep');
    assert.ok(states(session).includes('reconnecting'));
  });

  it('sleeps again after a noise that nobody answers', async () => {
    const { session, server } = await bench.connected(sleepy({ afterMs: AFTER_MS }));
    await next(session, 'asleep');
    write(session, marked(4, true));
    await server.connection(1);
    write(session, marked(20, false));
    assert.equal((await next(session, 'asleep')).reason, 'idle');
    assert.equal(session.stats.sleep.times, 2);
  });

  it('does not sleep by itself unless it is told to', async () => {
    const { session } = await bench.connected(sleepy());
    await pause(AFTER_MS);
    assert.equal(session.state, 'ready');
    write(session, pcm(40, 0));
    assert.equal(session.stats.sentAudioMs, 40);
  });
});

describe('live: a sleep that was too long to go on', () => {
  it('begins a new conversation: no handle, no history, another id, nothing spent', async () => {
    const { session, server, peer } = await talked(bench, sleepy({ freshAfterMs: 20 }));
    peer.send({ usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 } });
    await next(session, 'usage');
    const before = session.conversation;
    await session.sleep();
    await pause(40);
    write(session, marked(20, true));
    const awake = await next(session, 'awake');
    assert.equal(awake.fresh, true);
    assert.notEqual(awake.conversation, before);
    const again = await server.connection(1);
    await untilChunk(again, 19);
    const { sessionResumption, historyConfig, systemInstruction } = setupOf(again);
    assert.deepEqual([sessionResumption, historyConfig, systemInstruction], [{}, undefined, undefined]);
    assert.doesNotMatch(JSON.stringify(again.received), /Hello/);
    const { stateRestored, reason, seeded } = await next(session, 'restored');
    assert.deepEqual([stateRestored, seeded], [false, 0]);
    assert.match(reason!, /slept for/);
    const { history, usage, conversation } = session.conversationState();
    assert.deepEqual([history, usage], [[], {}]);
    assert.equal(conversation, awake.conversation);
  });

  it('goes on with the conversation when it slept for less', async () => {
    const { session, server } = await talked(bench, sleepy({ freshAfterMs: 60_000 }));
    const { conversation } = session;
    await session.sleep();
    await session.wake();
    assert.equal((await next(session, 'awake')).fresh, false);
    assert.equal(session.conversation, conversation);
    assert.deepEqual(setupOf(await server.connection(1)).sessionResumption, { handle: 'h1' });
  });

  it('counts from when it fell asleep, in another session too, and keeps sleeping there', async () => {
    const { session, server } = await talked(bench, sleepy());
    await session.sleep();
    write(session, marked(5, false));
    await session.close();
    const state = JSON.parse(JSON.stringify(session.conversationState()));
    assert.ok(Math.abs(state.asleepSince - Date.now()) < 60_000);
    const old = { ...state, asleepSince: Date.now() - 50_000 };

    const sleeping = bench.session(server, { ...sleepy({ freshAfterMs: 40_000 }), resumeFrom: old });
    await sleeping.sleep('deploy');
    assert.equal(sleeping.state, 'asleep');
    assert.equal(server.connections.length, 1, 'nobody has connected');
    assert.equal(sleeping.conversationState().asleepSince, old.asleepSince);
    write(sleeping, marked(20, true));
    const { sleptMs, fresh } = await next(sleeping, 'awake');
    assert.ok(sleptMs >= 50_000);
    assert.equal(fresh, true);
    assert.equal(sleeping.conversationState().asleepSince, undefined);

    const connecting = bench.session(server, { ...sleepy({ freshAfterMs: 40_000 }), resumeFrom: old });
    await connecting.connect();
    assert.equal((await next(connecting, 'restored')).stateRestored, false);
    const going = bench.session(server, { ...sleepy({ voice: voice() }), resumeFrom: old });
    await going.connect();
    assert.equal((await next(going, 'restored')).stateRestored, true);
    assert.equal(going.conversationState().asleepSince, undefined);
  });
});

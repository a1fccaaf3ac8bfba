import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { showStates } from '../../nodes/session/states';
import type { StatusLine } from '../../nodes/shared/status';
import type { LiveSession } from '../../src/live';
import type { MediaWriter } from '../../src/media';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { silence } from '../live/turn-support';
import { makePicture } from '../support/pictures';
import { WyomingServer } from '../support/wyoming';
import { microphone, spoken, spokenWav } from './sounds';
import { events, helper, run, sessionFlow, until, type Got, type Running } from './support';

type Details = Record<string, unknown>;

/** Hears the phrase only the second time, and remembers a name. */
const mind = scriptedMind(({ text, memory }) => {
  const told = /my name is (\w+)/.exec(text)?.[1];
  if (told) memory.set('name', told);
  return text === 'who am i' ? `You are ${memory.get('name') ?? 'unknown'}` : `You said ${text}`;
});

describe('session node: sleep', () => {
  let server: LocalLiveServer;
  let flow: Running;

  beforeEach(async () => {
    const ears = scriptedEars(['what time is it', 'hello house what time is it', 'anything else']);
    server = await startServer({ ears, mind, voice: toneVoice(), clock: 10 });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const told = (event: string): Details[] =>
    events(flow, 'events', event).map(({ payload }) => payload as Details);
  const next = (event: string, count = 1): Promise<Details> =>
    until(`${count} × ${event}`, () => told(event)[count - 1]);
  const texts = (): unknown[] => flow.got('text').map(({ payload }) => payload);
  const last = (): string | undefined => flow.statuses('session').at(-1);

  /** Runs the flow of a session and sends it to sleep. */
  async function asleep(session: object = {}): Promise<void> {
    flow = await run(sessionFlow(server.url, session));
    flow.send('session', { action: 'connect' });
    await until('it is ready', () => told('state').some(({ to }) => to === 'ready'));
    await drowse();
  }

  async function drowse(): Promise<void> {
    const times = told('asleep').length;
    flow.send('session', { action: 'sleep' });
    await next('asleep', times + 1);
    await until('nothing is connected', () => server.connections === 0);
  }

  /** A microphone that the session listens to. */
  async function listening(): Promise<MediaWriter> {
    const mic = microphone();
    flow.send('session', { payload: mic.handle });
    await until('the microphone is read', () => mic.handle.stats.readers === 1);
    return mic;
  }

  /** Speaks after a moment of silence, in which the room is learnt. */
  async function say(mic: MediaWriter): Promise<void> {
    const pcm = Buffer.concat([silence(1000), spoken(), silence(1000)]);
    for (let at = 0; at < pcm.length; at += 640) {
      mic.write(pcm.subarray(at, at + 640));
      // A microphone that nobody reads in time drops what is old.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('comes after a time without activity, and a text ends it: the conversation goes on', async () => {
    flow = await run(sessionFlow(server.url, { sleepAfter: '0.3', wakeOn: 'message' }));
    flow.send('session', { payload: 'my name is Ada' });
    const { reason, idleMs } = await next('asleep');
    assert.equal(reason, 'idle');
    assert.ok(Number(idleMs) >= 300, String(idleMs));
    await until('it is shown', () => last() === 'asleep');
    await until('nothing is connected', () => server.connections === 0);
    flow.send('session', { payload: 'who am i' });
    const { by, fresh, saved } = await next('awake');
    assert.deepEqual({ by, fresh }, { by: 'message', fresh: false });
    assert.deepEqual(Object.keys(saved as object).sort(), ['audioMs', 'tokens', 'usd']);
    await until('the answer', () => texts().includes('You are Ada'));
    assert.deepEqual(flow.errors, []);
  });

  it('ends with a voice, of which nothing is lost', async () => {
    await asleep({ wakeOn: 'speech' });
    const mic = await listening();
    assert.equal(last(), 'asleep', 'a microphone is no message');
    await say(mic);
    const { by, saved } = await next('awake');
    assert.equal(by, 'speech');
    assert.ok(Number((saved as Details)['tokens']) > 0, JSON.stringify(saved));
    await until('the answer', () => texts().includes('You said what time is it'));
    const { audioMs } = server.stats.at(-1)!;
    assert.ok(
      audioMs >= 600 + 60 + 200,
      `the sound from before its first syllable on, and not ${audioMs} ms`,
    );
  });

  it('shows what it has saved', async () => {
    await asleep({ wakeOn: 'message' });
    const mic = await listening();
    for (let piece = 0; piece < 60; piece++) {
      mic.write(silence(1000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    flow.send('session', { action: 'wake' });
    const { tokens, audioMs } = (await next('awake'))['saved'] as { tokens: number; audioMs: number };
    assert.deepEqual({ tokens, audioMs }, { tokens: 1500, audioMs: 60_000 });
    await drowse();
    await until('it is shown', () => last() === 'asleep, 1.5K saved');
  });

  it('shows what it saves while it goes on, too', async () => {
    const session = Object.assign(new EventEmitter(), {
      state: 'asleep',
      stats: { sleep: { savedTokens: 0 } },
    });
    const shown: string[] = [];
    const status = { show: (_look: string, key: string, detail = '') => void shown.push(`${key} ${detail}`) };
    showStates(session as unknown as LiveSession, status as unknown as StatusLine, 'local', 5);
    session.emit('state', { to: 'asleep' });
    session.stats.sleep.savedTokens = 90_000;
    await until('it is shown', () => shown.includes('asleepSaved 90K'));
    session.state = 'closed';
    session.emit('state', { to: 'closed' });
    const { length } = shown;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(shown.length, length, 'nothing is shown after the end');
  });

  it('ends with a phrase only: what wakes it without reaches nobody', async () => {
    await asleep({ wakeOn: 'phrase', wakePhrase: 'good morning; Hello, house!' });
    const mic = await listening();
    await say(mic);
    const { reason } = await next('asleep', 2);
    assert.equal(reason, 'no-phrase');
    assert.deepEqual([flow.got('audio').length, texts(), told('turn').length], [0, [], 0]);
    await until('nothing is connected', () => server.connections === 0);
    await say(mic);
    const { by, word } = await next('awake');
    assert.deepEqual({ by, word }, { by: 'speech', word: 'Hello, house!' });
    await until('the answer', () => texts().includes('You said hello house what time is it'));
    assert.equal(told('awake').length, 1);
    assert.deepEqual(flow.errors, []);
  });

  it('ends with the word of a wake-word service', async () => {
    const wyoming = await WyomingServer.start();
    try {
      await asleep({
        wakeOn: 'wyoming',
        wyoming: wyoming.url,
        wyomingNames: 'hey_jarvis_v0.1; ok_nabu_v0.1',
      });
      const mic = await listening();
      const talking = setInterval(() => mic.write(silence(20)), 5);
      await wyoming.untilHeard(200).finally(() => clearInterval(talking));
      assert.equal(server.connections, 0, 'the sound goes to the wake-word service only');
      wyoming.detect('ok_nabu_v0.1');
      const { by, word } = await next('awake');
      assert.deepEqual({ by, word }, { by: 'wake-word', word: 'ok_nabu_v0.1' });
      await until('it is ready', () => told('state').at(-1)?.['to'] === 'ready');
    } finally {
      await wyoming.stop();
    }
  });

  it('says when nobody listens for the wake word', async () => {
    const wyoming = await WyomingServer.start();
    const { url } = wyoming;
    await wyoming.stop();
    await asleep({ wakeOn: 'wyoming', wyoming: url });
    const mic = await listening();
    const talking = setInterval(() => mic.write(silence(20)), 5);
    try {
      const { error } = await until('an error', () => flow.errors[0]);
      assert.match(error?.message ?? '', /Nobody listens for the wake word: .*127\.0\.0\.1/);
      await until('it is shown', () => last() === 'no wake words');
    } finally {
      clearInterval(talking);
    }
    flow.send('session', { action: 'wake' });
    await until('it is ready', () => told('state').at(-1)?.['to'] === 'ready');
    await until('it is shown', () => last() === 'custom');
  });

  it('comes and ends with actions, and a session may begin with it', async () => {
    flow = await run(sessionFlow(server.url));
    await drowse();
    assert.deepEqual(
      told('state').map(({ to }) => to),
      ['asleep'],
      'it has never connected',
    );
    flow.send('session', { action: 'wake' });
    assert.equal((await next('awake'))['by'], 'message');
    await until('it is ready', () => told('state').at(-1)?.['to'] === 'ready');
    await drowse();
    flow.send('session', { action: 'connect' });
    await next('awake', 2);
    await until('it is shown', () => last() === 'custom');
    assert.deepEqual(flow.errors, []);
  });

  it('may come and end in one breath, before it has connected: nothing is refused, and one session goes on', async () => {
    flow = await run(sessionFlow(server.url, { turnDetection: 'push-to-talk' }));
    for (const action of ['connect', 'sleep', 'activity-start', 'activity-end'])
      flow.send('session', { action });
    await until('it is ready', () => told('state').some(({ to }) => to === 'ready'));
    flow.send('session', { payload: 'hello' });
    await until('the answer', () => texts().includes('You said hello'));
    assert.deepEqual(flow.errors, []);
    assert.equal(server.connections, 1);
  });

  it('is not ended by a picture, and by a file whatever wakes it', async () => {
    await asleep({ wakeOn: 'message', realtime: false });
    flow.send('session', { payload: await makePicture() });
    const mic = await listening();
    await say(mic);
    assert.equal(told('awake').length, 0);
    flow.send('session', { payload: spokenWav() });
    assert.equal((await next('awake'))['by'], 'message');
    await until('the answer', () => texts().includes('You said what time is it'));
  });

  it('goes on when the node is deployed again, and a conversation that slept for too long begins anew', async () => {
    const fields = { wakeOn: 'message', connect: 'deploy' };
    await asleep(fields);
    flow.send('session', { payload: 'my name is Ada' });
    await next('turn');
    await drowse();
    const connections = server.stats.length;
    await flow.deploy(sessionFlow(server.url, { ...fields, name: 'again' }));
    await next('asleep', 3);
    await until('it is shown', () => last() === 'asleep');
    const mic = await listening();
    assert.equal(server.stats.length, connections, 'neither the deploy nor the microphone has connected it');
    flow.send('session', { payload: 'who am i' });
    await until('the answer', () => texts().includes('You are Ada'));
    await drowse();
    await flow.deploy(sessionFlow(server.url, { ...fields, name: 'anew', freshAfter: '0' }));
    await until('the microphone is let go', () => mic.handle.stats.readers === 0);
    await next('asleep', 5);
    flow.send('session', { payload: 'who am i' });
    await until('the answer', () => texts().includes('You are unknown'));
    assert.equal(told('awake').at(-1)?.['fresh'], true);
    assert.deepEqual(flow.errors, []);
  });

  it('refuses settings that cannot be, with their names', async () => {
    for (const [fields, expected] of [
      [{ sleepAfter: 'soon' }, /time of sleep \(s\)/],
      [{ wakeOn: 'phrase', wakePhrase: ' ; ' }, /phrase, and none is set/],
      [{ wakeOn: 'wyoming', wyoming: 'http://x' }, /wake-word service must begin with "tcp:/],
      [{ wakeOn: 'clap' }, /"speech", "phrase", "wyoming" or "message", not "clap"/],
      [{ freshAfter: '-1' }, /fresh start/],
      [{ echo: 'loud' }, /"auto", "gate", "barge-in" or "off", not "loud"/],
      [{ levels: '0' }, /levels \(s\)/],
      [{ watch: true, watchEvery: 'often' }, /between comments/],
    ] as [object, RegExp][]) {
      flow = await run(sessionFlow(server.url, fields));
      flow.send('session', { payload: 'hello' });
      const error: Got = await until('an error', () => flow.errors[0]);
      assert.match(error.error?.message ?? '', expected);
      assert.equal(error.error?.code, 'BAD_CONFIG');
      await helper.unload();
    }
  });
});

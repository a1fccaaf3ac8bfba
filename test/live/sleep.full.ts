import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { hasVoice } from '../../scripts/assets/synth';
import { LiveSession } from '../../src/live';
import { scriptedEars, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { heapInUse, slopeOf } from '../support/memory';
import { skipWithout } from '../support/skip';
import { loudSpan, samplesOf } from '../support/sound';
import { states } from './recovery-support';
import { voice } from './sleep-support';
import { logOf, next, of } from './support';
import { heard, marked, silence, spoken, write } from './turn-support';

const CYCLES = 100;
const FACT = 'the key is under the mat';
/** Cycles of the soak; what a session keeps of its conversation must be full before the second half. */
const SOAK = 2400;
const LOOK_EVERY = 40;
/** Answers are kept for half a minute: a few will do. */
const TURN_EVERY = 40;

describe('live: sleep and wake, again and again', function () {
  this.timeout(180_000);
  let session: LiveSession | undefined;
  let server: LocalLiveServer | undefined;
  let other: ChildProcess | undefined;

  afterEach(async () => {
    await session?.close();
    await server?.close();
    other?.disconnect();
    session = server = other = undefined;
  });

  it(`is woken ${CYCLES} times by a voice, hears its first word, and knows what it was told`, async function () {
    skipWithout(this, !hasVoice('espeak-ng:en-us') && 'espeak-ng (apt install espeak-ng)');
    const question = 'what do you remember';
    // How well strange voices are understood is measured elsewhere; here every byte of what was said counts.
    const ears = scriptedEars(Array<string>(CYCLES).fill(question));
    server = await startServer({ clock: 40, keepJournal: true, voice: toneVoice(20), ears });
    const talker = (session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: server.url },
      config: { sessionResumption: {}, inputAudioTranscription: {}, outputAudioTranscription: {} },
      sleep: {},
    }));
    const log = logOf(talker);
    await talker.connect();
    talker.sendText(`remember ${FACT}`);
    await next(talker, 'turn');
    const words = await spoken(question);
    const { start, end } = loudSpan(samplesOf(words))!;
    const whole = words.subarray(2 * start, 2 * end);
    write(talker, silence(3000));
    let read = 0;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      await talker.sleep();
      write(talker, silence(1500));
      assert.equal(talker.state, 'asleep');
      write(talker, Buffer.concat([words, silence(1200)]));
      const { user, model } = await next(talker, 'turn');
      assert.equal(user, question, `cycle ${cycle}`);
      assert.match(model, new RegExp(FACT), `cycle ${cycle}`);
      const came = server.journal
        .slice(read)
        .flatMap((entry) => (entry.kind === 'received' ? [entry.message] : []));
      read = server.journal.length;
      const sound = Buffer.concat(heard(came).filter((item) => Buffer.isBuffer(item)));
      assert.ok(sound.includes(whole), `cycle ${cycle}: a word was cut`);
    }
    states(talker);
    assert.equal(of(log, 'awake').length, CYCLES);
    assert.ok(of(log, 'restored').every(({ stateRestored }) => stateRestored));
    assert.equal(talker.stats.sleep.times, CYCLES);
    const { given, sent, dropped, queued } = talker.stats.audioBytes;
    assert.equal(given, sent + dropped + queued);
  });

  it('leaves memory, timers, sockets and listeners as they were', async () => {
    other = fork(path.join(__dirname, 'hour-server.ts'), ['40', '1000000', 'who are you'], {
      execArgv: ['--require', 'tsx/cjs'],
    });
    const [baseUrl] = (await once(other, 'message')) as [string];
    session = new LiveSession({
      endpoint: { backend: 'local', baseUrl },
      config: { sessionResumption: {}, outputAudioTranscription: {} },
      sleep: { voice: voice(), phrase: 'who are you', phrasePatienceMs: 1 },
    });
    const awake = session;
    const count = (type: string): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === type).length;
    const looks: Array<{ cycle: number; heap: number; timers: number; sockets: number; listeners: string }> =
      [];
    const noise = Buffer.concat([marked(10, false), marked(10, true, 10), marked(10, false, 20)]);
    await awake.sleep();
    for (let cycle = 1; cycle <= SOAK; cycle++) {
      const asleep = once(awake, 'asleep');
      // One is woken by a message and sent to sleep again, the next by a voice that does not know the phrase.
      if (cycle % 2 === 0) {
        await (cycle % TURN_EVERY === 0 ? ask(awake) : awake.wake());
        void awake.sleep();
      } else write(awake, noise);
      await asleep;
      if (cycle % LOOK_EVERY > 0) continue;
      const names = awake.eventNames().map((name) => `${name} ${awake.listenerCount(name)}`);
      const sockets = count('TCPSocketWrap');
      looks.push({ cycle, heap: heapInUse(), timers: count('Timeout'), sockets, listeners: names.join() });
    }
    assert.equal(awake.stats.sleep.refused, SOAK / 2);
    const half = looks.slice(looks.length / 2);
    const slope = slopeOf(half.map(({ cycle, heap }) => [cycle, heap] as const)) * 1000;
    const share = slope / half.at(-1)!.heap;
    assert.ok(share < 0.01, `the heap grows by ${(share * 100).toFixed(2)} % in 1000 cycles`);
    const most = (list: typeof looks, name: 'timers' | 'sockets'): number =>
      Math.max(...list.map((look) => look[name]));
    for (const name of ['timers', 'sockets'] as const)
      assert.ok(most(half, name) <= most(looks.slice(0, looks.length - half.length), name), name);
    assert.equal(half.at(-1)!.listeners, looks[0]!.listeners);
  });
});

async function ask(session: LiveSession): Promise<void> {
  session.sendText('who are you');
  await once(session, 'turn');
}

import assert from 'node:assert/strict';
import { hasVoice } from '../../scripts/assets/synth';
import type { LiveSessionOptions, TurnDetectionOptions } from '../../src/live';
import { startServer, type LocalLiveServer } from '../../src/server';
import { skipWithout } from '../support/skip';
import { loudSpan, samplesOf } from '../support/sound';
import { config, quick, setupOf } from './recovery-support';
import { Bench, next, of } from './support';
import {
  heard,
  marked,
  numbers,
  range,
  shape,
  silence,
  spoken,
  telling,
  untilMarked,
  write,
} from './turn-support';

const bench = new Bench();
afterEach(() => bench.cleanUp());

const machine = (options: object = {}): Partial<LiveSessionOptions> => ({
  turnDetection: { by: 'machine', ...options },
});
/** 100 ms of pre-roll, 40 ms to begin, 100 ms to end; chunks say themselves whether they are speech. */
const short = { detector: telling(), preRollMs: 100, minSpeechMs: 40, silenceMs: 100 };
/** The numbers of silent, loud, silent chunks: a stretch of speech from chunk 20 to 30. */
const stretch = Buffer.concat([marked(20, false), marked(10, true, 20), marked(20, false, 30)]);

describe('live: turn detection on this machine', () => {
  it('turns the detection of the service off, and sends speech with its pre-roll between markers and nothing else', async () => {
    const { session, peer, log } = await bench.connected(machine(short));
    assert.deepEqual(setupOf(peer), {
      ...setupOf(peer),
      realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
    });
    write(session, stretch);
    write(session, marked(10, true, 100));
    session.audioStreamEnd();
    const items = await untilMarked(peer, 'activityEnd', 2);
    assert.deepEqual(shape(items), [
      ...['activityStart', 'audio', 'activityEnd'],
      ...['activityStart', 'audio', 'activityEnd'],
    ]);
    const first = numbers(items[1]);
    assert.deepEqual(first, range(first[0]!, 35), 'without a gap, until the silence that ends it');
    assert.ok(first[0]! <= 15, `the pre-roll begins with chunk ${first[0]}`);
    const second = numbers(items[4]);
    assert.deepEqual(second.slice(-10), range(100, 110), 'an end of the stream is an end of speech');
    const bytes = peer.received.length && (items[1]!.length + items[4]!.length) / 32;
    assert.equal(session.stats.unsentAudioMs, 60 * 20 - bytes, 'every millisecond is accounted for');
    assert.deepEqual(
      of(log, 'activity').map(({ type, by }) => [type, by]),
      [
        ['speech-start', 'machine'],
        ['speech-end', 'machine'],
        ['speech-start', 'machine'],
        ['speech-end', 'machine'],
      ],
    );
  });

  it('hears pieces of any size, also torn samples', async () => {
    const { session, peer } = await bench.connected(machine(short));
    write(session, stretch, 333);
    const items = await untilMarked(peer, 'activityEnd');
    const first = numbers(items[1]);
    assert.deepEqual(first, range(first[0]!, 35));
  });

  it('keeps the order with a detector that needs time, also while it is being opened', async () => {
    let open: (() => void) | undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const slow = telling(async (likely) => {
      await new Promise((resolve) => setTimeout(resolve, likely > 0 ? 3 : 0));
      return likely;
    });
    let closed = 0;
    const detector = async (): Promise<typeof slow> => {
      await opened;
      return { ...slow, close: async () => void closed++ };
    };
    const { session, peer } = await bench.connected(machine({ ...short, detector }));
    write(session, stretch);
    session.audioStreamEnd();
    write(session, stretch);
    assert.equal(session.stats.queuedAudioMs, 2000, 'it waits for the detector');
    open!();
    const items = await untilMarked(peer, 'activityEnd', 2);
    assert.equal(items.length, 6);
    for (const at of [1, 4]) assert.deepEqual(numbers(items[at]).slice(-15), range(20, 35));
    await session.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(closed, 1, 'what was opened here is closed here');
  });

  const failures: Array<[string, () => TurnDetectionOptions]> = [
    [
      'cannot be opened',
      () => ({ by: 'machine', detector: () => Promise.reject(new Error('no such network')) }),
    ],
    [
      'throws in mid-speech',
      () => {
        let left = 40;
        const detector = telling((likely) => {
          if (left-- === 0) throw new Error('the network broke');
          return likely;
        });
        return { by: 'machine', detector };
      },
    ],
    [
      'gives no verdict any more',
      () => {
        let left = 40;
        const never = new Promise<number>(() => {});
        return { by: 'machine', patienceMs: 30, detector: telling((one) => (left-- > 0 ? one : never)) };
      },
    ],
  ];
  for (const [what, options] of failures) {
    it(`goes on by energy, and loses nothing, with a detector that ${what}`, async () => {
      const { session, peer, log } = await bench.connected({ turnDetection: options() });
      const loud = Buffer.alloc(20 * 640);
      for (let at = 0; at < loud.length; at += 2)
        loud.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 700 * at) / 32_000)), at);
      // A first byte that says "speech" to the detector of the test, and little to energy.
      for (let at = 0; at < loud.length; at += 640) loud[at] = 100;
      write(session, Buffer.concat([silence(600), loud, silence(1200)]));
      const items = await untilMarked(peer, 'activityEnd');
      assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
      assert.ok((items[1] as Buffer).includes(loud), 'all of the speech, in order');
      const warnings = of(log, 'warning').filter(({ code }) => code === 'DETECTOR_FAILED');
      assert.equal(warnings.length, 1);
    });
  }

  it('says nothing twice and leaves nothing open when the connection drops in mid-activity', async () => {
    const { session, peer, server } = await bench.connected({
      ...machine(short),
      config,
      recovery: quick,
    });
    write(session, marked(20, false));
    write(session, marked(10, true, 20));
    await peer.until((messages) => numbers(heard(messages)[1]).at(-1) === 29);
    peer.cut();
    write(session, marked(10, true, 30));
    await next(session, 'state', ({ to }) => to === 'reconnecting');
    write(session, marked(10, false, 40));
    const again = await server.connection(1);
    const items = await untilMarked(again, 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(numbers(items[1]).slice(-25), range(20, 45), 'the whole of the speech, once');
    write(session, stretch);
    const later = await untilMarked(again, 'activityEnd', 2);
    assert.deepEqual(shape(later.slice(3)), ['activityStart', 'audio', 'activityEnd']);
  });

  it('interrupts nothing with activities that became too old while there was no connection', async () => {
    const server = await bench.server();
    const session = bench.session(server, {
      ...machine({ ...short, silenceMs: 40 }),
      lanes: { maxAudioMs: 300 },
    });
    for (let round = 0; round < 5; round++) write(session, stretch);
    await new Promise((resolve) => setTimeout(resolve, 400));
    write(session, marked(5, true, 200));
    await session.connect();
    session.audioStreamEnd();
    const peer = await server.connection();
    const items = await untilMarked(peer, 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(numbers(items[1]).slice(-5), range(200, 205));
  });

  it('ends with the session, and begins anew with the next connection', async () => {
    const { session, server, log } = await bench.connected(machine(short));
    write(session, marked(30, true));
    await session.close();
    assert.deepEqual(
      of(log, 'activity').map(({ type }) => type),
      ['speech-start', 'speech-end'],
    );
    await session.connect();
    write(session, stretch);
    const items = await untilMarked(await server.connection(1), 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd'], 'nothing is left of the first');
  });

  it('ends speech into which the model calls a function that it waits for', async () => {
    const declared = { tools: [{ functionDeclarations: [{ name: 'look' }] }] };
    const { session, peer } = await bench.connected({ ...machine(short), config: declared });
    write(session, marked(10, true));
    peer.send({ toolCall: { functionCalls: [{ id: '1', name: 'look', args: {} }] } });
    await next(session, 'tool-call');
    write(session, marked(10, true, 10));
    session.respond({ id: '1', name: 'look', response: {} });
    await peer.until((messages) => messages.some((message) => 'toolResponse' in message));
    await next(session, 'activity', ({ type }) => type === 'microphone-free');
    write(session, marked(10, true, 20));
    session.audioStreamEnd();
    const items = await untilMarked(peer, 'activityEnd', 2);
    assert.deepEqual([...numbers(items[1]), ...numbers(items[4])], [...range(0, 10), ...range(20, 30)]);
  });

  it('says once that marking by hand does nothing', async () => {
    const { session, peer, log } = await bench.connected(machine(short));
    session.activityStart();
    session.activityEnd();
    write(session, stretch);
    assert.deepEqual(shape(await untilMarked(peer, 'activityEnd')), [
      'activityStart',
      'audio',
      'activityEnd',
    ]);
    assert.deepEqual(
      of(log, 'warning').map(({ code }) => code),
      ['ACTIVITY_BY_MACHINE'],
    );
  });

  it('leaves the detection to the service where the raw setup says so, and tells it', async () => {
    const raw = { rawSetup: { realtimeInputConfig: { automaticActivityDetection: { disabled: false } } } };
    const { session, peer, log } = await bench.connected({ ...machine(short), ...raw });
    write(session, marked(5, false));
    session.audioStreamEnd();
    assert.deepEqual(shape(await untilMarked(peer, 'audioStreamEnd')), ['audio', 'audioStreamEnd']);
    assert.deepEqual(
      of(log, 'warning').map(({ code }) => code),
      ['TURN_DETECTION'],
    );
    const manual = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const other = await bench.connected({
      turnDetection: { by: 'model', neverSendSilence: true },
      config: manual,
    });
    other.session.activityStart();
    write(other.session, marked(5, false));
    other.session.activityEnd();
    const items = await untilMarked(other.peer, 'activityEnd');
    assert.deepEqual(
      shape(items),
      ['activityStart', 'audio', 'activityEnd'],
      'silence between marks is sent',
    );
    assert.equal(of(other.log, 'warning')[0]?.code, 'TURN_DETECTION');
    assert.throws(() => bench.session('http://127.0.0.1:1', { turnDetection: { by: 'nobody' } as never }), {
      code: 'BAD_CONFIG',
    });
  });
});

describe('live: turn detection with voices, on the local server', function () {
  this.timeout(60_000);
  let server: LocalLiveServer;
  before(function () {
    skipWithout(this, !hasVoice('espeak-ng:en-us') && 'espeak-ng (apt install espeak-ng)');
  });
  beforeEach(async () => (server = await startServer({ clock: 20, keepJournal: true })));
  afterEach(async () => {
    await bench.cleanUp();
    await server.close();
  });

  const received = (): Array<string | Buffer> =>
    heard(server.journal.flatMap((entry) => (entry.kind === 'received' ? [entry.message] : [])));

  for (const voice of ['en-us', 'en-gb+f2']) {
    it(`loses neither a first syllable nor a short word (${voice})`, async () => {
      const words = ['yes', 'stop', 'Turn on the kitchen light'];
      const session = bench.session(server.url, machine());
      await session.connect();
      const speech = await Promise.all(words.map((text) => spoken(text, voice)));
      write(session, silence(1500));
      for (const one of speech) write(session, Buffer.concat([one, silence(1200)]));
      while (received().filter((item) => item === 'activityEnd').length < words.length)
        await new Promise((resolve) => setTimeout(resolve, 5));
      const items = received();
      assert.deepEqual(
        shape(items),
        words.flatMap(() => ['activityStart', 'audio', 'activityEnd']),
      );
      speech.forEach((one, at) => {
        const { start, end } = loudSpan(samplesOf(one))!;
        assert.ok((items[3 * at + 1] as Buffer).includes(one.subarray(2 * start, 2 * end)), words[at]);
      });
    });
  }

  it('is understood, and answered', async () => {
    const session = bench.session(server.url, { ...machine(), config: { inputAudioTranscription: {} } });
    await session.connect();
    write(session, Buffer.concat([silence(800), await spoken('Turn on the kitchen light'), silence(1500)]));
    const { user, timings } = await next(session, 'turn');
    assert.match(user, /kitchen light/i);
    assert.ok(timings.endpointMs !== undefined && timings.endpointMs >= 0);
  });

  it('sends no silence in the way of the model either, and says when the microphone pauses', async () => {
    const session = bench.session(server.url, { turnDetection: { by: 'model', neverSendSilence: true } });
    await session.connect();
    const speech = await spoken('Turn on the kitchen light');
    const whole = Buffer.concat([silence(60_000), speech, silence(60_000)]);
    write(session, whole);
    await next(session, 'turn');
    const items = received();
    assert.deepEqual(shape(items), ['audio', 'audioStreamEnd']);
    const [sound] = items as [Buffer];
    const { start, end } = loudSpan(samplesOf(speech))!;
    assert.ok(sound.includes(speech.subarray(2 * start, 2 * end)));
    const extraMs = (sound.length - speech.length) / 32;
    assert.ok(extraMs < 1500, `${extraMs} ms of 120 s of silence were sent`);
    assert.equal(session.stats.unsentAudioMs, (whole.length - sound.length) / 32);
  });
});

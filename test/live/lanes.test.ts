import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LiveSession } from '../../src/live';
import { Chunker } from '../../src/live/chunker';
import { Lanes } from '../../src/live/lanes';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next } from './support';

/** A connection that takes what a test lets it take. */
class Gate {
  bufferedAmount = 0;
  readonly sent: string[] = [];
  private flushed: Array<(() => void) | undefined> = [];

  constructor(private readonly open: boolean) {}

  send(text: string, flushed?: () => void): void {
    this.sent.push(text);
    if (this.open) return;
    this.bufferedAmount += text.length;
    this.flushed.push(flushed);
  }

  drain(): void {
    this.bufferedAmount = 0;
    for (const flushed of this.flushed.splice(0)) flushed?.();
  }

  get kinds(): string[] {
    return this.sent.map((text) => {
      const message = JSON.parse(text) as Record<string, Record<string, unknown>>;
      return Object.keys(message['realtimeInput'] ?? message)[0] ?? '';
    });
  }
}

const start = { realtimeInput: { activityStart: {} } };
const end = { realtimeInput: { activityEnd: {} } };
const call = { toolResponse: { functionResponses: [] } };
const frame = (ms = 20): Buffer => Buffer.alloc(ms * 32);

describe('live: lanes', () => {
  it('sends nothing before it is opened, then control, audio and markers in order, the latest picture before the speech', () => {
    const lanes = new Lanes({}, () => {});
    const gate = new Gate(true);
    lanes.sendPicture(Buffer.from('old'), 'image/jpeg');
    lanes.sendMarker(start);
    lanes.sendAudio(frame());
    lanes.sendAudio(frame(10));
    lanes.sendMarker(end);
    lanes.sendPicture(Buffer.from('new'), 'image/jpeg');
    lanes.sendControl(call);
    assert.deepEqual(gate.sent, []);
    lanes.open(gate);
    assert.deepEqual(gate.kinds, ['toolResponse', 'video', 'activityStart', 'audio', 'audio', 'activityEnd']);
    assert.deepEqual(JSON.parse(gate.sent[1]!), {
      realtimeInput: { video: { mimeType: 'image/jpeg', data: Buffer.from('new').toString('base64') } },
    });
    assert.equal(lanes.stats.droppedVideoFrames, 1);
    assert.equal(lanes.stats.sentAudioMs, 30);
  });

  it('puts one field into each realtimeInput', () => {
    const lanes = new Lanes({}, () => {});
    const gate = new Gate(true);
    lanes.open(gate);
    lanes.sendMarker(start);
    lanes.sendAudio(frame());
    lanes.sendPicture(Buffer.from('x'), 'image/jpeg');
    for (const text of gate.sent) assert.equal(Object.keys(JSON.parse(text).realtimeInput).length, 1);
  });

  it('waits while the network takes nothing, drops the oldest audio, never a marker, and counts', () => {
    const lanes = new Lanes({ maxAudioMs: 100, highWaterBytes: 1 }, () => {});
    const gate = new Gate(false);
    lanes.open(gate);
    lanes.sendControl(call);
    lanes.sendMarker(start);
    for (let i = 0; i < 20; i++) lanes.sendAudio(frame());
    lanes.sendMarker(end);
    assert.equal(gate.sent.length, 1);
    assert.deepEqual(
      [lanes.stats.queuedAudioMs, lanes.stats.droppedAudioMs, lanes.stats.droppedAudioChunks],
      [100, 300, 15],
    );
    for (let i = 0; i < 20; i++) gate.drain();
    assert.deepEqual(gate.kinds, ['toolResponse', 'activityStart', ...Array(5).fill('audio'), 'activityEnd']);
    assert.equal(lanes.stats.queuedAudioMs, 0);
  });

  it('lets control messages pass audio that waits', () => {
    const lanes = new Lanes({ highWaterBytes: 1 }, () => {});
    const gate = new Gate(false);
    lanes.open(gate);
    lanes.sendAudio(frame());
    lanes.sendAudio(frame());
    lanes.sendControl(call);
    gate.drain();
    assert.deepEqual(gate.kinds, ['audio', 'toolResponse']);
  });

  it('refuses control messages beyond its bound', () => {
    const lanes = new Lanes({ maxControlChars: 200 }, () => {});
    const big = { clientContent: { turns: [{ parts: [{ text: 'x'.repeat(150) }] }] } };
    assert.equal(lanes.sendControl(big), true);
    assert.equal(lanes.sendControl(big), false);
  });

  it('accounts for every byte of audio, whatever the network does: sent, dropped, or still there', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('audio' as const), bytes: fc.nat(7000) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom(
            'marker',
            'drain',
            'stall',
            'open',
            'shut',
            'hold',
            'free',
            'refuse',
            'flush',
          ),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const lanes = new Lanes({ maxAudioMs: 300, highWaterBytes: 4000 }, () => {});
        const gates: Gate[] = [];
        const actions: Record<string, () => void> = {
          marker: () => lanes.sendMarker(end),
          drain: () => gates.at(-1)?.drain(),
          stall: () => lanes.open(gates[gates.push(new Gate(false)) - 1]!),
          open: () => lanes.open(gates[gates.push(new Gate(true)) - 1]!),
          shut: () => lanes.shut(),
          hold: () => lanes.hold(true),
          free: () => lanes.hold(false),
          refuse: () => lanes.refuseAudio(frame()),
          flush: () => lanes.flushAudio(),
        };
        let given = 0;
        for (const one of steps) {
          if ('bytes' in one) {
            given += one.bytes;
            lanes.sendAudio(Buffer.alloc(one.bytes));
          } else {
            if (one.kind === 'refuse') given += 640;
            actions[one.kind]!();
          }
          const { audioBytes } = lanes.stats;
          assert.equal(audioBytes.given, given);
          assert.equal(audioBytes.sent + audioBytes.dropped + audioBytes.queued, given);
        }
        // What counts as sent is what the connections were handed, byte for byte.
        const sent = gates
          .flatMap((gate) => gate.sent)
          .reduce((sum, text) => {
            const { audio } = (JSON.parse(text) as { realtimeInput: { audio?: { data: string } } })
              .realtimeInput;
            return sum + (audio ? Buffer.from(audio.data, 'base64').length : 0);
          }, 0);
        assert.equal(lanes.stats.audioBytes.sent, sent);
        lanes.clear();
        const { audioBytes } = lanes.stats;
        assert.deepEqual([audioBytes.queued, audioBytes.sent + audioBytes.dropped], [0, given]);
      }),
      { numRuns: 300, seed: 21 },
    );
  });

  it('goes on by itself when the network takes what it held, however full it was', () => {
    for (const ms of [20, 60, 100]) {
      const lanes = new Lanes({ maxAudioMs: 60_000, highWaterBytes: 10_000 }, () => {});
      const gate = new Gate(false);
      lanes.open(gate);
      for (let i = 0; i < 50; i++) lanes.sendAudio(frame(ms));
      assert.ok(lanes.stats.queuedAudioMs > 0);
      for (let i = 0; i < 50; i++) gate.drain();
      assert.deepEqual([lanes.stats.queuedAudioMs, lanes.stats.sentAudioMs], [0, 50 * ms]);
    }
  });

  it('sends the latest picture only, and no more a second than the model looks at', async () => {
    const lanes = new Lanes({ maxFramesPerSecond: 20 }, () => {});
    const gate = new Gate(true);
    lanes.open(gate);
    for (const name of ['a', 'b', 'c', 'd']) lanes.sendPicture(Buffer.from(name), 'image/jpeg');
    assert.equal(gate.sent.length, 1);
    for (let i = 0; i < 200 && gate.sent.length < 2; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const pictures = gate.sent.map(
      (text) => (JSON.parse(text) as { realtimeInput: { video: { data: string } } }).realtimeInput.video.data,
    );
    assert.deepEqual(
      pictures.map((data) => Buffer.from(data, 'base64').toString()),
      ['a', 'd'],
    );
    assert.deepEqual([lanes.stats.sentVideoFrames, lanes.stats.droppedVideoFrames], [2, 2]);
    const blind = new Lanes({ maxFramesPerSecond: 0 }, () => {});
    blind.open(gate);
    blind.sendPicture(Buffer.from('x'), 'image/jpeg');
    assert.deepEqual([gate.sent.length, blind.stats.droppedVideoFrames], [2, 1]);
  });

  it('sends a picture that waits for its time before a question, and never after it', () => {
    const picture = Buffer.from('p');
    const text = { realtimeInput: { text: 'What is that?' } };
    const cases: Array<[ask: (lanes: Lanes) => void, kinds: string[]]> = [
      [(lanes) => void lanes.sendControl(text, { question: true }), ['video', 'video', 'text']],
      [(lanes) => lanes.sendMarker(start), ['video', 'video', 'activityStart']],
      [(lanes) => void lanes.sendControl(call), ['video', 'toolResponse']],
      [(lanes) => lanes.sendAudio(frame()), ['video', 'audio']],
    ];
    for (const [ask, kinds] of cases) {
      const lanes = new Lanes({ maxFramesPerSecond: 0.001 }, () => {});
      const gate = new Gate(true);
      lanes.open(gate);
      lanes.sendPicture(picture, 'image/jpeg');
      lanes.sendPicture(picture, 'image/jpeg');
      ask(lanes);
      assert.deepEqual(gate.kinds, kinds);
      lanes.shut();
    }
  });

  it('sends no picture before a question where the model looks at none', () => {
    const lanes = new Lanes({ maxFramesPerSecond: 0 }, () => {});
    const gate = new Gate(true);
    lanes.open(gate);
    lanes.sendPicture(Buffer.from('p'), 'image/jpeg');
    lanes.sendMarker(start);
    assert.deepEqual(gate.kinds, ['activityStart']);
  });

  it('lets a picture go at once when somebody begins to speak', async () => {
    const news: boolean[] = [];
    const lanes = new Lanes(
      { maxFramesPerSecond: 0.001 },
      () => {},
      (one) => news.push(one),
    );
    const gate = new Gate(true);
    lanes.open(gate);
    lanes.sendPicture(Buffer.from('a'), 'image/jpeg', false);
    lanes.sendPicture(Buffer.from('b'), 'image/jpeg', true);
    lanes.sendPicture(Buffer.from('c'), 'image/jpeg', false);
    assert.deepEqual(gate.kinds, ['video']);
    lanes.freshen();
    while (gate.sent.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(news, [false, true], 'what replaced something new is news');
    lanes.freshen();
    lanes.sendPicture(Buffer.from('d'), 'image/jpeg');
    assert.equal(gate.sent.length, 3, 'also the next one, where none was waiting');
    lanes.sendPicture(Buffer.from('e'), 'image/jpeg');
    assert.equal(gate.sent.length, 3);
    lanes.shut();
  });

  it('makes chunks of 20 to 100 ms of whole samples from anything, and loses nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9000), { maxLength: 20 }), (sizes) => {
        const input = sizes.map((size) =>
          Buffer.from(Array.from({ length: size }, (_byte, i) => (i * 7) & 255)),
        );
        const chunker = new Chunker();
        const chunks = input.flatMap((piece) => chunker.push(piece));
        for (const { length } of chunks)
          assert.ok(length >= 640 && length <= 3200 && length % 2 === 0, `${length}`);
        const rest = chunker.flush();
        const all = Buffer.concat(rest ? [...chunks, rest] : chunks);
        const whole = Buffer.concat(input);
        assert.ok(all.equals(whole.subarray(0, whole.length & ~1)));
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

/** The model has called a function. */
async function called(session: LiveSession, peer: ScriptedConnection, id: string): Promise<void> {
  peer.send({ toolCall: { functionCalls: [{ id, name: 'f' }] } });
  await next(session, 'tool-call');
}

describe('live: input of a session', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('keeps what is given before connect, sends it after setupComplete, and nothing before', async () => {
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server);
    session.sendText('First');
    session.activityStart();
    session.audio.write(frame(40));
    session.activityEnd();
    session.video.write(Buffer.from([0xff, 0xd8, 0xff]));
    const connecting = session.connect();
    const peer = await server.connection();
    await peer.message(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(peer.received.length, 1);
    peer.send({ setupComplete: {} });
    await connecting;
    await peer.message(5);
    const kinds = peer.received.slice(1).map((message) => Object.keys(message['realtimeInput'] as object)[0]);
    assert.deepEqual(kinds, ['video', 'text', 'activityStart', 'audio', 'activityEnd']);
  });

  it('survives audio for a session that never connects', async () => {
    const session = bench.session(await bench.server(), { lanes: { maxAudioMs: 1000 } });
    for (let i = 0; i < 500; i++) session.audio.write(frame());
    assert.deepEqual([session.stats.queuedAudioMs, session.stats.droppedAudioMs], [1000, 9000]);
  });

  it('drops old audio while the network is stalled, and goes on afterwards', async () => {
    const { session, peer } = await bench.connected({
      lanes: { maxAudioMs: 500, highWaterBytes: 32 * 1024 },
      toolGateMs: false,
    });
    await called(session, peer, 'a');
    peer.stall();
    const second = frame(100);
    for (let i = 0; i < 3000 && session.stats.droppedAudioMs === 0; i++) {
      session.audio.write(second);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(session.stats.droppedAudioMs > 0);
    assert.ok(session.stats.queuedAudioMs <= 500);
    session.respond({ id: 'a', name: 'f', response: {} });
    peer.resume();
    await peer.until((received) => received.find((message) => 'toolResponse' in message));
    await peer.until((received) => {
      const chunks = received.filter((message) => 'audio' in ((message['realtimeInput'] as object) ?? {}));
      return chunks.length * 100 === session.stats.sentAudioMs && session.stats.queuedAudioMs === 0;
    });
  });

  it('offers a new Writable when a pipe has ended the last one', async () => {
    const { session, peer } = await bench.connected();
    const first = session.audio;
    first.end(frame(30).subarray(1));
    await peer.message(1);
    first.write(frame());
    assert.notEqual(session.audio, first);
    session.audio.write(frame());
    await peer.until((received) => received.length >= 3);
  });

  it('sends text in the way the model accepts', async () => {
    const ours = await bench.connected();
    ours.session.sendText('Hi');
    assert.deepEqual(await ours.peer.message(1), { realtimeInput: { text: 'Hi' } });
    const older = await bench.connected({ model: 'gemini-2.5-flash-native-audio-preview-12-2025' });
    older.session.sendText('Hi');
    assert.deepEqual(await older.peer.message(1), {
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'Hi' }] }], turnComplete: true },
    });
  });

  it('keeps texts apart that are written one after the other, also while the model speaks', async () => {
    const { session, peer } = await bench.connected();
    for (const text of ['One.', 'Two.']) session.sendText(text);
    peer.content({ outputTranscription: { text: 'Yes.' } });
    await next(session, 'text', ({ role }) => role === 'model');
    for (const text of ['Three.', 'Four.']) session.sendText(text);
    peer.content({ turnComplete: true });
    assert.equal((await next(session, 'turn')).user, 'One.\nTwo.');
    peer.content({ outputTranscription: { text: 'Yes.' } }, { turnComplete: true });
    assert.equal((await next(session, 'turn')).user, 'Three.\nFour.');
  });

  it('tells what was typed as the user’s text, once, also when the service repeats it', async () => {
    const { session, log, peer } = await bench.connected();
    session.sendText('What time is it?');
    await peer.message(1);
    peer.content({ inputTranscription: { text: 'what time' } }, { inputTranscription: { text: ' is it' } });
    peer.content(
      { outputTranscription: { text: 'Noon.' } },
      { generationComplete: true },
      { turnComplete: true },
    );
    assert.equal((await next(session, 'turn')).user, 'What time is it?');
    const user = log.filter(({ event, role }) => event === 'text' && role === 'user');
    assert.deepEqual(
      user.map(({ text, final }) => [text, final]),
      [['What time is it?', true]],
    );
  });

  it('sends content, tool responses and raw messages, and refuses what cannot be sent', async () => {
    const { session, peer } = await bench.connected({ model: 'gemini-3.8-live' });
    await called(session, peer, 'x');
    session.sendContent([{ role: 'user', parts: [{ text: 'a' }] }], false);
    session.respond({ id: 'x', name: 'f', response: { ok: true }, scheduling: 'SILENT' });
    session.sendRaw({ contextUpdate: { tools: { tools: [] } } });
    session.audioStreamEnd();
    await peer.message(4);
    assert.deepEqual(peer.received.slice(1), [
      { clientContent: { turns: [{ role: 'user', parts: [{ text: 'a' }] }], turnComplete: false } },
      {
        toolResponse: {
          functionResponses: [{ id: 'x', name: 'f', response: { ok: true }, scheduling: 'SILENT' }],
        },
      },
      { contextUpdate: { tools: { tools: [] } } },
      { realtimeInput: { audioStreamEnd: true } },
    ]);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const bad = [
      () => session.sendText(''),
      () => session.sendContent([]),
      () => session.respond([]),
      () => session.respond({ name: 'f', response: {} }),
      () => session.sendRaw({}),
      () => session.sendRaw({ setup: {}, clientContent: {} }),
      () => session.sendRaw({ toolResponse: circle }),
      () => session.sendRaw(null as never),
    ];
    for (const send of bad) assert.throws(send, { name: 'LiveError', code: 'BAD_INPUT' });
  });

  it('refuses to queue control messages without bound', () => {
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: 'http://127.0.0.1:1' },
      lanes: { maxControlChars: 100 },
    });
    session.sendText('x'.repeat(80));
    assert.throws(() => session.sendText('y'.repeat(80)), { code: 'QUEUE_FULL' });
  });
});

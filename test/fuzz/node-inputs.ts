import { Readable } from 'node:stream';
import { createMedia, type MediaFormat, type MediaWriter } from '../../src/media';
import { spoken, spokenWav } from '../nodes/sounds';
import type { Random } from '../support/random';

/** A message as any flow may send it. */
export type Input = Record<string, unknown>;

/** What each kind of node knows, so that half of what comes makes some sense. */
export const ACTIONS: Record<string, readonly string[]> = {
  session: [
    'connect',
    'disconnect',
    'sleep',
    'wake',
    'activity-start',
    'activity-end',
    'audio-end',
    'interrupt',
    'content',
    'say',
    'context',
    'played',
    'raw',
  ],
  in: ['start', 'stop', 'mute'],
  look: ['start', 'stop', 'look', 'mute'],
  eye: ['start', 'stop', 'look'],
  out: ['stop', 'volume', 'mute'],
  cut: ['stop'],
  join: [],
  router: ['confirm', 'deny'],
  answer: [],
};

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(200, 1)]);
const FORMATS: readonly unknown[] = [
  'audio/pcm;rate=16000',
  { mime: 'audio/pcm', rate: 16_000, channels: 1 },
  { mime: 'audio/pcm', rate: 24_000, channels: 1 },
  { mime: 'image/jpeg' },
  { mime: 'audio/pcm', rate: 'fast' },
  { mime: 'audio/pcm', rate: -1, channels: 99 },
  { mime: 'text/html' },
  'nonsense',
  '',
  5,
  [],
  null,
  {},
];
const cyclic: Input = { name: 'cyclic' };
cyclic.self = cyclic;

/** Values that fit nothing. */
export const ODD: readonly unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  0,
  1e21,
  10n,
  true,
  false,
  '',
  ' ',
  '\u0000',
  '{"payload":1}',
  'x'.repeat(20_000),
  Symbol('odd'),
  [],
  [null],
  {},
  cyclic,
  Object.create(null) as object,
  Object.freeze({ frozen: true }),
  new Date(NaN),
  new Map([['a', 1]]),
  new Error('an error as payload'),
  () => 'a function',
  class Odd {},
  Promise.resolve(1),
  new Uint8Array(64),
  new ArrayBuffer(8),
  { type: 'Buffer', data: [1, 2, 3] },
  { toString: null, valueOf: null },
  { then: 1 },
  { parts: [{ text: 'a turn' }], role: 'user' },
  [{ role: 'model', parts: [{ text: 'a turn' }] }],
  [{ role: 7, parts: 'none' }],
  { realtimeInput: { text: 'raw' } },
  { clientContent: {}, setup: {} },
  { setup: { model: 'another' } },
  { toolResponse: { functionResponses: [{ id: 'x', name: 'y', response: {} }] } },
  { systemInstruction: 'be brief', tools: [] },
  { tools: 'all' },
];

/** Calls of the model, and what is none. */
const TOOLS: readonly unknown[] = [
  { id: 'c1', name: 'set_light', session: 'session' },
  { id: '', name: 'set_light', session: 'session' },
  { id: 'c1', name: 'set_light', session: 'nowhere' },
  { id: 'c1', name: '__proto__', session: '__proto__' },
  { id: 1, name: null, session: [] },
];
const SCHEDULINGS: readonly unknown[] = ['SILENT', 'when idle', 'soon', 5, null, {}];

/** Random messages for nodes. What they leave open is closed by {@link NodeInputs.finish}. */
export class NodeInputs {
  private readonly open: MediaWriter[] = [];
  private readonly streams: Readable[] = [];

  constructor(private readonly random: Random) {}

  /** @param node one of the keys of {@link ACTIONS} */
  next(node: string): Input {
    const { random } = this;
    const msg: Input = { payload: this.payload(node) };
    if (random.chance(0.4)) msg.action = this.action(node);
    if (random.chance(0.4)) msg.format = random.pick(FORMATS);
    for (const name of ['turn', 'parts', 'topic', 'turnComplete', 'priority', 'live', 'device', 'session']) {
      if (random.chance(0.08)) msg[name] = random.pick(ODD);
    }
    if (random.chance(0.3)) msg.parts = { id: random.pick(['a', 'b', 7, null]), index: random.below(50) };
    if (random.chance(0.1)) msg.complete = random.pick([true, false, 'yes', null]);
    if (random.chance(0.1)) msg.reset = random.pick([true, 'INTERRUPTED', 'NODE_CLOSED', 'toString', 5]);
    if (random.chance(0.3)) msg.tool = random.pick(random.chance(0.2) ? ODD : TOOLS);
    if (random.chance(0.1)) msg.media = random.chance(0.5) ? this.payload(node) : random.pick(ODD);
    if (random.chance(0.1)) msg.scheduling = random.pick(SCHEDULINGS);
    if (random.chance(0.1)) msg.error = random.pick(ODD);
    if (random.chance(0.1)) msg.willContinue = random.pick([true, false, 'true', 7]);
    // A node that is told no file name answers with an error at once; a few may write and read.
    if (random.chance(0.1)) msg.filename = this.fileName();
    if (random.chance(0.1))
      msg.url = random.pick(
        random.chance(0.5) ? ODD : ['http://127.0.0.1:1/', 'rtsp://127.0.0.1:1/x', 'a:b'],
      );
    if (random.chance(0.1)) msg.longestSide = random.pick(ODD);
    return msg;
  }

  /** Ends every stream that was left open: what waits for it can come to its end. */
  finish(): void {
    for (const writer of this.open.splice(0)) writer.end();
    for (const stream of this.streams.splice(0)) stream.push(null);
  }

  private action(node: string): unknown {
    const { random } = this;
    if (random.chance(0.7)) return random.pick(ACTIONS[node]!) ?? 'stop';
    return random.pick(['dance', '__proto__', 'constructor', 'toString', 0, null, {}, ['stop'], '']);
  }

  private payload(node: string): unknown {
    const { random } = this;
    const kind = random.below(100);
    if (kind < 40) return random.pick(ODD);
    if (kind < 60) return this.bytes();
    if (kind < 75) return this.handle();
    if (kind < 80) return this.stream();
    if (kind < 90) return random.below(100_000) / 7;
    return node === 'in' ? this.fileName() : `a text with the number ${random.below(1000)}`;
  }

  private bytes(): Buffer {
    const { random } = this;
    // Whatever begins like a compressed file starts a decoder, which costs a process each: a few of them are enough.
    if (random.chance(0.02)) return Buffer.concat([Buffer.from('OggS'), random.bytes(200)]);
    return random.pick([
      () => Buffer.alloc(0),
      () => Buffer.alloc(640 * (1 + random.below(20)), 3),
      () => Buffer.alloc(1 + 2 * random.below(500), 3),
      () => spoken(300),
      () => spokenWav(200),
      () => spokenWav(200).subarray(0, random.below(100)),
      () => Buffer.concat([Buffer.from('RIFF'), random.bytes(random.below(200))]),
      () => JPEG,
    ])();
  }

  private handle(): unknown {
    const { random } = this;
    const format = random.pick<MediaFormat>([
      { mime: 'audio/pcm', rate: 16_000, channels: 1 },
      { mime: 'audio/pcm', rate: 24_000, channels: 1 },
      { mime: 'image/jpeg' },
    ]);
    const policy = format.mime === 'image/jpeg' ? 'latest' : random.pick(['drop-oldest', 'retain'] as const);
    const writer = createMedia({ format, policy, label: 'fuzz' });
    if (random.chance(0.8)) writer.write(format.mime === 'image/jpeg' ? JPEG : Buffer.alloc(1920, 5));
    const end = random.below(10);
    if (end < 4) writer.end();
    else if (end < 6) writer.abort(random.pick(['INTERRUPTED', 'CANCELLED', 'SOURCE_FAILED']), 'fuzz');
    else this.open.push(writer);
    return random.chance(0.1) ? (JSON.parse(JSON.stringify(writer.handle)) as object) : writer.handle;
  }

  private stream(): Readable {
    const { random } = this;
    const stream = new Readable({ read: () => {}, objectMode: random.chance(0.2) });
    stream.on('error', () => {});
    if (random.chance(0.7)) stream.push(Buffer.alloc(640, 5));
    const end = random.below(10);
    if (end < 3) stream.push(null);
    else if (end < 5) stream.destroy();
    else if (end < 7) setImmediate(() => stream.destroy(new Error('the cable was pulled')));
    else this.streams.push(stream);
    return stream;
  }

  private fileName(): unknown {
    return this.random.pick<unknown>([
      'nowhere.wav',
      'no/such/folder/a.wav',
      'sample:nonsense',
      'http://127.0.0.1:1/nothing',
      'gopher://127.0.0.1/',
      'file://%',
      '.',
      'a-{turn}.wav',
      '',
      7,
      {},
    ]);
  }
}

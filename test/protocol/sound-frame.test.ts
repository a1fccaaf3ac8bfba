import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decode, Sound, type Problem } from '../../src/protocol';

/** What comes of a frame: the message as plain data, or the error, and everything that was reported. */
function outcome(frame: Buffer | string): unknown {
  const problems: Problem[] = [];
  try {
    const message = decode(frame, (problem) => problems.push(problem));
    return { message: JSON.parse(JSON.stringify(message)) as unknown, problems };
  } catch (error) {
    return { error: (error as Error).message, problems };
  }
}

/** A Buffer may take the short way; its text takes the ordinary one. */
function same(frame: Buffer): void {
  assert.deepEqual(outcome(frame), outcome(frame.toString('utf8')));
}

const sound = (bytes: number, seed = 7): string =>
  Buffer.from(Array.from({ length: bytes }, (_byte, i) => (i * seed + (i >> 3)) & 255)).toString('base64');
const message = (data: string, more: object = {}): string =>
  JSON.stringify({
    serverContent: {
      modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] },
      ...more,
    },
  });
const soundOf = (frame: string): unknown =>
  decode(Buffer.from(frame)).serverContent?.modelTurn?.parts?.[0]?.inlineData;

describe('protocol: sound read from the bytes of a frame', () => {
  it('gives the bytes of the sound, and its base64 to whoever asks', () => {
    for (const bytes of [960, 961, 962, 1920, 40_000]) {
      const found = soundOf(message(sound(bytes)));
      assert.ok(found instanceof Sound, `${bytes}`);
      assert.equal(found.data, sound(bytes));
      assert.deepEqual(found.bytes, Buffer.from(sound(bytes), 'base64'));
    }
  });

  it('keeps the sounds of frames apart, also where the one before was alike', () => {
    const frames = [3, 5, 7, 3].map((seed) => soundOf(message(sound(960, seed))) as Sound);
    const copies = [3, 5, 7, 3].map((seed) => Buffer.from(sound(960, seed), 'base64'));
    frames.forEach(({ bytes }, i) => assert.deepEqual(bytes, copies[i]));
  });

  it('reads every spelling as the ordinary way does', () => {
    const data = sound(960);
    const url = sound(960, 251).replaceAll('+', '-').replaceAll('/', '_');
    const frames = [
      message(data),
      message(data),
      JSON.stringify(JSON.parse(message(data)), null, 2),
      message(data, { outputTranscription: { text: 'Grüß dich "data"' }, turnComplete: true }),
      message(url),
      message(data).replace('inlineData', 'inline_data'),
      message(data).replace('"data":', '"data" :\n\t '),
      message(data).replace('"data"', '"\\u0064ata"'),
      message(data).replace('"data":', '"data":"AAAA","data":'),
      message(data).replace(/"}}\]/, '","data":"AAAA"}}]'),
      message(data).replace('audio/pcm', 'audio\\/pcm'),
      message(data).replace('"mimeType"', '"text\\"data":"x","mimeType"'),
      message(data).replace('{"serverContent"', '{"novelty":1,"serverContent"'),
      message(data.slice(0, -1)),
      message(`${data.slice(0, 400)} ${data.slice(401)}`),
      message(`${data.slice(0, 400)}=${data.slice(401)}`),
      message(`${data.slice(0, 400)}\\n${data.slice(402)}`),
      message(`${data.slice(0, 400)}\n${data.slice(401)}`),
      message(`${sound(961).slice(0, -3)}R==`),
      message(sound(961)).replace(/.==/, '/=='),
      message(data).slice(0, -1),
      message(data).replace('"parts"', '"role":"model","parts"'),
      JSON.stringify({ toolCall: { functionCalls: [{ id: 'a', name: 'f', args: { data } }] } }),
      JSON.stringify({ serverContent: { modelTurn: { parts: [{ text: data }, { inlineData: { data } }] } } }),
      JSON.stringify({ data }),
    ];
    // Twice, and in both orders: the frame before must not show in the next.
    for (const text of [...frames, ...frames.toReversed()]) same(Buffer.from(text));
  });

  it('reads mutated frames as the ordinary way does', () => {
    const whole = Buffer.from(message(sound(300), { turnComplete: false }));
    const plain = Buffer.from(message(sound(300)));
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.nat(3) }), {
          maxLength: 4,
        }),
        (short, edits) => {
          let frame = Buffer.from(short ? plain : whole);
          for (const { at, byte, cut } of edits) {
            frame = Buffer.concat([
              frame.subarray(0, at),
              Buffer.from([byte]),
              frame.subarray(Math.min(frame.length, at + cut)),
            ]);
          }
          same(frame);
          same(plain);
        },
      ),
      { numRuns: 3000, seed: 11 },
    );
  });

  it('reads any mixture of fields as the ordinary way does', () => {
    const blob = fc.record({
      mimeType: fc.constantFrom('audio/pcm;rate=24000', 'audio/pcm', 'image/png', 'ünï'),
      data: fc.nat(900).map((size) => sound(size)),
    });
    const part = fc.oneof(
      fc.record({ inlineData: blob }),
      fc.record({ text: fc.string() }),
      fc.record({ data: blob }),
    );
    const any = fc.record(
      {
        serverContent: fc.record({ modelTurn: fc.record({ parts: fc.array(part, { maxLength: 3 }) }) }),
        usageMetadata: fc.record({ totalTokenCount: fc.nat() }),
        data: fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(any, (value) => same(Buffer.from(JSON.stringify(value)))),
      { numRuns: 1000, seed: 12 },
    );
  });
});

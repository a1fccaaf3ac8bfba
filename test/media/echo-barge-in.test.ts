import assert from 'node:assert/strict';
import { createMedia, EchoGuard, PCM_16K, PCM_24K, type EchoOptions } from '../../src/media';
import { settle } from './support';
import { bytesOf, samplesOf } from '../support/sound';
import { buzz, join, mix, noise } from '../support/speech-like';

/** Samples of a microphone in 20 ms. */
const FRAME = 320;
/** The echo arrives so much later, and this much quieter (factor: about −13 dB). */
const DELAY_MS = 120;
const COUPLING = 0.22;

const ANSWER_MS = 6000;
const LOUDNESS = 9000;

const silence = (ms: number): Int16Array => new Int16Array(ms * 16);
/** The answer of `ms`, as it arrives at the microphone, with the noise of the room. */
const echo = (ms = ANSWER_MS, loudness = LOUDNESS): Int16Array =>
  mix(join(silence(DELAY_MS), buzz(ms, loudness * COUPLING), silence(800)), noise(ms + DELAY_MS + 800));

/** What is sent of a microphone while an answer plays; the guard may have lived through others before. */
async function play(
  guard: EchoGuard,
  clock: { ms: number },
  heard: Int16Array,
  answer = buzz(ANSWER_MS, LOUDNESS, 24_000),
): Promise<Int16Array> {
  const writer = createMedia({ format: PCM_24K, policy: 'retain' });
  writer.write(bytesOf(answer));
  writer.end();
  guard.watch(writer.handle);
  const microphone = createMedia({ format: PCM_16K, policy: 'drop-oldest' }).handle;
  const sent: Buffer[] = [];
  const answerMs = answer.length / 24;
  for (let at = 0; at < heard.length; at += FRAME) {
    clock.ms += 20;
    const played = (at + FRAME) / 16;
    if (played <= answerMs) writer.handle.reportPlayed(played, { sink: 'speaker' });
    await settle();
    sent.push(guard.filter(bytesOf(heard.slice(at, at + FRAME)), microphone));
  }
  clock.ms += 1000;
  return samplesOf(Buffer.concat(sent));
}

function make(options: Partial<EchoOptions> = {}): { guard: EchoGuard; clock: { ms: number } } {
  const clock = { ms: 1000 };
  return { clock, guard: new EchoGuard({ mode: 'barge-in', now: () => clock.ms, ...options }) };
}

/** What is sent until the answer and its tail are over: silence, unless somebody is believed to speak. */
const during = (sent: Int16Array): Int16Array => sent.slice(0, 16 * (ANSWER_MS + 280));
const silent = (sent: Int16Array): boolean => sent.every((sample) => sample === 0);
/** One sound over another, from a time on. */
const over = (room: Int16Array, voice: Int16Array, fromMs: number): Int16Array =>
  mix(room, join(silence(fromMs), voice, silence(ANSWER_MS)));

describe('media: EchoGuard, barge-in', () => {
  it('keeps the echo back, in the first answer and in later ones, and lets pass what comes after it', async () => {
    const { guard, clock } = make();
    for (let answer = 0; answer < 3; answer += 1) {
      const sent = await play(guard, clock, echo());
      assert.equal(sent.length, echo().length);
      assert.ok(silent(during(sent)), `answer ${answer}`);
      assert.ok(!silent(sent.slice(16 * (ANSWER_MS + 400))), 'the room after it');
    }
  });

  it('lets somebody through who speaks over it, with the first syllable', async () => {
    const { guard, clock } = make();
    const voice = buzz(1200, 9000);
    const room = over(echo(), voice, 3000);
    const sent = await play(guard, clock, room);
    assert.ok(silent(sent.slice(0, 16 * 3000)));
    // What was kept back is sent late, beside the silence that stood for it.
    assert.ok(sent.length > room.length);
    const spoken = room.slice(16 * 3000, 16 * 4200);
    const found = sent.findIndex((_, at) => spoken.every((sample, i) => sent[at + i] === sample));
    assert.ok(found >= 0, 'the whole of what was said, in one piece');
  });

  it('closes again when the voice is over', async () => {
    const { guard, clock } = make();
    const sent = await play(guard, clock, over(echo(), buzz(600, 9000), 1500));
    const late = 16 * 300; // what was sent late
    assert.ok(silent(sent.slice(16 * 3500 + late, 16 * (ANSWER_MS + 280))));
  });

  it('lets a quiet voice through in a pause of the answer, which over the answer would be lost', async () => {
    const quiet = buzz(800, 1200);
    const pause = 1500;
    const answer = join(
      buzz(2000, LOUDNESS, 24_000),
      new Int16Array(24 * pause),
      buzz(ANSWER_MS - 2000 - pause, LOUDNESS, 24_000),
    );
    const arrives = mix(
      join(
        silence(DELAY_MS),
        buzz(2000, LOUDNESS * COUPLING),
        silence(pause),
        buzz(ANSWER_MS - 2000 - pause, LOUDNESS * COUPLING),
        silence(800),
      ),
      noise(ANSWER_MS + DELAY_MS + 800),
    );
    const first = make();
    assert.ok(!silent(during(await play(first.guard, first.clock, over(arrives, quiet, 2700), answer))));
    const second = make();
    assert.ok(silent(during(await play(second.guard, second.clock, over(arrives, quiet, 1000), answer))));
  });

  it('learns a louder volume, and is not shut for ever after it', async () => {
    const { guard, clock } = make();
    await play(guard, clock, echo());
    // Four times as loud: +12 dB.
    for (let answer = 0; answer < 4; answer += 1) await play(guard, clock, echo(ANSWER_MS, 4 * LOUDNESS));
    assert.ok(silent(during(await play(guard, clock, echo(ANSWER_MS, 4 * LOUDNESS)))));
    assert.ok(!silent(during(await play(guard, clock, over(echo(), buzz(1000, 24_000), 3000)))));
  });

  it('is not opened by a click', async () => {
    const { guard, clock } = make();
    assert.ok(silent(during(await play(guard, clock, over(echo(), buzz(40, 20_000), 3000)))));
  });
});

import assert from 'node:assert/strict';
import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { HearingTrial } from '../../scripts/assets/hearing-trial';
import { withNoise } from '../../scripts/assets/noise';
import { hasVoice, packageOf, type VoiceName } from '../../scripts/assets/synth';
import { TEMPLATE_VOICES, TEST_VOICES, UNRELATED_SENTENCES } from '../../scripts/assets/voices';
import { decodeOpus } from '../../src/media/opus';
import { ACCEPTED_SCORE, createEars, scriptedEars, type DtwEars } from '../../src/server/ears';
import { average } from '../../src/server/ears/average';
import { align, distance } from '../../src/server/ears/dtw';
import { DIMENSIONS, type Features } from '../../src/server/ears/features';
import { packTemplates, shippedTemplates, unpackTemplates } from '../../src/server/ears/templates';
import { loadScenario, type RuleScenario } from '../../src/server/scenario';
import { YES_OR_NO } from '../../src/server/scenario/question';

const SAMPLES = path.join(__dirname, '../../nodes/audio-in/samples');
const RATE = 16000;

async function readSample(file: string): Promise<Int16Array> {
  const decoded = createReadStream(path.join(SAMPLES, file)).pipe(
    decodeOpus({ container: 'ogg', rate: RATE, channels: 1 }),
  );
  const bytes = Buffer.concat(await decoded.toArray());
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function tone(ms: number): Int16Array {
  return Int16Array.from(
    { length: (ms * RATE) / 1000 },
    (_, n) => 8000 * Math.sin((2 * Math.PI * 440 * n) / RATE),
  );
}

describe('Ears of the local server', () => {
  let scenario: RuleScenario;
  let ears: DtwEars;
  before(async () => {
    scenario = await loadScenario('assistant');
    ears = await createEars(scenario);
  });

  for (const file of readdirSync(SAMPLES)) {
    it(`hear the shipped request ${file}, clean and in noise`, async () => {
      const pcm = await readSample(file);
      const text = path.basename(file, '.ogg').replaceAll('-', ' ');
      const isAnswer = YES_OR_NO.some((phrase) => phrase.text === text || phrase.also?.includes(text));
      const phrases = isAnswer ? YES_OR_NO : scenario.phrases;
      const { score } = await ears.hear(pcm, phrases);
      assert.ok(score < ACCEPTED_SCORE - 0.03, `only just: ${score}`);
      for (const sound of [pcm, withNoise(pcm, 'white', 20, 1), withNoise(pcm, 'pink', 20, 2)]) {
        const hearing = await ears.hear(sound, phrases);
        assert.deepEqual([hearing.text, hearing.accepted], [text, true], `score ${hearing.score}`);
        assert.ok(hearing.phrase && phrases.includes(hearing.phrase));
      }
    });
  }

  it('make nothing of silence, noise, a tone, a click or a speech', async () => {
    const quiet = new Int16Array(RATE);
    const noise = withNoise(tone(1000), 'white', -40, 3);
    for (const pcm of [
      new Int16Array(0),
      new Int16Array(5),
      quiet,
      noise,
      tone(1500),
      tone(30),
      tone(60_000),
    ]) {
      const { accepted, phrase, score } = await ears.hear(pcm, scenario.phrases);
      assert.ok(!accepted && !phrase && Number.isFinite(score));
    }
  });

  it('hear only what is asked for: another known phrase is no candidate, and proves the others wrong', async () => {
    const pcm = await readSample('good-morning.ogg');
    const others = scenario.phrases.filter((phrase) => phrase.id !== 'good-morning');
    assert.equal((await ears.hear(pcm, others)).accepted, false);
    const only = scenario.phrases.filter((phrase) => phrase.id === 'good-morning');
    assert.equal((await ears.hear(pcm, only)).accepted, true);
    assert.equal((await ears.hear(pcm, [])).accepted, false);
  });

  it('let others work while they listen', async () => {
    let turns = 0;
    let listening = true;
    const count = (): void => {
      turns++;
      if (listening) setImmediate(count);
    };
    setImmediate(count);
    await ears.hear(withNoise(tone(7000), 'pink', 0, 4), scenario.phrases);
    listening = false;
    assert.ok(turns >= 2, `the event loop turned ${turns} times`);
  });

  it('learn the wordings of another scenario, or tell which they cannot hear', async () => {
    const phrases = [{ id: 'door', text: 'open sesame' }];
    const teacher = (await shippedTemplates()).wordings.get('good morning')!;
    const taught = await createEars({ name: 'mine', phrases }, () => Promise.resolve(teacher));
    const shipped = scenario.phrases.map((phrase) => phrase.text);
    assert.deepEqual(taught.deaf, []);
    assert.equal((await taught.hear(await readSample('good-morning.ogg'), phrases)).text, 'open sesame');
    const untaught = await createEars({ name: 'mine', phrases }, () => Promise.resolve(undefined));
    assert.deepEqual(untaught.deaf, ['open sesame']);
    assert.equal((await untaught.hear(await readSample('good-morning.ogg'), phrases)).text, '');
    assert.equal((await createEars({ name: 'x', phrases: scenario.phrases })).deaf.length, 0, shipped.join());
  });

  it('follow a script in tests that are not about hearing', async () => {
    const scripted = scriptedEars(['good morning', 'something else']);
    const first = await scripted.hear(tone(100), scenario.phrases);
    assert.deepEqual([first.text, first.phrase?.id, first.accepted], ['good morning', 'good-morning', true]);
    const second = await scripted.hear(tone(100), scenario.phrases);
    assert.deepEqual([second.text, second.phrase, second.accepted], ['something else', undefined, true]);
    assert.equal((await scripted.hear(tone(100), scenario.phrases)).accepted, false);
  });
});

describe('Time warping', () => {
  /** A made-up utterance whose first number goes through the given values. */
  function utterance(values: readonly number[]): Features {
    const data = new Float32Array(values.length * DIMENSIONS);
    values.forEach((value, frame) => (data[frame * DIMENSIONS] = value));
    return { frames: values.length, data };
  }
  const word = [0, 1, 5, 9, 9, 4, 2, 7, 7, 3, 1, 0];
  const slow = word.flatMap((value, index) => (index % 2 ? [value, value] : [value]));

  it('finds an utterance at no distance from itself, near to a slower one and far from another', () => {
    const other = utterance([...word].reverse().map((value) => 9 - value));
    assert.equal(distance(utterance(word), utterance(word)), 0);
    assert.ok(distance(utterance(word), utterance(slow)) < 1);
    assert.ok(distance(utterance(word), other) > 2);
    assert.equal(distance(utterance(word), other), distance(other, utterance(word)));
  });

  it('does not compare what is more than twice as long', () => {
    assert.equal(distance(utterance(word), utterance([...word, ...word, 0])), Infinity);
    assert.deepEqual(align(utterance(word), utterance([...word, ...word, 0])), []);
  });

  it('aligns from the end to the beginning, each step forward', () => {
    const pairs = align(utterance(word), utterance(slow));
    assert.deepEqual(pairs[0], [word.length - 1, slow.length - 1]);
    assert.deepEqual(pairs.at(-1), [0, 0]);
    for (const [index, [i, j]] of pairs.slice(1).entries()) {
      const [pi, pj] = pairs[index]!;
      assert.ok(pi - i >= 0 && pi - i <= 1 && pj - j >= 0 && pj - j <= 1 && pi - i + pj - j > 0);
    }
  });

  it('averages voices frame by frame', () => {
    const [low, high] = [
      utterance(word.map((value) => value - 1)),
      utterance(word.map((value) => value + 1)),
    ];
    const mean = average([low, utterance(word), high]);
    assert.equal(mean.frames, word.length);
    assert.ok(distance(mean, utterance(word)) < distance(low, utterance(word)));
  });

  it('keeps templates through packing, to the precision of a byte', () => {
    const projection = new Float32Array(DIMENSIONS * 117).fill(0.25);
    const wordings = new Map([
      ['a word', utterance(word)],
      ['another', utterance(slow)],
    ]);
    const again = unpackTemplates(packTemplates({ projection, wordings }));
    assert.deepEqual(again.projection, projection);
    assert.deepEqual([...again.wordings.keys()], ['a word', 'another']);
    for (const [text, { data }] of wordings) {
      again.wordings.get(text)!.data.forEach((value, at) => assert.ok(Math.abs(value - data[at]!) <= 0.05));
    }
  });
});

describe('Hearing strange voices, a sample of the full test', () => {
  const SAMPLE: readonly VoiceName[] = ['flite:rms', 'espeak-ng:en-us+f3'];

  it('uses voices that are not among the templates', () => {
    assert.ok(TEST_VOICES.length >= 5);
    assert.ok(TEST_VOICES.every((voice) => !TEMPLATE_VOICES.includes(voice)));
  });

  for (const voice of SAMPLE) {
    const test = hasVoice(voice) ? it : it.skip;
    test(`hears ${voice} say yes and no while a question is open, and at no other time`, async () => {
      const asked = await HearingTrial.create(true);
      const heard = await asked.count(voice, 'clean', asked.answers);
      assert.equal(heard.right, asked.answers.length, heard.misses.join('\n'));
      const others = ['turn off the kitchen light', 'is the front door locked', 'good night'];
      const taken = await asked.countTakenForAnswers(voice, 'clean', others);
      assert.equal(taken.wrong, 0, taken.misses.join('\n'));
      const unasked = await HearingTrial.create();
      const unheard = await unasked.countUnrelated(voice, 'clean', unasked.answers);
      assert.equal(unheard.wrong, 0, unheard.misses.join('\n'));
    });

    test(`hears ${voice} (needs the package ${packageOf(voice)} and ffmpeg)`, async () => {
      const trial = await HearingTrial.create();
      const texts = trial.wordings.filter((_, index) => index % 4 === 0);
      const heard = await trial.count(voice, 'clean', texts);
      assert.ok(heard.right >= texts.length - 1 && heard.wrong === 0, heard.misses.join('\n'));
      const unrelated = await trial.countUnrelated(voice, 'clean', UNRELATED_SENTENCES.slice(0, 4));
      assert.equal(unrelated.wrong, 0, unrelated.misses.join('\n'));
    });
  }
});

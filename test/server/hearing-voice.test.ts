import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ASSETS, createMind, loadScenario, type RuleScenario } from '../../src/server/scenario';
import { createVoice, VOICE_RATE } from '../../src/server/voice';
import { speakWithEspeak } from '../../src/server/voice/espeak';
import { speakWithFlite } from '../../src/server/voice/flite';
import { speakFreely, toPcm } from '../../src/server/voice/free';
import { spokenKey, spokenUnits } from '../../src/server/voice/spoken';

/** The worker is started from a file, which is another one, in another module format, once it is compiled. */
const BUILT_FLITE = path.join(__dirname, '../../dist/src/server/voice/flite.js');

const none = (): Promise<undefined> => Promise.resolve(undefined);

function seconds(pcm: Int16Array): number {
  return pcm.length / VOICE_RATE;
}

function loudness(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
}

function hasEspeak(): boolean {
  try {
    return execFileSync('espeak-ng', ['--version']).length > 0;
  } catch {
    return false;
  }
}

describe('Voice of the local server', () => {
  let scenario: RuleScenario;
  before(async () => {
    scenario = await loadScenario('assistant');
  });

  it('fits into one megabyte together with the ears', () => {
    const total = readdirSync(ASSETS).reduce((sum, name) => sum + statSync(path.join(ASSETS, name)).size, 0);
    assert.ok(total <= 1_000_000, `${total} bytes`);
  });

  it('says numbers, times and dates as words', () => {
    assert.equal(spokenKey('It is 5:05 PM.'), 'it is five oh five p m');
    assert.equal(spokenKey('at 12:00 AM'), 'at twelve a m');
    assert.equal(spokenKey('Saturday, November 21st'), 'saturday november twenty first');
    assert.equal(spokenKey('It is -2.05, or 48%.'), 'it is minus two point zero five or forty eight percent');
    assert.equal(spokenKey('half-full - or 7 %'), 'half full or seven');
    assert.equal(spokenKey('22 degrees; 105 lamps'), 'twenty two degrees one hundred five lamps');
    assert.deepEqual(
      spokenUnits('Well, yes. Up!').map((unit) => unit.pauseMs > 0),
      [true, true, true],
    );
  });

  it('says every answer of the shipped scenario, at any time of the year, without a synthesiser', async () => {
    const voice = await createVoice(scenario, none);
    const pointer = await voice.speak('My answer is in the transcript.');
    const mind = createMind(scenario);
    const texts = new Set(scenario.rules.flatMap(({ say, otherwise }) => [...say, otherwise ?? '']));
    const sayable = [...texts].filter((text) => text && !text.includes('{'));
    const ask = [
      'what time is it',
      'what is the date today',
      'roll the dice',
      'turn on the bedroom light',
      'what?',
    ];
    for (let day = 0; day < 31; day++) {
      const now = new Date(2026, day % 12, 1 + day, (day * 5) % 24, (day * 13) % 60, 0, day);
      const questions = [
        ...ask,
        'flip a coin',
        `set the thermostat to ${15 + (day % 14)} degrees`,
        `set a timer for ${2 + day} minutes`,
      ];
      for (const text of questions) {
        sayable.push((await mind.reply({ text, memory: new Map(), tools: [], now })).say);
      }
    }
    for (const text of scenario.phrases.map((phrase) => phrase.text)) {
      const hearing = { text, score: 0.9, accepted: false, recognizer: 'dtw' } as const;
      sayable.push((await mind.reply({ text, hearing, memory: new Map(), tools: [], now: new Date() })).say);
    }
    for (const text of sayable) {
      const { pcm, source } = await voice.speak(text);
      assert.notEqual(pcm.length, pointer.pcm.length, `${text} is only in the transcript`);
      assert.match(source, /^(clip|composed)$/, text);
      const words = spokenKey(text).split(' ').length;
      assert.ok(seconds(pcm) > 0.1 * words && seconds(pcm) < 1 + 0.9 * words, `${text}: ${seconds(pcm)} s`);
      assert.ok(loudness(pcm) > 300, `${text} is silent`);
    }
  });

  it('says what came of the functions of a home without a synthesiser', async () => {
    const voice = await createVoice(scenario, none);
    const pointer = await voice.speak('My answer is in the transcript.');
    const texts = [
      'The kitchen light is on.',
      'The bedroom light is off.',
      'The living room light is on. It is at 40 percent.',
      'The kitchen blinds are open.',
      'The bedroom blinds are closed.',
      'The blinds are at 75 percent.',
      'The blinds are opening.',
      'The thermostat is set to 21 degrees.',
      'The thermostat is set to 19.5 degrees.',
      'It is 21.5 degrees in the kitchen. The humidity is 48 percent.',
      'It is -3 degrees outside.',
      'It is partly cloudy, with 100 degrees outside.',
      '5 minutes. The timer is running.',
      'The timer for 12 minutes is over.',
      'The camera has sent a JPEG picture. I am only rules and cannot see it.',
      'Shall I really unlock the front door?',
      'I did not understand that. Please say yes or no. Shall I really do that?',
      'All right, I leave it.',
      'The front door is unlocked.',
      'Good night. The lights are off. The blinds are closed. Sleep well.',
      'The result is 391.',
      'The answer lacks something that I need for the next step.',
      'That did not work: The user did not allow it, so it was not done.',
    ];
    for (const text of texts) {
      const { pcm } = await voice.speak(text);
      assert.notDeepEqual(pcm, pointer.pcm, `${text} is only in the transcript`);
      assert.ok(loudness(pcm) > 300, `${text} is silent`);
    }
  });

  it('points to the transcript when nothing can say a word, and is silent for no text', async () => {
    const voice = await createVoice(scenario, none);
    const pointer = await voice.speak('Nice to meet you, Bob.');
    assert.equal(pointer.source, 'clip');
    assert.deepEqual(pointer.pcm, (await voice.speak('My answer is in the transcript.')).pcm);
    assert.deepEqual(await voice.speak('  '), { pcm: new Int16Array(0), source: 'none' });
  });

  it('mixes nothing up when two conversations speak at once', async () => {
    const voice = await createVoice(scenario, none);
    const [first, second] = ['Good night, and sleep well.', 'La, la, la. That is all the music I have.'];
    const alone = [await voice.speak(first!), await voice.speak(second!)];
    const together = await Promise.all([voice.speak(first!), voice.speak(second!)]);
    assert.deepEqual(together, alone);
  });

  it('speaks free text with flite, without a warning and outside this thread', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    try {
      const pcm = toPcm(await speakWithFlite('Nice to meet you, Bob.'), VOICE_RATE);
      assert.ok(pcm && seconds(pcm) > 0.8 && seconds(pcm) < 4 && loudness(pcm) > 300);
    } finally {
      process.off('warning', note);
    }
    assert.deepEqual(warnings, []);
    const { source } = await (await createVoice(scenario)).speak('Nice to meet you, Bob.');
    assert.equal(source, 'flite');
  });

  (existsSync(BUILT_FLITE) ? it : it.skip)(
    'speaks with flite from the built package too (needs npm run build)',
    async () => {
      const built = (await import(BUILT_FLITE)) as { speakWithFlite: typeof speakWithFlite };
      assert.ok(toPcm(await built.speakWithFlite('Nice to meet you, Bob.'), VOICE_RATE));
    },
  );

  it('takes free text for text, whatever it looks like', async () => {
    const pcm = (await speakFreely('--version; $(reboot) "', 16000))?.pcm;
    assert.ok(pcm && pcm.length > 16000 / 4);
  });

  (hasEspeak() ? it : it.skip)('speaks free text with espeak-ng (needs the package espeak-ng)', async () => {
    const pcm = toPcm(await speakWithEspeak('-v Nice to meet you, Bob.'), VOICE_RATE);
    assert.ok(pcm && seconds(pcm) > 0.8 && seconds(pcm) < 5 && loudness(pcm) > 300);
  });

  it('treats a missing synthesiser and a damaged recording alike: nothing', async () => {
    const { PATH } = process.env;
    process.env.PATH = path.join(__dirname, 'nowhere');
    try {
      assert.equal(await speakWithEspeak('hello'), undefined);
    } finally {
      process.env.PATH = PATH;
    }
    assert.equal(toPcm(Buffer.from('RIFF, but not a sound'), VOICE_RATE), undefined);
    assert.equal(toPcm(undefined, VOICE_RATE), undefined);
  });
});

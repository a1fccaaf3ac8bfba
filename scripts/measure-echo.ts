/**
 * Measures what is done against echo and writes the figures into docs/echo.md, between its marks.
 *
 *   npx tsx scripts/measure-echo.ts      `--print` only prints
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createMedia, EchoGuard, PCM_16K, PCM_24K } from '../src/media';
import { levelDb } from '../src/media/echo/level-db';
import { randomFrom } from '../src/server/clock';
import { cancelEcho, loudRoom, PulseServer } from '../test/support/pulse';
import { makeNoise } from './assets/noise';
import { hasVoice, synthesise, type VoiceName } from './assets/synth';

const MODELS: VoiceName[] = ['espeak-ng:en-us', 'espeak-ng:en-gb+f2', 'flite:slt', 'flite:rms'];
const USERS: VoiceName[] = ['espeak-ng:en-us+m3', 'espeak-ng:en-gb-scotland+f4', 'flite:awb', 'flite:kal16'];
const STORY =
  'Once upon a time there was a little flow that nobody had wired. It dreamed of a microphone and of a speaker. ' +
  'One evening, somebody drew two wires. The flow listened, and for the first time it could answer. ' +
  'It was so happy, that it talked all night, until somebody interrupted it. Then it was silent, and thought about it.';
const SAID = ['stop', 'wait a moment please', 'turn on the kitchen light'];

/** Samples of the microphone in a millisecond and in a piece. */
const PER_MS = 16;
const PIECE = 20 * PER_MS;
const DELAY_MS = 120;
const ECHO_DB = -13;
const NOISE_DB = -62;
/** The user begins to speak so late in the answer: the echo has been learnt by then (ms). */
const BEGIN_MS = 6000;

const gain = (db: number): number => 10 ** (db / 20);

/** What a microphone hears of a loudspeaker: the sound, later and quieter, with the walls of a room (300 ms). */
function echoOf(played: Int16Array, seed: number): Float32Array {
  const random = randomFrom(seed);
  const taps = Array.from({ length: 40 }, (_, i) => ({
    at: Math.round((DELAY_MS + (i === 0 ? 0 : random() * 300)) * PER_MS),
    gain: i === 0 ? 1 : 0,
  }));
  for (const tap of taps.slice(1)) {
    tap.gain = (random() < 0.5 ? -0.35 : 0.35) * 10 ** (-3 * ((tap.at / PER_MS - DELAY_MS) / 300));
  }
  const heard = new Float32Array(played.length + 500 * PER_MS);
  for (const { at, gain: level } of taps) {
    for (let i = 0; i < played.length; i += 1) heard[at + i]! += level * played[i]!;
  }
  return heard.map((value) => value * gain(ECHO_DB));
}

const power = (samples: ArrayLike<number>): number =>
  Array.from(samples).reduce((sum, value) => sum + value * value, 0) / samples.length;

interface Outcome {
  /** When the microphone was opened, from the first sound of the voice (ms); undefined: not at all. */
  openedMs?: number;
  /** Sound of the voice that was never sent (ms). */
  cutMs: number;
  /** Times it was opened although nobody spoke. */
  false: number;
}

/** One answer after one that was there for learning, with somebody who speaks over it, or nobody. */
async function bargeIn(
  model: VoiceName,
  user: Int16Array | undefined,
  overDb: number,
  seed: number,
): Promise<Outcome> {
  const [answer, played] = await Promise.all([
    synthesise(model, STORY, 24_000),
    synthesise(model, STORY, 16_000),
  ]);
  const echo = echoOf(played, seed);
  const room = makeNoise('pink', echo.length, seed);
  const noise = gain(NOISE_DB) * 32768 * Math.SQRT1_2;
  const noiseGain = noise / Math.sqrt(power(room));
  const voiceGain = user ? gain(overDb) * Math.sqrt(power(echo) / power(user)) : 0;
  const begin = BEGIN_MS * PER_MS;
  const heard = Int16Array.from(echo, (value, i) =>
    Math.max(-32768, Math.min(32767, value + noiseGain * room[i]! + voiceGain * (user?.[i - begin] ?? 0))),
  );
  let clock = 0;
  const guard = new EchoGuard({ mode: 'barge-in', now: () => clock });
  const microphone = createMedia({ format: PCM_16K, policy: 'drop-oldest' }).handle;
  const writer = createMedia({ format: PCM_24K, policy: 'retain' });
  guard.watch(writer.handle);
  writer.write(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
  const outcome: Outcome = { cutMs: user ? user.length / PER_MS : 0, false: 0 };
  const end = user ? begin + user.length : played.length;
  let open = false;
  for (let at = 0; at + PIECE <= end; at += PIECE) {
    clock += 20;
    writer.handle.reportPlayed(clock, { sink: 'speaker' });
    await new Promise(setImmediate);
    const chunk = Buffer.from(heard.buffer, heard.byteOffset + 2 * at, 2 * PIECE);
    const sent = guard.filter(chunk, microphone);
    const now = guard.closed === false;
    if (now && !open) {
      const early = user === undefined || at + PIECE < begin;
      if (early) outcome.false += 1;
      else if (outcome.openedMs === undefined) {
        outcome.openedMs = (at + PIECE - begin) / PER_MS;
        outcome.cutMs = Math.max(0, (at + PIECE - sent.length / 2 - begin) / PER_MS);
      }
    }
    open = now;
  }
  writer.abort('CANCELLED');
  return outcome;
}

const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);
const quantile = (values: number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

async function bargeInTable(): Promise<string[]> {
  const models = MODELS.filter(hasVoice);
  const users = USERS.filter(hasVoice);
  const rows = [
    '| voice over the echo, dB | let through | opened after, ms | first sound cut, ms |',
    '|---|---|---|---|',
  ];
  for (const overDb of [-6, 0, 6, 12]) {
    const outcomes: Outcome[] = [];
    for (const [m, model] of models.entries()) {
      for (const [u, user] of users.entries()) {
        for (const text of SAID) {
          outcomes.push(await bargeIn(model, await spoken(user, text), overDb, 1 + m + 10 * u));
        }
      }
    }
    const opened = outcomes.flatMap(({ openedMs }) => openedMs ?? []);
    const cuts = outcomes.filter(({ openedMs }) => openedMs !== undefined).map(({ cutMs }) => cutMs);
    const times = (list: number[]): string =>
      list.length ? `${quantile(list, 0.5).toFixed(0)} / ${quantile(list, 0.95).toFixed(0)}` : '–';
    rows.push(`| ${overDb} | ${opened.length} of ${outcomes.length} | ${times(opened)} | ${times(cuts)} |`);
  }
  let [openings, ms] = [0, 0];
  for (const [m, model] of models.entries()) {
    for (let seed = 1; seed <= 5; seed += 1) {
      openings += (await bargeIn(model, undefined, 0, 100 * seed + m)).false;
      ms += (await synthesise(model, STORY, 16_000)).length / PER_MS;
    }
  }
  rows.push('', `Nobody speaking: opened ${openings} times in ${(ms / 60_000).toFixed(1)} minutes of echo.`);
  return rows;
}

/** A recording without the silence before and after it. */
async function spoken(voice: VoiceName, text: string): Promise<Int16Array> {
  const pcm = await synthesise(voice, text, 16_000);
  const loud = (value: number): boolean => Math.abs(value) > 300;
  return pcm.slice(pcm.findIndex(loud), pcm.findLastIndex(loud) + 1);
}

/** What the canceller of PulseAudio leaves of the echo, and of somebody who speaks over it. */
async function cancellerTable(): Promise<string[]> {
  const pulse = await PulseServer.start();
  try {
    await loudRoom(pulse, { db: ECHO_DB });
    await cancelEcho(pulse);
    const story = await synthesise(MODELS[0]!, STORY, 24_000);
    const plain = await pulse.record('mic', 16_000);
    const cancelled = await pulse.record('echo_mic', 16_000);
    await pulse.playInto('echo_speaker', story, 24_000);
    const [before, after] = [await plain.stop(), await cancelled.stop()];
    const db = (samples: Int16Array, fromMs: number, toMs: number): number => {
      const part = samples.slice(fromMs * PER_MS, toMs * PER_MS);
      return levelDb(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    };
    const row = (fromMs: number, toMs: number): string => {
      const [one, other] = [db(before, fromMs, toMs), db(after, fromMs, toMs)];
      return `| ${fromMs / 1000} to ${toMs / 1000} s | ${one.toFixed(1)} | ${other.toFixed(1)} | ${(one - other).toFixed(1)} |`;
    };
    return [
      '| of the first answer | microphone, dB | behind the canceller, dB | less, dB |',
      '|---|---|---|---|',
      ...[row(0, 1000), row(1000, 2000), row(2000, 4000), row(4000, 10_000)],
    ];
  } finally {
    await pulse.stop();
  }
}

async function main(): Promise<void> {
  const body = [
    '### Barge-in',
    '',
    ...(await bargeInTable()),
    '',
    "### PulseAudio's canceller",
    '',
    ...(await cancellerTable()),
  ].join('\n');
  console.log(body);
  if (process.argv.includes('--print')) return;
  const file = path.join(__dirname, '../docs/echo.md');
  const page = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    page.replace(/(<!-- measured: begin -->)[\s\S]*(<!-- measured: end -->)/, `$1\n\n${body}\n\n$2`),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

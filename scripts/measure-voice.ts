/**
 * Measures the detection of voice on this machine and writes the figures into docs/voice-activity.md, between its marks.
 *
 *   npx tsx scripts/fetch-silero.ts      once, or Silero is left out
 *   npx tsx scripts/measure-voice.ts     `--print` only prints
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  ActivityDetector,
  EnergyDetector,
  openSilero,
  type ActivityStep,
  type VoiceDetector,
} from '../src/media/voice';
import { withNoise, type NoiseKind } from './assets/noise';
import { hasVoice, synthesise, type VoiceName } from './assets/synth';
import { SILERO_FOLDER } from './fetch-silero';

const RATE = 16_000;
const PER_MS = RATE / 1000;
const CHUNK = 20 * PER_MS;
const VOICES: VoiceName[] = [
  'espeak-ng:en-us',
  'espeak-ng:en-gb+f2',
  'espeak-ng:en-us+m3',
  'espeak-ng:en-gb-scotland+f4',
  'flite:slt',
  'flite:rms',
];
const SAID = [
  'turn on the kitchen light',
  'yes',
  'what time is it',
  'stop',
  'please set the thermostat to twenty one degrees',
];
const PAUSE_MS = 1600;
const LEAD_MS = 3000;

/** Speech on a line, and where it really is (sample positions). */
interface Line {
  pcm: Int16Array;
  spoken: { from: number; to: number; text: string }[];
}

interface Result {
  /** Shares of frames (%) that are marked, within and outside of speech. */
  speechMarked: number;
  restMarked: number;
  /** From the beginning of speech until it was recognised, and from its end until it was believed, less the silence asked for (ms). */
  starts: number[];
  ends: number[];
  /** Samples of speech that came too early to be in the pre-roll. */
  cut: number;
  missed: number;
  /** Stretches in which nobody speaks. */
  false: number;
  microsecondsPerChunk: number;
}

async function makeLine(voice: VoiceName): Promise<Line> {
  const parts: Int16Array[] = [new Int16Array(LEAD_MS * PER_MS)];
  const spoken: Line['spoken'] = [];
  let at = parts[0]!.length;
  for (const text of SAID) {
    const pcm = await synthesise(voice, text, RATE);
    const { from, to } = bounds(pcm);
    spoken.push({ from: at + from, to: at + to, text });
    const pause = new Int16Array(PAUSE_MS * PER_MS);
    parts.push(pcm, pause);
    at += pcm.length + pause.length;
  }
  const whole = new Int16Array(at);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return { pcm: whole, spoken };
}

/** Where a recording stops being silent: 40 dB under its loudest 10 ms. */
function bounds(pcm: Int16Array): { from: number; to: number } {
  const frame = 10 * PER_MS;
  const powers: number[] = [];
  for (let at = 0; at + frame <= pcm.length; at += frame) {
    powers.push(pcm.subarray(at, at + frame).reduce((sum, value) => sum + value * value, 0));
  }
  const least = Math.max(...powers) / 10 ** 4;
  const first = powers.findIndex((power) => power > least);
  const last = powers.findLastIndex((power) => power > least);
  return { from: first * frame, to: (last + 1) * frame };
}

const NOISES: Record<string, (line: Line, seed: number) => Int16Array> = {
  silence: ({ pcm }) => pcm,
  ...Object.fromEntries(
    (['pink', 'white'] as NoiseKind[]).flatMap((kind) =>
      [20, 10, 5].map((snr) => [
        `${kind} ${snr} dB`,
        ({ pcm }: Line, seed: number) => withNoise(pcm, kind, snr, seed, 0),
      ]),
    ),
  ),
  clicks: ({ pcm }) => mixed(pcm, (at) => (at % 12_000 < 48 ? 9000 * Math.sin(at * 1.9) : 0)),
  tones: ({ pcm }) =>
    mixed(pcm, (at) =>
      Math.floor(at / RATE) % 2
        ? 2500 * Math.sin((2 * Math.PI * 440 * (1 + (Math.floor(at / 4000) % 4) / 4) * at) / RATE)
        : 0,
    ),
};

function mixed(pcm: Int16Array, sound: (at: number) => number): Int16Array {
  return pcm.map((value, at) => Math.max(-32768, Math.min(32767, value + Math.round(sound(at)))));
}

async function measure(line: Line, pcm: Int16Array, detector: VoiceDetector): Promise<Result> {
  const silenceMs = 600;
  const marks: number[] = [];
  const spy: VoiceDetector = {
    name: detector.name,
    push: (chunk) => {
      const likely = detector.push(chunk);
      const note = (value: number): number => {
        marks.push(value);
        return value;
      };
      return typeof likely === 'number' ? note(likely) : likely.then(note);
    },
    reset: () => detector.reset(),
  };
  const activity = new ActivityDetector(spy, { silenceMs });
  const found: { from: number; recognised: number; over: number }[] = [];
  const began = process.cpuUsage();
  let at = 0;
  for (; at + CHUNK <= pcm.length; at += CHUNK) {
    const chunk = Buffer.from(pcm.buffer, pcm.byteOffset + 2 * at, 2 * CHUNK);
    const steps: ActivityStep[] = await activity.push(chunk);
    for (const step of steps) {
      const now = at + CHUNK;
      if (step.type === 'start') {
        const kept = step.chunks.reduce((sum, one) => sum + one.length / 2, 0);
        found.push({ from: now - kept, recognised: now, over: Infinity });
      } else if (step.type === 'end') found.at(-1)!.over = now;
    }
  }
  const { user, system } = process.cpuUsage(began);
  return {
    ...frames(line, marks),
    ...stretches(line, found, silenceMs),
    microsecondsPerChunk: (user + system) / marks.length,
  };
}

function frames({ spoken }: Line, marks: number[]): Pick<Result, 'speechMarked' | 'restMarked'> {
  const count = { speech: 0, speechMarked: 0, rest: 0, restMarked: 0 };
  marks.forEach((likely, index) => {
    const [from, to] = [index * CHUNK, (index + 1) * CHUNK];
    const within = spoken.some((one) => from < one.to && to > one.from);
    count[within ? 'speech' : 'rest'] += 1;
    if (likely >= 0.5) count[within ? 'speechMarked' : 'restMarked'] += 1;
  });
  return {
    speechMarked: (100 * count.speechMarked) / count.speech,
    restMarked: (100 * count.restMarked) / count.rest,
  };
}

function stretches(
  { spoken }: Line,
  found: { from: number; recognised: number; over: number }[],
  silenceMs: number,
): Omit<Result, 'speechMarked' | 'restMarked' | 'microsecondsPerChunk'> {
  const result = { starts: [] as number[], ends: [] as number[], cut: 0, missed: 0, false: 0 };
  const voiced = (one: { recognised: number; over: number }) => (said: { from: number; to: number }) =>
    one.recognised > said.from &&
    one.over - silenceMs * PER_MS < said.to + 400 * PER_MS &&
    one.recognised < said.to + 100 * PER_MS;
  for (const said of spoken) {
    const hit = found.find((one) => one.recognised > said.from && one.recognised < said.to + 100 * PER_MS);
    // Speech that was recognised before, in noise, and is still going on, is not missed either.
    const within = found.find((one) => one.recognised <= said.from && one.over > said.to);
    if (hit) {
      result.starts.push((hit.recognised - said.from) / PER_MS);
      result.cut += Math.max(0, hit.from - said.from);
      const last = found.findLast((one) => one.recognised < said.to + 100 * PER_MS);
      if (last && Number.isFinite(last.over)) result.ends.push((last.over - said.to) / PER_MS - silenceMs);
    } else if (!within) result.missed += 1;
  }
  result.false = found.filter(
    (one) =>
      !spoken.some(voiced(one)) &&
      !spoken.some((said) => one.recognised > said.from && one.recognised < said.to),
  ).length;
  return result;
}

const middle = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const worst = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? NaN;

async function table(detector: VoiceDetector, lines: Line[]): Promise<string[]> {
  const rows: string[] = [];
  for (const [noise, make] of Object.entries(NOISES)) {
    const results: Result[] = [];
    for (const [seed, line] of lines.entries()) {
      detector.reset();
      results.push(await measure(line, make(line, seed + 1), detector));
    }
    const mean = (pick: (one: Result) => number): string =>
      (results.reduce((sum, one) => sum + pick(one), 0) / results.length).toFixed(0);
    const all = (pick: (one: Result) => number[]): number[] => results.flatMap(pick);
    const sum = (pick: (one: Result) => number): number =>
      results.reduce((total, one) => total + pick(one), 0);
    const [starts, ends] = [all((one) => one.starts), all((one) => one.ends)];
    const times = (list: number[]): string =>
      list.length ? `${middle(list).toFixed(0)} / ${worst(list).toFixed(0)}` : '–';
    const count = lines.length * SAID.length;
    rows.push(
      `| ${noise} | ${mean((one) => one.speechMarked)} / ${mean((one) => one.restMarked)} | ${times(starts)} | ${times(ends)} | ${sum((one) => one.cut) * 2} | ${sum((one) => one.missed)} of ${count} | ${sum((one) => one.false)} | ${(results.reduce((total, one) => total + one.microsecondsPerChunk, 0) / results.length).toFixed(0)} |`,
    );
  }
  return rows;
}

async function main(): Promise<void> {
  const voices = VOICES.filter(hasVoice);
  const lines = await Promise.all(voices.map(makeLine));
  const detectors: VoiceDetector[] = [new EnergyDetector()];
  const silero = await openSilero({ folders: [SILERO_FOLDER] }).catch((error: Error) =>
    console.error(error.message),
  );
  if (silero) detectors.push(silero);
  const text: string[] = [];
  for (const detector of detectors) {
    text.push(
      `### ${detector.name}`,
      '',
      '| noise | speech / rest marked, % | start, ms | end, ms | cut, bytes | missed | false starts | µs per 20 ms |',
      '|---|---|---|---|---|---|---|---|',
    );
    text.push(...(await table(detector, lines)), '');
  }
  const body = text.join('\n').trim();
  console.log(body);
  await silero?.close?.();
  if (process.argv.includes('--print')) return;
  const file = path.join(__dirname, '../docs/voice-activity.md');
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

/**
 * What an hour with three minutes of speech costs, asleep between the talks and always open, and writes the figures into
 * docs/sleep.md, between its marks. Everything is real but the clock: a session, a socket, the local Live server, sound of an
 * hour in pieces of 20 ms; it runs 40 times as fast, and every time of the session is that much shorter.
 *
 *   npx tsx scripts/measure-sleep.ts      `--print` only prints
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LiveSession, type LiveSessionOptions } from '../src/live';
import { priceOf, profileFor, type ModalityTokenCount } from '../src/protocol';
import { scriptedEars, scriptedMind, startServer, toneVoice } from '../src/server';
import { synthesise } from './assets/synth';

const CLOCK = 40;
const MODEL = 'gemini-3.1-flash-live-preview';
const HOUR_MS = 3_600_000;
const TALKS = 12;
const SPEECH_MS = 180_000;
/** Between two questions of a talk there is time for the answer. */
const PAUSE_MS = 4000;
const AFTER_MS = 60_000;
const PIECE = 640;
const PIECE_MS = 20;
const SAID = [
  'turn on the kitchen light',
  'what time is it',
  'please set the thermostat to twenty one degrees',
  'tell me how the weather is going to be tomorrow, and whether I need an umbrella',
];

interface Hour {
  sound: Buffer;
  questions: number;
  speechMs: number;
}

/** Noise of a quiet room, about -62 dB. */
function room(ms: number): Buffer {
  const pcm = Buffer.alloc(ms * 32);
  for (let at = 0; at < pcm.length; at += 2) pcm.writeInt16LE(Math.round((Math.random() - 0.5) * 50), at);
  return pcm;
}

/** An hour of sound in which somebody talks twelve times, for three minutes in all. */
async function hour(): Promise<Hour> {
  const voices = await Promise.all(
    SAID.map(async (text) => {
      const samples = await synthesise('espeak-ng:en-us', text, 16_000);
      return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    }),
  );
  const pcm: Buffer[] = [];
  let [questions, speechMs, ms] = [0, 0, 0];
  const add = (piece: Buffer): void => {
    pcm.push(piece);
    ms += piece.length / 32;
  };
  for (let talk = 0; talk < TALKS; talk++) {
    add(room(Math.max(0, Math.round((HOUR_MS / TALKS) * (talk + 0.5)) - ms)));
    while (speechMs < (SPEECH_MS / TALKS) * (talk + 1)) {
      const words = voices[questions++ % voices.length]!;
      speechMs += words.length / 32;
      add(words);
      add(room(PAUSE_MS));
    }
  }
  add(room(Math.max(0, HOUR_MS - ms)));
  return { sound: Buffer.concat(pcm), questions, speechMs };
}

interface Row {
  name: string;
  sentMs: number;
  /** Tokens of the sound that was sent, and their price (USD). */
  tokens: number;
  usd: number;
  connections: number;
  sleeps: number;
}

async function run(
  name: string,
  options: Partial<LiveSessionOptions>,
  { sound, questions }: Hour,
): Promise<Row> {
  // Nobody is to be understood here, and the answer is the same to everything.
  const ears = scriptedEars(Array<string>(questions).fill('hello'));
  const server = await startServer({
    clock: CLOCK,
    voice: toneVoice(10),
    mind: scriptedMind(() => 'Certainly.'),
    ears,
  });
  const session = new LiveSession({
    endpoint: { backend: 'local', baseUrl: server.url },
    model: MODEL,
    config: { sessionResumption: {} },
    // The service ends connections after ten minutes; the session is there before.
    recovery: { rotateAfterMs: 510_000 / CLOCK, handoverMarginMs: 10_000 / CLOCK },
    // Connecting takes as long as ever, and forty times as much is said meanwhile.
    lanes: { maxAudioMs: 5000 * CLOCK },
    ...options,
  });
  let connections = 0;
  session.on('state', ({ to }) => (connections += to === 'ready' ? 1 : 0));
  session.on('audio', ({ handle }) =>
    handle
      .open()
      .on('error', () => {})
      .resume(),
  );
  await session.connect();
  const began = performance.now();
  for (let at = 0; at < sound.length;) {
    const due = ((performance.now() - began) * CLOCK) / PIECE_MS;
    for (; at < sound.length && at / PIECE < due; at += PIECE)
      session.audio.write(sound.subarray(at, at + PIECE));
    await pause(2);
  }
  const { sentAudioMs: sentMs, droppedAudioMs, sleep } = session.stats;
  // A word that was dropped would make the figures better than they are.
  if (droppedAudioMs > 1000) console.log(`${name}: ${Math.round(droppedAudioMs)} ms of sound were dropped`);
  await session.close();
  await server.close();
  const tokens = Math.round((sentMs * 25) / 1000);
  const promptTokensDetails: ModalityTokenCount[] = [{ modality: 'AUDIO', tokenCount: tokens }];
  const { usd } = priceOf(profileFor(MODEL), { promptTokenCount: tokens, promptTokensDetails });
  return { name, sentMs, tokens, usd, connections, sleeps: sleep.times };
}

function table(rows: Row[], { speechMs, questions }: Hour): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en-US');
  const lines = rows.map(
    ({ name, sentMs, tokens, usd, connections, sleeps }) =>
      `| ${name} | ${number(sentMs / 1000)} | ${number(tokens)} | ${usd.toFixed(3)} | ${connections} | ${sleeps} |`,
  );
  const said = `${Math.round(speechMs / 1000)} s of speech in ${questions} questions and ${TALKS} talks; sleep after ${AFTER_MS / 1000} s.`;
  return [
    `${said}`,
    '',
    '| | sound sent, s | tokens | USD | connections | sleeps |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

async function main(): Promise<void> {
  const one = await hour();
  const sleep = { afterMs: AFTER_MS / CLOCK };
  const quiet = { by: 'model', neverSendSilence: true } as const;
  const rows = [
    await run('always open', {}, one),
    await run('asleep', { sleep }, one),
    await run('open, never sends silence', { turnDetection: quiet }, one),
  ];
  const text = table(rows, one);
  console.log(text);
  if (process.argv.includes('--print')) return;
  const file = path.join(__dirname, '..', 'docs', 'sleep.md');
  const page = readFileSync(file, 'utf8');
  const marked = /(<!-- measured: begin -->\n)[\s\S]*(<!-- measured: end -->)/;
  writeFileSync(
    file,
    page.replace(marked, (_all, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
}

void main();

/**
 * Regenerates the shipped sound: `templates.bin` (recognition), `clips.bin` (answers) and the sample requests.
 * Needs flite, espeak-ng, festival with festvox-kdlpc16k, and ffmpeg; see docs/hearing.md. Users never run it.
 *
 *     npx tsx scripts/assets/build-assets.ts [templates] [clips] [samples]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import OpusScript from 'opusscript';
import { packTemplates } from '../../src/server/ears/templates';
import { ASSETS, loadScenario, type RuleScenario } from '../../src/server/scenario';
import { YES_OR_NO } from '../../src/server/scenario/question';
import { VOICE_RATE, type ClipIndex } from '../../src/server/voice/clips';
import { fragmentsOf } from '../../src/server/voice/fragments';
import { spokenKey } from '../../src/server/voice/spoken';
import { synthesise } from './synth';
import { train, type SpokenText } from './train';
import { SAMPLE_VOICE, SPEAKER, TEMPLATE_VOICES, OTHER_SENTENCES } from './voices';

const SAMPLE_FOLDER = path.join(__dirname, '../../nodes/audio-in/samples');

/** The speaker's own rate; a higher one would only cost bytes. */
const CLIP_RATE = 16000;
const PACKET_MS = 60;
const BITRATE = 13000;
/** Delay of an Opus encoder for speech, samples at 48 kHz. */
const ENCODER_DELAY_48K = 312;
/** Quieter than this counts as silence at the ends of a clip. */
const SILENCE = 200;
const CLIP_EDGE_MS = 20;
const CTL = { bitrate: 4002, complexity: 4010, signal: 4024 } as const;
const SIGNAL_VOICE = 3001;

async function buildTemplates(scenario: RuleScenario): Promise<Buffer> {
  const phrases = [...scenario.phrases, ...YES_OR_NO];
  const wordings = phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
  const speak = async (text: string): Promise<SpokenText> => {
    const recordings = await Promise.all(TEMPLATE_VOICES.map((voice) => synthesise(voice, text, 16000)));
    return { text, recordings };
  };
  const spoken: SpokenText[] = [];
  for (const text of [...wordings, ...OTHER_SENTENCES]) spoken.push(await speak(text));
  return packTemplates(await train(spoken));
}

async function buildClips(scenario: RuleScenario): Promise<Buffer> {
  const clips: Array<ClipIndex['clips'][number]> = [];
  const bodies: Buffer[] = [];
  for (const text of fragmentsOf(scenario)) {
    const pcm = trim(await synthesise(SPEAKER, text, CLIP_RATE));
    const packets = encode(pcm);
    bodies.push(...packets);
    const samples = Math.round((pcm.length * VOICE_RATE) / CLIP_RATE);
    clips.push({ words: spokenKey(text), samples, packets: packets.map((packet) => packet.length) });
  }
  const index: ClipIndex = { skip: (ENCODER_DELAY_48K * VOICE_RATE) / 48000, clips };
  const json = Buffer.from(JSON.stringify(index));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...bodies]);
}

function trim(pcm: Int16Array): Int16Array {
  const edge = (CLIP_EDGE_MS * CLIP_RATE) / 1000;
  const first = pcm.findIndex((sample) => Math.abs(sample) > SILENCE);
  const last = pcm.findLastIndex((sample) => Math.abs(sample) > SILENCE);
  return pcm.slice(Math.max(0, first - edge), last + edge);
}

function encode(pcm: Int16Array): Buffer[] {
  const encoder = new OpusScript(CLIP_RATE, 1, OpusScript.Application.VOIP);
  encoder.encoderCTL(CTL.bitrate, BITRATE);
  encoder.encoderCTL(CTL.complexity, 10);
  encoder.encoderCTL(CTL.signal, SIGNAL_VOICE);
  const frame = (PACKET_MS * CLIP_RATE) / 1000;
  const delay = Math.ceil((ENCODER_DELAY_48K * CLIP_RATE) / 48000);
  const packets: Buffer[] = [];
  for (let at = 0; at < pcm.length + delay; at += frame) {
    const chunk = new Int16Array(frame);
    chunk.set(pcm.subarray(at, at + frame));
    packets.push(encoder.encode(Buffer.from(chunk.buffer), frame));
  }
  encoder.delete();
  return packets;
}

/** Requests that the demo and the examples speak; the names are what `sample:<name>` refers to. */
const SAMPLES = [
  'what time is it',
  'turn on the kitchen light',
  'good morning',
  'tell me a joke',
  'hey gemini what time is it',
];

async function buildSamples(): Promise<void> {
  mkdirSync(SAMPLE_FOLDER, { recursive: true });
  for (const text of SAMPLES) {
    const pcm = await synthesise(SAMPLE_VOICE, text, CLIP_RATE);
    const file = path.join(SAMPLE_FOLDER, `${text.replaceAll(' ', '-')}.ogg`);
    const input = ['-f', 's16le', '-ar', String(CLIP_RATE), '-ac', '1', '-i', 'pipe:0'];
    const output = [
      '-c:a',
      'libopus',
      '-b:a',
      '24k',
      '-application',
      'voip',
      '-fflags',
      '+bitexact',
      '-y',
      file,
    ];
    execFileSync('ffmpeg', ['-v', 'error', ...input, ...output], { input: Buffer.from(pcm.buffer) });
    console.log(`${path.basename(file)}: ${statSync(file).size} bytes`);
  }
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const build = (what: string): boolean => wanted.length === 0 || wanted.includes(what);
  const scenario = await loadScenario('assistant');
  const write = (name: string, bytes: Buffer): void => {
    writeFileSync(path.join(ASSETS, name), bytes);
    console.log(`${name}: ${bytes.length} bytes`);
  };
  if (build('templates')) write('templates.bin', await buildTemplates(scenario));
  if (build('clips')) write('clips.bin', await buildClips(scenario));
  if (build('samples')) await buildSamples();
}

void main();

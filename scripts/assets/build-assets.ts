/**
 * Regenerates the shipped sound: `templates.bin` (recognition), `clips.bin` (answers) and the sample requests.
 * Needs flite, espeak-ng, festival with festvox-kdlpc16k, and ffmpeg; see docs/hearing.md. Users never run it.
 *
 *     npx tsx scripts/assets/build-assets.ts
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import OpusScript from 'opusscript';
import { extract } from '../../src/server/ears/features';
import { packTemplates, type Template } from '../../src/server/ears/templates';
import { ASSETS, loadScenario, type RuleScenario } from '../../src/server/scenario';
import { VOICE_RATE, type ClipIndex } from '../../src/server/voice/clips';
import { fragmentsOf } from '../../src/server/voice/fragments';
import { spokenKey } from '../../src/server/voice/spoken';
import { synthesise } from './synth';
import { SPEAKER, TEMPLATE_VOICES } from './voices';

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
  const wordings = scenario.phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
  const templates: Template[] = [];
  for (const voice of TEMPLATE_VOICES) {
    for (const text of wordings) {
      const features = extract(await synthesise(voice, text, 16000));
      if (!features) throw new Error(`${voice} says nothing for "${text}"`);
      templates.push({ text, voice, features });
    }
  }
  return packTemplates(templates);
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

async function main(): Promise<void> {
  const scenario = await loadScenario('assistant');
  for (const [name, build] of Object.entries({ 'templates.bin': buildTemplates, 'clips.bin': buildClips })) {
    const bytes = await build(scenario);
    writeFileSync(path.join(ASSETS, name), bytes);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}

void main();

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DIMENSIONS, type Features } from './features';

/** One wording as one voice says it. */
export interface Template {
  readonly text: string;
  readonly voice: string;
  readonly features: Features;
}

/** Cepstra rarely leave ±8; one step of the stored 8-bit numbers is far below what voices differ by. */
const STEP = 1 / 12;

interface Index {
  readonly voices: readonly string[];
  readonly wordings: ReadonlyArray<{ readonly text: string; readonly frames: readonly number[] }>;
}

/**
 * Templates as one file: length of the index (32 bit, little endian), the index as JSON, then the frames of each
 * wording in each voice as signed bytes.
 */
export function packTemplates(templates: readonly Template[]): Buffer {
  const voices = [...new Set(templates.map((template) => template.voice))];
  const texts = [...new Set(templates.map((template) => template.text))];
  const ordered = texts.map((text) => voices.map((voice) => find(templates, text, voice)));
  const index: Index = {
    voices,
    wordings: texts.map((text, row) => ({
      text,
      frames: ordered[row]!.map((template) => template.features.frames),
    })),
  };
  const json = Buffer.from(JSON.stringify(index));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const bodies = ordered.flat().map(({ features }) => {
    const bytes = Int8Array.from(features.data, (value) =>
      Math.max(-127, Math.min(127, Math.round(value / STEP))),
    );
    return Buffer.from(bytes.buffer);
  });
  return Buffer.concat([length, json, ...bodies]);
}

function find(templates: readonly Template[], text: string, voice: string): Template {
  const found = templates.find((template) => template.text === text && template.voice === voice);
  if (!found)
    throw new Error(`No template of "${text}" in voice ${voice}: every voice must say every wording`);
  return found;
}

/** Reads what {@link packTemplates} made. */
export function unpackTemplates(file: Buffer): Template[] {
  const start = 4 + file.readUInt32LE(0);
  const index = JSON.parse(file.toString('utf8', 4, start)) as Index;
  const templates: Template[] = [];
  let at = start;
  for (const { text, frames } of index.wordings) {
    for (const [voice, count] of frames.entries()) {
      const size = count * DIMENSIONS;
      const bytes = new Int8Array(file.buffer, file.byteOffset + at, size);
      const data = Float32Array.from(bytes, (value) => value * STEP);
      templates.push({ text, voice: index.voices[voice]!, features: { frames: count, data } });
      at += size;
    }
  }
  return templates;
}

let shipped: Promise<Template[]> | undefined;

/** The templates of the shipped scenario; read once per process. */
export function shippedTemplates(): Promise<Template[]> {
  shipped ??= readFile(path.join(__dirname, '..', 'assets', 'templates.bin')).then(unpackTemplates);
  return shipped;
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DIMENSIONS, STACKED, type Features, type Projection } from './features';

/** What the ears know: how to describe sound, and what each wording typically sounds like. */
export interface Templates {
  readonly projection: Projection;
  readonly wordings: ReadonlyMap<string, Features>;
}

/** One step of the 8-bit numbers that frames are stored in. The projection makes voices differ by about 1. */
const STEP = 1 / 10;

interface Index {
  readonly wordings: ReadonlyArray<{ readonly text: string; readonly frames: number }>;
}

/**
 * Templates as one file: length of the index (32 bit, little endian), the index as JSON, the projection as 32-bit
 * floats, then the frames of each wording as signed bytes.
 */
export function packTemplates({ projection, wordings }: Templates): Buffer {
  const index: Index = { wordings: [...wordings].map(([text, { frames }]) => ({ text, frames })) };
  const json = Buffer.from(JSON.stringify(index));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(json.length);
  const matrix = Buffer.alloc(projection.length * 4);
  projection.forEach((value, at) => matrix.writeFloatLE(value, at * 4));
  const frames = [...wordings.values()].map(({ data }) => {
    const bytes = Int8Array.from(data, (value) => Math.max(-127, Math.min(127, Math.round(value / STEP))));
    return Buffer.from(bytes.buffer);
  });
  return Buffer.concat([head, json, matrix, ...frames]);
}

/** Reads what {@link packTemplates} made. */
export function unpackTemplates(file: Buffer): Templates {
  let at = 4 + file.readUInt32LE(0);
  const index = JSON.parse(file.toString('utf8', 4, at)) as Index;
  const projection = Float32Array.from({ length: DIMENSIONS * STACKED }, () => {
    const value = file.readFloatLE(at);
    at += 4;
    return value;
  });
  const wordings = new Map<string, Features>();
  for (const { text, frames } of index.wordings) {
    const size = frames * DIMENSIONS;
    const bytes = new Int8Array(file.buffer, file.byteOffset + at, size);
    wordings.set(text, { frames, data: Float32Array.from(bytes, (value) => value * STEP) });
    at += size;
  }
  return { projection, wordings };
}

let shipped: Promise<Templates> | undefined;

/** The templates of the shipped scenario; read once per process. */
export function shippedTemplates(): Promise<Templates> {
  shipped ??= readFile(path.join(__dirname, '..', 'assets', 'templates.bin')).then(unpackTemplates);
  return shipped;
}

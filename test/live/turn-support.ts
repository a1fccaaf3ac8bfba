import { synthesise } from '../../scripts/assets/synth';
import type { VoiceDetector } from '../../src/media';
import type { ScriptedConnection } from '../support/scripted-server';
import { bytesOf } from '../support/sound';

/** 20 ms of sound. */
const CHUNK = 640;

export const silence = (ms: number): Buffer => Buffer.alloc(ms * 32);

/** Synthetic speech at 16 kHz. */
export async function spoken(text: string, voice = 'en-us'): Promise<Buffer> {
  return bytesOf(await synthesise(`espeak-ng:${voice}`, text, 16_000));
}

/** Says of each chunk what its first byte says, in hundredths; see {@link marked}. */
export const telling = (answer = (likely: number): number | Promise<number> => likely): VoiceDetector => ({
  name: 'energy',
  push: (pcm) => answer(pcm[0]! / 100),
  reset: () => {},
});

/** Chunks of 20 ms, loud ones (that {@link telling} takes for speech) or silent, numbered from `first`. */
export function marked(count: number, loud: boolean, first = 0): Buffer {
  const chunks = Array.from({ length: count }, (_, at) => {
    const chunk = Buffer.alloc(CHUNK, loud ? 30 : 0);
    chunk[0] = loud ? 100 : 0;
    chunk.writeUInt16LE(first + at, 2);
    return chunk;
  });
  return Buffer.concat(chunks);
}

/** Writes sound as a microphone does, in pieces of 20 ms. */
export function write(session: { audio: NodeJS.WritableStream }, pcm: Buffer, piece = CHUNK): void {
  for (let at = 0; at < pcm.length; at += piece) session.audio.write(pcm.subarray(at, at + piece));
}

type Realtime = { audio?: { data: string }; [name: string]: unknown };

/** What came of the microphone, in order: names of markers, and neighbouring pieces of sound as one. */
export function heard(messages: readonly object[]): Array<string | Buffer> {
  const items: Array<string | Buffer> = [];
  for (const message of messages) {
    const input = (message as { realtimeInput?: Realtime }).realtimeInput;
    if (!input) continue;
    if (!input.audio) {
      items.push(Object.keys(input)[0]!);
      continue;
    }
    const pcm = Buffer.from(input.audio.data, 'base64');
    const before = items.at(-1);
    if (Buffer.isBuffer(before)) items[items.length - 1] = Buffer.concat([before, pcm]);
    else items.push(pcm);
  }
  return items;
}

/** The same with sound as the word `audio`. */
export const shape = (items: ReadonlyArray<string | Buffer>): string[] =>
  items.map((item) => (typeof item === 'string' ? item : 'audio'));

/** Waits until so many markers of a kind have come, and gives all that came. */
export function untilMarked(
  peer: ScriptedConnection,
  name: string,
  count = 1,
): Promise<Array<string | Buffer>> {
  return peer.until((messages) => {
    const items = heard(messages);
    return items.filter((item) => item === name).length >= count && items;
  });
}

/** Numbers of the chunks that {@link marked} made. */
export function numbers(pcm: string | Buffer | undefined): number[] {
  if (!Buffer.isBuffer(pcm)) return [];
  return Array.from({ length: pcm.length / CHUNK }, (_, at) => pcm.readUInt16LE(at * CHUNK + 2));
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

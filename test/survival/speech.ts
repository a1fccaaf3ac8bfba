import type { Ears } from '../../src/server';
import { samplesOf, toneShare } from '../support/sound';

const RATE = 16_000;
const FRAME_BYTES = 640;
/** Frequencies far enough apart to be told from each other whatever piece of an utterance is lost (Hz). */
const TONES = [300, 450, 600, 750, 900, 1050];
const LEVEL = 9000;
/** Samples of a frame that carry its number, four bits each: too soft to be taken for speech. */
const DIGITS = 8;

/** Sound whose every frame of 20 ms carries its own number, so that one can tell which have arrived. */
export class Speech {
  private count = 0;
  /** Numbers of the frames in which somebody speaks. */
  readonly voiced: number[] = [];

  /** Frames given out so far. */
  get frames(): number {
    return this.count;
  }

  /** Says the phrase of that number: silence, a tone, and silence enough for the server to know that it is over. */
  say(phrase: number, ms = 400): Buffer[] {
    return [...this.silence(100), ...this.tone(TONES[phrase % TONES.length]!, ms), ...this.silence(1200)];
  }

  silence(ms: number): Buffer[] {
    return Array.from({ length: ms / 20 }, () => this.frame(() => 0));
  }

  private tone(hz: number, ms: number): Buffer[] {
    return Array.from({ length: ms / 20 }, (_, index) => {
      this.voiced.push(this.count);
      return this.frame((i) => Math.round(LEVEL * Math.sin((2 * Math.PI * hz * (index * 320 + i)) / RATE)));
    });
  }

  private frame(sample: (index: number) => number): Buffer {
    const frame = Buffer.alloc(FRAME_BYTES);
    for (let i = 0; i < FRAME_BYTES / 2; i++) frame.writeInt16LE(sample(i), i * 2);
    const number = this.count++;
    for (let i = 0; i < DIGITS; i++) frame.writeInt16LE((number >> (4 * i)) & 15, i * 2);
    return frame;
  }
}

/** Numbers of the frames in a piece of sound that was sent, whatever it was cut into. */
export function numbersIn(pcm: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + FRAME_BYTES <= pcm.length; at += FRAME_BYTES) {
    let number = 0;
    for (let i = 0; i < DIGITS; i++) number += pcm.readInt16LE(at + i * 2) << (4 * i);
    numbers.push(number);
  }
  return numbers;
}

/** Ears that know which phrase was said by its tone, also when a piece of it was lost or came twice. */
export function toneEars(phrases: readonly string[]): Ears {
  return {
    name: 'tones',
    hear: async (pcm) => {
      const samples = samplesOf(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
      const shares = phrases.map((_, i) => toneShare(samples, TONES[i]!, RATE));
      const best = shares.indexOf(Math.max(...shares));
      const accepted = shares[best]! > 0.2;
      return { text: accepted ? phrases[best]! : '', score: 0, accepted, recognizer: 'scripted' };
    },
  };
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import OpusScript from 'opusscript';
import type { Speech } from '../parts';
import { Slices } from '../slices';
import { spokenUnits, type SpokenUnit } from './spoken';

/** Sampling rate of everything the server says, Hz. */
export const VOICE_RATE = 24000;

/** One recording: the words it says and where its Opus packets lie. */
export interface ClipIndex {
  /** Delay of the encoder, samples at {@link VOICE_RATE}; cut off again after decoding. */
  readonly skip: number;
  readonly clips: ReadonlyArray<{
    readonly words: string;
    /** Length without the encoder's delay and padding, samples at {@link VOICE_RATE}. */
    readonly samples: number;
    /** Sizes of its packets, bytes. */
    readonly packets: readonly number[];
  }>;
}

interface Clip {
  readonly words: readonly string[];
  readonly samples: number;
  readonly packets: readonly Buffer[];
}

const RESET_STATE = 4028;

/** The shipped recordings, and sentences put together from them. */
export class ClipBank {
  readonly #byFirstWord = new Map<string, Clip[]>();
  readonly #skip: number;
  #decoder: OpusScript | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param file made by `scripts/assets/build-assets.ts`: index length (32 bit LE), index as JSON, Opus packets */
  constructor(file: Buffer) {
    let at = 4 + file.readUInt32LE(0);
    const index = JSON.parse(file.toString('utf8', 4, at)) as ClipIndex;
    this.#skip = index.skip;
    for (const { words, samples, packets } of index.clips) {
      const clip: Clip = {
        words: words.split(' '),
        samples,
        packets: packets.map((size) => file.subarray(at, (at += size))),
      };
      const list = this.#byFirstWord.get(clip.words[0]!) ?? [];
      list.push(clip);
      this.#byFirstWord.set(clip.words[0]!, list);
    }
    for (const list of this.#byFirstWord.values()) list.sort((a, b) => b.words.length - a.words.length);
  }

  /** Speaks a text from recordings; nothing when some word of it was never recorded. */
  async speak(text: string): Promise<Speech | undefined> {
    const units = spokenUnits(text);
    const chosen = this.#cover(units, 0);
    if (!chosen?.length) return undefined;
    const parts: Int16Array[] = [];
    let at = 0;
    for (const clip of chosen) {
      parts.push(await this.#decodeInTurn(clip));
      at += clip.words.length;
      const pauseMs = at < units.length ? units[at - 1]!.pauseMs : 0;
      if (pauseMs) parts.push(new Int16Array((pauseMs * VOICE_RATE) / 1000));
    }
    return { pcm: join(parts), source: chosen.length === 1 ? 'clip' : 'composed' };
  }

  /** Longest recordings first; goes back when a choice leads to a word without a recording. */
  #cover(units: readonly SpokenUnit[], from: number): Clip[] | undefined {
    const first = units[from];
    if (!first) return [];
    for (const clip of this.#byFirstWord.get(first.word) ?? []) {
      if (clip.words.some((word, index) => units[from + index]?.word !== word)) continue;
      const rest = this.#cover(units, from + clip.words.length);
      if (rest) return [clip, ...rest];
    }
    return undefined;
  }

  /** The one decoder has a state, so clips are decoded one after the other, even for several speakers at once. */
  #decodeInTurn(clip: Clip): Promise<Int16Array> {
    const done = this.#turn.then(() => this.#decode(clip));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #decode(clip: Clip): Promise<Int16Array> {
    this.#decoder ??= new OpusScript(VOICE_RATE, 1);
    this.#decoder.decoderCTL(RESET_STATE, 0);
    const pieces: Buffer[] = [];
    const slices = new Slices();
    for (const packet of clip.packets) {
      pieces.push(this.#decoder.decode(packet));
      if (slices.due) await slices.pause();
    }
    const bytes = Buffer.concat(pieces);
    const pcm = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return pcm.subarray(this.#skip, this.#skip + clip.samples);
  }
}

let shipped: Promise<ClipBank> | undefined;

/** The recordings of the shipped scenario; read once per process. */
export function shippedClips(): Promise<ClipBank> {
  shipped ??= readFile(path.join(__dirname, '..', 'assets', 'clips.bin')).then((file) => new ClipBank(file));
  return shipped;
}

function join(parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

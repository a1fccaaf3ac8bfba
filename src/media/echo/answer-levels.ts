import { PcmFramer } from '../framer';
import type { MediaHandle } from '../handle';
import { SILENCE_DB, levelDb } from './level-db';

/** Levels are kept for pieces of this length (ms). */
const PIECE_MS = 20;

/** How loud an answer is at each of its moments: what a microphone that hears it can be expected to hear. */
export class AnswerLevels {
  private readonly levels: number[] = [];

  /** Reads the answer with a reader of its own, which goes when the stream does. */
  constructor(answer: MediaHandle) {
    const framer = new PcmFramer(answer.format, PIECE_MS);
    answer.open().on('data', (chunk: Buffer) => {
      for (const piece of framer.push(chunk)) this.levels.push(levelDb(piece));
    });
  }

  /** The loudest moment between two positions (ms), in dB relative to full scale. */
  loudest(fromMs: number, toMs: number): number {
    const from = Math.max(0, Math.floor(fromMs / PIECE_MS));
    return Math.max(SILENCE_DB, ...this.levels.slice(from, Math.max(0, Math.ceil(toMs / PIECE_MS))));
  }
}

import { isLouder } from '../timings';

/** Root mean square (of 32767) below which the model's sound cannot be heard: about -66 dBFS. */
const SILENT_RMS = 16;

/** Whether PCM16 is so soft that nobody hears it. */
export function isSilent(pcm: Buffer): boolean {
  return !isLouder(pcm, SILENT_RMS, 8);
}

/** Loudness of one answer. */
export class Loudness {
  /** Sound so far, and since it was last loud enough to be heard (ms). */
  totalMs = 0;
  silentMs = 0;
  /** It was warned of. */
  told = false;

  add(pcm: Buffer, ms: number): void {
    this.totalMs += ms;
    this.silentMs = isSilent(pcm) ? this.silentMs + ms : 0;
  }

  /** Nothing of it could be heard. */
  get allSilent(): boolean {
    return this.totalMs > 0 && this.silentMs === this.totalMs;
  }
}

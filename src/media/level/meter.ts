import {
  blockAlign,
  bytesPerMs,
  checkFormat,
  isPcm,
  PCM_16K,
  SAMPLE_BYTES,
  type MediaFormat,
} from '../format';
import { MediaError } from '../errors';

/** How loud a piece of sound was. Levels are relative to full scale (dB): 0 is as loud as can be. */
export interface LevelReport {
  /** Root mean square (dB). A full-scale sine has -3; silence is given as -100. */
  rmsDb: number;
  /** Loudest sample (dB). */
  peakDb: number;
  /** Samples at full scale: there the sound was probably louder, and is cut off. */
  clipped: number;
  /** Length of the sound (ms). */
  ms: number;
}

/** Options of {@link LevelMeter}. */
export interface LevelOptions {
  /** PCM16. Default: 16 kHz, mono. */
  format?: MediaFormat;
  /** Sound for one report (ms). Default 1000. */
  everyMs?: number;
}

/** Stands for silence, whose level is no number. The softest sound of 16 bit is a little above. */
const SILENCE_DB = -100;
const FULL_SCALE = 32_768;

/** Measures how loud sound is. It knows no clock: what counts is how much sound has come. */
export class LevelMeter {
  private readonly everyBytes: number;
  private readonly perMs: number;
  private readonly align: number;
  /** First byte of a sample whose second one has not come. */
  private half: Buffer | undefined;
  private bytes = 0;
  private sum = 0;
  private peak = 0;
  private clipped = 0;

  /** @throws MediaError `UNSUPPORTED_FORMAT` when the format is no PCM */
  constructor({ format = PCM_16K, everyMs = 1000 }: LevelOptions = {}) {
    const pcm = checkFormat(format);
    if (!isPcm(pcm)) {
      throw new MediaError('UNSUPPORTED_FORMAT', `Only PCM has a level, not ${pcm.mime}. Decode it first.`);
    }
    this.perMs = bytesPerMs(pcm);
    this.align = blockAlign(pcm);
    this.everyBytes = Math.max(this.align, everyMs * this.perMs);
  }

  /**
   * Takes sound in pieces of any size.
   *
   * @returns the level of all since the last report, once there is enough of it; of a long piece there is one report
   */
  push(pcm: Buffer): LevelReport | undefined {
    const { half } = this;
    // Half a sample is rare: then the piece is copied.
    this.measure(half === undefined ? pcm : Buffer.concat([half, pcm]));
    return this.bytes >= this.everyBytes ? this.report() : undefined;
  }

  /** This runs for every sample of a microphone: sums are kept in variables, which cost a tenth of what fields do. */
  private measure(pcm: Buffer): void {
    const whole = pcm.length & ~1;
    let sum = 0;
    let peak = 0;
    let clipped = 0;
    for (let at = 0; at + 1 < whole; at += 2) {
      const sample = ((pcm[at]! | (pcm[at + 1]! << 8)) << 16) >> 16;
      const loud = sample < 0 ? -sample : sample;
      sum += sample * sample;
      if (loud > peak) peak = loud;
      if (loud >= FULL_SCALE - 1) clipped++;
    }
    this.bytes += whole;
    this.sum += sum;
    this.peak = Math.max(this.peak, peak);
    this.clipped += clipped;
    this.half = whole < pcm.length ? Buffer.from(pcm.subarray(whole)) : undefined;
  }

  private report(): LevelReport {
    const { bytes, sum, peak, clipped } = this;
    this.bytes = this.sum = this.peak = this.clipped = 0;
    const rms = Math.sqrt(sum / (bytes / SAMPLE_BYTES));
    return { rmsDb: decibel(rms), peakDb: decibel(peak), clipped, ms: bytes / this.perMs };
  }
}

/** One digit behind the point: more means nothing. */
function decibel(amplitude: number): number {
  const db = 20 * Math.log10(amplitude / FULL_SCALE);
  // Plus 0: what is rounded to -0 is 0.
  return Math.max(SILENCE_DB, Math.round(10 * db) / 10 + 0);
}

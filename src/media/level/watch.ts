import { bytesPerMs, checkFormat, PCM_16K, type MediaFormat } from '../format';
import { LevelMeter, type LevelReport } from './meter';
import { Outbreak } from './outbreak';
import { RateCount } from './rate';

/**
 * What is wrong with a microphone:
 *
 * - `DEAD`: nothing but silence, digital or below -80 dB, for 5 s. A living microphone hears its room.
 * - `CLIPPING`: it is too loud. In 2 s, one after the other, more than a thousandth of the samples was at full scale; one
 *   knock on the table is not enough.
 * - `WRONG_RATE`: for 10 s sound came more than 8 % faster or slower than it should, counted by the times at which it was
 *   captured: it has another rate than it is said to have, or part of it is lost on the way.
 */
export type MicrophoneProblem = 'DEAD' | 'CLIPPING' | 'WRONG_RATE';

/** A problem has begun, or is over. */
export interface ProblemChange {
  problem: MicrophoneProblem;
  over: boolean;
  /** With `WRONG_RATE`: how many times as fast as it should be sound comes. */
  ratio?: number;
}

/** Times of a {@link MicrophoneWatch} (ms). */
export interface MicrophoneWatchOptions {
  /** PCM16. Default: 16 kHz, mono. */
  format?: MediaFormat;
  /** Silence of a dead microphone. Default 5000. */
  deadMs?: number;
  /** Time of each of the two counts that find a wrong rate. Default 5000. */
  rateMs?: number;
  /** How long it must be good before a problem is over. Default 3000; a wrong rate is over after one good count. */
  overMs?: number;
}

/** Silence is judged every 100 ms, clipping every second. */
const LEVEL_MS = 100;
const CLIP_WINDOW_MS = 1000;
const CLIP_AFTER_MS = 2 * CLIP_WINDOW_MS;
const DEAD_DB = -80;
const CLIPPED_SHARE = 0.001;
const RATE_ERROR = 0.08;

/** Finds what is wrong with the sound of a live microphone. */
export class MicrophoneWatch {
  private readonly dead: Outbreak;
  private readonly clipping: Outbreak;
  private readonly wrongRate: Outbreak;
  private readonly meter: LevelMeter;
  private readonly rate: RateCount;
  private readonly rateMs: number;
  private readonly clippedPerMs: number;
  /** Since clipping was judged last. */
  private clipped = 0;
  private clippedMs = 0;
  /** The last count: too fast (1), too slow (-1), or good. */
  private side = 0;

  /** @throws MediaError `UNSUPPORTED_FORMAT` when the format is no PCM */
  constructor({
    format = PCM_16K,
    deadMs = 5000,
    rateMs = 5000,
    overMs = 3000,
  }: MicrophoneWatchOptions = {}) {
    const pcm = checkFormat(format);
    this.meter = new LevelMeter({ format: pcm, everyMs: LEVEL_MS });
    this.rate = new RateCount(bytesPerMs(pcm), rateMs);
    this.rateMs = rateMs;
    this.clippedPerMs = (CLIPPED_SHARE * (pcm.rate ?? 0) * (pcm.channels ?? 1)) / 1000;
    this.dead = new Outbreak(deadMs, overMs);
    this.clipping = new Outbreak(CLIP_AFTER_MS, overMs);
    this.wrongRate = new Outbreak(rateMs, rateMs);
  }

  /** The gravest problem there is now. */
  get problem(): MicrophoneProblem | undefined {
    if (this.dead.active) return 'DEAD';
    if (this.wrongRate.active) return 'WRONG_RATE';
    return this.clipping.active ? 'CLIPPING' : undefined;
  }

  /**
   * Takes sound in pieces of any size.
   *
   * @param at when the last sample was captured (epoch ms). Undefined: it does not come from a microphone (a file; silence that
   * stands in for what must not be heard), so that its silence and its pace mean nothing.
   */
  push(pcm: Buffer, at?: number): ProblemChange[] {
    const changes: ProblemChange[] = [];
    const level = this.meter.push(pcm);
    if (level && at !== undefined && this.dead.judge(level.rmsDb < DEAD_DB, level.ms)) {
      changes.push({ problem: 'DEAD', over: !this.dead.active });
    }
    if (level && this.judgeClipping(level)) {
      changes.push({ problem: 'CLIPPING', over: !this.clipping.active });
    }
    const ratio = this.rate.push(pcm.length, at);
    if (ratio !== undefined && this.judgeRate(ratio)) {
      changes.push({ problem: 'WRONG_RATE', over: !this.wrongRate.active, ratio });
    }
    return changes;
  }

  private judgeClipping({ clipped, ms }: LevelReport): boolean {
    this.clipped += clipped;
    this.clippedMs += ms;
    if (this.clippedMs < CLIP_WINDOW_MS) return false;
    const bad = this.clipped > this.clippedPerMs * this.clippedMs;
    const changed = this.clipping.judge(bad, this.clippedMs);
    this.clipped = this.clippedMs = 0;
    return changed;
  }

  /**
   * A machine that stalls makes one count too small and the next one too large by what waited; only what is wrong twice in
   * the same direction is wrong.
   */
  private judgeRate(ratio: number): boolean {
    const side = ratio > 1 + RATE_ERROR ? 1 : ratio < 1 - RATE_ERROR ? -1 : 0;
    const again = side !== 0 && side === this.side;
    this.side = side;
    // A wrong rate that turns to the other side is not over.
    return this.wrongRate.judge(again || (side !== 0 && this.wrongRate.active), this.rateMs);
  }
}

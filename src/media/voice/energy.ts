import { SpeechBand } from './band';
import { VOICE_RATE, type VoiceDetector } from './detector';

/** Energy is looked at in pieces of 10 ms. */
const FRAME = VOICE_RATE / 100;
const FRAME_MS = 10;

/** The background is the quietest moment of this time, which is longer than any sound of speech is held. */
const FLOOR_MS = 2400;
/** The window is kept as minima of blocks this long. */
const BLOCK_MS = 200;
/** Until so much was heard, no background is believed to be louder than this: sound may begin with speech. */
const SETTLE_MS = 1000;
const UNSURE_FLOOR_DB = -48;
/** No background is quieter than this (dB relative to full scale): in digital silence, a whisper of the sound card is no voice. */
const LEAST_FLOOR_DB = -60;

/** Levels are smoothed over about so many frames, so that the quietest moment of noise is near its mean. */
const SMOOTH_FRAMES = 3;

/** Signal over background at which speech is as likely as not, and how fast likelihood grows with it (dB). */
const EVEN_DB = 6.5;
const SLOPE_DB = 1.2;

/** How {@link EnergyDetector} judges. */
export interface EnergyOptions {
  /** How much further voice must stand out (dB), for example while a loud speaker is playing. Default 0. */
  raiseDb?: number;
}

/**
 * Voice by energy: how far the band of speech stands out of the background, which is the quietest moment of the last
 * seconds. A fan that is switched on is speech at first, and background as soon as it has filled the window. It counts
 * samples, never the clock, and costs next to nothing; clicks and melodies it cannot tell from voices.
 */
export class EnergyDetector implements VoiceDetector {
  readonly name = 'energy';
  /** See {@link EnergyOptions.raiseDb}; may change at any time. */
  raiseDb: number;
  private readonly band = new SpeechBand();
  /** Energy and samples of the frame that is not full yet. */
  private energy = 0;
  private samples = 0;
  private level = Number.NaN;
  private likely = 0;
  /** Quietest levels of the blocks in the window, the newest last. */
  private blocks: number[] = [];
  private framesInBlock = 0;

  constructor({ raiseDb = 0 }: EnergyOptions = {}) {
    this.raiseDb = raiseDb;
  }

  /** Level of the background (dB relative to full scale). */
  get floorDb(): number {
    const floor = Math.max(LEAST_FLOOR_DB, Math.min(...this.blocks));
    const sure = this.blocks.length > SETTLE_MS / BLOCK_MS;
    return sure ? floor : Math.min(floor, UNSURE_FLOOR_DB);
  }

  push(pcm: Buffer): number {
    let likeliest = -1;
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      const sample = this.band.filter(pcm.readInt16LE(at));
      this.energy += sample * sample;
      this.samples += 1;
      if (this.samples < FRAME) continue;
      this.judge(this.energy / FRAME);
      this.energy = 0;
      this.samples = 0;
      likeliest = Math.max(likeliest, this.likely);
    }
    // A piece of several frames is as voiced as the clearest of them: a short word must not be averaged away.
    return likeliest < 0 ? this.likely : likeliest;
  }

  reset(): void {
    this.band.reset();
    this.energy = 0;
    this.samples = 0;
    this.level = Number.NaN;
    this.likely = 0;
    this.blocks = [];
    this.framesInBlock = 0;
  }

  private judge(power: number): void {
    const level = 10 * Math.log10(power / 32768 ** 2 + 1e-12);
    this.level = Number.isNaN(this.level) ? level : this.level + (level - this.level) / SMOOTH_FRAMES;
    this.learn(this.level);
    const above = this.level - this.floorDb - this.raiseDb;
    this.likely = 1 / (1 + Math.exp((EVEN_DB - above) / SLOPE_DB));
  }

  private learn(level: number): void {
    if (this.framesInBlock === 0) this.blocks.push(level);
    const last = this.blocks.length - 1;
    this.blocks[last] = Math.min(this.blocks[last]!, level);
    this.framesInBlock = (this.framesInBlock + 1) % (BLOCK_MS / FRAME_MS);
    if (this.blocks.length > FLOOR_MS / BLOCK_MS + 1) this.blocks.shift();
  }
}

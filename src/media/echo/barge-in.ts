import { pcmDurationMs, PCM_16K } from '../format';
import { EnergyDetector } from '../voice';
import { levelDb } from './level-db';

/** A loudspeaker's sound tells something of the room only when it is this loud (dB relative to full scale). */
const LEARN_ABOVE_DB = -50;
/** So much echo must have been heard before anybody is believed to speak over it (ms). */
const LEARN_MS = 500;
/**
 * The echo is what lies above nine tenths of what was heard: it is moved up nine times as fast as down. Rates in dB per second
 * of echo: a louder volume is learnt within seconds, and somebody who speaks for a moment is not taken for it.
 */
const RISE_DB = 3;
const FALL_DB = RISE_DB / 9;
/** Voice that is heard over the echo may sink into it for so long before it is taken for over (ms). */
const HOLD_MS = 700;

/** How {@link BargeIn} judges. */
export interface BargeInOptions {
  /** How much louder than the echo usually is a voice must be (dB). */
  raiseDb: number;
  /** For how long (ms). */
  minSpeechMs: number;
}

/**
 * Somebody speaks over the loudspeaker: the microphone hears more than what is played lets expect.
 *
 * How much quieter than played the echo arrives is learnt while it plays: it depends on volumes, distances and the room, and
 * not on what is said. So a pause in the answer is a moment in which a quiet voice is heard.
 */
export class BargeIn {
  private readonly voice = new EnergyDetector();
  /** What the microphone hears of the loudspeaker's level at most, usually (dB). */
  private couplingDb = -Infinity;
  private learntMs = 0;
  private overMs = 0;
  private quietMs = 0;
  private speaks = false;

  constructor(private readonly options: BargeInOptions) {}

  /** Somebody speaks over the echo. */
  get speaking(): boolean {
    return this.speaks;
  }

  /** How much louder the microphone is than what is played (dB); undefined until it has been learnt. */
  get coupling(): number | undefined {
    return this.learntMs >= LEARN_MS ? this.couplingDb : undefined;
  }

  /**
   * Takes every piece of the microphone, so that the background is known.
   *
   * @param playedDb how loud the echo was when it was played; undefined when nothing plays
   * @returns whether somebody speaks over the echo
   */
  push(pcm: Buffer, playedDb: number | undefined): boolean {
    const ms = pcmDurationMs(PCM_16K, pcm.length);
    const voiced = this.voice.push(pcm) >= 0.5;
    if (playedDb === undefined) {
      this.speaks = false;
      this.overMs = 0;
      return false;
    }
    const level = levelDb(pcm);
    const known = this.learntMs >= LEARN_MS;
    const over = known && voiced && level > playedDb + this.couplingDb + this.options.raiseDb;
    if (playedDb > LEARN_ABOVE_DB) this.learn(level - playedDb, ms);
    // A dip between two syllables takes back as much as it lasts, and does not start the count anew.
    this.overMs = Math.max(0, Math.min(this.options.minSpeechMs, this.overMs + (over ? ms : -ms)));
    this.quietMs = over ? 0 : this.quietMs + ms;
    if (over && this.overMs >= this.options.minSpeechMs) this.speaks = true;
    if (this.quietMs >= HOLD_MS) this.speaks = false;
    return this.speaks;
  }

  private learn(difference: number, ms: number): void {
    if (this.learntMs < LEARN_MS) {
      this.learntMs += ms;
      this.couplingDb = Math.max(this.couplingDb, difference);
      return;
    }
    this.couplingDb += ((difference > this.couplingDb ? RISE_DB : -FALL_DB) * ms) / 1000;
  }
}

import type { Detection } from './setup';

/** Sample rate of everything the server listens to, in Hz. */
export const LISTEN_RATE = 16_000;

/** Audio is judged in pieces of 20 ms. */
export const VAD_FRAME = LISTEN_RATE / 50;
const FRAME_MS = 20;

/** The quietest piece of this long is taken for the background. Longer than any sound of speech is held. */
const FLOOR_WINDOW_MS = 2500;

/** While less than this was heard, a loud start is taken for speech rather than for a loud room. */
const SETTLE_MS = 1000;
const SETTLE_CEILING_DB = -36;
const FLOOR_MIN_DB = -70;

/** How far voice must stand out of the background, and how loud it must be at all (dBFS). */
const START = { high: { above: 10, least: -50 }, low: { above: 16, least: -40 } };

/** Speech that has begun is kept until it sinks this much nearer to the background. */
const HYSTERESIS_DB = 4;

/** What one frame changed. */
export type VadEdge = 'start' | 'end' | undefined;

/** RMS level in dB relative to full scale. */
export function levelDb(frame: Int16Array): number {
  let sum = 0;
  for (const sample of frame) sum += sample * sample;
  return 10 * Math.log10(sum / frame.length / 32768 ** 2 + 1e-12);
}

/**
 * Energy voice activity detection with an adaptive floor: the level of the quietest 20 ms within the last seconds is the
 * background, voice is what stands clear of it. A fan that is switched on is speech at first, and background as soon
 * as it has filled the window. Counts samples, never the clock, so it works at any pace.
 */
export class Vad {
  speaking = false;
  private readonly levels: number[] = [];
  private voicedMs = 0;
  private silentMs = 0;

  constructor(private readonly detection: Detection) {}

  /** Takes exactly one frame of {@link VAD_FRAME} samples. */
  push(frame: Int16Array): VadEdge {
    const level = levelDb(frame);
    const voiced = this.isVoiced(level);
    if (this.speaking) return this.whileSpeaking(voiced);
    // A dip between two syllables does not start the count anew, it takes back as much as it lasts.
    this.voicedMs = voiced ? this.voicedMs + FRAME_MS : Math.max(0, this.voicedMs - FRAME_MS);
    if (this.voicedMs === 0 || this.voicedMs < this.detection.prefixPaddingMs) return undefined;
    this.speaking = true;
    this.silentMs = 0;
    return 'start';
  }

  /** Voice is heard, though not yet for long enough to be speech. */
  get rising(): boolean {
    return this.voicedMs > 0;
  }

  /** Forgets the speech that is under way, not the background. */
  reset(): void {
    this.speaking = false;
    this.voicedMs = 0;
    this.silentMs = 0;
  }

  private whileSpeaking(voiced: boolean): VadEdge {
    this.silentMs = voiced ? 0 : this.silentMs + FRAME_MS;
    if (this.silentMs === 0 || this.silentMs < this.detection.silenceDurationMs) return undefined;
    this.reset();
    return 'end';
  }

  private isVoiced(level: number): boolean {
    this.levels.push(level);
    if (this.levels.length > FLOOR_WINDOW_MS / FRAME_MS) this.levels.shift();
    let floor = Math.max(FLOOR_MIN_DB, Math.min(...this.levels));
    if (this.levels.length < SETTLE_MS / FRAME_MS) floor = Math.min(floor, SETTLE_CEILING_DB);
    const { above, least } = START[this.detection.startSensitivity];
    const slack = this.speaking ? HYSTERESIS_DB : 0;
    return level > Math.max(floor + above, least) - slack;
  }
}

/** Samples per second of all that voice detection listens to (Hz). */
export const VOICE_RATE = 16_000;

/** Judges how likely somebody speaks. */
export interface VoiceDetector {
  /** What it is, for documents and events. */
  readonly name: 'energy' | 'silero';
  /**
   * Takes the next piece of sound and says how likely it is speech, 0 to 1. A detector that judges in longer pieces
   * repeats its last verdict until the next one is due.
   *
   * @param pcm PCM16 mono at 16 kHz, whole samples, any length
   */
  push(pcm: Buffer): number | Promise<number>;
  /** Forgets what it has heard: another sound begins. */
  reset(): void;
  /** Gives back what it holds beside memory. It is not used afterwards. */
  close?(): Promise<void>;
}

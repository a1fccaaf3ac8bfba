import type { VoiceDetector } from './detector';

/** When speech begins and ends; every time counts sound, never the clock. */
export interface ActivityOptions {
  /** Likelihood at which speech may begin, 0 to 1. Default 0.6. */
  open?: number;
  /** Likelihood below which it may end; lower than `open`, so that a soft syllable does not end it. Default 0.35. */
  close?: number;
  /** Shortest sound that is taken for speech (ms): a click is shorter. Default 80. */
  minSpeechMs?: number;
  /** Silence that ends speech (ms). Default 600. */
  silenceMs?: number;
  /** How much of what came before the first voiced sound belongs to the speech (ms). Default 500. */
  preRollMs?: number;
  /** Longest speech (ms): then it ends even though somebody still speaks. Default 60000. */
  maxSpeechMs?: number;
}

/** What a piece of sound changed. */
export type ActivityStep =
  /** Speech has begun: `chunks` holds its beginning, the pre-roll and the piece that decided it included. */
  | { type: 'start'; chunks: Buffer[] }
  /** More of it. The silence that is going to end it belongs to it. */
  | { type: 'speech'; chunk: Buffer }
  /** It is over. */
  | { type: 'end'; why: 'silence' | 'longest' | 'stopped' };

const BYTES_PER_MS = 32;
/** What {@link ActivityOptions} are where nothing is said; in ms, and likelihoods from 0 to 1. */
export const ACTIVITY_DEFAULTS: Readonly<Required<ActivityOptions>> = {
  open: 0.6,
  close: 0.35,
  minSpeechMs: 80,
  silenceMs: 600,
  preRollMs: 500,
  maxSpeechMs: 60_000,
};

/**
 * Cuts a stream of sound into stretches of speech. Nothing of a stretch is lost: what came shortly before the moment at
 * which it was recognised is kept and given with its start.
 */
export class ActivityDetector {
  private readonly options: Required<ActivityOptions>;
  /** What came last while nobody speaks. */
  private kept: Buffer[] = [];
  private keptMs = 0;
  private speaking = false;
  private voicedMs = 0;
  private silentMs = 0;
  private speechMs = 0;

  constructor(
    private readonly detector: VoiceDetector,
    options: ActivityOptions = {},
  ) {
    this.options = { ...ACTIVITY_DEFAULTS, ...options };
  }

  /** Somebody speaks now. */
  get active(): boolean {
    return this.speaking;
  }

  /**
   * Takes the next piece of sound. The pieces of a stream must be given one after the other: wait for each answer.
   *
   * @param chunk PCM16 mono at 16 kHz, whole samples; 20 ms pieces are usual
   * @returns what it changed, in order; a Promise where the detector needs time
   */
  push(chunk: Buffer): ActivityStep[] | Promise<ActivityStep[]> {
    const likely = this.detector.push(chunk);
    return typeof likely === 'number'
      ? this.take(chunk, likely)
      : likely.then((one) => this.take(chunk, one));
  }

  /** The sound has ended, or is not to be listened to any more: what is under way is over. */
  stop(): ActivityStep[] {
    const steps: ActivityStep[] = this.speaking ? [{ type: 'end', why: 'stopped' }] : [];
    this.quiet();
    this.kept = [];
    this.keptMs = 0;
    this.detector.reset();
    return steps;
  }

  private take(chunk: Buffer, likely: number): ActivityStep[] {
    const ms = chunk.length / BYTES_PER_MS;
    return this.speaking ? this.goOn(chunk, ms, likely) : this.wait(chunk, ms, likely);
  }

  private wait(chunk: Buffer, ms: number, likely: number): ActivityStep[] {
    this.keep(chunk, ms);
    // A dip between two syllables does not start the count anew, it takes back as much as it lasts.
    this.voicedMs = likely >= this.options.open ? this.voicedMs + ms : Math.max(0, this.voicedMs - ms);
    if (this.voicedMs === 0 || this.voicedMs < this.options.minSpeechMs) return [];
    this.speaking = true;
    this.silentMs = 0;
    this.speechMs = this.keptMs;
    const chunks = this.kept;
    this.kept = [];
    this.keptMs = 0;
    return [{ type: 'start', chunks }];
  }

  private goOn(chunk: Buffer, ms: number, likely: number): ActivityStep[] {
    this.speechMs += ms;
    this.silentMs = likely >= this.options.close ? 0 : this.silentMs + ms;
    const steps: ActivityStep[] = [{ type: 'speech', chunk }];
    const over = this.silentMs > 0 && this.silentMs >= this.options.silenceMs;
    if (!over && this.speechMs < this.options.maxSpeechMs) return steps;
    this.quiet();
    return [...steps, { type: 'end', why: over ? 'silence' : 'longest' }];
  }

  /** Keeps enough for the pre-roll and for what was needed to recognise the speech after it, dips included. */
  private keep(chunk: Buffer, ms: number): void {
    this.kept.push(chunk);
    this.keptMs += ms;
    const wanted = this.options.preRollMs + 2 * this.options.minSpeechMs;
    while (this.kept.length > 1 && this.keptMs - this.kept[0]!.length / BYTES_PER_MS >= wanted) {
      this.keptMs -= this.kept.shift()!.length / BYTES_PER_MS;
    }
  }

  private quiet(): void {
    this.speaking = false;
    this.voicedMs = 0;
    this.silentMs = 0;
    this.speechMs = 0;
  }
}

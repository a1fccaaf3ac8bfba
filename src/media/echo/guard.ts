import { performance } from 'node:perf_hooks';
import { pcmDurationMs, PCM_16K } from '../format';
import type { MediaHandle } from '../handle';
import { capturedAt } from '../stamp';
import { Audible, type Sounding } from './audible';
import { BargeIn } from './barge-in';

/**
 * What keeps the model from hearing itself through loudspeaker and microphone:
 *
 * - `auto`: the microphone is closed while it could hear an answer. It cannot where the sound goes into another room
 *   (`PlayedOptions.room` is `away`: a browser, which cancels the echo itself) or is taken out by an echo canceller on its way;
 * - `gate`: it is closed while an answer plays, wherever;
 * - `barge-in`: while an answer plays, it is open only for what stands out of the echo;
 * - `off`: it is always open: headphones, or the user cares for it.
 */
export type EchoMode = 'auto' | 'gate' | 'barge-in' | 'off';

/** Every value of {@link EchoMode}. */
export const ECHO_MODES: readonly EchoMode[] = ['auto', 'gate', 'barge-in', 'off'];

/** How an {@link EchoGuard} works. */
export interface EchoOptions {
  readonly mode: EchoMode;
  /** How long an answer is still heard after its last sound (ms): what room and devices hold. Default 300. */
  readonly tailMs?: number;
  /** `barge-in`: how much louder than the echo usually is a voice must be (dB). Default 4. */
  readonly raiseDb?: number;
  /** `barge-in`: for how long (ms). Default 80. */
  readonly minSpeechMs?: number;
  /** `barge-in`: how much of the sound before that is sent, too, so that no first syllable is lost (ms). Default 300. */
  readonly preRollMs?: number;
  /** A clock (ms). Default: `performance.now`. */
  readonly now?: () => number;
}

/** An echo may arrive so much later than the sink believed it was heard, and so much earlier (ms). */
const ECHO_MS = { late: 500, early: 60 };

/**
 * Stands between a live microphone and a session. Sound of the microphone that may be echo becomes silence of the same length:
 * silence instead of nothing, because the service tells by it that the user has finished. What comes late is judged by all the
 * time from its capture on: echo that waited in a pipe until the answer was over is still echo.
 */
export class EchoGuard {
  readonly mode: EchoMode;
  private readonly audible: Audible;
  private readonly voice: BargeIn;
  private readonly preRollMs: number;
  private readonly now: () => number;
  /** What was kept back and may turn out to be the beginning of speech. */
  private kept: Buffer[] = [];
  private keptMs = 0;
  private microphone: MediaHandle | undefined;

  constructor({
    mode,
    tailMs = 300,
    raiseDb = 4,
    minSpeechMs = 80,
    preRollMs = 300,
    now = () => performance.now(),
  }: EchoOptions) {
    this.mode = mode;
    this.audible = new Audible(tailMs, mode === 'barge-in', now);
    this.voice = new BargeIn({ raiseDb, minSpeechMs });
    this.preRollMs = preRollMs;
    this.now = now;
  }

  /** Follows the playing of an answer. The listeners go when the stream does. */
  watch(answer: MediaHandle): void {
    if (this.mode !== 'off') this.audible.watch(answer);
  }

  /** Whether the microphone that was filtered last is kept from being heard now. */
  get closed(): boolean {
    return this.echoes(this.microphone).length > 0 && !(this.mode === 'barge-in' && this.voice.speaking);
  }

  /**
   * What is to be sent instead of a piece of a live microphone's sound (16 kHz mono PCM16): the piece itself, or silence of its
   * length; or the piece with what came before it, when it turns out that somebody speaks over the answer.
   */
  filter(chunk: Buffer, microphone: MediaHandle): Buffer {
    this.microphone = microphone;
    if (this.mode === 'off') return chunk;
    const since = this.now() - lateMs(chunk);
    const echoes = this.echoes(microphone, since);
    if (this.mode === 'barge-in') {
      const playedDb = echoes.length
        ? Math.max(...echoes.map((echo) => this.playedDb(echo, since)))
        : undefined;
      if (this.voice.push(chunk, playedDb)) return this.release(chunk);
    }
    if (echoes.length === 0) {
      // The end of an answer's echo is no beginning of speech.
      this.forget();
      return chunk;
    }
    if (this.mode === 'barge-in') this.keep(chunk);
    return Buffer.alloc(chunk.length);
  }

  /** The answers that this microphone could hear, now or since some time ago. */
  private echoes(microphone: MediaHandle | undefined, since = this.now()): Sounding[] {
    const heard = this.audible.heard(since);
    return this.mode === 'auto' ? heard.filter((sounding) => reaches(sounding, microphone)) : heard;
  }

  /** How loud the sink played what the microphone may have heard of it since then (dB relative to full scale). */
  private playedDb({ levels, ms, at }: Sounding, since: number): number {
    const [from, to] = [since, this.now()].map((time) => ms + time - at) as [number, number];
    return levels?.loudest(from - ECHO_MS.late, to + ECHO_MS.early) ?? 0;
  }

  private keep(chunk: Buffer): void {
    this.kept.push(chunk);
    this.keptMs += pcmDurationMs(PCM_16K, chunk.length);
    while (this.keptMs > this.preRollMs && this.kept.length > 0) {
      this.keptMs -= pcmDurationMs(PCM_16K, this.kept.shift()!.length);
    }
  }

  private release(chunk: Buffer): Buffer {
    if (this.kept.length === 0) return chunk;
    const whole = Buffer.concat([...this.kept, chunk]);
    this.forget();
    return whole;
  }

  private forget(): void {
    this.kept = [];
    this.keptMs = 0;
  }
}

/** How much later it came than it was captured (ms): on a busy machine sound waits in pipes. */
function lateMs(chunk: Buffer): number {
  const now = Date.now();
  return Math.max(0, now - (capturedAt(chunk) ?? now));
}

/** Whether a microphone can hear this. A canceller helps only if the sound goes into it and the microphone is its own. */
function reaches({ room, canceller }: Sounding, microphone: MediaHandle | undefined): boolean {
  if (room === 'away') return false;
  const meta = microphone?.meta ?? {};
  return !(room === 'cancelled' && meta.echoCancelled === true && meta.canceller === canceller);
}

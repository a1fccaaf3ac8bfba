/**
 * How long things took (ms). All are measured with the monotonic clock; undefined where there was nothing to
 * measure, for example in a turn that the model began by itself.
 */
export interface TurnTimings {
  /** From `connect()` to the open socket, of the connection on which the turn ran. */
  connectMs?: number;
  /** From the sent `setup` to `setupComplete`, of the connection on which the turn ran. */
  setupMs?: number;
  /**
   * From the last voiced sample handed to the socket (or the text sent) to the first content of the model: any
   * part, transcript or tool call. This is what the service needs to notice that the user has finished.
   */
  endpointMs?: number;
  /**
   * From the last voiced sample handed to the socket (or the text sent) to the first frame of any kind that comes from
   * the service after it, such as a transcript: what network and service need to react at all.
   */
  firstByteMs?: number;
  /** From the last voiced sample handed to the socket (or the text sent) to the first audio byte received. */
  timeToFirstAudioMs?: number;
}

/**
 * The moment of the user's last input: what the model's answer is measured against. Each moment serves one turn.
 */
export class InputClock {
  private last: number | undefined;
  private firstByte: number | undefined;

  /** There was input that no turn has answered yet. */
  get pending(): boolean {
    return this.last !== undefined;
  }

  /** How long ago that was (ms). */
  get ageMs(): number {
    return this.last === undefined ? Infinity : performance.now() - this.last;
  }

  /** Voiced audio or text has been handed to the socket. */
  mark(): void {
    this.last = performance.now();
    this.firstByte = undefined;
  }

  /** A frame has come. */
  heard(now: number): void {
    if (this.last !== undefined) this.firstByte ??= now - this.last;
  }

  /** The last moment, which is thereby used up, and how long the first frame after it took (ms). */
  take(): { at: number; firstByteMs: number } | undefined {
    const { last: at, firstByte } = this;
    this.last = undefined;
    if (at === undefined) return undefined;
    return { at, firstByteMs: Math.round(firstByte ?? performance.now() - at) };
  }
}

/** Root mean square below which 16-bit audio counts as silence: about -44 dBFS, above the noise of a usual room. */
const VOICED_RMS = 200;

/** Whether a chunk of PCM16 is louder than a quiet room. */
export function isVoiced(pcm: Buffer): boolean {
  return isLouder(pcm, VOICED_RMS, 4);
}

/**
 * Whether the root mean square of PCM16 is above a limit. This runs for every chunk, so only each `step`-th sample is looked
 * at, and no more of them than it takes: loud sound gives itself away by its first ones.
 */
export function isLouder(pcm: Buffer, rms: number, step: number): boolean {
  const most = rms * rms * Math.ceil((pcm.length >> 1) / step);
  let sum = 0;
  for (let i = 0; i + 1 < pcm.length; i += 2 * step) {
    const sample = ((pcm[i]! | (pcm[i + 1]! << 8)) << 16) >> 16;
    sum += sample * sample;
    if (sum > most) return true;
  }
  return false;
}

/** An utterance has this much loud sound, and this much soft sound after it (ms); a cough or a fan has not. */
const MIN_UTTERANCE_MS = 400;
const UTTERANCE_END_MS = 800;

/** Notices, by loudness alone, that somebody has said something. */
export class Speech {
  /** Whether the last piece was voiced. */
  voiced = false;
  /** Whether it was the first voiced one since the last utterance. */
  begins = false;
  private voicedMs = 0;
  private quietMs = 0;

  /** @param spoken called when an utterance is over */
  constructor(private readonly spoken: () => void) {}

  /** @returns whether the piece is voiced */
  add(pcm: Buffer, ms: number): boolean {
    this.voiced = isVoiced(pcm);
    this.begins = this.voiced && this.voicedMs === 0;
    if (this.voiced) {
      this.voicedMs += ms;
      this.quietMs = 0;
      return true;
    }
    this.quietMs += ms;
    if (this.quietMs >= UTTERANCE_END_MS) this.pause();
    return false;
  }

  /** The sound pauses, so that no silence will follow. */
  pause(): void {
    if (this.voicedMs >= MIN_UTTERANCE_MS) this.spoken();
    this.voicedMs = 0;
  }
}

import type { Step } from './answer';
import type { Clock } from './clock';

/** What was said when the speaker stopped. */
export interface Said {
  text: string;
  audioMs: number;
}

/**
 * Sends the frames of one answer at the pace at which the service generates them: faster than they can be played,
 * but not all at once, so that a client can interrupt in the middle.
 */
export class Speaker {
  readonly said: Said = { text: '', audioMs: 0 };
  /** When a client that plays at once and in real time would be done with what it has. */
  private playedAt = 0;

  /** @param speed seconds of sound made per second */
  constructor(
    private readonly clock: Clock,
    private readonly speed: number,
    private readonly send: (message: Step['message']) => void,
  ) {}

  /** @returns false when it was stopped before the end */
  async speak(steps: Iterable<Step>, signal: AbortSignal): Promise<boolean> {
    let due = this.clock.now();
    for (const { message, audioMs, text } of steps) {
      if (!(await this.clock.until(due, signal))) return false;
      this.send(message);
      if (audioMs > 0) this.playedAt = Math.max(this.playedAt, this.clock.now()) + audioMs;
      this.said.audioMs += audioMs;
      this.said.text += text ?? '';
      due += audioMs / this.speed;
    }
    return true;
  }

  /** Waits until a client that plays at once and in real time would be done. @returns false when stopped */
  played(signal: AbortSignal): Promise<boolean> {
    return this.clock.until(this.playedAt, signal);
  }
}

import type { LiveServerMessage } from '../protocol';
import type { Close } from './closes';
import type { Faults } from './faults';

/** What is to happen to one outgoing frame, and afterwards. */
export interface Verdict {
  /** The frame is not sent. */
  readonly swallow?: true;
  /** Sent in place of the frame. */
  readonly instead?: Buffer;
  /** The frame is filled up with blanks to this many bytes. */
  readonly padTo?: number;
  readonly then?: 'terminate' | Close;
}

const HUGE = 8 * 1024 * 1024;

const hasSound = (message: LiveServerMessage): boolean =>
  message.serverContent?.modelTurn?.parts?.some((part) => part.inlineData !== undefined) ?? false;

/** Counts the frames of one connection and says which of them go wrong. */
export class FaultGate {
  private frames = 0;
  private sounds = 0;
  private silent = false;

  /** @param random numbers in [0, 1) */
  constructor(
    private readonly faults: Readonly<Faults>,
    private readonly random: () => number,
  ) {}

  /** How the connection ends before it has begun. */
  get onOpen(): Close | undefined {
    return this.faults.close?.afterFrames === 0 ? this.faults.close : undefined;
  }

  /** Whether the connection breaks at this frame, by chance. */
  get breaks(): boolean {
    const { dropProbability } = this.faults;
    return dropProbability !== undefined && this.random() < dropProbability;
  }

  /** Nothing is said from now on. */
  silence(): void {
    this.silent = true;
  }

  judge(message: LiveServerMessage): Verdict {
    const { badFrame, hugeFrame, terminateAfterAudio, close, silentAfterFrames = Infinity } = this.faults;
    if (this.silent || this.frames >= silentAfterFrames) return { swallow: true };
    this.frames++;
    if (hasSound(message)) this.sounds++;
    if (hasSound(message) && this.sounds === terminateAfterAudio) return { then: 'terminate' };
    if (this.frames === close?.afterFrames) return { then: close };
    if (this.frames === hugeFrame) return { padTo: HUGE };
    return this.frames === badFrame ? { instead: Buffer.from('{"serverContent": {"modelTurn"') } : {};
  }
}

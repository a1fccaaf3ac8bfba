import { ActivityDetector, PCM_16K, PcmFramer, type ActivityStep } from '../../media';
import { INPUT_BYTES_PER_MS } from '../chunker';
import { SureDetector } from './detector';
import type { VoiceOptions } from './options';

/** Finds the speech in one stream of sound. What it says comes in order, however long a detector takes. */
export class Ear {
  private readonly detector: SureDetector;
  private readonly activity: ActivityDetector;
  private readonly framer = new PcmFramer(PCM_16K);
  private waiting: Array<Buffer | 'stop'> = [];
  /** A verdict is under way. */
  private busy = false;
  private closed = false;
  /** Nothing was heard since the last stop. */
  private fresh = true;

  /**
   * @param said what was found
   * @param failed the detector was replaced by energy: why
   */
  constructor(
    options: VoiceOptions,
    private readonly said: (step: ActivityStep) => void,
    failed: (why: string) => void,
  ) {
    this.detector = new SureDetector(options, failed);
    this.activity = new ActivityDetector(this.detector, known(options));
  }

  /** Sound that waits for the detector (ms). */
  get waitingMs(): number {
    const bytes = this.waiting.reduce((sum, one) => sum + (one === 'stop' ? 0 : one.length), 0);
    return bytes / INPUT_BYTES_PER_MS;
  }

  /** The detector may begin to open. */
  open(): void {
    this.detector.open();
  }

  hear(pcm: Buffer): void {
    this.fresh = false;
    this.waiting.push(...this.framer.push(pcm));
    this.run();
  }

  /** The sound is over; what is under way ends behind what was heard. */
  stop(): void {
    if (this.fresh) return;
    this.fresh = true;
    const rest = this.framer.flush();
    if (rest) this.waiting.push(rest);
    this.waiting.push('stop');
    this.run();
  }

  /** Says nothing any more. */
  close(): void {
    this.closed = true;
    this.waiting = [];
    this.detector.close().catch(() => {});
  }

  private run(): void {
    while (!this.busy && !this.closed) {
      const next = this.waiting[0];
      if (next === undefined) return;
      const steps = next === 'stop' ? this.activity.stop() : this.activity.push(next);
      if (Array.isArray(steps)) this.took(steps);
      else {
        this.busy = true;
        void steps.then((found) => {
          this.busy = false;
          this.took(found);
          this.run();
        });
      }
    }
  }

  /** The first that waits is decided upon. */
  private took(steps: ActivityStep[]): void {
    this.waiting.shift();
    // A listener may have closed the session.
    for (const step of steps) if (!this.closed) this.said(step);
  }
}

/** Without what is not set: it would stand in the place of the default. */
function known({ open, close, minSpeechMs, silenceMs, preRollMs, maxSpeechMs }: VoiceOptions): object {
  const all = { open, close, minSpeechMs, silenceMs, preRollMs, maxSpeechMs };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

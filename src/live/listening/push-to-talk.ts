import { timerMs } from '../recovery/time';
import { END, START, type Listening, type ListeningHooks } from './listening';

const LONGEST_MS = 60_000;

/** Sends only what is said between {@link activityStart} and {@link activityEnd}. */
export class PushToTalk implements Listening {
  active = false;
  readonly waitingMs = 0;
  unsentBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Half a sample came last before the hold. */
  private torn = false;
  private odd = false;

  constructor(
    private readonly hooks: ListeningHooks,
    private readonly longestMs = LONGEST_MS,
  ) {}

  open(): void {}

  audio(pcm: Buffer): void {
    this.odd = this.odd !== (pcm.length % 2 === 1);
    const { lanes, held } = this.hooks;
    if (!this.active) {
      this.unsentBytes += pcm.length;
      return;
    }
    const whole = this.torn ? pcm.subarray(1) : pcm;
    this.unsentBytes += pcm.length - whole.length;
    if (pcm.length > 0) this.torn = false;
    if (held()) lanes.refuseAudio(whole);
    else lanes.sendAudio(whole);
  }

  flush(): void {
    this.odd = false;
    this.hooks.lanes.flushAudio();
  }

  /** Again while it is held, as keys repeat: nothing. */
  activityStart(): void {
    if (this.active) return;
    this.active = true;
    this.torn = this.odd;
    const { lanes, emit } = this.hooks;
    lanes.sendMarker(START);
    // It is not what keeps a process alive.
    this.timer = setTimeout(() => this.tooLong(), timerMs(this.longestMs)).unref();
    emit('activity', { type: 'speech-start', by: 'push-to-talk' });
  }

  /** After a hold that has ended by itself: nothing. */
  activityEnd(): void {
    if (!this.active) return;
    this.hooks.lanes.sendMarker(END);
    this.hooks.ended(true);
    this.close();
  }

  /** Nothing but marked activity counts, so there is nothing to tell. */
  audioStreamEnd(): void {
    this.flush();
  }

  close(): void {
    clearTimeout(this.timer);
    if (!this.active) return;
    this.active = false;
    this.hooks.emit('activity', { type: 'speech-end', by: 'push-to-talk' });
  }

  private tooLong(): void {
    this.activityEnd();
    this.hooks.emit('warning', {
      code: 'HOLD_TOO_LONG',
      message: `The button was held for ${this.longestMs} ms, so that what was said ends here`,
      advice: 'Let go and press again to speak on, or allow a longer hold.',
    });
  }
}

import type { ActivityStep } from '../../media';
import type { Emit } from '../events';
import { Ear } from './ear';
import { END, PAUSE, START, type Listening, type ListeningHooks } from './listening';
import type { VoiceOptions } from './options';

/** Sends speech only, as this machine hears it. */
export class VoiceListening implements Listening {
  active = false;
  unsentBytes = 0;
  private ear: Ear | undefined;
  private warned = false;

  /** @param marks speech is marked for a service that does not listen for it; else only the pauses are told */
  constructor(
    private readonly hooks: ListeningHooks,
    private readonly options: VoiceOptions,
    private readonly marks: boolean,
  ) {}

  get waitingMs(): number {
    return this.ear?.waitingMs ?? 0;
  }

  open(): void {
    this.listen().open();
  }

  audio(pcm: Buffer): void {
    const { lanes, held } = this.hooks;
    if (held()) {
      this.ear?.stop();
      lanes.refuseAudio(pcm);
      return;
    }
    this.unsentBytes += pcm.length;
    this.listen().hear(pcm);
  }

  /** Nobody can speak on, and silence will not come to tell it. */
  flush(): void {
    this.ear?.stop();
  }

  activityStart(): void {
    this.notByHand('activityStart');
  }

  activityEnd(): void {
    this.notByHand('activityEnd');
  }

  audioStreamEnd(): void {
    this.flush();
  }

  close(): void {
    this.ear?.close();
    this.ear = undefined;
    if (this.active) this.over();
  }

  private listen(): Ear {
    return (this.ear ??= new Ear(
      this.options,
      (step) => this.took(step),
      (why) => detectorFailed(this.hooks.emit, why),
    ));
  }

  private took(step: ActivityStep): void {
    if (step.type === 'speech') return this.send(step.chunk);
    if (step.type === 'end') return this.end();
    if (this.marks) this.hooks.lanes.sendMarker(START);
    this.active = true;
    for (const chunk of step.chunks) this.send(chunk);
    this.hooks.emit('activity', { type: 'speech-start', by: 'machine' });
  }

  private end(): void {
    const { lanes, ended, paused } = this.hooks;
    lanes.sendMarker(this.marks ? END : PAUSE);
    if (this.marks) ended(false);
    else paused();
    this.over();
  }

  private over(): void {
    this.active = false;
    this.hooks.emit('activity', { type: 'speech-end', by: 'machine' });
  }

  private send(chunk: Buffer): void {
    this.unsentBytes -= chunk.length;
    this.hooks.lanes.sendAudio(chunk);
  }

  private notByHand(call: string): void {
    if (this.warned) return;
    this.warned = true;
    this.hooks.emit('warning', {
      code: 'ACTIVITY_BY_MACHINE',
      message: `${call}() does nothing: the session finds the user's activity by itself`,
      advice: 'Choose turn detection by push to talk to mark it by hand.',
    });
  }
}

/** Tells that energy has taken the place of a detector. */
export function detectorFailed(emit: Emit, why: string): void {
  emit('warning', {
    code: 'DETECTOR_FAILED',
    message: `The detector of voice has failed, and energy decides in its place: ${why}`,
    advice: 'Nothing was lost. Check the detector, or choose energy.',
  });
}

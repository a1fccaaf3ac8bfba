import { ACTIVITY_DEFAULTS, type ActivityStep } from '../../media';
import { INPUT_BYTES_PER_MS } from '../chunker';
import type { Emit } from '../events';
import { detectorFailed, Ear, type Listening } from '../listening';
import type { SleepSettings } from './options';
import { Ring } from './ring';
import { WordEar } from './word-ear';

/** What {@link SleepListening} needs of its session. */
export interface SleepListeningHooks {
  emit: Emit;
  /** Somebody speaks, or holds the button. Called with each piece of sound of it. */
  activity(): void;
  /** What wakes the session was heard. */
  woken(by: 'speech' | 'wake-word', word?: string): void;
}

/** Sound is looked at in pieces of at most 100 ms, so that what came long before the speech in it is not sent. */
const PIECE = 100 * INPUT_BYTES_PER_MS;
/** What an ear holds back beside what it tells (ms): less than one of its frames. */
const FRAME_MS = 20;

/**
 * Stands before what listens while the session is awake. While it sleeps, nothing goes on to that; it is kept for a moment,
 * so that what wakes the session is heard from its beginning.
 *
 * One ear listens all the time: it must know the background of the room when the session falls asleep, or the fan in it would
 * wake the session at once.
 */
export class SleepListening implements Listening {
  private readonly ring = new Ring();
  private ear: Ear | undefined;
  private word: WordEar | undefined;
  private speaking = false;
  private asleep = false;
  /** What listens while awake is closed for this sleep. */
  private settled = true;
  /** Came during this sleep, and all that came during sleep and did not go on (bytes). */
  private heard = 0;
  private kept = 0;
  private readonly needsEar: boolean;
  private readonly ringMs: number;

  constructor(
    private readonly awake: Listening,
    private readonly settings: SleepSettings,
    private readonly hooks: SleepListeningHooks,
  ) {
    const { wakeOn, afterMs, preRollMs, voice } = settings;
    const { minSpeechMs = ACTIVITY_DEFAULTS.minSpeechMs } = voice;
    this.needsEar = wakeOn === 'speech' || afterMs !== Infinity;
    // As much as the ear may need to be sure, twice for dips between syllables.
    const decisionMs = wakeOn === 'speech' ? 2 * minSpeechMs + FRAME_MS : 0;
    this.ringMs = wakeOn === 'message' ? 0 : preRollMs + decisionMs;
  }

  get active(): boolean {
    return this.awake.active;
  }

  get waitingMs(): number {
    return this.awake.waitingMs;
  }

  get unsentBytes(): number {
    return this.awake.unsentBytes + this.kept;
  }

  /** Sound that came during this sleep (bytes). */
  get heardBytes(): number {
    return this.heard;
  }

  /** Somebody speaks, as far as this machine can tell. */
  get voiced(): boolean {
    return this.speaking;
  }

  open(): void {
    this.awake.open();
    if (this.settings.always && this.needsEar) this.listen().open();
  }

  audio(pcm: Buffer): void {
    for (let at = 0; at < pcm.length; at += PIECE) this.piece(pcm.subarray(at, at + PIECE));
  }

  flush(): void {
    if (!this.asleep) this.awake.flush();
    this.pause();
    // What comes next is another stream, and begins with a whole sample.
    this.ring.clear();
  }

  activityStart(): void {
    this.awake.activityStart();
  }

  activityEnd(): void {
    if (!this.asleep) this.awake.activityEnd();
  }

  audioStreamEnd(): void {
    if (!this.asleep) this.awake.audioStreamEnd();
    this.pause();
  }

  close(): void {
    this.asleep = false;
    this.settled = true;
    this.heard = 0;
    this.forget();
    this.word?.close();
    this.word = undefined;
    this.awake.close();
  }

  /** From now on sound is listened to here. Tells nobody; {@link settle} is to follow. */
  sleep(): void {
    if (this.asleep) return;
    this.asleep = true;
    this.settled = false;
    this.heard = 0;
  }

  /** What listened before ends, and what waits for a wake word begins. */
  settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.awake.close();
    // Half a sample that came before the sleep has nothing to do with what is sent after it.
    this.awake.flush();
    const { wakeOn } = this.settings;
    // A listener may have woken or closed the session.
    if (!this.asleep || typeof wakeOn === 'string') return;
    this.word = new WordEar(wakeOn, this.hooks.emit, (word) => {
      if (this.asleep) this.hooks.woken('wake-word', word);
    });
  }

  /**
   * What comes goes on again.
   *
   * @param words what woke the session was said: it goes on, too
   * @returns how much of the sound of this sleep was not sent (bytes)
   */
  wakeUp(words: boolean): number {
    this.asleep = false;
    this.word?.close();
    this.word = undefined;
    if (!words) this.ring.keep(0);
    for (const pcm of this.ring.all) this.awake.audio(pcm);
    const sent = Math.min(this.ring.length, this.heard);
    const saved = this.heard - sent;
    this.kept -= sent;
    this.heard = 0;
    // It does not hear how this goes on, and knows nothing of it in the next sleep.
    if (!this.settings.always) this.forget();
    return saved;
  }

  /** Nothing that was heard so far has to do with what comes. */
  private forget(): void {
    this.speaking = false;
    this.ring.clear();
    this.ear?.close();
    this.ear = undefined;
  }

  private piece(pcm: Buffer): void {
    if (this.asleep) {
      this.heard += pcm.length;
      this.kept += pcm.length;
    } else this.awake.audio(pcm);
    if (this.asleep || this.settings.always) {
      this.ring.push(pcm);
      if (this.needsEar) this.listen().hear(pcm);
      this.word?.push(pcm);
      this.ring.keep(this.ringMs * INPUT_BYTES_PER_MS + this.undecided);
    }
    if (this.speaking || this.awake.active) this.hooks.activity();
  }

  /** What the ear has not decided upon (bytes). */
  private get undecided(): number {
    return this.settings.wakeOn === 'speech' ? (this.ear?.waitingMs ?? 0) * INPUT_BYTES_PER_MS : 0;
  }

  private listen(): Ear {
    const { emit } = this.hooks;
    return (this.ear ??= new Ear(
      this.settings.voice,
      (step) => this.took(step),
      (why) => detectorFailed(emit, why),
    ));
  }

  private took({ type }: ActivityStep): void {
    if (type === 'speech') return;
    this.speaking = type === 'start';
    const { wakeOn } = this.settings;
    if (this.speaking) {
      // Who speaks on since before the sleep began does not wake it.
      if (this.asleep && wakeOn === 'speech') this.hooks.woken('speech');
    } else if (!this.asleep || wakeOn === 'speech') this.ring.keep(this.undecided);
  }

  /** The microphone pauses: no silence will come that could end what is said. */
  private pause(): void {
    if (this.speaking || (this.ear?.waitingMs ?? 0) > 0) this.ear?.stop();
  }
}

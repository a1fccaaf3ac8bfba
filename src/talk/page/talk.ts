import type { TalkMode } from '../wire';
import type { Microphone } from './microphone';
import { type Refusal, refused, unavailable } from './refusals';
import { settings } from './settings';

/** What talking tells. */
export interface TalkHooks {
  /** Somebody begins or stops talking. */
  talk(on: boolean, mode: TalkMode): void;
  /** Something to show has changed. */
  changed(): void;
  /** There is no microphone, and why. */
  refused(refusal: Refusal): void;
}

/** An open microphone stays so long after the last word (ms): the next press is heard from its first syllable. */
const LINGER_MS = 8000;

/** The talk button: three ways to use it, one microphone behind it. */
export class Talk {
  readonly #microphone: Microphone;
  readonly #hooks: TalkHooks;
  /** What the person wants; the microphone follows as fast as it can. */
  #wanted = false;
  #lingering: ReturnType<typeof setTimeout> | undefined;

  phase: 'off' | 'opening' | 'on' = 'off';
  mode: TalkMode = 'press';

  constructor(microphone: Microphone, hooks: TalkHooks) {
    this.#microphone = microphone;
    this.#hooks = hooks;
  }

  toggle(): void {
    if (this.#wanted) this.end();
    else void this.begin();
  }

  async begin(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    clearTimeout(this.#lingering);
    if (this.phase !== 'off') return; // the last one is just ending, or is opening still
    const why = unavailable('microphone');
    if (why) return this.#refuse(why);
    this.#enter('opening');
    try {
      await this.#microphone.start(settings.microphone);
    } catch (error) {
      return this.#refuse(await refused('microphone', error));
    }
    if (!this.#wanted) return this.#rest(); // let go before the microphone was there
    this.#enter('on');
    this.#hooks.talk(true, this.mode);
    this.#microphone.listen();
  }

  end(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    if (this.phase === 'on') void this.#end();
  }

  async #end(): Promise<void> {
    await this.#microphone.pause();
    this.#hooks.talk(false, this.mode);
    this.#rest();
  }

  /** After a lost connection: who was talking asks again. */
  again(): void {
    if (this.phase === 'on') this.#hooks.talk(true, this.mode);
  }

  /** Another microphone was chosen. */
  async exchange(): Promise<void> {
    if (!this.#microphone.open) return;
    try {
      await this.#microphone.start(settings.microphone);
      if (this.phase === 'on') this.#microphone.listen();
    } catch (error) {
      this.end();
      this.#hooks.refused(await refused('microphone', error));
    }
  }

  /** Another way to talk. What was being said is over. */
  choose(mode: TalkMode): void {
    if (mode === this.mode) return;
    this.end();
    this.mode = mode;
    this.#hooks.changed();
  }

  /** The microphone was taken away. */
  lost(): void {
    const was = this.#wanted;
    this.end();
    if (was) {
      this.#hooks.refused({
        title: 'The microphone is gone.',
        advice: 'It was unplugged or switched off by the system. Press to try again.',
      });
    }
  }

  #refuse(refusal: Refusal): void {
    this.#wanted = false;
    this.#enter('off');
    this.#hooks.refused(refusal);
  }

  #rest(): void {
    this.#enter('off');
    if (this.#wanted) {
      this.#wanted = false; // pressed again while it ended
      void this.begin();
      return;
    }
    const linger = this.mode === 'hands-free' ? 0 : LINGER_MS;
    this.#lingering = setTimeout(() => this.#microphone.release(), linger);
  }

  #enter(phase: 'off' | 'opening' | 'on'): void {
    this.phase = phase;
    this.#hooks.changed();
  }
}

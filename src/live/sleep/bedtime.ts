import { randomUUID } from 'node:crypto';
import type { Conversation } from '../conversation';
import type { LiveError } from '../errors';
import type { Emit } from '../events';
import type { Flow } from '../flow';
import type { Lifecycle } from '../lifecycle';
import type { Care } from '../recovery/care';
import { pauseFor } from '../recovery/time';
import type { SleepSettings } from './options';
import { Sleeper } from './sleeper';

/** What {@link Bedtime} needs of its session. */
export interface BedtimeContext {
  settings: SleepSettings;
  /** The conversation sleeps since then (epoch ms), in another session. */
  since: unknown;
  emit: Emit;
  conversation: Conversation;
  life: () => Lifecycle;
  flow: () => Flow;
  care: () => Care;
}

/** How often it looks whether the service has saved the last turn (ms). */
const LOOK_MS = 20;

/** What sleep means to the connection of a session, and to what hangs on it. */
export class Bedtime extends Sleeper {
  /** Raised by everything that wants the session awake, or over. */
  private stirred = 0;
  /** Whoever wakes the session connects it. */
  private connects = false;

  constructor(private readonly session: BedtimeContext) {
    const { settings, since, emit, conversation, life, flow, care } = session;
    super({
      settings,
      emit,
      listening: () => flow().listening,
      // Without the handle for it, the last turn would be forgotten.
      busy: () => flow().busy || care().handleDue,
      idle: (ms) => void this.goToSleep('idle', ms),
      refused: () => void this.goToSleep('no-phrase'),
      connect: () => {
        if (!this.connects) life().connect().catch(this.notWoken);
      },
      withhold: (judge) => void flow().withhold(judge),
      decide: (verdict) => flow().endWithholding(verdict),
      tryOut: (afresh) => conversation.tryOut(afresh),
      renew: () => {
        conversation.state.conversation = randomUUID();
        flow().turns.renew();
        flow().costs.renew();
      },
      usd: (tokens) => flow().costs.ofSound(tokens),
      ...(typeof since === 'number' && { since }),
    });
  }

  /** As `LiveSession.sleep()`. */
  async sleep(reason: string): Promise<void> {
    const { session, stirred } = this;
    const { signal } = session.life();
    // The turn that has just ended is behind no handle yet; that comes in a moment.
    while (session.life().usable && session.care().handleDue && this.stirred === stirred)
      await pauseFor(LOOK_MS, signal);
    if (this.fast) await session.life().sleep(reason);
    else if (this.stirred === stirred) await this.goToSleep(reason);
  }

  override message(): void {
    this.stirred++;
    super.message();
  }

  /** Somebody connects the session, and waits for that. */
  override takeUp(): void {
    super.takeUp();
    this.connects = true;
    this.message();
    this.connects = false;
  }

  override over(): void {
    this.stirred++;
    super.over();
  }

  /** Nobody is told before all is done: a listener may want the session awake again at once. */
  private goToSleep(reason: string, idleMs?: number): Promise<void> {
    const { life, flow, care } = this.session;
    const { notSaved } = care();
    this.fall(reason, idleMs);
    care().close();
    flow().sleep();
    const gone = life().sleep(reason);
    flow().slept(notSaved);
    return gone;
  }

  /** A session that was woken by what it heard has nobody who waits for it; one that was ready before tells by itself. */
  private readonly notWoken = (error: LiveError): void => {
    if (error.code === 'CLOSED' || this.session.life().wasReady) return;
    const { code, message, advice, closeCode, reason, policy } = error;
    this.session.emit('error', { code, message, advice, closeCode, reason, policy });
  };
}

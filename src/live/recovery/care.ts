import { parseDuration, type LiveServerMessage } from '../../protocol';
import type { Connection } from '../connection';
import type { LiveError } from '../errors';
import type { Flow } from '../flow';
import type { Attempt, Lifecycle } from '../lifecycle';
import { isAnnouncement } from '../say';
import { isWatchPrompt } from '../watching';
import { answeredIds, kindOf, writtenIn } from './frames';
import { Handover } from './handover';
import type { NotSaved } from '../tools/ledger';
import type { RecoverySettings } from './options';
import { PoisonWatch } from './poison';
import { Replay, type ReplayStats } from './replay';
import type { Revival } from './revival';
import { KeptUplink } from './uplink';

/** What {@link Care} needs of its session. */
export interface CareContext {
  settings: RecoverySettings;
  revival: Revival;
  life: () => Lifecycle;
  flow: () => Flow;
  /** The service gives handles; on Vertex AI with the index of what is in them. */
  resumable: boolean;
  indexed: boolean;
}

/** How long after speech the service may need to begin its answer, and after a turn to give the handle for it (ms). */
const ANSWER_MS = 5000;
const HANDLE_MS = 2000;
/** Closes that say that a message was wrong: repeating it would only end the next connection too. */
const WRONG_MESSAGE = [1007, 1009];

/** Takes care of the connection of a session: what it may lose, when it is to be left, and whether it is alive. */
export class Care {
  /** What was said in the turn that is being lost will be said again. */
  repeating = false;
  private readonly replay: Replay;
  private uplink: KeptUplink | undefined;
  private handover: Handover | undefined;
  private poison: PoisonWatch | undefined;
  /** An activity was cut in two by the end of the last connection. */
  private activityCut = false;
  private askedAt = -Infinity;
  private turnOverAt = -Infinity;
  private handleAt = 0;

  constructor(private readonly context: CareContext) {
    const { resumable, indexed, settings } = context;
    const keep = settings.enabled && settings.replay;
    const skip = (frame: string): boolean => isAnnouncement(frame) || isWatchPrompt(frame);
    this.replay = new Replay({ keep, resumable, indexed, skip });
  }

  get stats(): ReplayStats {
    return this.replay.stats;
  }

  /** What of the function calls is not in the newest handle. */
  get notSaved(): NotSaved {
    const { unknownCalls: calls, uncovered: answers } = this.replay;
    return { calls, answers };
  }

  /** The handle for the turn that is over is still to come; it comes soon, or not at all. */
  get handleDue(): boolean {
    const due = this.context.resumable && this.handleAt < this.turnOverAt;
    return due && performance.now() - this.turnOverAt <= HANDLE_MS;
  }

  /**
   * A connection is ready: repeats what the one before it may have lost, then lets go what waits.
   *
   * @param told messages that were sent on it already
   */
  ready(connection: Connection, attempt: Attempt, told: number): void {
    const { settings, flow } = this.context;
    const resumed = attempt.beginning.handle !== undefined;
    const unknown = resumed ? this.replay.unknownCalls : [];
    if (resumed) this.replay.restored(flow().tools.ids);
    const frames = this.replay.take(resumed);
    this.replay.opened(told);
    const uplink = (this.uplink = new KeptUplink(connection, this.replay, () => flow().voiced));
    if (settings.enabled) this.watch(attempt, resumed);
    uplink.repeat(frames, this.activityCut);
    this.activityCut = false;
    const written = frames
      .filter((frame) => kindOf(frame) === 'other')
      .map((frame) => writtenIn(String(frame)));
    if (frames.length > 0) flow().repeated(written.filter((text) => text !== ''));
    // A listener may have closed the session.
    const repeated = frames
      .filter((frame) => kindOf(frame) === 'tool')
      .flatMap((frame) => answeredIds(String(frame), true));
    if (this.uplink === uplink) flow().open(uplink, { resumed, unknown, repeated });
  }

  /** A message came. @param kept its handle is the one to resume with from now on */
  took(message: LiveServerMessage, kept: boolean): void {
    const { serverContent, toolCall, goAway } = message;
    this.replay.took(message, kept);
    if (serverContent || toolCall) this.poison?.stop();
    if (serverContent?.turnComplete) this.turnOverAt = performance.now();
    if (kept) this.handleAt = performance.now();
    if (goAway) this.handover?.goAway(parseDuration(goAway.timeLeft));
  }

  /** Something was sent that asks for an answer. @param sure false: sound that may have been speech */
  asked(sure: boolean): void {
    this.askedAt = performance.now();
    const { attempt } = this.context.life();
    if (attempt) attempt.spoken = true;
    this.poison?.asked(sure);
  }

  /** Another connection is wanted as soon as it disturbs nobody. */
  request(reason: string): void {
    if (this.handover) this.handover.request(reason, this.context.settings.handoverMarginMs);
    else this.context.life().restart(reason);
  }

  /** The connection is over. @param again another one follows @param resumable with a handle */
  ended(error: LiveError, again: boolean, resumable: boolean): void {
    this.stop();
    this.activityCut ||= this.uplink?.activityOpen ?? false;
    this.uplink = undefined;
    // A session that is over may be connected again much later: then nobody waits for an answer any more.
    if (!again || WRONG_MESSAGE.includes(error.closeCode ?? 0)) this.replay.forget();
    this.repeating = again && this.replay.pending(resumable);
  }

  /** Nothing is watched any more; the connection is being closed. */
  stop(): void {
    this.handover?.stop();
    this.poison?.stop();
    this.handover = this.poison = undefined;
  }

  /** The session is being closed by its user. */
  close(): void {
    this.stop();
    this.replay.clear();
    this.uplink = undefined;
    this.activityCut = false;
  }

  private watch(attempt: Attempt, resumed: boolean): void {
    const { settings, life, revival } = this.context;
    this.stop();
    if (resumed) {
      const why = 'the service resumed, but did not answer any more';
      this.poison = new PoisonWatch(settings.poisonMs, () => {
        revival.giveUp(why);
        life().restart(`The resumed conversation has been silent for ${settings.poisonMs / 1000} s`);
      });
    }
    this.handover = new Handover(
      {
        quiet: () => this.quiet(),
        proven: () => life().proven,
        due: (reason) => life().handover(reason),
        act: (reason) => life().restart(reason),
      },
      settings.handoverMarginMs,
    );
    this.handover.start(settings.rotateAfterMs);
    const { goAway } = attempt;
    if (goAway) this.handover.goAway(goAway.leftMs && goAway.leftMs - (performance.now() - goAway.at));
  }

  private quiet(): boolean {
    const { flow } = this.context;
    const { turns, callsPending } = flow();
    const now = performance.now();
    if (turns.occupied || callsPending || this.uplink?.activityOpen || flow().voiced) return false;
    // Spoken, and neither answered nor known to be nothing.
    if (this.askedAt > this.turnOverAt && now - this.askedAt < ANSWER_MS) return false;
    return !this.handleDue;
  }
}

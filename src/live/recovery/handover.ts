import { timerMs } from './time';

/** What a {@link Handover} needs of its session. */
export interface HandoverHooks {
  /** Nobody speaks, no function runs, and the service has given a handle for all that was said. */
  quiet(): boolean;
  /** The connection is a good one: leaving it for an announcement is no endless round of new connections. */
  proven(): boolean;
  /** The connection is to be changed soon. */
  due(reason: string): void;
  /** Now. */
  act(reason: string): void;
}

/**
 * Announcements of an end that is further away than this are not acted upon yet (ms): "300s" was seen one second into a
 * connection (agents-js #2507).
 */
const WINDOW_MS = 60_000;
/** How often it looks for a quiet moment (ms). */
const LOOK_MS = 100;

/**
 * Finds the moment at which one connection is left for the next: as soon as it is due and quiet, at the latest at a
 * deadline of its own. The service cannot be relied on for that: it may fall silent after its GoAway, or send none at all.
 */
export class Handover {
  private timer: NodeJS.Timeout | undefined;
  private rotation: NodeJS.Timeout | undefined;
  private deadline = Infinity;
  private reason: string | undefined;

  /** @param marginMs how long before an announced end it is left even if somebody speaks */
  constructor(
    private readonly hooks: HandoverHooks,
    private readonly marginMs: number,
  ) {}

  /** @param rotateAfterMs age at which the connection is to be changed without being told, 0: never */
  start(rotateAfterMs: number): void {
    if (rotateAfterMs === 0) return;
    const reason = `The connection is ${Math.round(rotateAfterMs / 1000)} s old`;
    this.rotation = setTimeout(() => this.begin(reason, this.marginMs), rotateAfterMs);
  }

  /** The service has announced the end. @param timeLeftMs undefined when it does not say */
  goAway(timeLeftMs = this.marginMs): void {
    const left = timerMs(Math.max(0, timeLeftMs));
    const reason = `The service ends the connection in ${Math.round(left / 1000)} s`;
    // With less time than the margin, half of it is left to the answer that is being given.
    const deadline = Math.max(left - this.marginMs, left / 2);
    const early = left - WINDOW_MS;
    if (early <= 0) return this.begin(reason, deadline);
    // It may be due already for another reason.
    if (this.reason !== undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begin(reason, deadline - early), early);
  }

  /** The connection is to be changed for a reason of our own, at the latest after `withinMs`. */
  request(reason: string, withinMs: number): void {
    this.begin(reason, withinMs);
  }

  stop(): void {
    clearTimeout(this.rotation);
    clearTimeout(this.timer);
    this.reason = undefined;
  }

  private begin(reason: string, withinMs: number): void {
    // An earlier deadline stays: what was announced then still holds.
    this.deadline = Math.min(this.deadline, performance.now() + withinMs);
    this.reason = reason;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 0);
    this.hooks.due(reason);
  }

  private look(): void {
    const { reason } = this;
    if (reason === undefined) return;
    const late = performance.now() >= this.deadline;
    if (late || (this.hooks.quiet() && this.hooks.proven())) {
      this.stop();
      this.hooks.act(reason);
    } else this.timer = setTimeout(() => this.look(), LOOK_MS);
  }
}

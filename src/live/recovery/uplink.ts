import { encode, realtimeInput, type SentFrame } from '../../protocol';
import type { Uplink } from '../lanes';
import { kindOf } from './frames';
import type { Replay } from './replay';

const START = encode(realtimeInput({ activityStart: {} }));

/** One connection as the lanes see it. What passes is kept for a {@link Replay}, and activities stay whole. */
export class KeptUplink implements Uplink {
  /** The user's activity has been marked as begun, and not as ended. */
  activityOpen = false;

  constructor(
    private readonly connection: Uplink,
    private readonly replay: Replay,
    /** Whether somebody speaks in the piece of sound that is being sent. */
    private readonly voiced: () => boolean,
  ) {}

  get bufferedAmount(): number {
    return this.connection.bufferedAmount;
  }

  send(frame: SentFrame, flushed?: () => void): void {
    this.pass(frame, this.voiced(), flushed);
  }

  /**
   * Sends what the connection before may have lost. An activity that it cut in two is begun again, so that its end has a
   * begin here too.
   *
   * @param frames see {@link Replay.take}
   * @param activityOpen an activity was open when the connection before ended
   */
  repeat(frames: readonly SentFrame[], activityOpen: boolean): void {
    const first = frames.map(kindOf).find((kind) => kind.startsWith('activity-'));
    if (first === 'activity-end' || (!first && activityOpen)) this.pass(START, true);
    for (const frame of frames) this.pass(frame, true);
  }

  private pass(frame: SentFrame, voiced: boolean, flushed?: () => void): void {
    const kind = kindOf(frame);
    // The begin is gone with the connection before, or was never given: the service would take it for a mistake.
    if (kind === 'activity-end' && !this.activityOpen) {
      if (flushed) setImmediate(flushed);
      return;
    }
    if (kind === 'activity-start' || kind === 'activity-end') this.activityOpen = kind === 'activity-start';
    this.replay.sent(frame, voiced);
    this.connection.send(frame, flushed);
  }
}

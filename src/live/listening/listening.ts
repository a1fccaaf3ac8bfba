import { realtimeInput } from '../../protocol';
import type { Emit } from '../events';
import type { Lanes } from '../lanes';

/** What stands between the microphone and the lanes. */
export interface Listening {
  /** The user's activity has been marked as begun, and not as ended. */
  readonly active: boolean;
  /** Sound that is not decided upon yet (ms). */
  readonly waitingMs: number;
  /** Sound that was given and has not gone on to the lanes (bytes). */
  readonly unsentBytes: number;
  /** A connection is ready. */
  open(): void;
  /** PCM16 mono at 16 kHz in pieces of any size. */
  audio(pcm: Buffer): void;
  /** The stream of sound has ended. */
  flush(): void;
  activityStart(): void;
  activityEnd(): void;
  audioStreamEnd(): void;
  /** The session is being closed: what is under way is over. */
  close(): void;
}

/** What listening needs of its session. */
export interface ListeningHooks {
  lanes: Pick<Lanes, 'sendAudio' | 'flushAudio' | 'sendMarker' | 'refuseAudio'>;
  emit: Emit;
  /** Sound must not be sent now: a function runs for which the model waits. */
  held(): boolean;
  /** An activity was marked as ended. @param exact this moment is when the user ended it; else that was with the last voiced sound */
  ended(exact: boolean): void;
  /** The service was told that the microphone pauses. */
  paused(): void;
}

export const START = realtimeInput({ activityStart: {} });
export const END = realtimeInput({ activityEnd: {} });
export const PAUSE = realtimeInput({ audioStreamEnd: true });

/** Everything goes on as it comes; whoever marks activity does so by hand. */
export class OpenListening implements Listening {
  active = false;
  readonly waitingMs = 0;
  readonly unsentBytes = 0;

  constructor(private readonly hooks: ListeningHooks) {}

  open(): void {}

  audio(pcm: Buffer): void {
    const { lanes, held } = this.hooks;
    if (held()) lanes.refuseAudio(pcm);
    else lanes.sendAudio(pcm);
  }

  flush(): void {
    this.hooks.lanes.flushAudio();
  }

  activityStart(): void {
    this.active = true;
    this.hooks.lanes.sendMarker(START);
  }

  activityEnd(): void {
    this.active = false;
    this.hooks.lanes.sendMarker(END);
    this.hooks.ended(true);
  }

  audioStreamEnd(): void {
    this.hooks.lanes.sendMarker(PAUSE);
  }

  close(): void {
    this.active = false;
  }
}

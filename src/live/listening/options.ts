import type { ActivityOptions, VoiceDetector } from '../../media';

/** Who listens for voices on this machine, and how. */
export interface VoiceOptions extends ActivityOptions {
  /**
   * Judges what is speech. A function is called when the first connection is ready, and what it gives is closed with
   * the session; a detector that is given as it is stays yours, and belongs to this session alone until then.
   * Default: an `EnergyDetector`. One that fails is replaced by that, with a `warning` `DETECTOR_FAILED`.
   */
  detector?: VoiceDetector | (() => VoiceDetector | Promise<VoiceDetector>);
  /** How long the detector may take to open, or for one verdict, before it counts as failed (ms). Default 5000. */
  patienceMs?: number;
}

/**
 * Who decides when the user speaks:
 *
 * - `model`: the service, as it does by default (or the markers of the caller, where the configuration disables that).
 *   With `neverSendSilence` this machine listens too: pauses are not sent, and the service is told when one begins.
 * - `machine`: this machine. The service's own detection is disabled; it gets the speech with its pre-roll between
 *   activity markers, and nothing else.
 * - `push-to-talk`: whoever calls `activityStart()` and `activityEnd()`; nothing is sent outside.
 */
export type TurnDetectionOptions =
  | ({ by: 'model'; neverSendSilence?: boolean } & VoiceOptions)
  | ({ by: 'machine' } & VoiceOptions)
  | {
      by: 'push-to-talk';
      /** Longest hold (ms): then it ends by itself, with a `warning` `HOLD_TOO_LONG`. Default 60000. */
      longestMs?: number;
    };

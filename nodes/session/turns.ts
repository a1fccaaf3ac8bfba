import type { TurnDetectionOptions } from '../../src/live';
import { ACTIVITY_DEFAULTS, openSilero, type VoiceDetector } from '../../src/media';
import { asError, NodeError, quoted, report } from '../shared/errors';
import type { RedNode } from '../shared/types';
import { numberOf } from '../shared/values';

/** What the dialog says about who decides when the user speaks; an older flow has none of it. */
export interface TurnFields {
  turnDetection?: 'model' | 'machine' | 'push-to-talk';
  neverSendSilence?: boolean;
  detector?: 'energy' | 'silero';
  /** Empty: the default (ms). */
  silenceMs?: string | number;
  minSpeechMs?: string | number;
  preRollMs?: string | number;
  /** Empty: the default (s). */
  longestHold?: string | number;
}

/**
 * The dialog's fields as an option of the session.
 *
 * @param folder where packages are looked for that are no part of the normal installation
 * @throws NodeError `BAD_CONFIG`
 */
export function turnDetectionOf(
  def: TurnFields,
  node: RedNode,
  folder: string,
): TurnDetectionOptions | undefined {
  const by = def.turnDetection || 'model';
  switch (by) {
    case 'model':
      return def.neverSendSilence === true
        ? { by, neverSendSilence: true, ...voice(def, node, folder) }
        : undefined;
    case 'machine':
      return { by, ...voice(def, node, folder) };
    case 'push-to-talk':
      return {
        by,
        longestMs: 1000 * numberOf(def.longestHold, 'longest hold (s)', { min: 1, max: 3600, default: 60 }),
      };
    default:
      throw new NodeError(
        'BAD_CONFIG',
        `The turn detection of the session must be "model", "machine" or "push-to-talk", not ${quoted(by)}.`,
      );
  }
}

function voice(def: TurnFields, node: RedNode, folder: string): object {
  const ms = (
    field: 'silenceMs' | 'minSpeechMs' | 'preRollMs',
    name: string,
    min: number,
    max: number,
  ): number => numberOf(def[field], `${name} (ms)`, { min, max, default: ACTIVITY_DEFAULTS[field] });
  return {
    silenceMs: ms('silenceMs', 'silence that ends speech', 100, 10_000),
    minSpeechMs: ms('minSpeechMs', 'shortest speech', 0, 2000),
    preRollMs: ms('preRollMs', 'pre-roll', 0, 5000),
    ...(def.detector === 'silero' && { detector: () => silero(node, folder) }),
  };
}

/** A Catch node sees why it cannot be had; the conversation goes on without it. */
export async function silero(node: RedNode, folder: string): Promise<VoiceDetector> {
  try {
    return await openSilero({ folders: [folder] });
  } catch (error) {
    report(node, asError(error));
    throw error;
  }
}

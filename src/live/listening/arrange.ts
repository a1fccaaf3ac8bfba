import type { LiveClientSetup, LiveConnectConfig } from '../../protocol';
import { LiveError } from '../errors';
import type { TurnDetectionOptions } from './options';

/** What the options of a session say about listening. */
interface Given {
  config?: LiveConnectConfig;
  rawSetup?: LiveClientSetup;
  turnDetection?: TurnDetectionOptions;
}

/** Turn detection as it can be done, and the configuration for it. */
export interface Arranged {
  config: LiveConnectConfig | undefined;
  turnDetection: TurnDetectionOptions;
  /** What was asked for and cannot be, in words. */
  refused?: string;
}

const BY: ReadonlyArray<TurnDetectionOptions['by']> = ['model', 'machine', 'push-to-talk'];

/**
 * Disables the service's own detection where it is not wanted: it refuses activity markers otherwise. A raw setup that
 * says something else has the last word.
 *
 * @throws LiveError `BAD_CONFIG`
 */
export function arrange({ config, rawSetup, turnDetection = { by: 'model' } }: Given): Arranged {
  if (!BY.includes(turnDetection?.by)) {
    throw new LiveError('BAD_CONFIG', `turnDetection needs "by", which is one of ${BY.join(', ')}`);
  }
  const marks = turnDetection.by !== 'model';
  const raw = rawSetup?.realtimeInputConfig?.automaticActivityDetection?.disabled;
  const set = config?.realtimeInputConfig?.automaticActivityDetection?.disabled;
  if (marks && raw === false) {
    return {
      config,
      turnDetection: { by: 'model' },
      refused: `The raw setup lets the service listen for speech, so turn detection by ${turnDetection.by} is left out`,
    };
  }
  if (marks) {
    const realtimeInputConfig = {
      ...config?.realtimeInputConfig,
      automaticActivityDetection: { disabled: true },
    };
    return { config: { ...config, realtimeInputConfig }, turnDetection };
  }
  if ((raw ?? set) === true && turnDetection.neverSendSilence) {
    return {
      config,
      turnDetection: { by: 'model' },
      refused: 'The detection of the service is disabled, so pauses are sent: they cannot be told to it',
    };
  }
  return { config, turnDetection };
}

import { OpenListening, type Listening, type ListeningHooks } from './listening';
import type { TurnDetectionOptions } from './options';
import { PushToTalk } from './push-to-talk';
import { VoiceListening } from './voice';

export { arrange } from './arrange';
export { Ear } from './ear';
export { detectorFailed } from './voice';
export type { Listening } from './listening';
export type { TurnDetectionOptions, VoiceOptions } from './options';

/** What listens in that way. */
export function listeningBy(how: TurnDetectionOptions, hooks: ListeningHooks): Listening {
  if (how.by === 'push-to-talk') return new PushToTalk(hooks, how.longestMs);
  if (how.by === 'machine') return new VoiceListening(hooks, how, true);
  return how.neverSendSilence ? new VoiceListening(hooks, how, false) : new OpenListening(hooks);
}

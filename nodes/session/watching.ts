import type { WatchingOptions } from '../../src/live';
import { numberOf, textOf } from '../shared/values';

/** What the dialog says about comments that nobody asked for; an older flow has none of it. */
export interface WatchFields {
  watch?: boolean;
  /** Empty: the default (s). */
  watchEvery?: string | number;
  /** Empty: the default. */
  watchFrames?: string | number;
  watchPrompt?: string;
  watchNothing?: string;
}

/**
 * The dialog's fields as an option of the session, which has the defaults; undefined: it does not watch.
 *
 * @throws NodeError `BAD_CONFIG`
 */
export function watchingOf(def: WatchFields): WatchingOptions | undefined {
  if (def.watch !== true) return undefined;
  const every = numberOf(def.watchEvery, 'time between comments (s)', { min: 0.1, max: 86_400, default: 0 });
  const frames = numberOf(def.watchFrames, 'number of new pictures', { min: 1, max: 1000, default: 0 });
  const prompt = textOf(def.watchPrompt);
  const nothing = textOf(def.watchNothing);
  return {
    ...(every > 0 && { everyMs: 1000 * every }),
    ...(frames > 0 && { frames: Math.round(frames) }),
    ...(prompt && { prompt }),
    ...(nothing && { nothing }),
  };
}

import type { LiveConnectConfig } from '../../protocol';
import { LiveError } from '../errors';

/**
 * Turns about pictures alone: when nobody speaks and new pictures have come, the model is asked what it sees. An answer that
 * says that there is nothing to say reaches nobody: it makes no sound, no text and no `turn`; its usage counts, and the
 * event `watch` tells of it.
 *
 * Such a turn costs what any turn costs, the whole context of the conversation included. The transcript of the answer is
 * needed to know what it says, so it is switched on where the model speaks.
 */
export interface WatchingOptions {
  /** At most one such turn in this time (ms). Default 10000. */
  everyMs?: number;
  /** As many new pictures must have been sent since a turn began last. Default 1. Repeated ones do not count. */
  frames?: number;
  /** What the model is asked. That nobody has spoken, and what to answer when there is nothing to say, is added to it. */
  prompt?: string;
  /**
   * The answer that reaches nobody. Default `<nothing>`; capitals, punctuation and spaces do not matter, so that it may be
   * spoken, too. It should be no beginning of an answer that is meant to be heard at once.
   */
  nothing?: string;
  /** How long the service must have sent nothing before it is asked (ms). Default 2000: transcripts may come late. */
  quietMs?: number;
  /** How long the answer may take to tell whether it says anything (ms); then it is told as it comes. Default 20000. */
  patienceMs?: number;
}

/** The options with their defaults. */
export type WatchingSettings = Required<WatchingOptions>;

const DEFAULTS: WatchingSettings = {
  everyMs: 10_000,
  frames: 1,
  prompt: 'Say in one short sentence what is new in them and worth telling.',
  nothing: '<nothing>',
  quietMs: 2000,
  patienceMs: 20_000,
};

/** @throws LiveError `BAD_CONFIG` */
export function watchingSettings(options: WatchingOptions): WatchingSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...DEFAULTS, ...(Object.fromEntries(given) as WatchingOptions) };
  for (const name of ['everyMs', 'frames', 'quietMs', 'patienceMs'] as const) {
    if (typeof settings[name] === 'number' && settings[name] >= 0) continue;
    throw new LiveError(
      'BAD_CONFIG',
      `watching.${name} must be a number from 0, not ${String(settings[name])}`,
    );
  }
  for (const name of ['prompt', 'nothing'] as const) {
    if (typeof settings[name] === 'string' && settings[name].trim() !== '') continue;
    throw new LiveError('BAD_CONFIG', `watching.${name} must be a text that is not empty`);
  }
  return settings;
}

/** The configuration with the transcript of what the model says: only by that an answer can be known. */
export function withTranscript(config: LiveConnectConfig | undefined): LiveConnectConfig {
  if (config?.outputAudioTranscription || config?.responseModalities?.includes('TEXT')) return config;
  return { ...config, outputAudioTranscription: {} };
}

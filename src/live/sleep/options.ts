import type { WakeWordService } from '../../media';
import { LiveError } from '../errors';
import type { TurnDetectionOptions, VoiceOptions } from '../listening/options';
import { asWords } from './phrase';

/** When a session sleeps, what wakes it, and how it goes on then. */
export interface SleepOptions {
  /**
   * Time without activity after which the session sleeps (ms). Activity is speech, text, an announcement, a turn and its
   * playback, a function that runs; silence and pictures are none. Default: only `sleep()` makes it sleep.
   */
  afterMs?: number;
  /**
   * What wakes it: a voice, somebody who knows wake words (see `wyoming()` of the media part), or messages only. Messages
   * (text, an announcement, `activityStart()`, `wake()`) always do. Default `speech`; with push to talk `message`.
   */
  wakeOn?: 'speech' | 'message' | WakeWordService;
  /**
   * Who hears voices, while it sleeps and, to know whether there is activity, while it does not. Default: as
   * `turnDetection`, else energy. Its `preRollMs` is how much of what came before is sent on waking; default 1000.
   */
  voice?: VoiceOptions;
  /**
   * With `speech`: words that the first transcript must hold; case, punctuation and small differences of spelling do not
   * matter. Until they are found, the answer and every function call are withheld; without them the session sleeps again as
   * if nothing had been said. Switches `inputAudioTranscription` on in the setup.
   */
  phrase?: string | readonly string[];
  /** How long the phrase is waited for, from the end of what is being said (ms). Default 8000. */
  phrasePatienceMs?: number;
  /** How long a transcript may pause before it counts as whole, once the model has begun to answer (ms). Default 1500. */
  phraseSettleMs?: number;
  /** Slept longer than that (ms), a new conversation begins: handle and history are dropped. Default: it always goes on. */
  freshAfterMs?: number;
}

/** Who woke the session. */
export type WakeCause = 'speech' | 'wake-word' | 'message';

/** How a session woke up, and what its sleep was good for. */
export interface Awakening {
  by: WakeCause;
  /** The wake word, or the phrase that was found. */
  word?: string;
  sleptMs: number;
  /** The sound that came meanwhile and was not sent: what an open microphone would have cost. */
  saved: Savings;
  /** A new conversation has begun: it slept for too long to go on. */
  fresh: boolean;
}

/** Sound that was not sent, in tokens (25 a second) and by the model's price; `usd` is 0 on the local server. */
export interface Savings {
  audioMs: number;
  tokens: number;
  usd?: number;
}

/** What a session's sleep came to so far. */
export interface SleepStats {
  /** How often it fell asleep. */
  times: number;
  asleepMs: number;
  /** How often it was woken without the phrase. */
  refused: number;
  savedTokens: number;
}

/** {@link SleepOptions} with nothing left open. */
export interface SleepSettings {
  /** Infinity: never by itself. */
  afterMs: number;
  wakeOn: 'speech' | 'message' | WakeWordService;
  voice: VoiceOptions;
  preRollMs: number;
  phrases: readonly string[];
  phrasePatienceMs: number;
  phraseSettleMs: number;
  freshAfterMs: number;
  /** Voices are listened to from the beginning, so that the room is known when it falls asleep. */
  always: boolean;
}

const PRE_ROLL_MS = 1000;
const PATIENCE_MS = 8000;
const SETTLE_MS = 1500;

/**
 * Fills in the defaults.
 *
 * @throws LiveError `BAD_CONFIG`
 */
export function sleepSettings(
  given: SleepOptions | undefined,
  turnDetection: TurnDetectionOptions,
): SleepSettings {
  const { afterMs, phrase, wakeOn, voice, freshAfterMs } = given ?? {};
  const times = {
    afterMs,
    freshAfterMs,
    phrasePatienceMs: given?.phrasePatienceMs,
    phraseSettleMs: given?.phraseSettleMs,
  };
  for (const [name, ms] of Object.entries(times)) {
    if (ms !== undefined && !(typeof ms === 'number' && ms >= 0)) {
      throw refused(`sleep.${name} must be a number from 0 up, not ${String(ms)}`);
    }
  }
  if (afterMs === 0) throw refused('sleep.afterMs must be above 0: the session would sleep at once');
  const waker = wakeOn ?? (turnDetection.by === 'push-to-talk' ? 'message' : 'speech');
  if (waker !== 'speech' && waker !== 'message' && typeof waker?.listen !== 'function') {
    throw refused('sleep.wakeOn must be "speech", "message" or a service that knows wake words');
  }
  const phrases = phrase === undefined ? [] : typeof phrase === 'string' ? [phrase] : [...phrase];
  if (phrases.length > 0 && waker !== 'speech') {
    throw refused('sleep.phrase is looked for in what is said: it needs wakeOn "speech"');
  }
  if (phrases.some((one) => typeof one !== 'string' || asWords(one).length === 0)) {
    throw refused('sleep.phrase must be words');
  }
  return {
    afterMs: afterMs ?? Infinity,
    wakeOn: waker,
    voice: { ...voiceOf(voice, turnDetection), preRollMs: 0 },
    preRollMs: voice?.preRollMs ?? PRE_ROLL_MS,
    phrases,
    phrasePatienceMs: times.phrasePatienceMs ?? PATIENCE_MS,
    phraseSettleMs: times.phraseSettleMs ?? SETTLE_MS,
    freshAfterMs: freshAfterMs ?? Infinity,
    always: given !== undefined,
  };
}

/** A detector that was made elsewhere can listen in one place only. */
function voiceOf(voice: VoiceOptions | undefined, turns: TurnDetectionOptions): VoiceOptions {
  const taken = turns.by === 'push-to-talk' ? {} : turns;
  const { open, close, minSpeechMs, silenceMs, maxSpeechMs, patienceMs, detector } = taken as VoiceOptions;
  const made = typeof detector === 'object';
  if (voice?.detector !== undefined && made && voice.detector === detector) {
    throw refused('sleep.voice.detector is that of turnDetection: give each a function that makes one');
  }
  const theirs = { open, close, minSpeechMs, silenceMs, maxSpeechMs, patienceMs };
  return { ...theirs, ...(!made && detector && { detector }), ...voice };
}

function refused(message: string): LiveError {
  return new LiveError('BAD_CONFIG', message);
}

import type { LevelReport, MediaHandle, MicrophoneProblem } from '../media';
import type { ClosePolicy, Problem, Transcription, UsageMetadata, VoiceConsentSignature } from '../protocol';
import type { TokensByModality } from './cost-report';
import type { Grounding } from './grounding';
import type { Awakening } from './sleep/options';
import type { ToolFailureStatus } from './tools/answers';
import type { ToolResult } from './tools/ledger';
import type { ToolArgs } from './tools/open-call';
import type { TurnDetails } from './turn-event';

/** States of a session; only these transitions happen: see `state.ts`. */
export type SessionState =
  | 'idle'
  | 'connecting'
  | 'setup'
  | 'ready'
  | 'handover'
  | 'reconnecting'
  | 'closing'
  | 'asleep'
  | 'closed'
  | 'failed';

/** Every event carries the time (epoch ms) and its conversation. */
export interface Stamp {
  at: number;
  conversation: string;
}

/** Who speaks: `thought` is the model thinking. */
export type TextRole = 'user' | 'model' | 'thought';

/** A whole turn: what one side asked and the other answered. */
export type TurnEvent = Stamp & TurnDetails;

/** What a session waits for: a turn, a session start or a place among the sessions of a key; or its next attempt. */
export type WaitReason = 'turn' | 'start' | 'concurrent' | 'reconnect';

/** Why calls need no answer any more: the service takes them back, they took too long, or their session is gone. */
export type ToolCancelReason = 'service' | 'timeout' | 'lost';

/** The events of a session by name. */
export interface LiveEvents {
  state: [Stamp & { from: SessionState; to: SessionState; reason?: string; endpoint: string }];
  /** First audio of a model turn: the stream of the whole turn. */
  audio: [Stamp & { turn: number; handle: MediaHandle }];
  /**
   * A piece (`final: false`), or a whole text (`final: true`). The texts of all final events of a turn and role
   * make up the whole: a transcript that comes late is a further final event. `interim` pieces are guesses that
   * later ones replace. A piece without text tells only `details`.
   */
  text: [
    Stamp & {
      turn: number;
      role: TextRole;
      text: string;
      final: boolean;
      interim?: boolean;
      /** What else a transcript told of this piece: language, speaker, words with their times, whether it is finished. */
      details?: Omit<Transcription, 'text'>;
    },
  ];
  turn: [TurnEvent];
  interrupted: [
    Stamp & {
      turn: number;
      /** How much of the answer was played (ms). */
      playedMs: number;
      /** True when no sink told and the clock was asked. */
      estimated: boolean;
      /** The played part of the text, in proportion and cut at a word boundary. */
      textPlayed: string;
      approximate: true;
      /** The whole text that had come so far. */
      text: string;
      /** Interrupted by `interrupt()` here and not by the service. */
      local: boolean;
    },
  ];
  /** Told once per call, with all of its arguments; they fit the declaration, unless the policy checks nothing. */
  'tool-call': [
    Stamp & {
      turn: number;
      id: string;
      name: string;
      args: ToolArgs;
      /** The model says nothing until this is answered; a function that takes long had better answer at once. */
      blocking: boolean;
      /** The session answers this call itself, with this failure: there is nothing to do. */
      refused?: ToolFailureStatus;
    },
  ];
  /** Calls that need no answer any more, with their arguments, so that an effect can be undone. */
  'tool-cancel': [
    Stamp & {
      ids: string[];
      /** Those of them that were told, and not told as refused. */
      calls: Array<{ id: string; name: string; args: ToolArgs }>;
      reason: ToolCancelReason;
    },
  ];
  /** Told once for each answer that was given, and for each open call that was lost. */
  'tool-result': [Stamp & ToolResult];
  /** Usage of one turn, and of the conversation so far. */
  usage: [
    Stamp & {
      turn: number;
      usage: UsageMetadata;
      total: UsageMetadata;
      /** Prices (USD); undefined where the model's prices are not known. `day` counts all sessions of the key. */
      costUsd: { turn?: number; conversation?: number; day?: number };
      byModality: { turn: TokensByModality; total: TokensByModality };
    },
  ];
  /**
   * Pictures (`watching`): `wanted` tells that something is asked, in writing or by a voice that begins, so that a source of
   * pictures may give a fresh one. The others are about a turn about pictures alone: the model was `asked`; what it answered
   * was `said`, or `swallowed` because there is nothing to say, or it was `unanswered` in time.
   */
  watch: [
    Stamp & {
      type: 'wanted' | 'asked' | 'said' | 'swallowed' | 'unanswered';
      /** Who wants one. */
      by?: 'text' | 'speech';
      /** Number of the turn, where it is one of its own. A swallowed turn has no other event but its `usage`. */
      turn?: number;
      /** How many new pictures it is about. */
      pictures?: number;
      /** From the question to this (ms); not for `asked`. */
      ms?: number;
    },
  ];
  /** Money: most of a limit is spent (`warning`), or all of it and the session closes (`reached`). */
  'cost-limit': [
    Stamp & {
      level: 'warning' | 'reached';
      scope: 'conversation' | 'day';
      limitUsd: number;
      spentUsd: number;
      advice: string;
    },
  ];
  /** Something must wait, about this long (ms; undefined where nobody can know). With `ms` 0 the wait is over. */
  waiting: [Stamp & { for: WaitReason; ms?: number; reason: string }];
  'go-away': [Stamp & { timeLeftMs?: number }];
  /** The connection is gone, and this machine listens for what wakes the session; see `sleep`. */
  asleep: [
    Stamp & {
      /** `idle`, `asked`, `no-phrase` when what woke it did not hold the phrase, or what `sleep()` was given. */
      reason: string;
      /** How long nothing had happened, with `idle` (ms). */
      idleMs?: number;
    },
  ];
  /**
   * The session sleeps no more: it connects. Where a phrase is asked for, this is told when it was heard, and what woke the
   * session without it is not told but by the states and another `asleep`.
   */
  awake: [Stamp & Awakening];
  /** `handle` is a fingerprint: the handle itself opens the conversation to whoever has it. */
  resumption: [Stamp & { resumable: boolean; handle?: string; lastConsumedClientMessageIndex?: string }];
  /** A connection has taken up an earlier conversation, or should have. */
  restored: [
    Stamp & {
      /** The service resumed. Otherwise it remembers nothing but what `seeded` told it. */
      stateRestored: boolean;
      /** Why the service did not resume. */
      reason?: string;
      /** Texts of the history that were told to the new session. */
      seeded?: number;
      /** Attempts that were needed since the last good connection. */
      attempts: number;
    },
  ];
  /** Sources on which the answer rests: search results, places, pages that were read. */
  grounding: [Stamp & { turn: number } & Grounding];
  code: [
    Stamp & {
      turn: number;
      code?: string;
      language?: string;
      outcome?: string;
      output?: string;
      id?: string;
    },
  ];
  /**
   * Speech as it is marked here (`speech-start`, `speech-end`, see `turnDetection`), voice activity as the service sees it (`start`, `end`), `interaction-…` states of models that think for long, and
   * `microphone-held` and `microphone-free` around functions for which the model waits,
   * `playback-drained` when a turn has been heard to its end, `waiting-for-input` when the model waits for the user outside of a turn,
   * `setup-complete` where the service tells more than that.
   */
  activity: [
    Stamp & {
      type: string;
      /** Who noticed it, where that was not the service. */
      by?: 'machine' | 'push-to-talk';
      audioOffsetMs?: number;
      turn?: number;
      /** The service's own name for the session (Vertex AI). */
      sessionId?: string;
      voiceConsentSignature?: VoiceConsentSignature;
    },
  ];
  /**
   * How loud the user's sound is (dB relative to full scale), see `levels`. With echo suppressed by silence, that is what it is
   * measured on.
   */
  level: [Stamp & LevelReport & { problem?: MicrophoneProblem }];
  /** With `over`, what was warned of by this code is good again. */
  warning: [Stamp & { code: string; message: string; advice?: string; turn?: number; over?: true }];
  error: [
    Stamp & {
      code: string;
      message: string;
      advice: string;
      closeCode?: number;
      reason?: string;
      policy?: ClosePolicy;
    },
  ];
  /** A field or enum value this client does not know, or a part it does not play. */
  unknown: [Stamp & { path: string; name: string; kind: Problem['kind'] | 'part'; value: unknown }];
}

/** Names of all events. */
export type LiveEventName = keyof LiveEvents;

/** One event as the async iterator yields it. */
export type LiveEvent = { [K in LiveEventName]: { event: K } & LiveEvents[K][0] }[LiveEventName];

/** Payload of an event without what the session adds. */
export type Unstamped<K extends LiveEventName> = Omit<LiveEvents[K][0], keyof Stamp>;

/** How the parts of a session emit. */
export type Emit = <K extends LiveEventName>(event: K, payload: Unstamped<K>) => void;

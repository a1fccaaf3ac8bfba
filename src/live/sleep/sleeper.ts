import { INPUT_BYTES_PER_MS } from '../chunker';
import type { Emit, LiveEventName, SessionState } from '../events';
import type { Judge } from '../withholding';
import { Idle } from './idle';
import type { SleepListening } from './listening';
import type { Awakening, Savings, SleepSettings, SleepStats, WakeCause } from './options';
import { PhraseJudge } from './phrase-judge';

/** What {@link Sleeper} needs of its session. */
export interface SleeperContext {
  settings: SleepSettings;
  emit: Emit;
  listening: () => SleepListening;
  /** Something goes on that must not be left: a turn, its playback, a function, something that waits to be sent. */
  busy(): boolean;
  /** Nothing has happened for so long (ms): the session is to sleep. */
  idle(ms: number): void;
  /** What woke the session did not hold the phrase: it is to sleep again. */
  refused(): void;
  /** The session is to connect. */
  connect(): void;
  /** Keeps back what the service says. */
  withhold(judge: Judge): void;
  /** Ends that. */
  decide(verdict: 'pass' | 'drop'): void;
  /** As `Conversation.tryOut`. */
  tryOut(afresh?: string): () => void;
  /** Another conversation has begun: it has another name, and has cost nothing. */
  renew(): void;
  /** Price of tokens of sound (USD). */
  usd(tokens: number): number;
  /** The conversation sleeps since then (epoch ms), in another session. */
  since?: number;
}

/** The service counts about 25 tokens for a second of sound (what its recorded sessions show: docs/protocol.md). */
const TOKENS_PER_MS = 25 / 1000;

/** Events that tell of activity; others are about the connection, money, or nothing that anybody did. */
const ACTIVE: ReadonlySet<LiveEventName> = new Set([
  ...(['text', 'audio', 'turn', 'interrupted', 'code', 'grounding'] as const),
  ...(['tool-call', 'tool-cancel', 'tool-result', 'activity'] as const),
]);

/**
 * Knows whether the session sleeps, since when, and what wakes it. It decides; what that means to the connection is the
 * session's business.
 *
 * ```text
 *   awake ── nothing happens, or asked ──▶ asleep ── a message, a wake word, or speech ──▶ awake
 *                                         ▲     │ speech, where a phrase is asked for      ▲
 *                            not the phrase └─ unsure ── the phrase, or a message ──────────┘
 * ```
 */
export class Sleeper {
  private phase: 'awake' | 'asleep' | 'unsure' = 'awake';
  /** When it fell asleep (epoch ms): the clock goes on while the machine is suspended. */
  private since: number | undefined;
  private readonly idle: Idle;
  private judge: PhraseJudge | undefined;
  /** Takes back what the try to wake up has changed. */
  private takeBack: (() => void) | undefined;
  /** Sound of this sleep that was not sent (bytes). */
  private saved = 0;
  /** Still to be told. */
  private fallen: { reason: string; idleMs?: number } | undefined;
  private awakening: Awakening | undefined;
  /** The session connects since it was woken. */
  private rising = false;
  private readonly counts = { times: 0, asleepMs: 0, refused: 0, savedBytes: 0 };

  constructor(private readonly context: SleeperContext) {
    const { settings, busy, since } = context;
    this.since = since;
    // Whether it was meant is still open: that has a patience of its own.
    const occupied = (): boolean => this.phase === 'unsure' || busy();
    this.idle = new Idle(settings.afterMs, occupied, (ms) => context.idle(ms));
  }

  /** The session sleeps, or is not sure yet whether it was meant. */
  get asleep(): boolean {
    return this.phase !== 'awake';
  }

  /** It sleeps, and nothing has woken it. */
  get fast(): boolean {
    return this.phase === 'asleep';
  }

  /** Since when the conversation sleeps (epoch ms), this session or the one that is to take it up. */
  get asleepSince(): number | undefined {
    return this.since;
  }

  get stats(): SleepStats {
    const { times, asleepMs, refused, savedBytes } = this.counts;
    const now = this.asleep ? this.saved + this.context.listening().heardBytes : 0;
    return {
      times,
      asleepMs: asleepMs + (this.asleep ? this.sleptMs : 0),
      refused,
      savedTokens: tokensOf(savedBytes + now),
    };
  }

  /** Somebody speaks. */
  touch(): void {
    this.idle.touch();
  }

  /** An event is told. */
  told(event: LiveEventName, type: unknown): void {
    if (ACTIVE.has(event) && type !== 'setup-complete') this.idle.touch();
  }

  /** The session falls asleep from now on. */
  fall(reason: string, idleMs?: number): void {
    this.still();
    if (this.phase === 'unsure') this.takeBack?.();
    else {
      this.saved = 0;
      this.counts.times++;
      this.since ??= Date.now();
    }
    this.phase = 'asleep';
    this.rising = false;
    this.awakening = this.takeBack = undefined;
    this.fallen = { reason, ...(idleMs !== undefined && { idleMs }) };
  }

  /** Speech or a wake word was heard. */
  woken(by: WakeCause, word?: string): void {
    const listening = this.context.listening();
    // What it tells may make a listener close the session, or wake it.
    listening.settle();
    if (this.phase !== 'asleep') return;
    const { settings, connect } = this.context;
    const tooLong = this.sleptMs >= settings.freshAfterMs;
    const unsure = by === 'speech' && settings.phrases.length > 0;
    this.phase = unsure ? 'unsure' : 'awake';
    this.takeBack = this.context.tryOut(tooLong ? this.tooLong : undefined);
    this.saved += listening.wakeUp(by !== 'message');
    this.awakening = {
      by,
      ...(word && { word }),
      sleptMs: this.sleptMs,
      saved: this.savings(this.saved),
      fresh: tooLong,
    };
    this.idle.touch();
    if (!unsure) this.sure();
    connect();
  }

  /** Somebody wants something of the session: that wakes it, whatever else it waits for. */
  message(): void {
    this.idle.touch();
    if (this.phase === 'asleep') this.woken('message');
    if (this.phase !== 'unsure' || !this.awakening) return;
    this.awakening.by = 'message';
    if (this.judge) this.context.decide('pass');
    else this.meant();
  }

  /** A conversation that slept in another session goes on, and nothing but the caller has woken it. */
  takeUp(): void {
    if (this.asleep || this.since === undefined) return;
    if (this.sleptMs >= this.context.settings.freshAfterMs) {
      this.context.tryOut(this.tooLong);
      this.context.renew();
    }
    this.since = undefined;
  }

  /** A transition of the session. */
  moved(from: SessionState, to: SessionState): void {
    if (to === 'asleep') this.tellAsleep();
    else if (to === 'closed' || to === 'failed') this.over();
    else if (from === 'asleep') {
      this.rising = true;
      this.tellAsleep();
      this.tellAwake();
    }
  }

  /** Messages may leave. */
  ready(): void {
    this.idle.start();
    if (this.phase !== 'unsure') return;
    const { settings, listening, withhold, decide, refused } = this.context;
    this.judge = new PhraseJudge(settings, {
      speaking: () => listening().voiced,
      giveUp: () => decide('drop'),
      decided: (word) => {
        this.judge = undefined;
        if (word === undefined) {
          this.counts.refused++;
          refused();
        } else this.meant(word);
      },
    });
    withhold(this.judge);
  }

  /** There is no connection any more: nothing is looked at until there is another. */
  still(): void {
    this.idle.stop();
    this.judge?.stop();
    this.judge = undefined;
  }

  /** The session is over. That it slept is remembered for whoever takes the conversation up. */
  over(): void {
    this.still();
    if (this.phase === 'unsure') this.takeBack?.();
    if (this.asleep) {
      this.counts.asleepMs += this.sleptMs;
      this.counts.savedBytes += this.saved + this.context.listening().heardBytes;
    }
    this.phase = 'awake';
    this.rising = false;
    this.fallen = this.awakening = this.takeBack = undefined;
  }

  private get sleptMs(): number {
    return this.since === undefined ? 0 : Math.max(0, Date.now() - this.since);
  }

  private get tooLong(): string {
    return `the session slept for ${Math.round(this.sleptMs / 1000)} s, which is too long to go on`;
  }

  private savings(bytes: number): Savings {
    const tokens = tokensOf(bytes);
    return { audioMs: bytes / INPUT_BYTES_PER_MS, tokens, usd: this.context.usd(tokens) };
  }

  /** The session was meant, after a while in which that was not sure. */
  private meant(word?: string): void {
    this.phase = 'awake';
    if (word && this.awakening) this.awakening.word = word;
    this.idle.touch();
    this.sure();
    this.tellAwake();
  }

  private sure(): void {
    this.counts.asleepMs += this.sleptMs;
    this.counts.savedBytes += this.saved;
    this.takeBack = undefined;
    if (this.awakening?.fresh) this.context.renew();
    this.since = undefined;
  }

  private tellAsleep(): void {
    const { fallen } = this;
    this.fallen = undefined;
    if (fallen) this.context.emit('asleep', fallen);
  }

  private tellAwake(): void {
    const { awakening } = this;
    if (!awakening || !this.rising || this.asleep) return;
    this.awakening = undefined;
    this.context.emit('awake', awakening);
  }
}

function tokensOf(bytes: number): number {
  return Math.round((bytes / INPUT_BYTES_PER_MS) * TOKENS_PER_MS);
}

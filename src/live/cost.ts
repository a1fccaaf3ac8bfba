import { priceOf, profileFor, type ModalityTokenCount, type UsageMetadata } from '../protocol';
import { LiveError } from './errors';
import type { Emit } from './events';
import { keyHash } from './limits/limiter';
import type { CostLimitOptions, DayStore } from './limits/options';

/** What a {@link CostMeter} needs of its session. */
export interface CostContext {
  model: string;
  /** Whose money is spent: only its hash is kept. */
  key: string;
  /** Nothing is paid for: the local server. */
  free: boolean;
  limits: CostLimitOptions;
  emit: Emit;
  /** Spent by the conversation before (USD). */
  spent?: number;
}

/** Turns whose usage may still grow. */
const MAX_RECENT = 8;
const WARN_AT = 0.8;

/** What was spent today, by key; in the memory of this process. */
const today = new Map<string, { day: string; usd: number }>();
const memory: DayStore = {
  load: (key) => today.get(key),
  save: (key, spent) => void today.set(key, spent),
};

/** Adds up what turns cost, and says when a limit is near or reached. */
export class CostMeter {
  private conversation: number;
  private readonly turns = new Map<number, number>();
  /** Limits of which was warned: for a day, with its date. */
  private readonly warned = new Set<string>();
  private readonly key: string;

  constructor(private readonly context: CostContext) {
    this.conversation = context.spent ?? 0;
    this.key = keyHash(context.key);
  }

  /** Another conversation begins. */
  renew(): void {
    this.conversation = 0;
    this.warned.clear();
  }

  /** Spent by the conversation so far (USD). */
  get conversationUsd(): number {
    return this.conversation;
  }

  /** Spent today by all sessions of the key (USD). */
  get dayUsd(): number {
    const spent = this.store.load(this.key);
    return spent?.day === dayOf(new Date()) ? spent.usd : 0;
  }

  /** What the turn has cost (USD), as far as the service has told. */
  of(turn: number): number | undefined {
    return this.turns.get(turn);
  }

  /** What so many tokens of the user's sound cost (USD). */
  ofSound(tokens: number): number {
    const { model, free } = this.context;
    const promptTokensDetails: ModalityTokenCount[] = [{ modality: 'AUDIO', tokenCount: tokens }];
    const usage = { promptTokenCount: tokens, promptTokensDetails };
    return free ? 0 : priceOf(profileFor(model), usage).usd;
  }

  /** Takes the newest usage of a turn. It grows within the turn: only the difference is new. */
  report(turn: number, usage: UsageMetadata): void {
    const { model, free } = this.context;
    const usd = free ? 0 : priceOf(profileFor(model), usage).usd;
    const more = usd - (this.turns.get(turn) ?? 0);
    this.turns.set(turn, usd);
    const [oldest] = this.turns.keys();
    if (this.turns.size > MAX_RECENT && oldest !== undefined) this.turns.delete(oldest);
    if (more === 0) return;
    this.conversation += more;
    this.store.save(this.key, { day: dayOf(new Date()), usd: this.dayUsd + more });
  }

  /**
   * Looks at the limits: warns once of each that is nearly reached.
   *
   * @returns why no more may be spent; undefined while there is money left.
   */
  check(): LiveError | undefined {
    const { conversationUsd, dayUsd } = this.context.limits;
    return (
      this.limit('conversation', conversationUsd, this.conversation) ?? this.limit('day', dayUsd, this.dayUsd)
    );
  }

  private limit(
    scope: 'conversation' | 'day',
    limitUsd: number | undefined,
    spentUsd: number,
  ): LiveError | undefined {
    if (limitUsd === undefined || !(limitUsd >= 0)) return undefined;
    const { emit, limits } = this.context;
    const advice = ADVICE[scope];
    const details = { scope, limitUsd, spentUsd, advice };
    if (spentUsd >= limitUsd) {
      this.once(`${scope} reached`, () => emit('cost-limit', { level: 'reached', ...details }));
      const message = `The ${NAMES[scope]} has cost ${dollars(spentUsd)}; the limit is ${dollars(limitUsd)}`;
      return new LiveError('COST_LIMIT', message, { advice, policy: 'fatal' });
    }
    if (spentUsd >= limitUsd * (limits.warnAt ?? WARN_AT)) {
      this.once(scope, () => emit('cost-limit', { level: 'warning', ...details }));
    }
    return undefined;
  }

  private once(what: string, tell: () => void): void {
    const key = `${what} ${dayOf(new Date())}`;
    if (this.warned.has(key)) return;
    this.warned.add(key);
    tell();
  }

  private get store(): DayStore {
    return this.context.limits.store ?? memory;
  }
}

const NAMES = { conversation: 'conversation', day: 'day' } as const;
const ADVICE = {
  conversation: 'Raise the limit of the conversation, or begin a new one.',
  day: 'Raise the limit of the day, or wait until tomorrow.',
} as const;

function dollars(usd: number): string {
  return `$${usd < 1 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

/** The local date: people think of a day as from midnight to midnight. */
function dayOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

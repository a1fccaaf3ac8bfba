import type { ModalityTokenCount, UsageMetadata } from '../protocol';

type Counts = Record<string, unknown>;

/**
 * Adds up the usage of two turns: token counts, and counts per modality. Texts such as the service tier are the
 * newer one's.
 */
export function addUsage(sum: UsageMetadata, turn: UsageMetadata): UsageMetadata {
  const out: Counts = { ...sum };
  for (const [name, value] of Object.entries(turn)) {
    const before = out[name];
    if (typeof value === 'number') out[name] = (typeof before === 'number' ? before : 0) + value;
    else if (name.endsWith('TokensDetails') && Array.isArray(value)) {
      out[name] = addDetails(Array.isArray(before) ? (before as ModalityTokenCount[]) : [], value);
    } else out[name] = value;
  }
  return out;
}

function addDetails(sum: ModalityTokenCount[], turn: ModalityTokenCount[]): ModalityTokenCount[] {
  const counts = new Map(sum.map(({ modality, tokenCount }) => [modality, tokenCount ?? 0]));
  for (const { modality, tokenCount } of turn) {
    counts.set(modality, (counts.get(modality) ?? 0) + (tokenCount ?? 0));
  }
  return [...counts].map(([modality, tokenCount]) => ({ modality, tokenCount }));
}

/** Turns whose usage may still change. */
const MAX_RECENT = 4;

/**
 * The usage of a session. Within a turn the service repeats a growing count, so the newest one stands for the turn;
 * turns are added up, because the context is billed anew in each.
 */
export class UsageMeter {
  private settled: UsageMetadata;
  /** Turns that may still report: an interrupted one and the next overlap. */
  private readonly recent = new Map<number, UsageMetadata>();

  constructor(before: UsageMetadata = {}) {
    this.settled = before;
  }

  /** Another conversation begins. */
  renew(): void {
    this.settled = {};
    this.recent.clear();
  }

  /** Takes what the service reports for a turn. A later snapshot may leave out counts of an earlier one. */
  report(turn: number, usage: UsageMetadata): void {
    this.recent.set(turn, { ...this.recent.get(turn), ...usage });
    const [oldest] = this.recent;
    if (this.recent.size <= MAX_RECENT || !oldest) return;
    this.settled = addUsage(this.settled, oldest[1]);
    this.recent.delete(oldest[0]);
  }

  /** What the given turn has used. */
  of(turn: number): UsageMetadata | undefined {
    return this.recent.get(turn);
  }

  /** All turns together. */
  get total(): UsageMetadata {
    return [...this.recent.values()].reduce(addUsage, this.settled);
  }
}

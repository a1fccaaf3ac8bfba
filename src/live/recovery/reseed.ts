import type { Content } from '../../protocol';
import type { HistoryEntry } from '../conversation';

/**
 * How a fresh session learns what was said before: as a history that `historyConfig` announces, folded into the
 * instructions, or not at all.
 */
export type SeedWay = 'history' | 'instructions' | 'none';

/** What was said, in a form that a fresh session can be told. */
export interface Seed {
  way: SeedWay;
  /** Texts of the history that it holds. */
  count: number;
  /** Way `history`: turns for the first `clientContent`, which generates no answer. */
  turns?: Content[];
  /** Way `instructions`: to be appended to the system instruction. */
  instruction?: string;
}

/**
 * Most that is told (characters, about 4,000 tokens): the context is billed with every turn, and what is older than
 * that is rarely asked for.
 */
const MAX_CHARS = 16_000;

/**
 * Makes a seed of the newest part of a history. No function calls are in it: a seed with function parts is refused with
 * 1007 (pipecat, changelog 1.7.0).
 *
 * @param endsWithUser the model refuses a history that ends with its own words (2.5, see the model's profile).
 */
export function seedOf(way: SeedWay, history: readonly HistoryEntry[], endsWithUser: boolean): Seed {
  const newest = newestOf(history);
  if (way === 'none' || newest.length === 0) return { way: 'none', count: 0 };
  if (way === 'history') return { way, count: newest.length, turns: turnsOf(newest, endsWithUser) };
  const lines = newest.map(({ role, text }) => `${role === 'user' ? 'User' : 'You'}: ${text}`);
  const instruction = [
    'The connection was interrupted, and this conversation goes on where it stopped. Do not greet again, and do not',
    'mention the interruption. What was said so far:',
    ...lines,
  ].join('\n');
  return { way, count: newest.length, instruction };
}

function newestOf(history: readonly HistoryEntry[]): HistoryEntry[] {
  let chars = 0;
  let start = history.length;
  while (start > 0) {
    chars += history[start - 1]!.text.length;
    if (chars > MAX_CHARS && start < history.length) break;
    start--;
  }
  return history.slice(start);
}

/** Entries of one side that follow each other are one turn. */
function turnsOf(history: readonly HistoryEntry[], endsWithUser: boolean): Content[] {
  const turns: Array<{ role: string; parts: Array<{ text: string }> }> = [];
  for (const { role, text } of history) {
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push({ text });
    else turns.push({ role, parts: [{ text }] });
  }
  if (endsWithUser && turns.at(-1)?.role === 'model') {
    turns.push({ role: 'user', parts: [{ text: '(I am still here.)' }] });
  }
  return turns;
}

import type { RoutedCall } from '../shared/registry';
import { CONFIRMED, type RoutedFunction } from './functions';

interface Asked {
  turn: number;
  /** Until when a yes counts (monotonic ms). */
  until: number;
}

/**
 * Confirmation by voice: the model is to ask the user, and to call again when the answer was yes. It counts only for the very same
 * call, in a later turn of the same conversation, and soon: a model that confirms by itself is asked back.
 */
export class SpokenConfirmations {
  readonly #asked = new Map<string, Asked>();

  /** Whether a call is confirmed; from now on it may be, if not. One yes counts once. */
  confirmed(call: RoutedCall, { confirmMs }: RoutedFunction): boolean {
    const now = performance.now();
    for (const [key, { until }] of this.#asked) if (until < now) this.#asked.delete(key);
    const key = keyOf(call);
    const asked = this.#asked.get(key);
    if (call.args[CONFIRMED] === true && asked && asked.turn < call.turn) {
      this.#asked.delete(key);
      return true;
    }
    this.#asked.set(key, { turn: call.turn, until: now + confirmMs });
    return false;
  }
}

/** What the model is told to do. */
export function askBack({ question }: RoutedFunction): Record<string, unknown> {
  return {
    status: 'confirmation_required',
    ...(question && { question }),
    hint: `Ask the user ${question ? 'this question' : 'whether to do this'} and call again with ${CONFIRMED}: true only after a yes.`,
  };
}

/** The arguments without the confirmation. */
export function unconfirmed({ [CONFIRMED]: _, ...args }: RoutedCall['args']): RoutedCall['args'] {
  return args;
}

/** The same for the same call, whatever the order of its arguments. */
function keyOf({ conversation, session, name, args }: RoutedCall): string {
  return JSON.stringify([conversation, session, name, sorted(unconfirmed(args))]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

import type { Turn } from './turn';

/** How long after the end of a turn its last transcript may come (ms), of the user's words and of the model's. */
const LATE_USER_MS = 2000;
const LATE_MODEL_MS = 500;

/** Whether a transcript still belongs to a turn that is over: transcripts come on their own time, after the end as well. */
export function takesLate(turn: Turn, side: 'user' | 'model'): boolean {
  const since = performance.now() - turn.closedAt;
  if (turn.swallowed) return side === 'model' && since < LATE_MODEL_MS;
  if (turn.heard || turn.inputAt === undefined) return false;
  if (side === 'user') return turn.user.text === '' && since < LATE_USER_MS;
  return turn.model.text !== '' && turn.tools.length === 0 && since < LATE_MODEL_MS;
}

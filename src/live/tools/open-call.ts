import { isObject, type FunctionResponse } from '../../protocol';

/** Arguments of a call, by name. */
export type ToolArgs = Record<string, unknown>;

/** A function call that waits for its answer: plain JSON, part of a conversation's state. */
export interface OpenCall {
  /** Empty where the service gives none (Vertex AI has done so). */
  id: string;
  name: string;
  args: ToolArgs;
  /** When the model called (epoch ms). */
  at: number;
  /** Turn of the call; 0 when that is not known. */
  turn: number;
  /** The call was answered, and the answer waits to be sent. */
  answer?: FunctionResponse;
  /** It was made after the newest handle: a service that resumes with that does not know it. */
  unsaved?: true;
}

/**
 * What became of an answer to a function call: `sent` to the service; not sent because the call was answered before
 * (`duplicate`), had timed out (`late`), was `cancelled` by the service, is `unknown`, or was `lost` with the session
 * that made it. `skipped`: a partial result where model or service would take it for the whole; the call stays open.
 */
export type ToolOutcome = 'sent' | 'duplicate' | 'late' | 'cancelled' | 'unknown' | 'lost' | 'skipped';

/**
 * Reads an open call; it may come from a file, or from a version that kept less.
 *
 * @returns undefined when it is none
 */
export function readOpenCall(value: unknown): OpenCall | undefined {
  if (!isObject(value)) return undefined;
  const { id, name, args, at, turn, answer, unsaved } = value;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof at !== 'number') return undefined;
  return {
    ...{ id, name, at },
    args: isObject(args) ? args : {},
    turn: typeof turn === 'number' ? turn : 0,
    ...(isObject(answer) && isObject(answer['response']) && { answer: answer as FunctionResponse }),
    ...(unsaved === true && { unsaved }),
  };
}

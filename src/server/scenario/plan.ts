import type { CallRequest } from '../parts';

/** Finds the value of a name in braces. */
export type Known = (key: string) => string | undefined;

/** Where a request is in its chain of calls; goes with each call, and comes back with its answer. */
export interface Plan {
  /** What the user had said. */
  readonly text: string;
  readonly step: number;
  /** Which of the step's calls. */
  readonly index: number;
  /** The next step follows the answer of this call: of several made at once, one leads. */
  readonly leads: boolean;
  /** Answers by name: `result` for the last one, `picture`, and what `as` says. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The plan that went with a call. */
export const planOf = ({ plan }: CallRequest): Plan | undefined => plan as Plan | undefined;

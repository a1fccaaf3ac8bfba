import type { FunctionResponse } from '../../protocol';
import { timerMs } from '../recovery/time';

/** When the answer of a function for which the model does not wait is to be told. */
export type Scheduling = NonNullable<FunctionResponse['scheduling']>;

/** What one function wants otherwise. */
export interface FunctionPolicy {
  /** How long it may take (ms); `false`: for ever. */
  timeoutMs?: number | false;
  /** What its answers carry that say nothing of their own. Sent only to models that know it. */
  scheduling?: Scheduling;
}

/** What a session does about calls by itself. */
export interface ToolPolicy {
  /**
   * Unknown functions, and arguments that do not fit the declaration, are answered at once with an explanation for the
   * model; the usual slips (`"21"` for 21) are put right. Default true.
   */
  check?: boolean;
  /**
   * How long a call may stay without an answer (ms); then the model is told so. `false`: for ever. Default 30000, and
   * 600000 for functions for which the model does not wait.
   */
  timeoutMs?: number | false;
  /** By name of the function. */
  functions?: Readonly<Record<string, FunctionPolicy>>;
}

/** How long a function may take where nothing else is said, by whether the model waits for it (ms). */
export const ANSWER_MS = { BLOCKING: 30_000, NON_BLOCKING: 600_000 } as const;

/** A {@link ToolPolicy} with its defaults; `false` leaves everything to others. */
export class PolicyRules {
  private readonly policy: ToolPolicy;

  constructor(policy: ToolPolicy | false = {}) {
    this.policy = policy || { check: false, timeoutMs: false };
  }

  get checks(): boolean {
    return this.policy.check !== false;
  }

  /**
   * How long a function may take (ms); 0: for ever.
   *
   * @param own what the function itself says
   */
  timeoutMs(name: string, blocking: boolean, own?: number | false): number {
    const usual = ANSWER_MS[blocking ? 'BLOCKING' : 'NON_BLOCKING'];
    for (const wish of [this.of(name)?.timeoutMs, own, this.policy.timeoutMs]) {
      if (wish === false) return 0;
      if (typeof wish === 'number' && wish > 0) return timerMs(wish);
    }
    return usual;
  }

  scheduling(name: string): Scheduling | undefined {
    return this.of(name)?.scheduling;
  }

  private of(name: string): FunctionPolicy | undefined {
    const { functions } = this.policy;
    return functions && Object.hasOwn(functions, name) ? functions[name] : undefined;
  }
}

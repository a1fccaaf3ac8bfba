import { toolFailure } from '../../src/live';
import { answerCall, type ToolRef } from '../shared/calls';
import type { RoutedCall } from '../shared/registry';

interface Pending {
  call: RoutedCall;
  timer: NodeJS.Timeout;
}

/** Who hears of confirmations that did not come. */
export interface ConfirmationListener {
  expired(call: RoutedCall): void;
  failed(error: unknown): void;
}

/** Calls that are remembered after they were answered in place of the flow: as many as a session remembers. */
const MAX_ANSWERED = 500;

/**
 * Calls of one tools node that wait until the flow says yes, or have not come to it for another reason. They are found by the
 * node's id and go on waiting while it is created again: whoever was asked does not know of deploys.
 */
export class Confirmations {
  static readonly #all = new Map<string, Confirmations>();

  /** Those of a node, which hears of them from now on. */
  static of(nodeId: string, listener: ConfirmationListener): Confirmations {
    const found = Confirmations.#all.get(nodeId) ?? new Confirmations(nodeId);
    Confirmations.#all.set(nodeId, found);
    found.#listener = listener;
    return found;
  }

  readonly #pending = new Map<string, Pending>();
  readonly #answered = new Set<string>();
  #listener: ConfirmationListener | undefined;

  private constructor(private readonly nodeId: string) {}

  /** A call waits from now on; the model hears when that took too long (ms). */
  wait(call: RoutedCall, ms: number): void {
    this.take(call);
    const timer = setTimeout(() => {
      this.take(call);
      const message = `Nobody confirmed it within ${Math.round(ms / 1000)} s, so it was not done.`;
      this.#deny(call, toolFailure({ status: 'DENIED', message, hint: 'Tell the user so.' }));
      this.#listener?.expired(call);
    }, ms);
    this.#pending.set(keyOf(call), { call, timer });
  }

  /** A call that waits, which it does no longer; undefined when it does not. */
  take(ref: ToolRef): RoutedCall | undefined {
    const found = this.#pending.get(keyOf(ref));
    clearTimeout(found?.timer);
    this.#pending.delete(keyOf(ref));
    return found?.call;
  }

  /** A call was answered before the flow was told of it. */
  answered(call: ToolRef): void {
    if (call.id) this.#answered.add(keyOf(call));
    if (this.#answered.size > MAX_ANSWERED) this.#answered.delete(this.#answered.values().next().value!);
  }

  /** The flow is told of a call: whatever had that id before is forgotten. */
  told(call: ToolRef): void {
    this.#answered.delete(keyOf(call));
  }

  /** Whether the flow was never told of a call, which is cancelled now. */
  keptBack(ref: ToolRef): boolean {
    return this.take(ref) !== undefined || this.#answered.has(keyOf(ref));
  }

  /** The node is closed. @param removed it does not come back: what waits is answered */
  close(removed: boolean): void {
    this.#listener = undefined;
    if (!removed) return;
    Confirmations.#all.delete(this.nodeId);
    for (const { call } of [...this.#pending.values()]) {
      this.take(call);
      const message = `"${call.name}" is not available any more, so it was not done.`;
      this.#deny(call, toolFailure({ status: 'UNAVAILABLE', message }));
    }
  }

  #deny(call: RoutedCall, response: ReturnType<typeof toolFailure>): void {
    this.answered(call);
    answerCall(call, { response: { ...response } }).catch((error: unknown) => this.#listener?.failed(error));
  }
}

function keyOf({ session, id, name }: ToolRef): string {
  return JSON.stringify([session, id, name]);
}

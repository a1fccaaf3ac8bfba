import { randomUUID } from 'node:crypto';
import type { FunctionCall, FunctionResponse } from '../protocol';
import type { ModelTraits } from './models';
import type { CallRequest, CallResult } from './parts';
import type { Memory, OpenCall } from './memory';

/** What became of an answer to a tool call. Only the first one to an open call counts. */
export type AnswerOutcome = 'taken' | 'duplicate' | 'cancelled' | 'unknown';

/** Ids as they were seen on the wire: they differ between models, and clients must take them for plain strings. */
const IDS: Record<ModelTraits['callIds'], () => string> = {
  long: () => `function-call-${digits(20)}`,
  short: () => `fc_${digits(19)}`,
  uuid: () => randomUUID(),
};

/** Not from the server's seed: after a restart ids must not come again, or a client takes new calls for old ones. */
function digits(count: number): string {
  const number = BigInt(`0x${randomUUID().replaceAll('-', '')}`).toString();
  return number.slice(-count).padStart(count, '1');
}

interface Waiting {
  readonly ids: Set<string>;
  readonly results: CallResult[];
  done(results: CallResult[]): void;
}

/** Gives out tool calls and takes their answers. */
export class ToolDesk {
  private waiting: Waiting | undefined;

  constructor(
    private readonly memory: Memory,
    private readonly traits: ModelTraits,
  ) {}

  /** Makes calls of the functions that the client has declared. @param text what the user had said */
  make(requests: readonly CallRequest[], text: string): OpenCall[] {
    return requests.flatMap(({ name, args }) => {
      const declared = this.memory.tools.find((tool) => tool.name === name);
      if (!declared) return [];
      const known = this.traits.behaviors as readonly string[];
      const behavior = known.includes(declared.behavior ?? '') ? declared.behavior : known[0];
      return [{ id: IDS[this.traits.callIds](), name, args, text, blocking: behavior === 'BLOCKING' }];
    });
  }

  /** The calls go out: from now on they can be answered. */
  open(calls: readonly OpenCall[]): void {
    for (const call of calls) this.memory.calls.set(call.id, call);
  }

  /** Whether the model is silent because it waits for answers. */
  get blocked(): boolean {
    return this.waiting !== undefined;
  }

  /** Waits until all of these are answered. @returns nothing when it was interrupted */
  async answers(calls: readonly OpenCall[], signal: AbortSignal): Promise<CallResult[] | undefined> {
    const ids = new Set(calls.map(({ id }) => id));
    try {
      return await new Promise((resolve) => {
        this.waiting = { ids, results: [], done: resolve };
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      });
    } finally {
      this.waiting = undefined;
    }
  }

  /**
   * Takes one answer.
   * @returns `late` when nobody waits for it, so that something has to be said about it
   */
  take(response: FunctionResponse): { outcome: AnswerOutcome; late?: CallResult } {
    const call = this.find(response);
    if (!call) {
      const how = this.memory.done.get(response.id ?? '');
      return { outcome: how === 'answered' ? 'duplicate' : (how ?? 'unknown') };
    }
    const { id, name, args, text } = call;
    const result: CallResult = { id, name, args, text, response: response.response ?? {} };
    // A generator goes on answering until it says that it is done.
    if (response.willContinue !== true || call.blocking) this.memory.finish(id, 'answered');
    if (!this.waiting?.ids.delete(id)) return { outcome: 'taken', late: result };
    this.waiting.results.push(result);
    if (this.waiting.ids.size === 0) this.waiting.done(this.waiting.results);
    return { outcome: 'taken' };
  }

  /** Gives up the calls that the model waits for. @returns their ids */
  cancel(): string[] {
    const ids = [...(this.waiting?.ids ?? [])];
    for (const id of ids) this.memory.finish(id, 'cancelled');
    return ids;
  }

  /** Vertex AI once took answers without an id: then the oldest call of that name is meant. */
  private find({ id, name }: FunctionResponse): OpenCall | undefined {
    if (id) return this.memory.calls.get(id);
    return [...this.memory.calls.values()].find((call) => call.name === name);
  }
}

/** A call as the service writes it. */
export function callOnWire({ id, name, args }: OpenCall): FunctionCall {
  return { name, args, id };
}

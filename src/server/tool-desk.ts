import { randomUUID } from 'node:crypto';
import type { FunctionCall, FunctionResponse } from '../protocol';
import type { ModelTraits } from './models';
import type { LateAnswers, Memory, OpenCall } from './memory';
import type { CallRequest, CallResult, ResultPart } from './parts';

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
    const calls = requests.flatMap((request) => {
      const declared = this.memory.tools.find((tool) => tool.name === request.name);
      if (!declared) return [];
      const known = this.traits.behaviors as readonly string[];
      const behavior = known.includes(declared.behavior ?? '') ? declared.behavior : known[0];
      return [{ ...request, id: IDS[this.traits.callIds](), text, blocking: behavior === 'BLOCKING' }];
    });
    return calls.map((call) => ({
      ...call,
      together: calls.filter(({ blocking }) => blocking === call.blocking).map(({ id }) => id),
    }));
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
   * @returns `late` when nobody waits for it, so that something has to be said about it: once all calls that were made
   * together are answered, and at once of an answer that is not the last
   */
  take(response: FunctionResponse): { outcome: AnswerOutcome; late?: LateAnswers } {
    const call = this.find(response);
    if (!call) {
      const how = this.memory.done.get(response.id ?? '');
      return { outcome: how === 'answered' ? 'duplicate' : (how ?? 'unknown') };
    }
    const { id, name, args, text, plan } = call;
    // A generator goes on answering until it says that it is done.
    const partial = response.willContinue === true && !call.blocking;
    const parts = partsOf(response);
    const result: CallResult = {
      ...{ id, name, args, text },
      ...(plan === undefined ? {} : { plan }),
      response: response.response ?? {},
      ...(parts.length > 0 ? { parts } : {}),
      ...(partial ? { willContinue: true } : {}),
    };
    if (!partial) this.memory.finish(id, 'answered');
    if (!this.waiting?.ids.delete(id)) {
      const answers = { results: [result], scheduling: response.scheduling };
      const late = partial ? answers : this.gather(call, answers);
      return { outcome: 'taken', ...(late ? { late } : {}) };
    }
    this.waiting.results.push(result);
    if (this.waiting.ids.size === 0) this.waiting.done(this.waiting.results);
    return { outcome: 'taken' };
  }

  /** Keeps an answer until the calls that were made together with it are answered too. */
  private gather({ id, together }: OpenCall, answers: LateAnswers): LateAnswers | undefined {
    const { calls, early } = this.memory;
    early.set(id, answers);
    if (together.some((other) => calls.has(other))) return undefined;
    const all = together.flatMap((other) => early.get(other) ?? []);
    for (const other of together) early.delete(other);
    const asked = all.map(({ scheduling }) => scheduling);
    const scheduling = asked.find((one) => one === 'INTERRUPT') ?? asked.find((one) => one !== 'SILENT');
    return {
      results: all.flatMap(({ results }) => results),
      scheduling: asked.every((one) => one === 'SILENT') ? 'SILENT' : scheduling,
    };
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

/** What came with an answer: type and size, for the content is nothing to the local server. */
export function partsOf({ parts = [] }: FunctionResponse): ResultPart[] {
  return parts.map(({ inlineData, fileData }) => ({
    mimeType: inlineData?.mimeType ?? fileData?.mimeType ?? '',
    bytes: Buffer.byteLength(inlineData?.data ?? '', 'base64'),
  }));
}

/** A call as the service writes it. */
export function callOnWire({ id, name, args }: OpenCall): FunctionCall {
  return { name, args, id };
}

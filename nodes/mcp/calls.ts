import type { ToolOutcome } from '../../src/live';
import { answerCall, type CallAnswer, type ToolRef } from '../shared/calls';
import { report } from '../shared/errors';
import type { CancelledCall, RoutedCall } from '../shared/registry';
import type { AnyNode } from '../shared/types';
import { answerOf, failureAnswer, type McpMedia } from './answers';
import { McpFailure } from './failure';
import type { Progress } from './library';
import type { McpLink } from './link';

/** What became of a call. */
export interface CallReport {
  call: RoutedCall;
  /** What the model was told; absent for a call that was cancelled. */
  response?: Record<string, unknown>;
  media: McpMedia[];
  outcome: ToolOutcome | 'cancelled';
  ms: number;
}

/** How calls are made. */
export interface CallSettings {
  /** How long the server may take (ms); undefined: as long as the session waits. */
  timeoutMs: number | undefined;
  /** The model hears of progress. Only for functions for which it does not wait. */
  progress: boolean;
  /** Takes secrets out of a text. */
  clean: (text: string) => string;
}

/** The session gives up a call long before: this only keeps a forgotten one from waiting for ever (ms). */
const LONGEST_MS = 3_600_000;
/** News of a call that reach the model within this time are too many (ms). */
const PROGRESS_MS = 3000;

/** The calls of a node that are under way. */
export class Calls {
  readonly #running = new Map<string, AbortController>();
  #closed = false;

  constructor(
    private readonly node: AnyNode,
    private readonly link: McpLink,
    private readonly settings: CallSettings,
    private readonly done: (report: CallReport) => void,
  ) {}

  get count(): number {
    return this.#running.size;
  }

  /** Calls a tool and answers the model, whatever comes of it. Never rejects. */
  async run(call: RoutedCall, tool: string | undefined): Promise<void> {
    const control = new AbortController();
    const { signal } = control;
    const key = keyOf(call);
    this.#running.set(key, control);
    const started = performance.now();
    const result = await this.#ask(call, tool, signal);
    this.#running.delete(key);
    const ms = Math.round(performance.now() - started);
    if (signal.aborted) {
      if (!this.#closed) this.done({ call, media: [], outcome: 'cancelled', ms });
      return;
    }
    const { media, ...answer } = result;
    const outcome = await this.#answer(call, answer);
    if (outcome && !this.#closed) this.done({ call, response: answer.response, media, outcome, ms });
  }

  /** No answer is wanted any more: the server is told to stop. */
  cancel(calls: readonly CancelledCall[]): void {
    for (const call of calls) this.#running.get(keyOf(call))?.abort();
  }

  /** The node ends. What is under way fails with the connection, and the model is told so; nobody else needs to be. */
  close(): void {
    this.#closed = true;
  }

  async #ask(
    call: RoutedCall,
    tool: string | undefined,
    signal: AbortSignal,
  ): Promise<CallAnswer & { media: McpMedia[] }> {
    const { timeoutMs = LONGEST_MS, clean } = this.settings;
    try {
      if (tool === undefined) throw new McpFailure(`The MCP server has no tool for ${call.name} any more.`);
      const onprogress = this.settings.progress ? this.#teller(call, signal) : undefined;
      const options = { signal, timeoutMs, ...(onprogress && { onprogress }) };
      return answerOf(await this.link.call(tool, call.args, options), clean);
    } catch (error) {
      return { ...failureAnswer(error, clean), media: [] };
    }
  }

  /** Tells the model of progress, silently: it speaks of it when it is asked. */
  #teller(call: RoutedCall, signal: AbortSignal): (progress: Progress) => void {
    let last = -Infinity;
    return ({ progress, total, message }) => {
      const now = performance.now();
      if (signal.aborted || now - last < PROGRESS_MS) return;
      last = now;
      const text = message === undefined ? undefined : this.settings.clean(message);
      const response = { progress, ...(total !== undefined && { total }), ...(text && { message: text }) };
      void this.#answer(call, { response, willContinue: true, scheduling: 'SILENT' });
    };
  }

  async #answer({ id, name, session }: RoutedCall, answer: CallAnswer): Promise<ToolOutcome | undefined> {
    const tool: ToolRef = { id, name, session };
    try {
      return await answerCall(tool, answer);
    } catch (error) {
      if (!this.#closed) report(this.node, error, { tool, topic: name });
      return undefined;
    }
  }
}

/** Ids are unique within a session only. */
function keyOf({ id, session }: CancelledCall): string {
  return `${session} ${id}`;
}

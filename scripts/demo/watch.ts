import { EventEmitter, once } from 'node:events';
import type { Comms, DebugMessage } from '../../test/support/comms';
import { WATCH } from './flow';

/** One exchange, as the nodes told it. */
export interface Exchange {
  user: string;
  model: string;
  /** How the local server heard the request; the real service does not tell. */
  hearing?: { recognizer: string; score: number; accepted: boolean };
  timeToFirstAudioMs?: number;
}

/** A function that the model called, with what the flow answered. */
export interface ToolCall {
  name: string;
  args: object;
  response: object;
  /** From the call to its answer. */
  ms: number;
}

/** The file of an answer, as audio-out told it. */
export interface Answer {
  file: string;
  durationMs: number;
}

/**
 * What happens in the flow, put together from the messages of its Debug nodes.
 * Emits `said` (role, text), `called` (ToolCall), `exchange` (Exchange), `answer` (Answer), `failed` (Error).
 */
export class Watch extends EventEmitter {
  /** Calls that have been answered, in that order. */
  readonly toolCalls: ToolCall[] = [];
  private readonly open = new Map<string, Pick<ToolCall, 'name' | 'args'>>();

  constructor(comms: Comms) {
    super();
    comms.on('debug', (message: DebugMessage) => this.see(message));
    comms.on('closed', () => this.emit('failed', new Error('Node-RED has ended.')));
  }

  /** Waits for the next exchange and the file of its answer. */
  async conversation(timeoutMs: number): Promise<{ exchange: Exchange; answer: Answer }> {
    const signal = AbortSignal.timeout(timeoutMs);
    const failed = once(this, 'failed', { signal }).then(([error]) => Promise.reject(error as Error));
    const both = Promise.all([once(this, 'exchange', { signal }), once(this, 'answer', { signal })]);
    try {
      const [[exchange], [answer]] = (await Promise.race([both, failed])) as [[Exchange], [Answer]];
      return { exchange, answer };
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(`No answer came within ${timeoutMs / 1000} s.`, { cause: error });
    } finally {
      both.catch(() => undefined);
      failed.catch(() => undefined);
    }
  }

  private see({ id, msg }: DebugMessage): void {
    if (id === WATCH.text && msg.final === true) this.emit('said', msg.role, msg.payload);
    if (id === WATCH.events) this.event(String(msg.event), msg.payload);
    if (id === WATCH.answer) this.emit('answer', msg.payload as Answer);
    if (id === WATCH.errors) this.emit('failed', new Error(plain(msg.error)));
  }

  private event(name: string, payload: unknown): void {
    if (name === 'turn') this.turn(payload as TurnPayload);
    if (name === 'tool-call') {
      const { id, name, args } = payload as CallPayload;
      this.open.set(id, { name, args });
    }
    if (name === 'tool-result') this.result(payload as ResultPayload);
  }

  private result({ id, outcome, response = {}, ms }: ResultPayload): void {
    const call = this.open.get(id);
    if (!call || outcome !== 'sent') return;
    const toolCall = { ...call, response, ms: Math.round(ms) };
    this.toolCalls.push(toolCall);
    this.emit('called', toolCall);
  }

  private turn({ user, model, hearing, timings }: TurnPayload): void {
    if (!model) return; // nothing was said: a cough, or a turn without an answer
    const { timeToFirstAudioMs } = timings;
    this.emit('exchange', { user, model, hearing, timeToFirstAudioMs } satisfies Exchange);
  }
}

/** The parts of the session's `tool-call` and `tool-result` events that are shown. */
type CallPayload = Pick<ToolCall, 'name' | 'args'> & { id: string };
interface ResultPayload {
  id: string;
  outcome: string;
  response?: object;
  ms: number;
}

/** The part of the session's `turn` event that is shown. */
interface TurnPayload {
  user: string;
  model: string;
  hearing?: Exchange['hearing'];
  timings: { timeToFirstAudioMs?: number };
}

/** The text of what a Catch node sends: the runtime puts the error's name before it. */
function plain(error: unknown): string {
  const { message = 'An error without a message.', source } = (error ?? {}) as {
    message?: string;
    source?: { type?: string };
  };
  return `${source?.type ? `${source.type}: ` : ''}${message.replace(/^\w*Error: /, '')}`;
}

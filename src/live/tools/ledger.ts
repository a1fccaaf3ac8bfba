import { isObject, type FunctionResponse } from '../../protocol';
import { LiveError } from '../errors';
import type { Emit, ToolOutcome } from '../events';

/** A function call that waits for its answer: plain JSON, part of a conversation's state. */
export interface OpenCall {
  id: string;
  name: string;
  /** When the model called (epoch ms). */
  at: number;
}

/** Whether something is an open call; it may come from a file. */
export function isOpenCall(value: unknown): value is OpenCall {
  if (!isObject(value)) return false;
  const { id, name, at } = value;
  return typeof id === 'string' && typeof name === 'string' && typeof at === 'number';
}

/** What a {@link Ledger} needs of its session. */
export interface LedgerContext {
  emit: Emit;
  /**
   * Queues one message with answers; false when too much waits already.
   *
   * @param sent called when it is handed to the socket.
   * @param wanted asked right before that: whether it is still to be sent.
   */
  send(responses: FunctionResponse[], sent: () => void, wanted: () => boolean): boolean;
  /** Answers have been handed to the socket. */
  answered(responses: FunctionResponse[]): void;
}

interface Call extends OpenCall {
  state: 'open' | 'answering' | 'sent' | 'cancelled' | 'lost';
  /** The answer, once it is sent, and on which connection: the service may ask again on a later one. */
  answer?: FunctionResponse;
  connection: number;
  /** Which of the service's sessions made the call. */
  session: number;
}

/** Calls that are remembered; beyond, the oldest that is over is forgotten. */
const MAX_CALLS = 500;

/**
 * Answers each function call once. A call that the service tells twice is told to the outside once; an answer is sent
 * once, and not at all when its call was cancelled, or was lost with the session that made it. Open calls survive a
 * resumption. When the service repeats a call on a new connection that was answered on an earlier one, the answer got
 * lost on the way: the same one is sent again.
 */
export class Ledger {
  private readonly calls = new Map<string, Call>();
  private connection = 0;
  private session = 0;
  private nameless = 0;

  /** @param before open calls of a conversation that is taken up again. */
  constructor(
    private readonly context: LedgerContext,
    before: readonly OpenCall[] = [],
  ) {
    for (const { id, name, at } of before) this.add(id, name, at);
  }

  /** Calls that wait for an answer, or whose answer waits to be sent. */
  get open(): OpenCall[] {
    return [...this.calls.values()].filter(isOpen).map(({ id, name, at }) => ({ id, name, at }));
  }

  /** Whether any call waits for an answer. */
  get pending(): boolean {
    for (const call of this.calls.values()) if (isOpen(call)) return true;
    return false;
  }

  /**
   * A connection is ready.
   *
   * @param resumed the service remembers the calls it made.
   * @param unknown ids of those it does not remember: they were made after the moment to which it went back.
   */
  connected(resumed: boolean, unknown: readonly string[] = []): void {
    this.connection++;
    if (!resumed) this.session++;
    for (const call of [...this.calls.values()]) {
      if (isOpen(call) && (!resumed || unknown.includes(call.id))) this.end(call, 'lost');
    }
  }

  /** The model calls a function. @returns whether the outside is to be told: it does not know the call yet */
  called(id: string, name: string): boolean {
    const known = id === '' ? undefined : this.calls.get(id);
    if (!known || known.session < this.session) {
      this.add(id, name, Date.now());
      return true;
    }
    if (known.state === 'sent' && known.answer && known.connection < this.connection) {
      known.state = 'answering';
      if (!this.send([known], [known.answer])) known.state = 'sent';
    }
    return false;
  }

  /** The service does not want these answers any more. */
  cancelled(ids: readonly string[]): void {
    for (const id of ids) {
      const call = this.calls.get(id);
      if (call && isOpen(call)) call.state = 'cancelled';
    }
  }

  /**
   * Takes answers; each becomes a `tool-result` event. One that says `willContinue` leaves its call open.
   *
   * @throws LiveError `QUEUE_FULL`; the calls then stay open
   */
  answer(responses: readonly FunctionResponse[]): void {
    const calls: Call[] = [];
    const accepted: FunctionResponse[] = [];
    for (const response of responses) {
      const call = this.find(response);
      if (call?.state === 'open' && !calls.includes(call)) {
        calls.push(call);
        accepted.push(response);
      } else this.tell(call ?? response, REFUSALS[call?.state ?? 'unknown']);
    }
    if (calls.length === 0) return;
    for (const call of calls) call.state = 'answering';
    if (this.send(calls, accepted)) return;
    for (const call of calls) call.state = 'open';
    throw new LiveError('QUEUE_FULL', 'Too many messages wait to be sent', {
      advice: 'Connect the session, or wait until the connection takes what is queued.',
    });
  }

  private send(calls: Call[], responses: FunctionResponse[]): boolean {
    const sent = (): void => {
      calls.forEach((call, index) => {
        if (call.state !== 'answering') return;
        const response = responses[index]!;
        call.state = response.willContinue ? 'open' : 'sent';
        call.answer = response.willContinue ? undefined : response;
        call.connection = this.connection;
        this.tell(call, 'sent');
      });
      this.context.answered(responses);
    };
    return this.context.send(responses, sent, () => calls.some(({ state }) => state === 'answering'));
  }

  private find({ id, name }: FunctionResponse): Call | undefined {
    if (id) return this.calls.get(id);
    // Vertex AI has sent calls without an id: the oldest of that name is meant.
    for (const call of this.calls.values()) {
      if (call.id === '' && call.name === name && call.state === 'open') return call;
    }
    return undefined;
  }

  private add(id: string, name: string, at: number): void {
    const { connection, session } = this;
    this.calls.set(id || ` ${++this.nameless}`, { id, name, at, state: 'open', connection, session });
    if (this.calls.size <= MAX_CALLS) return;
    for (const [key, call] of this.calls) {
      if (isOpen(call) && this.calls.size <= 2 * MAX_CALLS) continue;
      if (isOpen(call)) this.end(call, 'lost');
      this.calls.delete(key);
      return;
    }
  }

  private end(call: Call, outcome: 'lost'): void {
    call.state = outcome;
    this.tell(call, outcome);
  }

  private tell(call: { id?: string; name?: string; at?: number }, outcome: ToolOutcome): void {
    const { id = '', name = '', at } = call;
    this.context.emit('tool-result', { id, name, outcome, ms: at === undefined ? 0 : Date.now() - at });
  }
}

const REFUSALS = {
  open: 'duplicate',
  answering: 'duplicate',
  sent: 'duplicate',
  cancelled: 'cancelled',
  lost: 'lost',
  unknown: 'unknown',
} as const;

function isOpen({ state }: Call): boolean {
  return state === 'open' || state === 'answering';
}

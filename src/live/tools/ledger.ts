import type { FunctionResponse } from '../../protocol';
import { LiveError } from '../errors';
import type { ToolFailureStatus } from './answers';
import type { OpenCall, ToolArgs, ToolOutcome } from './open-call';

/** Who answers, and with which failure. */
export interface Answerer {
  by: 'client' | 'session';
  status?: ToolFailureStatus;
}

/** What became of an answer, or of a call without one. */
export interface ToolResult extends Answerer {
  id: string;
  name: string;
  outcome: ToolOutcome;
  /** From the call to the answer (ms); 0 for an unknown call. */
  ms: number;
  response?: Record<string, unknown>;
  /** More is to come for this call. */
  willContinue?: true;
}

/** What a {@link Ledger} needs of its session. */
export interface LedgerContext {
  /** Tells what became of an answer. */
  tell(result: ToolResult): void;
  /**
   * Queues one message with answers; false when too much waits already.
   *
   * @param due asked right before it is handed to the socket: what is still to be sent of it
   * @param sent called when that was handed to the socket
   */
  send(responses: FunctionResponse[], due: () => FunctionResponse[], sent: () => void): boolean;
  /** A call needs no answer any more: it has one, was cancelled or lost. */
  settled(call: Call): void;
  /** Answers have been handed to the socket. @param calls those that are answered with that */
  answered(responses: FunctionResponse[], calls: Call[]): void;
  /** Whether the model takes partial results of a function. */
  partial(name: string): boolean;
}

/** What a connection means to the calls of those before it. */
export interface CallsBefore {
  /** The service remembers the calls it made. */
  resumed: boolean;
  /** Ids of those it does not remember: they were made after the moment to which it went back. */
  unknown?: readonly string[];
  /** Ids of those whose answers are sent again anyway. */
  repeated?: readonly string[];
}

/** What came after the newest handle, so that a service that resumes with that does not know it. */
export interface NotSaved {
  /** Ids of calls. */
  calls: readonly string[];
  /** Ids of calls that it knows, and whose answers it does not know. */
  answers: readonly string[];
}

/** A call as the ledger keeps it. */
export interface Call extends OpenCall {
  /** Its id, or a name of our own for one without. */
  readonly key: string;
  /** `held`: answered, and the answer waits for a connection that takes the conversation up again. */
  state: 'open' | 'answering' | 'held' | 'sent' | 'cancelled' | 'lost';
  /** The session answers it itself: nobody else may. */
  refused: boolean;
  /** Who gave the answer. */
  answerer: Answerer;
  /** The last connection on which it was made, answered or cancelled: the service may ask again on a later one. */
  connection: number;
  /** Which of the service's sessions made it. */
  session: number;
}

/** Calls that are remembered; beyond, the oldest that is over is forgotten. */
const MAX_CALLS = 500;
/** Answers that are kept in case that the service asks again: there may be pictures in them. */
const MAX_ANSWERS = 20;
const CLIENT: Answerer = { by: 'client' };

/**
 * Answers each function call once. A call that the service tells twice is told to the outside once; an answer is sent
 * once, and not at all when its call was cancelled, or was lost with the session that made it. Open calls survive a
 * resumption. When the service repeats a call on a new connection that was answered on an earlier one, the answer got
 * lost on the way: the same one is sent again.
 */
export class Ledger {
  private readonly calls = new Map<string, Call>();
  /** Calls whose answers are kept, oldest first. */
  private readonly kept: Call[] = [];
  private connection = 0;
  private session = 0;
  private nameless = 0;

  /** @param before open calls of a conversation that is taken up again. */
  constructor(
    private readonly context: LedgerContext,
    before: readonly OpenCall[] = [],
  ) {
    for (const call of before) this.put({ ...call }).state = call.answer ? 'held' : 'open';
  }

  /** Calls that wait for an answer, or whose answer waits to be sent. */
  get open(): Call[] {
    return [...this.calls.values()].filter(isOpen);
  }

  /** Whether any call waits for an answer. */
  get pending(): boolean {
    for (const call of this.calls.values()) if (isOpen(call)) return true;
    return false;
  }

  get(key: string): Call | undefined {
    return this.calls.get(key);
  }

  /** Calls that another session must answer, as plain JSON. */
  state(notSaved: NotSaved): OpenCall[] {
    return this.owed(notSaved).map((call) => ({
      ...asOpenCall(call),
      ...(call.state !== 'open' && call.answer && { answer: call.answer }),
      ...((call.unsaved || notSaved.calls.includes(call.id)) && { unsaved: true }),
    }));
  }

  /** A connection is ready. @returns the calls that were lost */
  connected({ resumed, unknown = [], repeated = [] }: CallsBefore): Call[] {
    this.connection++;
    if (!resumed) this.session++;
    const gone = this.open.filter((call) => !resumed || call.unsaved || unknown.includes(call.id));
    for (const call of gone) this.lose(call);
    for (const id of repeated) {
      const call = this.calls.get(id);
      if (call) call.connection = this.connection;
    }
    for (const call of this.open) this.retry(call);
    return gone;
  }

  /** The session is closed: nothing waits to be sent any more, answers wait here. */
  closed(notSaved: NotSaved): void {
    for (const call of this.owed(notSaved)) {
      if (call.state !== 'open') call.state = 'held';
      if (notSaved.calls.includes(call.id)) call.unsaved = true;
    }
  }

  /** Open calls, and those whose answers were sent in vain when the service goes back to the newest handle. */
  private owed({ answers }: NotSaved): Call[] {
    const vain = ({ state, id, answer }: Call): boolean =>
      state === 'sent' && answer !== undefined && answers.includes(id);
    return [...this.calls.values()].filter((call) => isOpen(call) || vain(call));
  }

  /** Whether a call is known, so that it must not run again. Asked again on a later connection, its answer is sent again. */
  again(id: string): boolean {
    const known = id === '' ? undefined : this.calls.get(id);
    if (!known || known.session < this.session) return false;
    const later = known.connection < this.connection;
    if (later && (known.state === 'cancelled' || known.state === 'lost')) return false;
    if (later && known.state === 'sent' && known.answer) this.resend(known, known.answer, 'sent');
    return true;
  }

  /** The model calls a function that is not known {@link again}. @param refused the session will answer it itself */
  add(call: { id: string; name: string; args: ToolArgs; turn: number }, refused = false): Call {
    const { id, name, args, turn } = call;
    const added = this.put({ id, name, args, turn, at: Date.now() });
    added.refused = refused;
    return added;
  }

  /** Whether an answer to it would be taken. */
  waits(call: Call): boolean {
    return call.state === 'open' && this.calls.get(call.key) === call;
  }

  /** From now on only the session may answer it. */
  refuse(call: Call, status: ToolFailureStatus): void {
    call.refused = true;
    call.answerer = { by: 'session', status };
  }

  /** The service does not want these answers any more. @returns the calls that may have had an effect */
  cancelled(ids: readonly string[]): Call[] {
    const calls = new Set(ids.flatMap((id) => this.calls.get(id) ?? []));
    return [...calls].filter((call) => {
      const { state } = call;
      if (call.session < this.session || state === 'cancelled' || state === 'lost') return false;
      call.state = 'cancelled';
      call.connection = this.connection;
      if (state !== 'sent') this.context.settled(call);
      return !call.refused;
    });
  }

  /**
   * Takes answers; each becomes a `tool-result` event. One that says `willContinue` leaves its call open.
   *
   * @throws LiveError `QUEUE_FULL`; the calls then stay open
   */
  answer(responses: readonly FunctionResponse[]): void {
    const taken: Array<[Call, FunctionResponse]> = [];
    for (const response of responses) {
      const call = this.find(response);
      if (call?.state !== 'open' || call.refused) this.tell(call ?? response, refusal(call), CLIENT);
      else if (response.willContinue && !this.context.partial(call.name))
        this.tell(call, 'skipped', CLIENT, response);
      else {
        taken.push([call, response]);
        if (!response.willContinue) this.close(call, response, CLIENT);
      }
    }
    if (taken.length > 0 && !this.send(taken)) throw full();
  }

  /** The session itself answers a call. @returns false when too much waits to be sent: {@link retry} it later */
  settle(call: Call, response: FunctionResponse, answerer: Answerer): boolean {
    if (!this.waits(call)) return true;
    if (response.willContinue && !this.context.partial(call.name)) {
      this.tell(call, 'skipped', answerer, response);
      return true;
    }
    if (response.willContinue) return this.send([[call, response]]);
    this.close(call, response, answerer);
    call.state = 'held';
    return this.retry(call);
  }

  /** Sends an answer that waits. @returns false when there is still no room */
  retry(call: Call): boolean {
    if (call.state === 'held' && call.answer) this.resend(call, call.answer, 'held');
    return call.state !== 'held';
  }

  private close(call: Call, response: FunctionResponse, answerer: Answerer): void {
    call.state = 'answering';
    call.answer = response;
    call.answerer = answerer;
  }

  private resend(call: Call, answer: FunctionResponse, otherwise: Call['state']): void {
    call.state = 'answering';
    if (!this.send([[call, answer]])) call.state = otherwise;
  }

  private send(taken: Array<[Call, FunctionResponse]>): boolean {
    let left = taken;
    const due = (): FunctionResponse[] => {
      left = taken.filter(([call, { willContinue }]) => {
        return call.state === 'answering' || (willContinue === true && call.state === 'open');
      });
      return left.map(([, response]) => response);
    };
    const sent = (): void => {
      for (const [call, response] of left) {
        if (!response.willContinue) this.keep(call);
        this.tell(call, 'sent', response.willContinue ? CLIENT : call.answerer, response);
      }
      const over = left.filter(([, { willContinue }]) => !willContinue).map(([call]) => call);
      this.context.answered(
        left.map(([, response]) => response),
        over,
      );
    };
    const finals = taken.filter(([, { willContinue }]) => !willContinue).map(([call]) => call);
    if (this.context.send(due(), due, sent)) {
      for (const call of finals) this.context.settled(call);
      return true;
    }
    for (const call of finals) call.state = 'open';
    return false;
  }

  private keep(call: Call): void {
    call.state = 'sent';
    call.connection = this.connection;
    if (!this.kept.includes(call)) this.kept.push(call);
    if (this.kept.length > MAX_ANSWERS) delete this.kept.shift()?.answer;
  }

  private find({ id, name }: FunctionResponse): Call | undefined {
    if (id) return this.calls.get(id);
    // Vertex AI has sent calls without an id: the oldest of that name is meant.
    for (const call of this.calls.values()) {
      if (call.id === '' && call.name === name && call.state === 'open' && !call.refused) return call;
    }
    return undefined;
  }

  private put(open: OpenCall): Call {
    const { connection, session } = this;
    const key = open.id || ` ${++this.nameless}`;
    const call: Call = { ...open, key, state: 'open', refused: false, answerer: CLIENT, connection, session };
    // What was known under that id before is over.
    this.calls.delete(key);
    this.calls.set(key, call);
    if (this.calls.size > MAX_CALLS) this.forget();
    return call;
  }

  /** Open calls are forgotten last, and then they are lost. */
  private forget(): void {
    for (const call of this.calls.values()) {
      if (isOpen(call) && this.calls.size <= 2 * MAX_CALLS) continue;
      if (isOpen(call)) this.lose(call);
      this.calls.delete(call.key);
      return;
    }
  }

  private lose(call: Call): void {
    call.state = 'lost';
    this.context.settled(call);
    this.tell(call, 'lost', { by: 'session' });
  }

  private tell(
    call: { id?: string; name?: string; at?: number },
    outcome: ToolOutcome,
    { by, status }: Answerer,
    answer?: FunctionResponse,
  ): void {
    const { id = '', name = '', at } = call;
    this.context.tell({
      ...{ id, name, outcome },
      ms: at === undefined ? 0 : Date.now() - at,
      by,
      ...(status && { status }),
      ...(answer?.response && { response: answer.response }),
      ...(answer?.willContinue && { willContinue: true }),
    });
  }
}

/** A call as events and states tell it. */
export function asOpenCall({ id, name, args, at, turn }: OpenCall): OpenCall {
  return { id, name, args, at, turn };
}

function refusal(call: Call | undefined): ToolOutcome {
  if (!call) return 'unknown';
  if (call.state === 'cancelled' || call.state === 'lost') return call.state;
  return call.answerer.status === 'TIMEOUT' ? 'late' : 'duplicate';
}

function isOpen({ state }: Call): boolean {
  return state === 'open' || state === 'answering' || state === 'held';
}

function full(): LiveError {
  return new LiveError('QUEUE_FULL', 'Too many messages wait to be sent', {
    advice: 'Connect the session, or wait until the connection takes what is queued.',
  });
}

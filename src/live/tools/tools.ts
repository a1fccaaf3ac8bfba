import {
  isObject,
  profileFor,
  type FunctionCall,
  type FunctionResponse,
  type LiveConnectConfig,
} from '../../protocol';
import type { Emit } from '../events';
import { toolFailure, type ToolFailureStatus } from './answers';
import { Deadlines } from './deadlines';
import { ToolGate } from './gate';
import { asOpenCall, Ledger, type Answerer, type Call, type CallsBefore } from './ledger';
import type { OpenCall, ToolArgs } from './open-call';
import { PolicyRules, type ToolPolicy } from './policy';
import { FunctionTable } from './table';
import { missing, wrongArguments } from './words';

export type { CallsBefore } from './ledger';

/** What {@link Tools} needs of its session. */
export interface ToolsContext {
  emit: Emit;
  model: string;
  backend: 'gemini' | 'vertex';
  policy: ToolPolicy | false | undefined;
  /** How long one call may hold the microphone back (ms). */
  gateMs: number | false | undefined;
  /** Open calls of a conversation that is taken up again. */
  before: readonly OpenCall[] | undefined;
  /** As {@link LedgerContext.send}. */
  send(responses: FunctionResponse[], due: () => FunctionResponse[], sent: () => void): boolean;
  /** Answers have been handed to the socket. */
  answered(responses: FunctionResponse[]): void;
}

/** A call that is new. */
export interface NewCall {
  id: string;
  name: string;
  args: unknown;
}

/** An answer of the session's own that could not be queued is tried again after that (ms). */
const RETRY_MS = 1000;

/**
 * All that becomes of the model's function calls: which there are, what answers them, how long that may take, and whether
 * the microphone must keep quiet meanwhile.
 */
export class Tools {
  private readonly ledger: Ledger;
  private readonly gate: ToolGate;
  private readonly table: FunctionTable;
  private rules: PolicyRules;
  private readonly deadlines = new Deadlines((key) => this.expired(key));

  constructor(private readonly context: ToolsContext) {
    const { emit, model, policy, gateMs, before } = context;
    this.rules = new PolicyRules(policy);
    this.table = new FunctionTable(model);
    this.gate = new ToolGate(gateMs, (closed) =>
      emit('activity', { type: closed ? 'microphone-held' : 'microphone-free' }),
    );
    this.ledger = new Ledger(
      {
        tell: (result) => emit('tool-result', result),
        send: (responses, due, sent) => context.send(responses, due, sent),
        settled: (call) => this.settled(call),
        answered: (responses, calls) => {
          for (const { key } of calls) this.gate.over(key);
          context.answered(responses);
        },
        partial: (name) => context.backend === 'gemini' && !this.table.blocking(name),
      },
      before,
    );
  }

  /** Calls that wait for an answer. */
  get open(): OpenCall[] {
    return this.ledger.open.filter(({ state, refused }) => state === 'open' && !refused).map(asOpenCall);
  }

  /** Ids of the calls that wait for an answer, or whose answer waits to be sent. */
  get ids(): string[] {
    return this.ledger.open.map(({ id }) => id);
  }

  /** Whether any call waits for an answer, or an answer waits to be sent. */
  get pending(): boolean {
    return this.ledger.pending;
  }

  /** Whether sound is to be given up now. */
  get hold(): boolean {
    return this.gate.closed;
  }

  set policy(policy: ToolPolicy | false) {
    this.rules = new PolicyRules(policy);
    for (const call of this.ledger.open) this.arm(call);
  }

  /** Open calls as plain JSON. @param unsaved ids of those that the newest handle does not know */
  state(unsaved: readonly string[]): OpenCall[] {
    return this.ledger.state(unsaved);
  }

  /** What the connection that begins, or goes on, declares. */
  declare(tools: LiveConnectConfig['tools']): void {
    this.table.declare(tools);
  }

  /** A connection is ready. */
  connected(before: CallsBefore): void {
    this.cancel('lost', this.ledger.connected(before));
    for (const call of this.ledger.open) {
      this.arm(call);
      if (call.state === 'open' && this.table.blocking(call.name)) {
        this.gate.called(call.key, Date.now() - call.at);
      }
    }
  }

  /** The session closes. @param unsaved ids of calls that the newest handle does not know */
  close(unsaved: readonly string[]): void {
    this.ledger.closed(unsaved);
    this.deadlines.clear();
    this.gate.clear();
  }

  /** Takes a call from the wire. @returns the call when it is new, and is to {@link begin} */
  take({ id = '', name, args }: FunctionCall): NewCall | undefined {
    if (!name) {
      const message = 'The model called a function without a name';
      this.context.emit('warning', {
        code: 'BAD_TOOL_CALL',
        message,
        advice: 'It cannot be answered; ask again.',
      });
      return undefined;
    }
    return this.ledger.again(id) ? undefined : { id, name, args: args ?? {} };
  }

  /** Tells a new call to whoever runs functions, unless it cannot be run. */
  begin({ id, name, args: given }: NewCall, turn: number): void {
    const { args, failure } = this.judge(name, given);
    const call = this.ledger.add({ id, name, args, turn }, failure !== undefined);
    this.arm(call);
    if (!failure && this.table.blocking(name)) this.gate.called(call.key);
    const refused = failure && { refused: failure.error.status };
    this.context.emit('tool-call', { turn, id, name, args, ...refused });
    if (failure) this.fail(call, failure);
  }

  /** The service takes calls back. */
  cancelled(ids: readonly string[]): void {
    const calls = this.ledger.cancelled(ids);
    this.context.emit('tool-cancel', { ids: [...ids], calls: calls.map(told), reason: 'service' });
  }

  /** As {@link Ledger.answer}. */
  answer(responses: readonly FunctionResponse[]): void {
    this.ledger.answer(responses.map((response) => this.scheduled(response)));
  }

  private scheduled(response: FunctionResponse): FunctionResponse {
    if (response.scheduling || !profileFor(this.context.model).scheduling) return response;
    const name = (response.id && this.ledger.get(response.id)?.name) || response.name || '';
    const scheduling = this.rules.scheduling(name);
    return scheduling ? { ...response, scheduling } : response;
  }

  private judge(
    name: string,
    given: unknown,
  ): { args: ToolArgs; failure?: { error: { status: ToolFailureStatus } } & Record<string, unknown> } {
    const raw = isObject(given) ? given : {};
    if (!this.rules.checks) return { args: raw };
    if (!this.table.has(name)) return { args: raw, failure: missing(name, this.table.names) };
    const { args, problems } = this.table.check(name, given);
    return args ? { args } : { args: raw, failure: wrongArguments(name, problems) };
  }

  /** Its time begins, or is a new one. */
  private arm(call: Call): void {
    if (call.state === 'held') return this.deadlines.set(call.key, RETRY_MS);
    const open = call.state === 'open' && !call.refused;
    const ms = open ? this.rules.timeoutMs(call.name, this.table.blocking(call.name)) : 0;
    if (ms === 0) this.deadlines.off(call.key);
    else this.deadlines.set(call.key, call.at + ms - Date.now());
  }

  private expired(key: string): void {
    const call = this.ledger.get(key);
    if (call?.state === 'held' && !this.ledger.retry(call)) this.deadlines.set(key, RETRY_MS);
    if (call?.state !== 'open') return;
    const seconds = Math.round((Date.now() - call.at) / 100) / 10;
    const message = `${call.name} did not answer within ${seconds} s. It may still take effect.`;
    this.fail(
      call,
      toolFailure({ status: 'TIMEOUT', message, hint: 'Tell the user that it takes longer than expected.' }),
    );
    this.cancel('timeout', [call]);
  }

  private fail(call: Call, failure: { error: { status: ToolFailureStatus } }): void {
    const { status } = failure.error;
    this.ledger.refuse(call, status);
    this.settle(call, responseOf(call, { ...failure }), { by: 'session', status });
  }

  /** Answers in the session's own name; with a full queue it waits. */
  private settle(call: Call, response: FunctionResponse, answerer: Answerer): void {
    if (!this.ledger.settle(call, response, answerer)) this.deadlines.set(call.key, RETRY_MS);
  }

  /** It needs no answer any more. */
  private settled(call: Call): void {
    this.deadlines.off(call.key);
    if (call.state !== 'answering') this.gate.over(call.key);
  }

  private cancel(reason: 'timeout' | 'lost', calls: readonly Call[]): void {
    const some = calls.filter((call) => reason === 'timeout' || !call.refused);
    if (some.length === 0) return;
    this.context.emit('tool-cancel', { ids: some.map(({ id }) => id), calls: some.map(told), reason });
  }
}

function told({ id, name, args }: Call): { id: string; name: string; args: ToolArgs } {
  return { id, name, args };
}

function responseOf({ id, name }: Call, response: Record<string, unknown>): FunctionResponse {
  return { ...(id && { id }), name, response };
}

import {
  isObject,
  profileFor,
  type FunctionCall,
  type FunctionResponse,
  type LiveConnectConfig,
} from '../../protocol';
import type { Emit } from '../events';
import type { ToolFailure } from './answers';
import { Deadlines } from './deadlines';
import type { AnyTool } from './define';
import { ToolGate } from './gate';
import { asOpenCall, Ledger, type Answerer, type Call, type CallsBefore, type NotSaved } from './ledger';
import type { OpenCall, ToolArgs } from './open-call';
import { Pieces, type Stream } from './pieces';
import { PolicyRules, type ToolPolicy } from './policy';
import { Runner } from './runner';
import { FunctionTable } from './table';
import type { ToolSession } from './tool-session';
import { brokenArguments, interrupted, missing, timedOut, wrongArguments } from './words';

export type { CallsBefore, NotSaved } from './ledger';

/** What a session is told about functions. */
export interface ToolsOptions {
  /** Functions that are declared to the model in addition to those of the configuration, and answered automatically. */
  tools?: readonly AnyTool[];
  /** `context.state` of every one of them. */
  toolState?: unknown;
  /** What the session does about function calls by itself; `false`: nothing. */
  toolPolicy?: ToolPolicy | false;
  /**
   * How long sound is held back, dropped and counted, while a function runs for which the model waits (ms): it would
   * cancel the call or the session. `false`: never. Default 10000.
   */
  toolGateMs?: number | false;
}

/** What {@link Tools} needs of its session. */
export interface ToolsContext {
  options: ToolsOptions;
  emit: Emit;
  model: string;
  backend: 'gemini' | 'vertex';
  session(): ToolSession;
  /** Open calls of a conversation that is taken up again. */
  before: readonly OpenCall[] | undefined;
  /** As {@link LedgerContext.send}. */
  send(responses: FunctionResponse[], due: () => FunctionResponse[], sent: () => void): boolean;
  /** Answers have been handed to the socket. */
  answered(responses: FunctionResponse[]): void;
}

/** An answer of the session's own that could not be queued is tried again after that (ms). */
const RETRY_MS = 1000;
const SESSION = 'session';

/**
 * All that becomes of the model's function calls: which there are, what answers them, how long that may take, and whether
 * the microphone must keep quiet meanwhile.
 */
export class Tools {
  private readonly ledger: Ledger;
  private readonly gate: ToolGate;
  private readonly table: FunctionTable;
  private readonly pieces = new Pieces();
  private readonly runner: Runner;
  private rules: PolicyRules;
  private readonly deadlines = new Deadlines((key) => this.expired(key));
  /** For calls whose arguments have not come to their end. */
  private readonly patience = new Deadlines((key) => this.brokenOff(key));

  constructor(private readonly context: ToolsContext) {
    const { emit, model, backend, options, before } = context;
    this.rules = new PolicyRules(options.toolPolicy);
    this.table = new FunctionTable(model, options.tools);
    this.gate = new ToolGate(options.toolGateMs, (closed) =>
      emit('activity', { type: closed ? 'microphone-held' : 'microphone-free' }),
    );
    const partial = (name: string): boolean => backend === 'gemini' && !this.table.blocking(name);
    this.ledger = new Ledger(
      {
        tell: (result) => emit('tool-result', result),
        send: (responses, due, sent) => context.send(responses, due, sent),
        settled: (call) => this.settled(call),
        answered: (responses, calls) => {
          for (const { key } of calls) this.gate.over(key);
          context.answered(responses);
        },
        partial,
      },
      before,
    );
    this.runner = new Runner({
      session: () => context.session(),
      state: options.toolState,
      answer: (call, response, answerer) => this.settle(call, this.scheduled(response), answerer),
      partial,
    });
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

  /** The session's own functions; those that the model still knows go on being answered. */
  set own(tools: readonly AnyTool[]) {
    this.table.own = tools;
  }

  /** As {@link Ledger.state}. */
  state(notSaved: NotSaved): OpenCall[] {
    return this.ledger.state(notSaved);
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
      if (call.state !== 'open') continue;
      if (this.table.blocking(call.name)) this.gate.called(call.key, Date.now() - call.at);
      // Who ran it is gone, and it is not known how far it came: running it again would be worse than saying so.
      const orphaned = this.table.tool(call.name) && !this.runner.has(call.key);
      if (orphaned) this.fail(call, interrupted(call.name));
    }
  }

  /** The connection is gone: calls whose arguments have not come to their end will be made again. */
  lost(): void {
    this.pieces.clear();
    this.patience.clear();
  }

  /** The session closes. */
  close(notSaved: NotSaved): void {
    this.ledger.closed(notSaved);
    this.lost();
    this.deadlines.clear();
    this.runner.stopAll('The session was closed');
    this.gate.clear();
  }

  /**
   * Takes a call, or a piece of one, from the wire.
   *
   * @param told called once for each new call, before anything is told of it. @returns the number of its turn
   */
  take(call: FunctionCall, told: (id: string, name: string) => number): void {
    const { id = '', name = '', args, partialArgs, willContinue } = call;
    const begun = this.pieces.of(call);
    if (begun) return this.piece(begun, call);
    if (name === '') {
      const message = 'The model called a function without a name';
      const advice = 'It cannot be answered; ask again.';
      return this.context.emit('warning', { code: 'BAD_TOOL_CALL', message, advice });
    }
    if (this.ledger.again(id)) return;
    const turn = told(id, name);
    if (!partialArgs && !willContinue) return this.begin({ id, name, turn }, args ?? {});
    const stream = this.pieces.begin(call, turn);
    this.patience.set(stream.key, this.rules.timeoutMs(name, true));
    this.piece(stream, call);
  }

  /** The service takes calls back. */
  cancelled(ids: readonly string[]): void {
    for (const id of ids) {
      const stream = this.pieces.drop(id);
      // Nobody was told of it; what else comes of it belongs to nothing.
      if (stream) this.ledger.add({ ...stream, args: {} }, true);
      this.patience.off(id);
    }
    const calls = this.ledger.cancelled(ids);
    this.context.emit('tool-cancel', { ids: [...ids], calls: calls.map(told), reason: 'service' });
  }

  /** As {@link Ledger.answer}. */
  answer(responses: readonly FunctionResponse[]): void {
    this.ledger.answer(responses.map((response) => this.scheduled(response)));
  }

  private piece(stream: Stream, call: FunctionCall): void {
    if (!this.pieces.add(stream, call)) return;
    this.patience.off(stream.key);
    const broken = stream.problem === undefined ? undefined : brokenArguments(stream.name, stream.problem);
    this.begin(stream, stream.args, broken);
  }

  private brokenOff(key: string): void {
    const stream = this.pieces.drop(key);
    if (stream) this.begin(stream, stream.args, brokenArguments(stream.name, 'they did not come to an end'));
  }

  /** Tells a new call, and has it run, unless it cannot be. */
  private begin(
    { id, name, turn }: Pick<OpenCall, 'id' | 'name' | 'turn'>,
    given: unknown,
    broken?: { error: ToolFailure },
  ): void {
    const judged = broken ? { args: asArgs(given), failure: broken } : this.judge(name, given);
    const { args, failure } = judged;
    const call = this.ledger.add({ id, name, turn, args: structuredClone(args) }, failure !== undefined);
    this.arm(call);
    const blocking = this.table.blocking(name);
    if (!failure && blocking) this.gate.called(call.key);
    const refused = failure && { refused: failure.error.status };
    this.context.emit('tool-call', { turn, id, name, args, blocking, ...refused });
    if (failure) return this.fail(call, failure);
    const tool = this.table.tool(name);
    // A listener may have answered it, or closed the session.
    if (tool && this.ledger.waits(call)) this.runner.start(call, tool);
  }

  private judge(name: string, given: unknown): { args: ToolArgs; failure?: { error: ToolFailure } } {
    if (!this.rules.checks) return { args: asArgs(given) };
    if (!this.table.has(name)) return { args: asArgs(given), failure: missing(name, this.table.names) };
    const { args, problems } = this.table.check(name, given);
    return args ? { args } : { args: asArgs(given), failure: wrongArguments(name, problems) };
  }

  private scheduled(response: FunctionResponse): FunctionResponse {
    const name = (response.id && this.ledger.get(response.id)?.name) || response.name || '';
    const scheduling = response.scheduling ?? this.rules.scheduling(name);
    if (!scheduling || !profileFor(this.context.model).scheduling) return response;
    return { ...response, scheduling };
  }

  /** Its time begins, or is a new one. */
  private arm(call: Call): void {
    const { key, name, state, at } = call;
    if (state === 'held') return this.deadlines.set(key, RETRY_MS);
    const own = this.table.tool(name)?.timeoutMs;
    const open = state === 'open' && !call.refused;
    const ms = open ? this.rules.timeoutMs(name, this.table.blocking(name), own) : 0;
    if (ms === 0) this.deadlines.off(key);
    else this.deadlines.set(key, at + ms - Date.now());
  }

  private expired(key: string): void {
    const call = this.ledger.get(key);
    if (call?.state === 'held' && !this.ledger.retry(call)) this.deadlines.set(key, RETRY_MS);
    if (call?.state !== 'open') return;
    this.runner.stop(key, 'The call took too long');
    this.fail(call, timedOut(call.name, Date.now() - call.at));
    this.cancel('timeout', [call]);
  }

  private fail(call: Call, failure: { error: ToolFailure }): void {
    const { status } = failure.error;
    const { id, name } = call;
    this.ledger.refuse(call, status);
    this.settle(call, { id, name, response: { ...failure } }, { by: SESSION, status });
  }

  /** Takes an answer that nobody can give again: with a full queue it waits. */
  private settle(call: Call, response: FunctionResponse, answerer: Answerer): void {
    if (this.ledger.settle(call, response, answerer)) return;
    if (!response.willContinue) this.deadlines.set(call.key, RETRY_MS);
  }

  /** It needs no answer any more. */
  private settled(call: Call): void {
    this.deadlines.off(call.key);
    this.runner.stop(call.key, `The answer is not wanted any more: the call was ${call.state}`);
    if (call.state !== 'answering') this.gate.over(call.key);
  }

  private cancel(reason: 'timeout' | 'lost', calls: readonly Call[]): void {
    const some = calls.filter((call) => reason === 'timeout' || !call.refused);
    if (some.length === 0) return;
    this.context.emit('tool-cancel', { ids: some.map(({ id }) => id), calls: some.map(told), reason });
  }
}

function told({ id, name, args }: Call): { id: string; name: string; args: ToolArgs } {
  return { id, name, args: structuredClone(args) };
}

function asArgs(value: unknown): ToolArgs {
  return isObject(value) ? value : {};
}

import { ANSWER_MS, toolFailure } from '../../src/live';
import { profileFor } from '../../src/protocol';
import type { ConfigNode } from '../config/runtime';
import { answerCall, callOf, configOfSession } from '../shared/calls';
import { describe, NodeError, report } from '../shared/errors';
import type {
  CancelledCall,
  CancelReason,
  Declaration,
  FunctionPolicy,
  RoutedCall,
} from '../shared/registry';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode } from '../shared/types';
import { textOf } from '../shared/values';
import { Confirmations } from './confirmations';
import { readFunctions, type Functions, type RoutedFunction } from './functions';
import { askBack, SpokenConfirmations, unconfirmed } from './spoken';

/** What the dialog decides. */
export interface RouterOptions {
  /** Id of the config node. */
  config: string;
  /** Id of the only session node that offers the functions; empty: all of the config node. */
  session?: string;
  functions: unknown;
}

/** One tools node: the functions it declares, and where their calls go. */
export class Router {
  readonly #functions: Functions;
  readonly #confirmations: Confirmations;
  readonly #spoken = new SpokenConfirmations();
  readonly #status: StatusLine;
  readonly #session: string | undefined;
  /** Stays under the node whatever else happens, until it is mended. */
  #duplicate: NodeError | undefined;
  #problem: NodeError | undefined;
  #told = '';

  constructor(
    private readonly RED: Red,
    private readonly node: RedNode,
    private readonly options: RouterOptions,
  ) {
    this.#functions = readFunctions(options.functions);
    this.#session = textOf(options.session);
    this.#status = new StatusLine(RED, node);
    this.#confirmations = Confirmations.of(node.id, {
      expired: ({ name }) => this.#show('quiet', 'denied', name),
      failed: (error) => report(node, error),
    });
  }

  /** What the registry is to know. */
  get declaration(): Declaration {
    const functions = [...this.#functions.byName.values()];
    const policy = (routed: RoutedFunction): FunctionPolicy => this.#policyOf(routed);
    return {
      owner: this.node.id,
      ...(this.node.name && { label: this.node.name }),
      ...(this.#session && { session: this.#session }),
      functions: functions.map(({ declared }) => declared),
      // Asked for after the deploy: only then the model is known.
      get policies() {
        return Object.fromEntries(functions.map((routed) => [routed.declared.name, policy(routed)]));
      },
      call: (call) => this.#call(call),
      cancelled: (calls, reason) => this.#cancelled(calls, reason),
      refused: (error) => {
        this.#duplicate = error;
        report(this.node, error);
        this.#showProblem();
      },
      accepted: () => {
        this.#duplicate = undefined;
        this.#showProblem();
      },
    };
  }

  /** After each deploy: says what keeps functions from being offered, once. */
  check(): void {
    this.#problem = this.#mistake() ?? this.#wrongSession();
    const message = this.#problem?.message ?? '';
    if (this.#problem && message !== this.#told) report(this.node, this.#problem);
    this.#told = message;
    this.#showProblem();
  }

  /** Somebody says whether a call may run. @throws NodeError `NO_CALL`, `BAD_PAYLOAD`, `UNKNOWN_ACTION` */
  async input(msg: Message): Promise<void> {
    const yes = decisionOf(msg);
    const call = this.#confirmations.take(callOf(msg));
    if (!call) return this.#show('quiet', 'tooLate');
    if (yes) return this.#run(call);
    this.#show('quiet', 'denied', call.name);
    this.#confirmations.answered(call);
    const message = 'The user did not allow it, so it was not done.';
    await answerCall(call, { response: { ...toolFailure({ status: 'DENIED', message }) } });
  }

  close(removed: boolean): void {
    this.#confirmations.close(removed);
  }

  #call(call: RoutedCall): void {
    const routed = this.#functions.byName.get(call.name);
    if (routed?.confirm === 'voice') {
      if (this.#spoken.confirmed(call, routed)) return this.#run({ ...call, args: unconfirmed(call.args) });
      this.#show('waiting', 'confirm');
      return this.#answer(call, askBack(routed));
    }
    if (routed?.confirm !== 'flow') return this.#run(call);
    const output = this.#functions.cancelOutput + 1;
    if (!this.#wired(output)) return this.#unwired(call, `"to confirm"`);
    this.#show('waiting', 'confirm');
    this.#confirmations.wait(call, routed.confirmMs);
    this.#send(output, { ...messageOf(call), question: routed.question });
  }

  /** Hands the call to the flow. */
  #run(call: RoutedCall): void {
    const output = this.#functions.byName.get(call.name)?.output;
    if (output === undefined || !this.#wired(output)) return this.#unwired(call, `"${call.name}"`);
    this.#show('ok', 'called', call.name);
    this.#confirmations.told(call);
    this.#send(output, { ...messageOf(call), blocking: call.blocking });
  }

  #cancelled(calls: CancelledCall[], reason: CancelReason): void {
    for (const call of calls) {
      this.#tellCancelled(call, reason);
      // There is nothing to undo when the flow was not told to do anything.
      if (this.#confirmations.keptBack(call)) continue;
      const confirm = this.#functions.byName.get(call.name)?.confirm;
      const args = confirm === 'voice' ? unconfirmed(call.args) : call.args;
      this.#send(this.#functions.cancelOutput, { ...messageOf({ ...call, args }), reason });
    }
  }

  #tellCancelled({ name }: CancelledCall, reason: CancelReason): void {
    if (reason === 'service') return this.#show('quiet', 'cancelled');
    if (reason === 'lost') return this.#show('quiet', 'lost');
    this.#show('failed', 'noAnswer');
    this.node.warn(
      `Nobody answered the call of "${name}" in time, and the model was told so. Wire its output to a tool-response node by a way that keeps msg.tool, or give the function more time.`,
    );
  }

  #unwired(call: RoutedCall, output: string): void {
    this.node.warn(
      `The model called "${call.name}", but the output ${output} of this tools node is wired to nothing. Wire it to what is to be done, and that to a tool-response node.`,
    );
    this.#show('failed', 'unwired');
    const message = `"${call.name}" is connected to nothing here, so nothing was done.`;
    this.#answer(call, { ...toolFailure({ status: 'UNAVAILABLE', message }) });
  }

  /** Answers in place of the flow. */
  #answer(call: RoutedCall, response: Record<string, unknown>): void {
    this.#confirmations.answered(call);
    answerCall(call, { response }).catch((error: unknown) => report(this.node, error));
  }

  #wired(output: number): boolean {
    const { wires } = this.node as unknown as { wires?: unknown[][] };
    return (wires?.[output]?.length ?? 0) > 0;
  }

  #send(output: number, message: Message): void {
    this.node.send([...new Array<null>(output).fill(null), message]);
  }

  #policyOf({ declared, timeoutMs, confirm, confirmMs, scheduling }: RoutedFunction): FunctionPolicy {
    // Until it is confirmed, the flow cannot begin.
    const total =
      confirm === 'flow' ? (timeoutMs ?? this.#answerMs(declared.behavior)) + confirmMs : timeoutMs;
    return { ...(total !== undefined && { timeoutMs: total }), ...(scheduling && { scheduling }) };
  }

  #answerMs(behavior: unknown): number {
    if (behavior === 'BLOCKING' || behavior === 'NON_BLOCKING') return ANSWER_MS[behavior];
    const config = this.RED.nodes.getNode(this.options.config) as ConfigNode | null;
    return ANSWER_MS[
      profileFor(config?.live?.model ?? '').tools.default === 'BLOCKING' ? 'BLOCKING' : 'NON_BLOCKING'
    ];
  }

  #mistake(): NodeError | undefined {
    const { mistakes } = this.#functions;
    if (mistakes.length === 0) return undefined;
    const more = mistakes.length > 3 ? ` There are ${mistakes.length - 3} more.` : '';
    return new NodeError(
      'BAD_FUNCTION',
      `${mistakes.slice(0, 3).join(' ')}${more} Such functions are not offered to the model. Correct them in the dialog of the tools node.`,
    );
  }

  #wrongSession(): NodeError | undefined {
    if (!this.#session) return undefined;
    const config = configOfSession(this.#session);
    if (config === this.options.config) return undefined;
    const what =
      config === undefined
        ? 'The session that is chosen in this tools node does not exist, or is disabled'
        : 'The session that is chosen in this tools node uses another service than the node itself';
    return new NodeError(
      'NO_SESSION',
      `${what}, so nobody offers its functions to the model. Choose a session of the same service, or all sessions.`,
    );
  }

  #showProblem(): void {
    const problem = this.#problem ?? this.#duplicate;
    if (problem) this.#status.show('failed', 'failed', codeText(problem));
    else this.#status.clear();
  }

  #show(...status: Parameters<StatusLine['show']>): void {
    if (!this.#problem && !this.#duplicate) this.#status.show(...status);
  }
}

function messageOf({ id, name, args, session }: CancelledCall): Message {
  // The flow may do with its message what it likes: a cancellation tells the original arguments.
  return { payload: structuredClone(args), topic: name, tool: { id, name, session } };
}

/** @throws NodeError `BAD_PAYLOAD`, `UNKNOWN_ACTION` */
function decisionOf({ action, payload }: Message): boolean {
  if (action === 'confirm') return true;
  if (action === 'deny') return false;
  if (action !== undefined && action !== '') {
    throw new NodeError(
      'UNKNOWN_ACTION',
      `tools does not know the action ${describe(action)}. It knows "confirm" and "deny"; without an action the payload decides.`,
    );
  }
  const said = typeof payload === 'string' ? payload.trim().toLowerCase() : payload;
  if (said === true || said === 'yes' || said === 'true') return true;
  if (said === false || said === 'no' || said === 'false') return false;
  throw new NodeError(
    'BAD_PAYLOAD',
    `tools needs true or "yes", false or "no" in msg.payload to know whether the call may run, and got ${describe(payload)}. The call still waits.`,
  );
}

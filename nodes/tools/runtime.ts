import type { NodeDef } from 'node-red';
import { report } from '../shared/errors';
import { onClose } from '../shared/lifecycle';
import { ToolRegistry, type CancelledCall, type CancelReason, type RoutedCall } from '../shared/registry';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode } from '../shared/types';
import { textOf } from '../shared/values';
import { declarationOf, policyOf, type FunctionRow } from './functions';

/** The fields of the dialog. */
interface ToolsDef extends NodeDef {
  /** Id of the config node. */
  config: string;
  /** Id of the only session node that offers the functions; empty: all of the config node. */
  session?: string;
  functions: FunctionRow[];
  outputs: number;
  inputs: number;
  version: number;
}

/** One router: the functions it declares, and where their calls go. */
class Router {
  readonly #rows: FunctionRow[];

  constructor(
    private readonly node: RedNode,
    private readonly status: StatusLine,
    def: ToolsDef,
  ) {
    this.#rows = Array.isArray(def.functions) ? def.functions : [];
  }

  get rows(): FunctionRow[] {
    return this.#rows;
  }

  call(call: RoutedCall): void {
    const index = this.#rows.findIndex(({ name }) => name === call.name);
    this.status.show('ok', 'called', call.name);
    this.#send(index, messageOf(call));
  }

  cancelled(calls: CancelledCall[], reason: CancelReason): void {
    for (const call of calls) {
      this.status.show('quiet', 'cancelled', call.name);
      this.#send(this.#rows.length, { ...messageOf(call), reason } as Message);
    }
  }

  #send(output: number, message: Message): void {
    const messages: (Message | null)[] = new Array<null>(output).fill(null);
    this.node.send([...messages, message]);
  }
}

function messageOf({ id, name, args, session }: CancelledCall): Message {
  return { payload: args, topic: name, tool: { id, name, session } };
}

/** `gemini-live-tools`: functions that the model may call, and one output for each. */
export default function (RED: Red): void {
  function GeminiLiveTools(this: RedNode, def: ToolsDef): void {
    RED.nodes.createNode(this, def);
    const status = new StatusLine(RED, this);
    const router = new Router(this, status, def);
    const session = textOf(def.session);
    const remove = ToolRegistry.of(RED, def.config).declare({
      owner: this.id,
      ...(session && { session }),
      functions: router.rows.map(declarationOf),
      policies: Object.fromEntries(router.rows.map((row) => [row.name, policyOf(row)])),
      call: (call) => router.call(call),
      cancelled: (calls, reason) => router.cancelled(calls, reason),
      refused: (error) => {
        status.show('failed', 'failed', codeText(error));
        report(this, error);
      },
      accepted: () => status.clear(),
    });
    onClose(this, remove);
  }
  RED.nodes.registerType('gemini-live-tools', GeminiLiveTools);
}

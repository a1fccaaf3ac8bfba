import { createMind, loadScenario, parseScenario } from '../../src/server/scenario';
import type { LocalLiveServer, ServerOptions } from '../../src/server';
import { NATIVE, WireClient } from '../support/wire-client';
import { rehearsal, setupFor } from './helpers';

/** A call as the client sees it. */
export interface SeenCall {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

/** A function to declare: its name, or more. */
export type Declared = string | { name: string; behavior?: string };

export interface TalkOptions extends ServerOptions {
  /** Rules in place of the shipped scenario. */
  rules?: object[];
}

/** A client that has declared functions, and a server that follows rules: what is said, called and answered. */
export class ToolTalk {
  private constructor(
    readonly client: WireClient,
    readonly server: LocalLiveServer,
  ) {}

  static async start(
    functions: readonly Declared[],
    model = NATIVE,
    { rules, ...options }: TalkOptions = {},
  ): Promise<ToolTalk> {
    const scenario = rules ? parseScenario({ name: 'test', rules }) : await loadScenario();
    const server = await rehearsal({ mind: createMind(scenario), scenario, ...options });
    const functionDeclarations = functions.map((one) => (typeof one === 'string' ? { name: one } : one));
    const setup = setupFor(model, { tools: [{ functionDeclarations }] });
    return new ToolTalk(await WireClient.start(server, setup), server);
  }

  /** All calls so far. */
  get calls(): SeenCall[] {
    return this.client.messages.flatMap(({ toolCall }) => (toolCall?.functionCalls ?? []) as SeenCall[]);
  }

  /** All that the model has said so far. */
  get said(): string {
    return this.client.transcript('outputTranscription');
  }

  /** Types something. */
  ask(text: string): void {
    this.client.send({ realtimeInput: { text } });
  }

  /** Waits for the call of that number, counted from 1. */
  async call(number = 1): Promise<SeenCall> {
    await this.client.until(() => this.calls.length >= number, `call ${number}`);
    return this.calls[number - 1]!;
  }

  answer({ id, name }: SeenCall, response: Record<string, unknown> = {}, more: object = {}): void {
    this.client.send({ toolResponse: { functionResponses: [{ id, name, response, ...more }] } });
  }

  /** Waits until the last thing said is this. */
  until(text: string): Promise<void> {
    return this.client.until(() => this.said.endsWith(text), `"${text}"`);
  }

  /** Waits for the end of the turn that is under way. */
  turnEnd(): Promise<void> {
    const over = (): boolean => this.client.messages.at(-1)?.serverContent?.turnComplete === true;
    return this.client.until(over, 'the end of the turn');
  }
}

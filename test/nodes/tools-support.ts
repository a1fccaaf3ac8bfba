import type { FunctionCall, FunctionResponse } from '../../src/protocol';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { run, sessionFlow, type Running } from './support';

/** Parameters with one text. */
export const ROOM = {
  type: 'object',
  properties: { room: { type: 'string', enum: ['kitchen', 'bedroom'] }, brightness: { type: 'integer' } },
  required: ['room'],
};

/** A tools node; each output goes to a helper node of the function's name, then `cancelled` and `to-confirm`. */
export function toolsNode(functions: object[], more: object = {}): object {
  const names = functions.map(({ name }: { name?: string }) => name ?? '');
  return {
    id: 'router',
    type: 'gemini-live-tools',
    config: 'config',
    session: '',
    functions: functions.map((row) => ({
      description: '',
      parameters: { type: 'object', properties: {} },
      ...row,
    })),
    wires: [...names.map((name) => [name]), ['cancelled'], ['to-confirm']],
    ...more,
  };
}

/** Helper nodes with these ids. */
export function helpers(...ids: string[]): object[] {
  return ids.map((id) => ({ id, type: 'helper' }));
}

/** One message of the service with these calls. */
export function calls(...functionCalls: FunctionCall[]): object {
  return { toolCall: { functionCalls } };
}

/** A call of `set_light` in the kitchen. */
export function light(id: string, more: FunctionCall = {}): FunctionCall {
  return { id, name: 'set_light', args: { room: 'kitchen' }, ...more };
}

/** The answers in what a server received. */
export function answers(received: Record<string, unknown>[]): FunctionResponse[] {
  return received.flatMap(
    ({ toolResponse }) =>
      (toolResponse as { functionResponses?: FunctionResponse[] } | undefined)?.functionResponses ?? [],
  );
}

/** Waits until the client has answered that often; gives all answers. */
export function answered(peer: ScriptedConnection, count = 1): Promise<FunctionResponse[]> {
  return peer.until((received) => answers(received).length >= count && answers(received));
}

/** What a failure says to the model. */
export function failure(answer: FunctionResponse | undefined): {
  status?: string;
  message?: string;
  retryable?: boolean;
  hint?: string;
} {
  return (answer?.response?.['error'] ?? {}) as object;
}

/** Names of the functions in a setup or a context update. */
export function declared(message: unknown): string[] {
  const { setup, contextUpdate } = message as { setup?: Setup; contextUpdate?: { tools?: Setup } };
  return ((setup ?? contextUpdate?.tools)?.tools ?? []).flatMap(({ functionDeclarations = [] }) =>
    functionDeclarations.map(({ name }) => name),
  );
}
interface Setup {
  tools?: { functionDeclarations?: { name: string }[] }[];
}

/** A flow with a session, a tools node with `set_light`, and a response node `answer`, on a server that a test plays. */
export class Stage {
  private constructor(
    readonly wire: ScriptedServer,
    public flow: Running,
    public peer: ScriptedConnection,
  ) {}

  /** @param functions of the tools node, default `set_light` */
  static async set(
    wire: ScriptedServer,
    {
      functions = [{ name: 'set_light', parameters: ROOM }],
      tools = {},
      response = {},
      config = {},
      more = [],
    }: {
      functions?: object[];
      tools?: object;
      response?: object;
      config?: object;
      more?: object[];
    } = {},
  ): Promise<Stage> {
    const flow = await run(stageFlow(wire.url, { functions, tools, response, config, more }));
    const peer = await wire.connection();
    await peer.message(0);
    return new Stage(wire, flow, peer);
  }
}

/** The flow of a {@link Stage}. */
export function stageFlow(
  url: string,
  {
    functions = [{ name: 'set_light', parameters: ROOM }],
    tools = {},
    response = {},
    config = {},
    more = [],
    session = {},
  }: {
    functions?: object[];
    tools?: object;
    response?: object;
    config?: object;
    session?: object;
    more?: object[];
  } = {},
): object[] {
  const names = functions.map(({ name }: { name?: string }) => name ?? '');
  return [
    ...sessionFlow(url, { connect: 'deploy', ...session }, config),
    toolsNode(functions, tools),
    { id: 'answer', type: 'gemini-live-tool-response', ...response },
    ...helpers(...new Set(names.filter(Boolean)), 'cancelled', 'to-confirm'),
    ...more,
  ];
}

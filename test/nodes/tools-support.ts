import type { FunctionCall, FunctionResponse } from '../../src/protocol';

/** A tools node with these functions. */
export function toolsNode(functions: object[], more: object = {}): object {
  return {
    id: 'router',
    type: 'gemini-live-tools',
    config: 'config',
    functions: functions.map((row) => ({ description: '', parameters: {}, ...row })),
    ...more,
  };
}

/** One message of the service with these calls. */
export function calls(...functionCalls: FunctionCall[]): object {
  return { toolCall: { functionCalls } };
}

/** The answers in what a server received. */
export function answers(received: Record<string, unknown>[]): FunctionResponse[] {
  return received.flatMap(
    ({ toolResponse }) =>
      (toolResponse as { functionResponses?: FunctionResponse[] } | undefined)?.functionResponses ?? [],
  );
}

import type { NodeDef } from 'node-red';
import { answerCall, type ToolRef } from '../shared/calls';
import { NodeError } from '../shared/errors';
import { onInput } from '../shared/lifecycle';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode } from '../shared/types';

/** The fields of the dialog. */
interface ToolResponseDef extends NodeDef {
  scheduling?: '' | 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';
  /** More answers to the same call will follow. */
  partial?: boolean;
}

/** Which call a message belongs to. @throws NodeError `NO_CALL` */
function callOf({ tool }: Message): ToolRef {
  const { id, name, session } = (tool ?? {}) as Partial<ToolRef>;
  if (typeof id === 'string' && typeof name === 'string' && typeof session === 'string') {
    return { id, name, session };
  }
  throw new NodeError(
    'NO_CALL',
    'msg.tool says which call is answered, and this message has none. Keep it on the way from the tools node: in a Function node change msg and return it, instead of returning a new message; elsewhere store msg.tool before and put it back with a Change node.',
  );
}

/** `gemini-live-tool-response`: the answer to a call of the model. */
export default function (RED: Red): void {
  function GeminiLiveToolResponse(this: RedNode, def: ToolResponseDef): void {
    RED.nodes.createNode(this, def);
    const status = new StatusLine(RED, this);
    onInput(this, async (msg) => {
      try {
        const { payload } = msg;
        const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
        const outcome = await answerCall(callOf(msg), {
          response: isObject ? (payload as Record<string, unknown>) : { result: payload },
          ...(def.scheduling && { scheduling: def.scheduling }),
          ...(def.partial && { willContinue: true }),
        });
        if (outcome === 'sent') status.show('ok', 'sent');
        else status.show('quiet', outcome);
      } catch (error) {
        status.show('failed', 'failed', codeText(error));
        throw error;
      }
    });
  }
  RED.nodes.registerType('gemini-live-tool-response', GeminiLiveToolResponse);
}

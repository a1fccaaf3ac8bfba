import type { NodeDef } from 'node-red';
import { setImmediate as soon } from 'node:timers/promises';
import { answerCall, callOf } from '../shared/calls';
import { asError } from '../shared/errors';
import { onInput } from '../shared/lifecycle';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode } from '../shared/types';
import { answerOf, type AnswerOptions } from './answer';

/** The fields of the dialog. */
type ToolResponseDef = NodeDef & AnswerOptions;

/** `gemini-live-tool-response`: the answer to a call of the model. */
export default function (RED: Red): void {
  function GeminiLiveToolResponse(this: RedNode, def: ToolResponseDef): void {
    RED.nodes.createNode(this, def);
    const status = new StatusLine(RED, this);
    const answer = async (msg: Message): Promise<void> => {
      const call = callOf(msg);
      let over = false;
      const answering = answerCall(call, await answerOf(msg, def)).finally(() => (over = true));
      answering.catch(() => {});
      await soon();
      // It waits for the connection.
      if (!over) status.show('waiting', 'sending');
      const outcome = await answering;
      if (outcome === 'sent') status.show('ok', 'sent');
      else status.show('quiet', outcome);
    };
    onInput(this, async (msg) => {
      try {
        await answer(msg);
      } catch (error) {
        status.show('failed', 'failed', codeText(error));
        if (!isOwn(msg.error, this.id)) throw error;
        // A Catch node that is wired to this one brings its errors back. Another round would never end, and Catch has taken the first.
        this.warn(asError(error).message);
      }
    });
  }
  RED.nodes.registerType('gemini-live-tool-response', GeminiLiveToolResponse);
}

function isOwn(error: unknown, id: string): boolean {
  const { source } = (error ?? {}) as { source?: { id?: unknown } };
  return source?.id === id;
}

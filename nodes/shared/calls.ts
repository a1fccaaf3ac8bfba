import type { ToolOutcome } from '../../src/live';
import type { FunctionResponse } from '../../src/protocol';
import { NodeError } from './errors';
import { within } from './handles';
import type { Message } from './types';

/** Which call is meant: ids only, so that it survives cloning, contexts and links. It is `msg.tool`. */
export interface ToolRef {
  id: string;
  name: string;
  /** Id of the session node. */
  session: string;
}

/** What the model gets for a call. */
export type CallAnswer = Pick<FunctionResponse, 'response' | 'parts' | 'scheduling' | 'willContinue'>;

/** Which call a message belongs to. @throws NodeError `NO_CALL` */
export function callOf({ tool }: Message): ToolRef {
  const { id, name, session } = (tool ?? {}) as Partial<ToolRef>;
  if (typeof id === 'string' && typeof name === 'string' && typeof session === 'string') {
    return { id, name, session };
  }
  throw new NodeError(
    'NO_CALL',
    'msg.tool says which call is meant, and this message has lost it on its way from the tools node. In a Function node change msg and return it, instead of returning a new message. Where a node makes a new message, keep msg.tool in the flow context before it and put it back after it with a Change node; http request and most core nodes keep it by themselves.',
  );
}

/** A session node, as far as calls are concerned. */
export interface CallHolder {
  /** Id of its config node. */
  readonly config: string;
  /** @throws what keeps the answer from being given */
  answer(response: FunctionResponse): Promise<ToolOutcome>;
}

/** Longest wait for a session node that is being created again (ms); Node-RED gives nodes half of that to close. */
const AGAIN_MS = 30_000;

/** The session nodes of this process by id. */
const holders = new Map<string, CallHolder>();
/** Those that are being created again. */
const returning = new Map<string, { back: Promise<void>; resolve: () => void }>();

/**
 * A session node can be found from now on.
 *
 * @returns ends it; `removed` is false when the node is about to be created again: then answers wait for it
 */
export function holdCalls(session: string, holder: CallHolder): (removed: boolean) => void {
  holders.set(session, holder);
  release(session);
  return (removed) => {
    if (holders.get(session) !== holder) return;
    holders.delete(session);
    if (removed) return;
    let resolve = (): void => {};
    const back = new Promise<void>((done) => (resolve = done));
    returning.set(session, { back, resolve });
  };
}

function release(session: string): void {
  returning.get(session)?.resolve();
  returning.delete(session);
}

/** Id of the config node of a session node; undefined when there is no such session. */
export function configOfSession(session: string): string | undefined {
  return holders.get(session)?.config;
}

/**
 * Answers a call of the model, wherever the answer comes from.
 *
 * @returns what became of it: that a call is answered already, or not wanted any more, is no failure
 * @throws NodeError `NO_SESSION`; what keeps the session from connecting again for a call that it still owes an answer to
 */
export async function answerCall({ id, name, session }: ToolRef, answer: CallAnswer): Promise<ToolOutcome> {
  for (;;) {
    const again = returning.get(session);
    if (again) await within(AGAIN_MS, again.back);
    const holder = holders.get(session);
    if (!holder) break;
    try {
      return await holder.answer({ ...answer, id, name });
    } catch (error) {
      if (holders.get(session) === holder) throw error;
      // It was closed while it connected. The one that takes its place owes the answer as well.
    }
  }
  throw new NodeError(
    'NO_SESSION',
    `The call of "${name}" cannot be answered: the session node that made it was deleted or disabled. Nothing is to be done, if that was meant.`,
  );
}

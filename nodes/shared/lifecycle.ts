import type { NodeMessageInFlow } from 'node-red';
import { asError, report } from './errors';
import type { AnyNode, Message, Red, RedNode, Send } from './types';

/** Handles one message. What it throws goes to Catch nodes; when it resolves, Complete nodes hear of it. */
export type InputHandler = (message: Message, send: Send) => void | Promise<void>;

/** Hands the node's input to an asynchronous handler: a rejection never leaves the node. */
export function onInput(node: RedNode, handler: InputHandler): void {
  // The runtime counts the parameters: exactly three.
  node.on('input', (msg: NodeMessageInFlow, send, done) => {
    const work = async (): Promise<void> => handler(msg as Message, send as Send);
    work()
      .then(
        () => done(),
        (error: unknown) => {
          try {
            done(asError(error));
          } catch {
            // Node-RED looks into msg.error, which may be an object that cannot be looked into. It must not end the process.
            const { error: _error, ...rest } = msg as Message;
            report(node, error, rest);
          }
        },
      )
      // Catch and Complete nodes get a copy of the message, which may be one that cannot be copied.
      .catch((error: unknown) => report(node, error));
  });
}

/**
 * Ends what the node started. What this throws is reported, and closing goes on; Node-RED gives it 15 s.
 *
 * @param handler `removed` is true when the node was deleted or disabled, false when it is about to be created again
 */
export function onClose(node: AnyNode, handler: (removed: boolean) => void | Promise<void>): void {
  node.on('close', (removed: boolean, done: () => void) => {
    const work = async (): Promise<void> => handler(removed);
    work()
      .catch((error: unknown) => report(node, error))
      .then(done, done);
  });
}

/** What is done after a deploy, in this order: what nodes declare must be sorted out before a session connects with it. */
type Phase = 'declare' | 'start';

interface Dispatcher extends Record<Phase, Set<() => void>> {
  /** Nodes are being closed and created. */
  deploying: boolean;
}

const dispatchers = new WeakMap<object, Dispatcher>();

/**
 * Calls back after every deploy, when all nodes exist: constructors run in no useful order. One listener serves all nodes.
 *
 * @returns ends the subscription
 */
export function afterDeploy(RED: Red, phase: Phase, callback: () => void): () => void {
  const callbacks = dispatcher(RED)[phase];
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

/** Whether nodes are being closed and created now: what they declare is not all there. */
export function deploying(RED: Red): boolean {
  return dispatcher(RED).deploying;
}

function dispatcher(RED: Red): Dispatcher {
  const found = dispatchers.get(RED.events);
  if (found) return found;
  // It is asked for by a node's constructor: in the middle of a deploy.
  const made: Dispatcher = { declare: new Set(), start: new Set(), deploying: true };
  for (const event of ['flows:stopping', 'flows:starting'])
    RED.events.on(event, () => (made.deploying = true));
  RED.events.on('flows:started', () => {
    made.deploying = false;
    for (const one of [...made.declare, ...made.start]) {
      try {
        one();
      } catch (error) {
        // It must not keep the others from beginning, nor end the process.
        RED.log.error(asError(error).message);
      }
    }
  });
  dispatchers.set(RED.events, made);
  return made;
}

/** Only after the deploy that created the node: later ones leave it as it is. @returns ends the subscription */
export function afterDeployOnce(RED: Red, callback: () => void): () => void {
  const unsubscribe = afterDeploy(RED, 'start', () => {
    unsubscribe();
    callback();
  });
  return unsubscribe;
}

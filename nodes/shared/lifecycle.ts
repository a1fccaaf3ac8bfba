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
    work().then(
      () => done(),
      (error: unknown) => done(asError(error)),
    );
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

const dispatchers = new WeakMap<object, Record<Phase, Set<() => void>>>();

/**
 * Calls back after every deploy, when all nodes exist: constructors run in no useful order. One listener serves all nodes.
 *
 * @returns ends the subscription
 */
export function afterDeploy(RED: Red, phase: Phase, callback: () => void): () => void {
  let callbacks = dispatchers.get(RED.events);
  if (!callbacks) {
    const all = { declare: new Set<() => void>(), start: new Set<() => void>() };
    RED.events.on('flows:started', () => [...all.declare, ...all.start].forEach((one) => one()));
    dispatchers.set(RED.events, all);
    callbacks = all;
  }
  const all = callbacks[phase];
  all.add(callback);
  return () => all.delete(callback);
}

/** Only after the deploy that created the node: later ones leave it as it is. @returns ends the subscription */
export function afterDeployOnce(RED: Red, callback: () => void): () => void {
  const unsubscribe = afterDeploy(RED, 'start', () => {
    unsubscribe();
    callback();
  });
  return unsubscribe;
}

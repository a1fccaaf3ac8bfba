import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { MediaFormat } from '../../src/media';

/** Node-RED's API as a runtime file gets it. */
export type Red = NodeAPI;

/** A node of ours while it runs. */
export type RedNode = Node<Record<string, string | undefined>>;

/** Any node, whatever its credentials. */
export type AnyNode = Pick<RedNode, 'on' | 'error'>;

/** Sends messages; one array entry per port. */
export type Send = (message: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

/** The message properties that these nodes read. */
export interface Message extends NodeMessage {
  /** What to do instead of what the payload would do. */
  action?: unknown;
  /** What a Buffer or Readable in the payload is. */
  format?: MediaFormat | string;
  /** The call of the model that the message belongs to: `{id, name, session}`. */
  tool?: unknown;
  /** The model says nothing until the call is answered. */
  blocking?: boolean;
  /** Pictures and sound that go with the answer to a call. */
  media?: unknown;
  /** When the model is to speak of the answer to a call. */
  scheduling?: unknown;
  /** More answers to the same call follow. */
  willContinue?: unknown;
  /** What a Catch node caught. */
  error?: unknown;
  /** What the user is to be asked before a call runs; why a call was cancelled. */
  question?: string;
  reason?: string;
  /** Number of the model's turn that the payload belongs to. */
  turn?: number;
}

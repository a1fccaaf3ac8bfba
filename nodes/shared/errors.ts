import { redact } from '../../src/media';
import type { AnyNode, Message } from './types';

/** Codes of failures that the nodes find themselves; those of media, server and session keep their own. */
export type NodeErrorCode =
  /** `msg.action` is not known here. */
  | 'UNKNOWN_ACTION'
  /** `msg.payload` is nothing this node can use. */
  | 'BAD_PAYLOAD'
  /** A field of the dialog, or a message property that overrides it, makes no sense. */
  | 'BAD_CONFIG'
  /** The node has no config node, or it is disabled. */
  | 'NO_CONFIG'
  /** The chosen endpoint needs a key and there is none. */
  | 'NO_API_KEY'
  /** Two nodes declare a function of the same name. */
  | 'DUPLICATE_TOOL'
  /** The declaration of a function has a mistake. */
  | 'BAD_FUNCTION'
  /** The message holds no call that could be answered. */
  | 'NO_CALL'
  /** The session node that is meant does not exist, is disabled, or belongs to another config node. */
  | 'NO_SESSION'
  /** The optional package that speaks with MCP servers is not installed. */
  | 'NO_MCP_SDK'
  /** Node-RED serves no HTTP for flows, so there is no talk page. */
  | 'NO_HTTP'
  /** Another node has the microphone of the talk page. */
  | 'PAGE_TAKEN'
  /** There is nothing to do this with now. */
  | 'NOT_RUNNING';

/** A failure found by a node. `message` says what happened, to what, and what to do next. */
export class NodeError extends Error {
  override readonly name = 'NodeError';

  constructor(
    readonly code: NodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Whatever was thrown as an Error whose message holds no credentials and says what to do next, where that is known; a code
 * stays.
 */
export function asError(thrown: unknown): Error & { code?: string } {
  const error: Error & { advice?: unknown } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { advice } = error;
  const text =
    typeof advice === 'string' && advice && !error.message.includes(advice)
      ? `${error.message.replace(/[.\s]*$/, '.')} ${advice}`
      : error.message;
  const clean = redact(text);
  if (clean !== error.message) error.message = clean;
  return error;
}

/**
 * Reports a failure that belongs to no message that is still being worked on. Without a message object Node-RED would only
 * log it; with one, Catch nodes see it.
 *
 * @param origin what the failure goes back to, if anything: its properties travel with the error
 */
export function report(node: AnyNode, thrown: unknown, origin: Message = {}): void {
  const { payload: _payload, ...rest } = origin;
  node.error(asError(thrown), rest);
}

/** A value of a field as somebody may have written it, for messages that refuse it; what cannot be written is described. */
export function quoted(value: unknown): string {
  const written = ['string', 'number', 'boolean'].includes(typeof value);
  return written ? `"${cut(redact(String(value)))}"` : describe(value);
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Says in a few words what a value is, for messages that refuse it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Buffer.isBuffer(value)) return `a Buffer of ${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  if (typeof value !== 'object') return `the ${typeof value} ${cut(String(value))}`;
  const name = (value.constructor as { name?: string } | undefined)?.name ?? 'Object';
  if (name !== 'Object') return `an object of type ${name}`;
  const keys = Object.keys(value);
  const list = `${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''}`;
  return keys.length ? `an object with ${list}` : 'an empty object';
}

import type { ConversationState } from '../../src/live';

/** A conversation while its node is being created again. */
interface Kept {
  /** Service and model it was held with: a conversation goes on only there. */
  identity: string;
  state: ConversationState;
}

/**
 * Conversations of nodes that were closed to be created again, by node id. They live in this process only: a deleted or
 * disabled node drops its own, and what was said is nobody else's business.
 */
const conversations = new Map<string, Kept>();

/** Keeps the conversation of a node. */
export function keep(nodeId: string, identity: string, state: ConversationState): void {
  conversations.set(nodeId, { identity, state });
}

/** Takes a conversation up again, if it was held with the same model at the same endpoint; it is forgotten otherwise. */
export function takeUp(nodeId: string, identity: string): ConversationState | undefined {
  const kept = conversations.get(nodeId);
  conversations.delete(nodeId);
  return kept?.identity === identity ? kept.state : undefined;
}

/** Forgets the conversation of a node. */
export function drop(nodeId: string): void {
  conversations.delete(nodeId);
}

/** Number of conversations that are kept. For tests. */
export function keptConversations(): number {
  return conversations.size;
}

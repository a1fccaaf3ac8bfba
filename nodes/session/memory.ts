import type { ConversationState } from '../../src/live';
import { report } from '../shared/errors';
import type { Red, RedNode } from '../shared/types';

/** A conversation while nobody holds it. */
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

/** Number of conversations that are kept. For tests. */
export function keptConversations(): number {
  return conversations.size;
}

/** Name of the value in the node's context. */
const KEY = 'gemini-live';
/** Shortest time between two writes to a context store (ms). */
const SAVE_MS = 1000;

/**
 * Remembers the conversation of one node while it is deployed again; and, if it is to, across a restart of Node-RED, in a context
 * store of Node-RED.
 */
export class Memory {
  #kept: ConversationState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #newest: (() => ConversationState) | undefined;
  readonly #loaded: Promise<void>;

  /** @param store name of the context store; empty: the conversation does not survive a restart */
  constructor(
    private readonly RED: Red,
    private readonly node: RedNode,
    private readonly identity: string,
    private readonly store: string,
  ) {
    const kept = conversations.get(node.id);
    conversations.delete(node.id);
    if (kept?.identity === identity) this.#kept = kept.state;
    this.#loaded = this.#load(kept !== undefined).catch((error: unknown) => report(node, error));
  }

  /** The conversation to take up again, if there is one. Never rejects: a broken store costs the memory, not the conversation. */
  async takeUp(): Promise<ConversationState | undefined> {
    await this.#loaded;
    return this.#kept;
  }

  /** Whether a conversation that is kept waits for the answer to a call. */
  async owes(call = ''): Promise<boolean> {
    const { openCalls } = (await this.takeUp()) ?? {};
    // What comes from a store may be anything.
    return Array.isArray(openCalls) && openCalls.some((open) => open?.id === call);
  }

  /** Something has happened that should survive a crash. @param newest asked for the state when it is written */
  touch(newest: () => ConversationState): void {
    if (!this.store) return;
    this.#newest = newest;
    this.#timer ??= setTimeout(() => void this.#write(), SAVE_MS);
  }

  /** A connection is over: this is how the conversation stands. */
  keep(state: ConversationState): void {
    // A conversation that never began is nothing to take up.
    if (!state.handle && state.history.length === 0 && state.asleepSince === undefined) return;
    this.#kept = state;
    this.touch(() => state);
  }

  /** @param removed the node does not come back: everything is forgotten */
  async close(removed: boolean): Promise<void> {
    if (removed) {
      clearTimeout(this.#timer);
      conversations.delete(this.node.id);
      if (this.store)
        await this.#set(undefined, this.store).catch((error: unknown) => report(this.node, error));
      return;
    }
    if (this.#kept) conversations.set(this.node.id, { identity: this.identity, state: this.#kept });
    if (this.#timer) await this.#write();
  }

  /** @param known the process remembers, and better than any store */
  async #load(known: boolean): Promise<void> {
    if (this.store && !known) {
      const kept = await this.#get(this.store);
      if (isKept(kept) && kept.identity === this.identity) this.#kept = kept.state;
    }
    // What is no longer to be kept there is not left lying about.
    for (const other of this.#stores()) {
      if (other !== this.store && (await this.#get(other)) !== undefined) await this.#set(undefined, other);
    }
  }

  #stores(): string[] {
    const { contextStorage = {} } = this.RED.settings as { contextStorage?: Record<string, unknown> };
    return Object.keys(contextStorage).filter((name) => typeof contextStorage[name] !== 'string');
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state = this.#newest?.();
    if (!state) return;
    const kept: Kept = { identity: this.identity, state };
    await this.#set(kept, this.store).catch((error: unknown) => report(this.node, error));
  }

  #get(store: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.node.context().get(KEY, store, (error: Error | null, value: unknown) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
  }

  #set(value: Kept | undefined, store: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.node.context().set(KEY, value, store, (error?: Error | null) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

/** What comes from a store may have been written by anybody. The session takes of the state what it understands. */
function isKept(value: unknown): value is Kept {
  const { identity, state } = (value ?? {}) as Partial<Kept>;
  return typeof identity === 'string' && typeof state === 'object' && state !== null;
}

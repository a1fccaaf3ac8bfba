import { randomUUID } from 'node:crypto';
import type { Memory } from './memory';

/** More handles than this push out the oldest, so that hours of conversation do not fill the memory. */
const MOST_HANDLES = 1000;

/** The connection that was given a handle. */
export interface HandleOwner {
  /** Whether it still stands. */
  readonly open: boolean;
  /** Its number. */
  readonly connection: number;
}

/** What {@link HandleStore.take} finds. */
export interface Resumed {
  readonly memory: Memory;
  readonly owner: HandleOwner;
  readonly model: string;
}

/**
 * Resumption handles and the conversations behind them. Give the same store to a second server (`handles`), and its
 * clients can go on where the first one stopped.
 */
export class HandleStore {
  private readonly entries = new Map<string, Resumed & { readonly until: number }>();

  /**
   * Keeps a copy of the conversation as it is now.
   * @param until when the handle expires, on the clock that {@link take} is asked with (ms)
   * @returns the handle
   */
  save(conversation: Resumed, until: number): string {
    const handle = randomUUID();
    this.entries.set(handle, { ...conversation, memory: conversation.memory.copy(), until });
    if (this.entries.size > MOST_HANDLES) this.entries.delete(this.entries.keys().next().value!);
    return handle;
  }

  /** @returns a copy of the conversation behind a handle, or undefined when there is none (any more) */
  take(handle: string, now: number): Resumed | undefined {
    const entry = this.entries.get(handle);
    if (!entry || entry.until < now) return undefined;
    const { memory, owner, model } = entry;
    return { memory: memory.copy(), owner, model };
  }
}

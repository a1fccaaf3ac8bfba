import type { RedNode } from '../shared/types';

const KEY = 'muted';
/** Ids of the nodes that are muted: Node-RED forgets the context of a node with each deploy, unless it is stored. */
const muted = new Set<string>();

/**
 * Whether the microphone of a node is muted. It is remembered by the id of the node, and in its context: a deploy, or a restart
 * where the context is stored, must not open the microphone of somebody who has muted it.
 */
export class Mute {
  /** Resolves when it is known how it was before. */
  readonly ready: Promise<void>;
  #on: boolean;

  constructor(private readonly node: RedNode) {
    this.#on = muted.has(node.id);
    this.ready = new Promise((resolve) => {
      node.context().get(KEY, (_error: unknown, value: unknown) => {
        if (value === true) this.#on = true;
        resolve();
      });
    });
  }

  get on(): boolean {
    return this.#on;
  }

  set(on: boolean): void {
    if (on === this.#on) return;
    this.#on = on;
    if (on) muted.add(this.node.id);
    else muted.delete(this.node.id);
    // A store that fails costs only the memory of it.
    this.node.context().set(KEY, on, () => {});
  }

  /** The node does not come back. */
  forget(): void {
    muted.delete(this.node.id);
  }
}

/** What a message means: `false` opens the microphone, `"toggle"` does what is the case not, and anything else mutes it. */
export function muteOf(payload: unknown, on: boolean): boolean {
  return payload === 'toggle' ? !on : payload !== false;
}

import type { TalkMode } from './wire';

/**
 * Who may talk, when several clients of a page would like to. One at a time, by one rule:
 *
 * - A free floor goes to whoever asks for it, and stays with them until they stop talking or go away.
 * - Pressing a button is meant: it takes the floor from somebody who is hands-free, who gets it back afterwards.
 * - Otherwise who comes later waits, in the order of asking.
 */
export class Floor<Client> {
  /** Who wants to talk, in the order of asking; the holder is one of them. */
  readonly #asking = new Map<Client, TalkMode>();
  #holder: Client | undefined;

  get holder(): Client | undefined {
    return this.#holder;
  }

  /** Whether the client asked and does not have it. */
  isWaiting(client: Client): boolean {
    return this.#asking.has(client) && client !== this.#holder;
  }

  /** Whether anybody waits. */
  get contested(): boolean {
    return this.#asking.size > 1;
  }

  /** How a client that asked talks. */
  modeOf(client: Client): TalkMode | undefined {
    return this.#asking.get(client);
  }

  ask(client: Client, mode: TalkMode): void {
    this.#asking.set(client, mode);
    this.#decide();
  }

  leave(client: Client): void {
    this.#asking.delete(client);
    this.#decide();
  }

  #decide(): void {
    const holds = this.#holder !== undefined && this.#asking.has(this.#holder);
    if (holds && this.#asking.get(this.#holder!) !== 'hands-free') return;
    const pressing = [...this.#asking].find(([, mode]) => mode !== 'hands-free');
    if (pressing) this.#holder = pressing[0];
    else if (!holds) this.#holder = this.#asking.keys().next().value;
  }
}

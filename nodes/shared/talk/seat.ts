import type { TalkPage } from '../../../src/talk';
import { asError, NodeError, report } from '../errors';
import { afterDeploy } from '../lifecycle';
import { DEFAULT_PAGE, TalkService, type TalkRole } from '../talk';
import type { Red, RedNode } from '../types';
import { textOf } from '../values';

/** What the holder of a seat is told. */
export interface SeatHooks {
  /** It has its page; once. */
  opened(page: TalkPage): void;
  /** It has none, and why. */
  refused(error: Error): void;
}

/**
 * What one node has of a talk page. A page that another node has is tried again after each deploy: that one may be gone. Catch
 * nodes hear of a refusal once.
 */
export class Seat {
  /** Name of the page. */
  readonly name: string;
  readonly service: TalkService;
  #page: TalkPage | undefined;
  #done: (() => Promise<void>) | undefined;
  #refusal: Error | undefined;
  #reported = false;
  readonly #unsubscribe: () => void;

  /** @param name as in the dialog; empty: the usual one */
  constructor(
    RED: Red,
    private readonly node: RedNode,
    name: unknown,
    private readonly role: TalkRole,
    private readonly hooks: SeatHooks,
  ) {
    this.name = textOf(name)?.trim() || DEFAULT_PAGE;
    this.service = TalkService.of(RED);
    // Only then can Catch nodes hear of it, and is everybody gone who goes.
    this.#unsubscribe = afterDeploy(RED, 'declare', () => this.#take());
  }

  /** The page, if it has one. */
  get held(): TalkPage | undefined {
    return this.#page;
  }

  /** @throws NodeError why there is none */
  get page(): TalkPage {
    if (this.#page) return this.#page;
    throw this.#refusal ?? new NodeError('NOT_RUNNING', 'The talk page is not open yet: a deploy goes on.');
  }

  /** Gives it back; resolves when browsers that are left alone are sent away. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#page = undefined;
    await this.#done?.();
  }

  #take(): void {
    if (this.#page) return;
    try {
      const { page, done } = this.service.use(this.name, this.role, this.node.id);
      this.#page = page;
      this.#done = done;
      this.hooks.opened(page);
    } catch (error) {
      this.#refusal = asError(error);
      this.hooks.refused(this.#refusal);
      if (!this.#reported) report(this.node, this.#refusal);
      this.#reported = true;
    }
  }
}

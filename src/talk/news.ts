import type { ServerMessage } from './wire';

/** What a host tells a page to show. */
export type TalkNews = Extract<ServerMessage, { type: 'state' | 'text' | 'tool' | 'error' }>;

/**
 * What a page shows, for a client that comes later, or again: the last state, and the last texts and calls. Each stands here once,
 * with its newest content, so that a client which gets it twice shows it once.
 */
export class News {
  #state: string | undefined;
  readonly #items = new Map<string, string>();

  constructor(private readonly most: number) {}

  /**
   * Takes a piece of news and gives it as it goes over the wire.
   *
   * @throws TypeError when it cannot be JSON
   */
  add(news: TalkNews): string {
    const text = JSON.stringify(news);
    if (news.type === 'state') this.#state = text;
    else if (news.type === 'text') this.#keep(`${news.type} ${news.role} ${news.turn}`, text);
    else if (news.type === 'tool') this.#keep(`${news.type} ${news.id}`, text);
    return text;
  }

  /** All of it, in order. */
  *[Symbol.iterator](): IterableIterator<string> {
    if (this.#state !== undefined) yield this.#state;
    yield* this.#items.values();
  }

  #keep(key: string, text: string): void {
    this.#items.set(key, text);
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= this.most) return;
      this.#items.delete(oldest);
    }
  }
}

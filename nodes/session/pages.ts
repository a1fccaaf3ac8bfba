import { isMediaHandle } from '../../src/media';
import { asError, report } from '../shared/errors';
import type { Message, Red, RedNode } from '../shared/types';
import type { Conversation } from './conversation';
import { PageNews } from './page-news';

/**
 * The talk pages of a session node: those from which its messages come.
 *
 * They are told how the conversation goes, and when somebody begins and stops to talk there, the session hears of it from them.
 * What that means is the session's to know: with push to talk these are the marks of activity; otherwise the service, or this
 * machine, finds speech itself, and must not be given marks. It is told that the sound pauses instead: nobody hears the silence
 * after the last word, since a page sends none.
 */
export class Pages {
  readonly news: PageNews;
  /** Marks, one after the other. */
  #marks: Promise<void> = Promise.resolve();

  constructor(
    RED: Red,
    private readonly node: RedNode,
    private readonly conversation: () => Conversation,
  ) {
    this.news = new PageNews(RED, {
      words: (key) => RED._(key),
      talk: (on, first) => this.#talk(on, first),
    });
  }

  /** Resolves when what is marked so far is marked: sound may follow. */
  get marked(): Promise<void> {
    return this.#marks;
  }

  /** Looks where a message comes from. @returns whether that is a page */
  take({ payload, page }: Message & { page?: unknown }): boolean {
    const name = isMediaHandle(payload) ? (payload.meta.page ?? page) : page;
    this.news.join(name);
    return this.news.knows(name);
  }

  #talk(on: boolean, first: boolean): void {
    this.#marks = this.#marks
      .then(() => (on ? this.#begins(first) : this.#ends()))
      .catch((error: unknown) => this.#failed(error, first));
  }

  /** Who talks wants an answer: a session that was ended begins again. */
  async #begins(first: boolean): Promise<void> {
    const conversation = this.conversation();
    const { session, ready } = await conversation.begin({}, 'as before');
    ready.catch((error: unknown) => this.#failed(error, first));
    if (conversation.wantsMarks) await conversation.uplink.enqueue(() => session.activityStart());
  }

  async #ends(): Promise<void> {
    const { uplink, wantsMarks } = this.conversation();
    await uplink.settled();
    await uplink.enqueue(() => {
      const { session } = this.conversation();
      if (wantsMarks) session?.activityEnd();
      else session?.audioStreamEnd();
    });
  }

  /** @param known the message that began it tells of it, too */
  #failed(error: unknown, known: boolean): void {
    this.news.failed(asError(error));
    if (!known && !this.conversation().closed) report(this.node, error);
  }
}

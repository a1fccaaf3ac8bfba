import type { LiveSession, SessionState, TextRole } from '../../src/live';
import type { TalkPage, TalkState } from '../../src/talk';
import { TalkService } from '../shared/talk';
import type { Red } from '../shared/types';

/** What the news need of the conversation that they are about. */
export interface NewsOptions {
  /** A text of the session node's labels. */
  words(key: string): string;
  /** Somebody begins or stops talking on a page. @param first it began with the message that is being worked on */
  talk(on: boolean, first: boolean): void;
}

/** A text as it grows. */
interface Growing {
  /** Texts that are final. */
  said: string;
  /** Pieces since then. */
  pieces: string;
}

/** How states of a session look on a page; those that are not here change nothing. */
const STATES: Partial<Record<SessionState, TalkState>> = {
  connecting: 'connecting',
  ready: 'ready',
  reconnecting: 'reconnecting',
  asleep: 'asleep',
  closed: 'off',
  failed: 'failed',
};
/** Turns whose texts may still grow. */
const MOST = 20;

/**
 * Numbers of the turns on all pages: no two conversations share one, also not over a restart, since the pages that browsers
 * have open outlive it.
 */
let lastTurn = Date.now();

/**
 * Tells the talk pages whose microphone, texts or files come to a session how its conversation goes: the state, what both sides
 * say, and which functions are called.
 */
export class PageNews {
  readonly #service: TalkService;
  /** The pages by name, and what ends listening to each. */
  readonly #pages = new Map<string, { page: TalkPage; leave: () => void }>();
  readonly #turns = new Map<string, number>();
  readonly #texts = new Map<string, Growing>();
  #state: { state: TalkState; words: string };
  /** Where the session is connected: stands beside "Ready". */
  #place = '';
  /** After a deploy there is another page of that name. */
  readonly #opened = (name: string): void => {
    if (this.#pages.has(name)) this.join(name);
  };

  constructor(
    RED: Red,
    private readonly options: NewsOptions,
  ) {
    this.#service = TalkService.of(RED);
    this.#state = { state: 'off', words: options.words('talk.off') };
    this.#service.on('opened', this.#opened);
  }

  /** A message came from the page of that name, if there is one: from now on it hears of the conversation. */
  join(name: unknown): void {
    const page = typeof name === 'string' ? this.#service.find(name) : undefined;
    if (!page) return;
    const known = this.#pages.get(page.name);
    if (known?.page === page) return;
    known?.leave();
    const talk = ({ on }: { on: boolean }): void => this.options.talk(on, false);
    page.on('talk', talk);
    this.#pages.set(page.name, { page, leave: () => page.off('talk', talk) });
    page.tell({ type: 'state', ...this.#state });
    // Who talks has begun before the message could come.
    if (page.clients.some(({ floor }) => floor)) this.options.talk(true, true);
  }

  /** Whether a page of that name hears of the conversation. */
  knows(name: unknown): boolean {
    return typeof name === 'string' && this.#pages.has(name);
  }

  /** The model is shown a picture. */
  show(picture: Buffer): void {
    for (const { page } of this.#pages.values()) page.show(picture);
  }

  /** Follows a session, until it is over. @param place where it is connected, as in the labels of the status */
  attach(session: LiveSession, place: string): void {
    this.#place = place;
    session.on('state', ({ to }) => {
      const state = STATES[to];
      // Why it failed says more.
      if (state && state !== this.#state.state) this.#show(state);
    });
    session.on('activity', ({ type }) => {
      if (type === 'speech-start') this.#show('listening');
      if (type === 'speech-end') this.#show('thinking');
    });
    session.on('audio', () => this.#show('speaking'));
    session.on('interrupted', () => this.#show('listening'));
    session.on('turn', () => this.#show('ready'));
    session.on('error', (event) => this.failed(event));
    session.on('text', (event) => this.#text(event));
    session.on('tool-call', ({ id, name, args, conversation }) => {
      this.#show('thinking');
      this.#tell({ type: 'tool', id: `${conversation} ${id}`, name, args });
    });
    session.on('tool-result', ({ id, name, outcome, ms, response, willContinue, conversation }) => {
      if (outcome !== 'sent' || willContinue) return;
      const failed = response !== undefined && 'error' in response;
      this.#tell({
        type: 'tool',
        id: `${conversation} ${id}`,
        name,
        ms,
        outcome: failed ? 'error' : 'ok',
      });
    });
    session.on('tool-cancel', ({ calls, conversation }) => {
      for (const { id, name } of calls)
        this.#tell({ type: 'tool', id: `${conversation} ${id}`, name, outcome: 'cancelled' });
    });
  }

  /** It could not begin, or go on. */
  failed({ message, advice }: { message: string; advice?: string }): void {
    this.#show('failed', advice && !message.includes(advice) ? `${message} ${advice}` : message);
  }

  /** The node is being closed. */
  close(): void {
    this.#service.off('opened', this.#opened);
    this.#place = '';
    this.#show('off');
    for (const { leave } of this.#pages.values()) leave();
    this.#pages.clear();
  }

  #text(event: {
    conversation: string;
    turn: number;
    role: TextRole;
    text: string;
    final: boolean;
    interim?: boolean;
  }): void {
    const { conversation, role, text, final, interim } = event;
    const turn = this.#numberOf(`${conversation} ${event.turn}`);
    const key = `${turn} ${role}`;
    const { said, pieces } = this.#texts.get(key) ?? { said: '', pieces: '' };
    // Final texts make up the whole; pieces are what is not yet in one, and a guess is replaced by what follows.
    const now = final ? { said: said + text, pieces: '' } : { said, pieces: pieces + text };
    keep(this.#texts, key, interim ? { said, pieces } : now, 3 * MOST);
    this.#tell({ type: 'text', role, text: now.said + now.pieces, final, turn });
  }

  #numberOf(key: string): number {
    const known = this.#turns.get(key);
    if (known !== undefined) return known;
    lastTurn += 1;
    keep(this.#turns, key, lastTurn, MOST);
    return lastTurn;
  }

  /** @param words instead of the usual ones */
  #show(state: TalkState, words?: string): void {
    const usual = this.options.words(`talk.${state}`);
    const where = state === 'ready' && this.#place ? ` · ${this.options.words(`status.${this.#place}`)}` : '';
    const next = { state, words: words || usual + where };
    if (next.state === this.#state.state && next.words === this.#state.words) return;
    this.#state = next;
    this.#tell({ type: 'state', ...next });
  }

  #tell(news: Parameters<TalkPage['tell']>[0]): void {
    for (const { page } of this.#pages.values()) page.tell(news);
  }
}

/** Puts something last, and forgets what is oldest. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TalkHub, type TalkPage } from '../../src/talk';
import { asError, NodeError } from './errors';
import { talkSecret } from './talk/secret';
import type { Red } from './types';

/** Below the HTTP root of flows. */
const PATH = '/gemini-live/talk';
/** Name of a page for flows that say none. */
export const DEFAULT_PAGE = 'talk';

/** What a node does with a page. Only one can have its microphone: what is said must not go two ways. */
export type TalkRole = 'microphone' | 'camera' | 'sound';

/** A node that uses a page. */
interface Use {
  owner: string;
  role: TalkRole;
}

/** Events of {@link TalkService}. */
interface TalkServiceEvents {
  /** What is to be said about the PIN may have changed. */
  pin: [];
  /** There is a page of that name, again or for the first time. */
  opened: [name: string];
}

/**
 * The talk pages of one Node-RED: they are there while a node uses them, under the HTTP root of flows, and behind its login.
 *
 * The routes stay once they were added, since Express has no way to take them back; without a page they answer nothing. The
 * listener for WebSockets goes with the last page.
 */
export class TalkService extends EventEmitter<TalkServiceEvents> {
  private static readonly all = new WeakMap<object, TalkService>();

  /** The service of this Node-RED. */
  static of(RED: Red): TalkService {
    const found = TalkService.all.get(RED.httpNode) ?? new TalkService(RED);
    TalkService.all.set(RED.httpNode, found);
    return found;
  }

  readonly #uses = new Map<string, Set<Use>>();
  #hub: TalkHub | undefined;
  /** A browser has come in since there is this PIN, so nobody needs to be shown it unasked. */
  #met = false;
  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#hub?.upgrade(request, socket, head);
  };

  private constructor(private readonly RED: Red) {
    super();
    // Every node that uses a browser listens.
    this.setMaxListeners(0);
  }

  /** Where the pages are, as this server sees it, without a slash at the end. @throws NodeError `NO_HTTP` */
  get path(): string {
    const { httpNodeRoot } = this.RED.settings as { httpNodeRoot?: string | false };
    if (httpNodeRoot === false || !this.RED.server) {
      throw new NodeError(
        'NO_HTTP',
        'Node-RED serves no pages for flows, so that there is no talk page: httpNodeRoot is false in its settings. Set it to "/" or another path, and restart Node-RED.',
      );
    }
    return `${(httpNodeRoot ?? '/').replace(/\/+$/, '')}${PATH}`;
  }

  /** The PIN that browsers are asked for; undefined where Node-RED's own login for flows (`httpNodeAuth`) is in force. */
  get pin(): string | undefined {
    return this.#hub?.pin;
  }

  /** The PIN while no browser has come in with it. */
  get newPin(): string | undefined {
    return this.#met ? undefined : this.pin;
  }

  /** A page that some node uses. */
  find(name: string): TalkPage | undefined {
    return this.#uses.has(name) ? this.#hub?.page(name) : undefined;
  }

  /**
   * Begins to use a page; the first who does opens it.
   *
   * @param owner id of the node
   * @returns `done` ends it, and resolves when the browsers of a page that nobody uses any more are sent away
   * @throws NodeError `NO_HTTP`, `PAGE_TAKEN`, `BAD_CONFIG`
   */
  use(name: string, role: TalkRole, owner: string): { page: TalkPage; done: () => Promise<void> } {
    const uses = this.#uses.get(name) ?? new Set();
    if (role === 'microphone' && [...uses].some((use) => use.role === role)) {
      throw new NodeError(
        'PAGE_TAKEN',
        `Another audio-in has the talk page "${name}" already. Give this one a page of its own, or wire the other one to both places.`,
      );
    }
    const page = this.#open(name);
    const use = { owner, role };
    const first = uses.size === 0;
    this.#uses.set(name, uses.add(use));
    if (first) this.emit('opened', name);
    return { page, done: () => this.#release(name, use) };
  }

  #open(name: string): TalkPage {
    const hub = (this.#hub ??= this.#mount());
    try {
      const page = hub.page(name);
      if (this.#uses.has(name)) return page;
      if (this.#uses.size === 0) this.RED.server.on('upgrade', this.#upgrade);
      page.on('clients', ({ length }) => {
        if (length > 0 && !this.#met) this.#tellPin(true);
      });
      return page;
    } catch (error) {
      throw new NodeError('BAD_CONFIG', asError(error).message);
    }
  }

  async #release(name: string, use: Use): Promise<void> {
    const uses = this.#uses.get(name);
    if (!uses?.delete(use) || uses.size > 0) return;
    this.#uses.delete(name);
    if (this.#uses.size === 0) this.RED.server.off('upgrade', this.#upgrade);
    await this.#hub?.remove(name);
  }

  /** Once in the life of Node-RED. */
  #mount(): TalkHub {
    const { httpNodeAuth } = this.RED.settings as { httpNodeAuth?: unknown };
    const hub = new TalkHub({ path: this.path, pin: !httpNodeAuth, secret: talkSecret(this.RED) });
    hub.on('pin', () => this.#tellPin(false));
    this.RED.httpNode.use(PATH, (request: IncomingMessage, response: ServerResponse, next: () => void) => {
      if (!hub.handle(request, response)) next();
    });
    return hub;
  }

  #tellPin(met: boolean): void {
    this.#met = met;
    this.emit('pin');
  }
}

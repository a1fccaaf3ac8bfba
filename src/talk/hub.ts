import { randomBytes, randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { callListeners } from '../media';
import type { ClientSurroundings } from './client';
import { Desk } from './desk';
import { PageFiles } from './files';
import { refuseUpgrade } from './http';
import { DEFAULT_LIMITS, DEFAULT_TIMES, type TalkLimits, type TalkTimes } from './limits';
import { isOwnOrigin } from './origin';
import { TalkPage } from './page';
import { Pairing } from './pairing';
import { refusal } from './refusals';
import { isPageName, routeOf } from './routes';
import { Tokens } from './tokens';
import { FRAME_HEADER, SUBPROTOCOL, type TalkErrorCode } from './wire';

/** Options of {@link TalkHub}. */
export interface TalkHubOptions {
  /**
   * Where the hub is mounted, as this server sees it (after a reverse proxy has taken its own prefix away): e.g.
   * `/gemini-live`, without a slash at the end. Default `/talk`.
   */
  readonly path?: string;
  /**
   * Whether a browser must be paired by PIN before it gets a token. Default true. Leave it out only where the routes of the hub
   * lie behind another authentication, such as `httpNodeAuth`.
   */
  readonly pin?: boolean;
  /** Signs pairings; at least 16 bytes. Keep it, and browsers stay paired over a restart. Default: a random one. */
  readonly secret?: Buffer;
  /** Origins that may use the hub besides its own host, e.g. `https://home.example.org`. */
  readonly origins?: readonly string[];
  /** Folder of the page's files. Default: the one of this package. */
  readonly files?: string;
  readonly limits?: Partial<TalkLimits>;
  readonly times?: Partial<TalkTimes>;
  /** Monotonic time, ms. Default `performance.now`. */
  readonly now?: () => number;
}

/** Events of {@link TalkHub}. */
export interface TalkHubEvents {
  /** There is a new PIN, after too many wrong ones. */
  pin: [pin: string];
}

/**
 * All talk pages of a host: gives out the page and its tokens over HTTP, and takes the WebSockets. It opens no port: the host
 * hands over requests and upgrades, and keeps those that are not ours.
 *
 * A token is given only to a browser that the host has authenticated, or that was paired by PIN; a socket is taken only with a
 * token, and only from a page of this host.
 */
export class TalkHub extends EventEmitter<TalkHubEvents> {
  readonly #pages = new Map<string, TalkPage>();
  readonly #base: string;
  readonly #origins: readonly string[];
  readonly #tokens: Tokens;
  readonly #pairing: Pairing | undefined;
  readonly #around: ClientSurroundings;
  readonly #desk: Desk;
  readonly #sockets: WebSocketServer;
  /** Pages that were removed and still have clients to send away. */
  readonly #leaving = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;
  /** Begins anywhere, so that a page that comes back after a restart does not take a new stream for its old one. */
  #stream = randomInt(2 ** 31);

  /** @throws TypeError when the path or the secret cannot be used */
  constructor(options: TalkHubOptions = {}) {
    super();
    const { path = '/talk', secret = randomBytes(32), now = () => performance.now() } = options;
    if (path !== '' && !/^(\/[^/?#]+)+$/.test(path))
      throw new TypeError(`The path of the talk pages must look like "/talk", not "${path}".`);
    if (secret.length < 16) throw new TypeError('The secret that signs pairings needs at least 16 bytes.');
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const times = { ...DEFAULT_TIMES, ...options.times };
    this.#around = { limits, times, now };
    this.#base = path;
    this.#origins = options.origins ?? [];
    this.#tokens = new Tokens(times.token, now);
    const changed = (pin: string): void => callListeners(this, 'pin', [pin], () => {});
    if (options.pin !== false)
      this.#pairing = new Pairing({ secret, now, changed, lifeMs: times.pairing, pauseMs: times.pinPause });
    this.#desk = new Desk({
      files: new PageFiles(options.files ?? join(__dirname, 'page')),
      origins: this.#origins,
      tokens: this.#tokens,
      pairing: this.#pairing,
      pairingMs: times.pairing,
      page: (name) => this.#pages.get(name),
    });
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // Twice, so that what is only a little too large is answered in words and not with a lost connection.
      maxPayload: Math.max(limits.messageBytes, limits.pictureBytes) * 2 + FRAME_HEADER,
      handleProtocols: () => SUBPROTOCOL,
    });
  }

  /** The PIN that the host shows; undefined when none is asked for. */
  get pin(): string | undefined {
    return this.#pairing?.pin;
  }

  /** The names of the pages. */
  get pages(): readonly string[] {
    return [...this.#pages.keys()];
  }

  /**
   * The page of that name; the first call makes it.
   *
   * @throws TypeError when it cannot stand in an address, or the hub is closed
   */
  page(name: string): TalkPage {
    if (this.#closed) throw new TypeError('The talk pages were closed.');
    if (typeof name !== 'string' || !isPageName(name)) {
      const advice =
        'Use a word such as "kitchen": no slash, at most 100 characters; not "assets", "pair", "sw.js".';
      throw new TypeError(`A talk page cannot be called "${String(name)}". ${advice}`);
    }
    let page = this.#pages.get(name);
    if (!page) this.#pages.set(name, (page = new TalkPage(name, this.#around, () => this.#nextStream())));
    return page;
  }

  /** Closes one page and forgets it; its clients are sent away. */
  async remove(name: string): Promise<void> {
    const page = this.#pages.get(name);
    if (!page) return;
    this.#pages.delete(name);
    const gone = page.close();
    this.#leaving.add(gone);
    await gone;
    this.#leaving.delete(gone);
  }

  /**
   * Answers an HTTP request, if it is one of ours. It may come through Express, mounted anywhere: the whole address is looked at.
   *
   * @returns false when it is not ours: nothing was done with it
   */
  handle(request: IncomingMessage & { originalUrl?: string }, response: ServerResponse): boolean {
    const route = routeOf(request.originalUrl ?? request.url, this.#base);
    if (this.#closed || !route || route.kind === 'unknown') return false;
    return this.#desk.answer(route, request, response);
  }

  /**
   * Takes an upgrade request, if it is one of ours: for the `upgrade` event of the host's server.
   *
   * @returns false when it is not ours: the socket was not touched
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const route = routeOf(request.url, this.#base);
    if (this.#closed || route?.kind !== 'socket') return false;
    // Until the WebSocket has its own: a browser that hangs up now must not end the process.
    const gone = (): void => void socket.destroy();
    socket.on('error', gone);
    const page = this.#pages.get(route.page);
    const refused = this.#refuses(request, route.page, page);
    if (refused || !page) {
      refuseUpgrade(socket, refusal(refused ?? 'NO_SUCH_PAGE'));
      return true;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      socket.off('error', gone);
      page.accept(accepted);
    });
    return true;
  }

  /** Closes all pages and their sockets; nothing of the hub runs any more when it resolves. */
  close(): Promise<void> {
    const all = (): Promise<void>[] => [
      ...this.#leaving,
      ...[...this.#pages.values()].map((page) => page.close()),
    ];
    this.#closed ??= Promise.all(all()).then(() => {
      this.#pages.clear();
      this.#sockets.close();
    });
    return this.#closed;
  }

  /** Why an upgrade is refused. A token is used up only by a request that nothing else is wrong with. */
  #refuses(request: IncomingMessage, name: string, page: TalkPage | undefined): TalkErrorCode | undefined {
    if (!isOwnOrigin(request, this.#origins)) return 'WRONG_ORIGIN';
    if (!page) return 'NO_SUCH_PAGE';
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
    const token = offered[1];
    if (offered[0] !== SUBPROTOCOL || token === undefined) return 'BAD_TOKEN';
    if (page.full) return 'FULL';
    return this.#tokens.redeem(token, name) ? undefined : 'BAD_TOKEN';
  }

  #nextStream(): number {
    this.#stream = (this.#stream + 1) % 2 ** 32;
    return this.#stream;
  }
}

import { Backoff } from '../../src/live/recovery/backoff';
import { NodeError } from '../shared/errors';
import { within } from '../shared/handles';
import type { CallOptions, Connection } from './connection';
import { McpFailure } from './failure';
import type { McpTool } from './tools-list';

/** How a link stands. `failed` is for good: only a new deploy helps. */
export type LinkState = 'connecting' | 'ready' | 'lost' | 'failed' | 'closed';

/** Times of a link (ms). */
export interface LinkTimes {
  /** Pause before the first new attempt; it doubles with each further one. */
  firstDelayMs: number;
  /** Ceiling of the pause. */
  maxDelayMs: number;
  /** A connection that lived as long counts as good: the next trouble is a new one. */
  stableMs: number;
  /** How long a call waits for a server that is being connected to for the first time. */
  patienceMs: number;
  /** Between two looks whether the server still answers. */
  pingEveryMs: number;
  /** Pause after news of changed tools, in which more news may come. */
  settleMs: number;
}

/** Times of a link where nothing else is said. */
export const LINK_TIMES: LinkTimes = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  stableMs: 30_000,
  patienceMs: 5000,
  pingEveryMs: 30_000,
  settleMs: 200,
};

/** Who hears of a link. */
export interface LinkListener {
  /** The tools of the server as they are now. */
  tools(tools: McpTool[]): void;
  /** @param error why it is not well */
  state(state: LinkState, error?: unknown): void;
  /** Something went wrong that ended nothing. */
  trouble(error: unknown): void;
}

/**
 * Keeps a connection to a server through its deaths: connects, reads its tools, follows their changes, looks after it, and connects
 * again when it is gone.
 */
export class McpLink {
  #state: LinkState = 'connecting';
  #connection: Connection | undefined;
  #calls = 0;
  /** It has been ready before. */
  #proven = false;
  readonly #end = new AbortController();
  readonly #backoff: Backoff;
  #running: Promise<void> = Promise.resolve();
  /** Who waits for another state. */
  readonly #waiting = new Set<(state: LinkState) => void>();

  /**
   * @param connect connects to the server; aborting `signal` gives it up
   * @throws (by `connect`) NodeError for what no further attempt would help against
   */
  constructor(
    private readonly connect: (signal: AbortSignal) => Promise<Connection>,
    private readonly listener: LinkListener,
    private readonly times: LinkTimes = LINK_TIMES,
  ) {
    const { firstDelayMs, maxDelayMs } = times;
    this.#backoff = new Backoff({
      firstDelayMs,
      maxDelayMs,
      maxAttempts: Infinity,
      jitter: 0.2,
      waitDelayMs: maxDelayMs,
      random: Math.random,
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Begins; what comes of it, the listener hears. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends the connection and, with a server of our own, its process. Never rejects. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
    this.#to('closed');
  }

  /**
   * Calls a tool. A server that has forgotten us, because it was started anew, is asked again.
   *
   * @returns the result as the server gave it
   * @throws McpFailure
   */
  async call(
    name: string,
    args: Record<string, unknown>,
    options: CallOptions,
  ): Promise<Record<string, unknown>> {
    let before: Connection | undefined;
    for (;;) {
      const connection = await this.#connected(before);
      this.#calls += 1;
      try {
        return await connection.call(name, args, options);
      } catch (error) {
        if (!(error instanceof McpFailure) || !error.gone) throw error;
        connection.lose(error);
        if (!error.unheard || before) throw error;
        before = connection;
      } finally {
        this.#calls -= 1;
      }
    }
  }

  /** @param before a connection that is not meant, because it is being replaced */
  async #connected(before?: Connection): Promise<Connection> {
    if (before) await this.#turnsInto('ready', 'failed', 'closed');
    else if (this.#state === 'connecting' && !this.#proven)
      await this.#turnsInto('ready', 'lost', 'failed', 'closed');
    if (this.#connection && this.#connection !== before) return this.#connection;
    throw new McpFailure('The MCP server is not there.', { gone: true });
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      this.#to('connecting');
      const error = await this.#live(signal);
      if (signal.aborted) return;
      const forGood = error instanceof NodeError;
      this.#to(forGood ? 'failed' : 'lost', error);
      if (forGood) return;
      await pause(this.#backoff.next('backoff', true) ?? 0, signal);
    }
  }

  /** One connection from its beginning to its end. @returns what ended it */
  async #live(signal: AbortSignal): Promise<unknown> {
    let connection: Connection;
    try {
      connection = await this.connect(signal);
    } catch (error) {
      return error;
    }
    const close = (): void => void connection.close();
    signal.addEventListener('abort', close);
    try {
      if (!signal.aborted) return await this.#use(connection);
    } catch (error) {
      return error;
    } finally {
      signal.removeEventListener('abort', close);
      this.#connection = undefined;
      await connection.close();
    }
    return undefined;
  }

  /** @returns why the connection ended */
  async #use(connection: Connection): Promise<unknown> {
    const since = performance.now();
    this.listener.tools(await connection.tools());
    this.#connection = connection;
    this.#proven = true;
    this.#to('ready');
    const stop = this.#lookAfter(connection);
    const error = await connection.lost;
    stop();
    if (performance.now() - since >= this.times.stableMs) this.#backoff.reset();
    return error;
  }

  /** @returns ends it */
  #lookAfter(connection: Connection): () => void {
    const { pingEveryMs, settleMs } = this.times;
    const look = (): void => {
      // Who works on a call may have no time for anything else.
      if (this.#calls === 0) void connection.ping();
    };
    const ping = setInterval(look, pingEveryMs);
    const read = async (): Promise<void> => {
      try {
        const tools = await connection.tools();
        if (this.#connection === connection) this.listener.tools(tools);
      } catch (error) {
        if (this.#connection === connection) this.listener.trouble(error);
      }
    };
    let settle: NodeJS.Timeout | undefined;
    connection.onchanged = () => {
      clearTimeout(settle);
      settle = setTimeout(() => void read(), settleMs);
    };
    connection.ontrouble = look;
    return () => {
      clearInterval(ping);
      clearTimeout(settle);
    };
  }

  /** Waits for one of these states, with patience. */
  #turnsInto(...states: LinkState[]): Promise<void> {
    let listener = (_state: LinkState): void => {};
    const there = new Promise<void>((resolve) => {
      listener = (state) => states.includes(state) && resolve();
    });
    this.#waiting.add(listener);
    return within(this.times.patienceMs, there).finally(() => this.#waiting.delete(listener));
  }

  #to(state: LinkState, error?: unknown): void {
    this.#state = state;
    this.listener.state(state, error);
    for (const waiting of this.#waiting) waiting(state);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
  });
}

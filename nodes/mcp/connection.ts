import { version } from '../../src/cli/chat/version';
import { endedFailure, failureOf, McpFailure } from './failure';
import { guardedFetch } from './http';
import type { McpClient, McpLibrary, McpTransport, Progress } from './library';
import type { Place } from './settings';
import { StdioTransport } from './stdio';
import { readTools, type McpTool } from './tools-list';

/** What a call needs beside its arguments. */
export interface CallOptions {
  /** Aborting it sends the server a cancellation. */
  signal: AbortSignal;
  /** How long the server may take (ms). */
  timeoutMs: number;
  onprogress?: (progress: Progress) => void;
}

/** Times of a connection (ms). */
export interface ConnectionTimes {
  /** From the start to the end of the handshake; `npx` may have to install the server first. And for all pages of the tools. */
  connectMs: number;
  /** For one page of the tools. */
  listMs: number;
  pingMs: number;
  /** For a farewell to a server behind HTTP. */
  goodbyeMs: number;
  /** How long a process may take to end by itself, and again after SIGTERM. */
  graceMs: number;
}

/** Times of a connection where nothing else is said. */
export const CONNECTION_TIMES: ConnectionTimes = {
  connectMs: 60_000,
  listMs: 30_000,
  pingMs: 15_000,
  goodbyeMs: 1500,
  graceMs: 1500,
};

/** Messages in a span of time, beyond which a server floods us. */
const FLOOD = 5000;
const FLOOD_MS = 10_000;

/** One connection to a server, through the SDK's client. */
export class Connection {
  /** The server says that its tools have changed. */
  onchanged = (): void => {};
  /** Something went wrong on the way; perhaps the server is gone. */
  ontrouble = (): void => {};
  /** Why the connection ended; undefined when it was closed on purpose. Never rejects. */
  readonly lost: Promise<McpFailure | undefined>;

  readonly #client: McpClient;
  readonly #transport: McpTransport;
  #lose: (error?: McpFailure) => void = () => {};
  #noise = 0;
  #noiseSince = 0;
  #closing: Promise<void> | undefined;
  #pinging = false;

  private constructor(
    private readonly library: McpLibrary,
    place: Place,
    private readonly times: ConnectionTimes,
  ) {
    this.lost = new Promise((resolve) => (this.#lose = resolve));
    this.#transport = transportTo(place, library, times.graceMs);
    this.#client = new library.Client(
      { name: 'node-red-gemini-live', version: version() },
      { capabilities: {} },
    );
    this.#client.onclose = () => this.lose(endedFailure(this.#said));
    this.#client.onerror = (error) => {
      this.#count();
      // Only what says that the way is broken; what is odd in a single message is no reason to doubt.
      if (/fetch failed|disconnect|SSE|terminated/i.test(error.message)) this.ontrouble();
    };
    this.#client.fallbackNotificationHandler = async ({ method }) => {
      this.#count();
      if (method === 'notifications/tools/list_changed') this.onchanged();
    };
  }

  /**
   * Connects: starts the process or asks the address, and shakes hands.
   *
   * @throws McpFailure
   */
  static async open(
    library: McpLibrary,
    place: Place,
    signal: AbortSignal,
    times: ConnectionTimes = CONNECTION_TIMES,
  ): Promise<Connection> {
    const connection = new Connection(library, place, times);
    try {
      await connection.#connect(signal);
      return connection;
    } catch (error) {
      const failure = failureOf(error, connection.#said);
      await connection.close();
      throw failure;
    }
  }

  /** @throws McpFailure */
  async tools(): Promise<McpTool[]> {
    const { ResultSchema } = this.library;
    const timeout = this.times.listMs;
    try {
      const page = (cursor: string | undefined): Promise<Record<string, unknown>> =>
        this.#client.request({ method: 'tools/list', params: cursor ? { cursor } : {} }, ResultSchema, {
          timeout,
        });
      // Each page in its time may still be hours for all of them.
      return await limit(this.times.connectMs, readTools(page));
    } catch (error) {
      throw failureOf(error, this.#said);
    }
  }

  /** @throws McpFailure */
  async call(
    name: string,
    args: Record<string, unknown>,
    { signal, timeoutMs, onprogress }: CallOptions,
  ): Promise<Record<string, unknown>> {
    const params = { name, arguments: args };
    const options = {
      signal,
      timeout: timeoutMs,
      resetTimeoutOnProgress: true,
      ...(onprogress && { onprogress }),
    };
    try {
      return await this.#client.request({ method: 'tools/call', params }, this.library.ResultSchema, options);
    } catch (error) {
      throw failureOf(error, this.#said);
    }
  }

  /** Asks for a sign of life; without one, the connection is lost. */
  async ping(): Promise<void> {
    if (this.#pinging) return;
    this.#pinging = true;
    try {
      await this.#client.request({ method: 'ping' }, this.library.ResultSchema, {
        timeout: this.times.pingMs,
      });
    } catch (thrown) {
      const error = failureOf(thrown, this.#said);
      // An answer, be it a refusal, is a sign of life.
      if (error.timeout || error.gone) this.lose(error);
    } finally {
      this.#pinging = false;
    }
  }

  /** Gives the connection up. */
  lose(error?: McpFailure): void {
    this.#lose(error);
    void this.close();
  }

  /** Ends the connection; a process is gone when this resolves. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lose();
    const transport = this.#transport as Partial<{ terminateSession(): Promise<void> }>;
    if (transport.terminateSession)
      await limit(this.times.goodbyeMs, transport.terminateSession()).catch(() => {});
    await this.#client.close().catch(() => {});
    // A client that never connected, or has lost its server, leaves the transport alone.
    await this.#transport.close().catch(() => {});
  }

  /** The SDK limits single requests only: a server may also hang between them. */
  async #connect(signal: AbortSignal): Promise<void> {
    const timeout = this.times.connectMs;
    let give = (): void => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      give = () => reject(new McpFailure('The connection was given up.'));
    });
    if (signal.aborted) give();
    signal.addEventListener('abort', give);
    try {
      await limit(timeout, Promise.race([this.#client.connect(this.#transport, { timeout }), aborted]));
    } finally {
      signal.removeEventListener('abort', give);
    }
  }

  /** What a process had to say, or what was wrong with what it said. */
  get #said(): string {
    return this.#transport instanceof StdioTransport ? this.#transport.lastWords : '';
  }

  /** What nobody asked for is counted: too much of it would keep everything else in this process from running. */
  #count(): void {
    const now = performance.now();
    if (now - this.#noiseSince > FLOOD_MS) {
      this.#noiseSince = now;
      this.#noise = 0;
    }
    this.#noise += 1;
    if (this.#noise === FLOOD) {
      this.lose(
        new McpFailure(`The MCP server floods us: ${FLOOD} messages that nobody asked for.`, { gone: true }),
      );
    }
  }
}

function transportTo(place: Place, library: McpLibrary, graceMs: number): McpTransport {
  if (place.kind === 'http') {
    const { url, headers } = place;
    return new library.StreamableHTTPClientTransport(url, {
      requestInit: { headers },
      fetch: guardedFetch(),
    });
  }
  const { command, args, cwd } = place;
  const env = { ...library.getDefaultEnvironment(), ...place.env };
  return new StdioTransport({ command, args, cwd, env, graceMs, ...windowsSpawn(library) });
}

/** `npx` is a script on Windows, which Node.js itself does not start. */
function windowsSpawn({ require: load }: McpLibrary): { spawn?: typeof import('node:child_process').spawn } {
  if (process.platform !== 'win32') return {};
  return { spawn: load('cross-spawn') as typeof import('node:child_process').spawn };
}

async function limit<T>(ms: number, what: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new McpFailure('The MCP server did not answer in time.', { timeout: true })),
      ms,
    );
  });
  try {
    return await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
    what.catch(() => {});
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { asError } from '../shared/errors';
import type { JsonRpcMessage, McpTransport } from './library';
import { endGroup, trackGroup } from './process-group';

/** What is started. */
export interface StdioOptions {
  command: string;
  args: readonly string[];
  /** The whole environment of the server. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** Given by the SDK's own dependency on Windows, where `npx` is a script that only it can start. */
  spawn?: typeof spawn;
  /** How long a server may take to end by itself, and again after SIGTERM (ms, default 1500). */
  graceMs?: number;
}

/** Longest message, and most that waits until the server reads it (bytes): neither may fill the memory. */
const MAX_MESSAGE = 16 << 20;
/** Lines in a row that are no message. Some servers log to stdout; one that only does that speaks no MCP. */
const MAX_GARBAGE = 1000;
/** Messages taken at once, before others in this process have their turn. */
const AT_ONCE = 100;
/** Most of stderr that is remembered (characters). */
const STDERR_TAIL = 2000;
/** How long the output of a server that has ended may be held open by somebody else (ms). */
const DRAIN_MS = 1000;

/**
 * A server in a process of its own, spoken to by lines of JSON on stdin and stdout.
 *
 * The SDK has such a transport. This one ends a server with all that it has started (`npx` starts two more processes, which would
 * stay), and reads no faster than the rest of Node-RED can bear.
 */
export class StdioTransport implements McpTransport {
  onmessage?: (message: JsonRpcMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  readonly #options: StdioOptions;
  readonly #lines = new Lines();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #garbage = 0;
  #stderr = '';
  #problem = '';
  #closing = false;
  #pausing = false;

  constructor(options: StdioOptions) {
    this.#options = options;
  }

  /** What was wrong with what the server sent, else the last that it wrote to stderr. It may hold secrets. */
  get lastWords(): string {
    const lines = this.#stderr.trim().split('\n').slice(-3).join(' | ').slice(-300);
    return this.#problem || (lines && `It said: ${lines}`);
  }

  /** @throws (as rejection) what the system says when the program cannot be started, e.g. `ENOENT` */
  start(): Promise<void> {
    const { command, args, env, cwd } = this.#options;
    return new Promise((resolve, reject) => {
      const child = (this.#options.spawn ?? spawn)(command, [...args], {
        env: { ...env },
        cwd,
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        detached: process.platform !== 'win32', // a process group, which is ended as a whole
      });
      this.#child = child;
      child.once('spawn', resolve);
      child.once('error', reject);
      this.#ended = this.#follow(child);
    });
  }

  send(message: JsonRpcMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const stdin = this.#child?.stdin;
      if (!stdin?.writable) return reject(new Error('The MCP server has ended.'));
      // It may ask without end, and never read what it is answered.
      if (stdin.writableLength > MAX_MESSAGE) this.#fail('It does not read what it is sent.');
      stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Ends the server and all that it has started. Never rejects. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#closing = true;
    if (child?.pid === undefined) return;
    child.stdin?.end();
    await endGroup(child, this.#ended, this.#options.graceMs ?? 1500);
  }

  #follow(child: ChildProcess): Promise<void> {
    const ignore = (): void => {};
    child.on('error', ignore);
    child.stdin?.on('error', ignore);
    child.stdout?.on('error', ignore);
    child.stderr?.on('error', ignore);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes));
    const untrack = trackGroup(child);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(drain);
        untrack();
        this.#child = undefined;
        resolve();
        this.onclose?.();
      };
      let drain: NodeJS.Timeout | undefined;
      child.once('exit', () => {
        // What it started is of no use without it, and may hold its output open.
        untrack('SIGKILL');
        drain = setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), DRAIN_MS);
      });
      child.once('close', end);
    });
  }

  #read(bytes: Buffer): void {
    if (this.#closing) return;
    if (!this.#lines.add(bytes)) {
      return this.#fail(`It sent more than ${MAX_MESSAGE >> 20} MB without an end of line.`);
    }
    if (!this.#pausing) this.#deliver();
  }

  /** A flood is read in portions: meanwhile the pipe is full, and the server has to wait. */
  #deliver(): void {
    for (let count = 0; count < AT_ONCE; count += 1) {
      if (this.#closing) return;
      const line = this.#lines.next();
      if (line === undefined) {
        this.#child?.stdout?.resume();
        return;
      }
      this.#take(line);
    }
    this.#child?.stdout?.pause();
    this.#pausing = true;
    setImmediate(() => {
      this.#pausing = false;
      this.#deliver();
    });
  }

  #take(line: string): void {
    const message = parse(line);
    if (message) {
      this.#garbage = 0;
      return this.#hand(message);
    }
    if (line.trim() === '') return;
    this.#garbage += 1;
    if (this.#garbage > MAX_GARBAGE) this.#fail('It writes other text than MCP messages to its stdout.');
  }

  /** The SDK breaks on some messages, for example very deep ones. Thrown from here, that would end the process. */
  #hand(message: JsonRpcMessage): void {
    try {
      this.onmessage?.(message);
    } catch (error) {
      this.onerror?.(asError(error));
    }
  }

  #fail(message: string): void {
    this.#problem = message;
    this.onerror?.(new Error(message));
    void this.close();
  }
}

function parse(line: string): JsonRpcMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as JsonRpcMessage;
    return value.jsonrpc === '2.0' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Cuts a stream of bytes into lines, each byte looked at once. */
class Lines {
  readonly #waiting: string[] = [];
  #begun: Buffer[] = [];
  #size = 0;
  #at = 0;

  /** @returns false when a line is too long */
  add(bytes: Buffer): boolean {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      this.#waiting.push(Buffer.concat([...this.#begun, bytes.subarray(from, end)]).toString());
      this.#begun = [];
      this.#size = 0;
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#begun.push(bytes.subarray(from));
      this.#size += bytes.length - from;
    }
    return this.#size <= MAX_MESSAGE;
  }

  next(): string | undefined {
    const line = this.#waiting[this.#at];
    if (line === undefined) {
      this.#waiting.length = 0;
      this.#at = 0;
    } else {
      this.#at += 1;
    }
    return line;
  }
}

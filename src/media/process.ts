import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { redact } from './errors';

/** How a tool came to its end. */
export interface ToolExit {
  /** Exit status; `null` if a signal ended it or it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True if {@link ToolProcess.stop} or {@link ToolProcess.kill} asked for it: then a status or signal is no failure. */
  readonly stopped: boolean;
  /** Why the program could not be started (`ENOENT`, `EACCES`, …). */
  readonly error?: NodeJS.ErrnoException;
  /** Last lines of stderr, without credentials. */
  readonly stderr: string;
}

/** Options of {@link spawnTool}. */
export interface ToolOptions {
  /** Offer a pipe to the tool's stdin (default: no input at all). */
  readonly stdin?: boolean;
  /** Is given what the tool says on stderr, piece by piece, as it is. */
  readonly onStderr?: (text: string) => void;
  /** Number of pipes beside stdout that the tool writes into, from file descriptor 3 on (default 0). */
  readonly extraOutputs?: number;
  /** Time between SIGTERM and SIGKILL in {@link ToolProcess.stop}, ms (default 1000). */
  readonly graceMs?: number;
  /** What ends the tool when this process exits: SIGKILL, or SIGTERM for one that has a file to finish. */
  readonly exitSignal?: 'SIGKILL' | 'SIGTERM';
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Most of stderr that is remembered, characters. */
const STDERR_TAIL = 8192;

/** Children that are alive, with the signal that ends them when this process exits. */
const alive = new Map<ChildProcess, NodeJS.Signals>();
let watching = false;

function killAll(): void {
  for (const [child, signal] of alive) send(child, signal);
}

/**
 * A child that could not be started has no pid until its `error` event; Node would then signal process 0, which means the
 * whole process group, ourselves included (measured on Node 20).
 */
function send(child: ChildProcess, signal: NodeJS.Signals): boolean {
  return child.pid !== undefined && child.kill(signal);
}

function extraPipes({ extraOutputs = 0 }: ToolOptions): 'pipe'[] {
  return new Array<'pipe'>(extraOutputs).fill('pipe');
}

/** One listener for all children and for good: adding one per child would trip Node's leak warning. */
function track(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!watching) process.on('exit', killAll);
  watching = true;
  alive.set(child, signal);
}

/** Number of tools that are running now. For tests and diagnostics. */
export function runningTools(): number {
  return alive.size;
}

/**
 * A program that runs beside Node-RED: ffmpeg, pacat, aplay, …
 *
 * It never emits `error` and {@link exited} never rejects: every way to fail is in {@link ToolExit}.
 */
export class ToolProcess {
  readonly command: string;
  /** Resolves once the program has ended and its output was read (at once after a stop). Never rejects. */
  readonly exited: Promise<ToolExit>;
  /** Set as soon as the program has ended. */
  exit: ToolExit | undefined;

  private readonly child: ChildProcess | undefined;
  private readonly graceMs: number;
  private stopping = false;
  private tail = '';

  constructor(command: string, args: readonly string[], options: ToolOptions = {}) {
    this.command = command;
    this.graceMs = options.graceMs ?? 1000;
    let child: ChildProcess | undefined;
    let refused: NodeJS.ErrnoException | undefined;
    try {
      child = spawn(command, [...args], {
        stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...extraPipes(options)],
        windowsHide: true,
        // Messages are parsed: they must not be translated.
        env: { ...process.env, LC_ALL: 'C', ...options.env },
      });
    } catch (error) {
      // Some refusals (a NUL in an argument, no memory) are thrown, the others are emitted.
      refused = error as NodeJS.ErrnoException;
    }
    this.child = child;
    this.exited = child ? this.watch(child, options) : Promise.resolve(this.finish(null, null, refused));
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Pipe to the tool, if asked for. A broken pipe shows in {@link exited}, not as an `error` event. */
  get stdin(): Writable | null {
    return this.child?.stdin ?? null;
  }

  get stdout(): Readable | null {
    return this.child?.stdout ?? null;
  }

  /** Pipe of a file descriptor from 3 on, if asked for by {@link ToolOptions.extraOutputs}. */
  output(descriptor: number): Readable | null {
    return (this.child?.stdio[descriptor] as Readable | null | undefined) ?? null;
  }

  /** Last lines of stderr so far, without credentials. */
  get stderr(): string {
    return redact(this.tail).trim();
  }

  /** Asks the tool to end (SIGTERM), insists after `graceMs` (SIGKILL), resolves when it is gone. */
  stop(): Promise<ToolExit> {
    if (!this.end('SIGTERM')) return this.exited;
    const timer = setTimeout(() => this.end('SIGKILL'), this.graceMs);
    return this.exited.finally(() => clearTimeout(timer));
  }

  /** Ends the tool now (SIGKILL): what it still buffers is lost, which is what barge-in wants. */
  kill(): Promise<ToolExit> {
    this.end('SIGKILL');
    return this.exited;
  }

  /** Sends a signal; false if there is nobody left to receive it. */
  private end(signal: NodeJS.Signals): boolean {
    if (this.exit || !this.child) return false;
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      this.discard(this.child);
      return false;
    }
    this.stopping = true;
    return send(this.child, signal);
  }

  /** Gives up unread output, which would hold back 'close' for ever. */
  private discard(child: ChildProcess): void {
    for (const stream of child.stdio) stream?.destroy();
  }

  private watch(child: ChildProcess, { exitSignal = 'SIGKILL', onStderr }: ToolOptions): Promise<ToolExit> {
    track(child, exitSignal);
    const ignore = (): void => {};
    for (const stream of child.stdio) stream?.on('error', ignore);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.remember(text);
      onStderr?.(text);
    });
    return new Promise((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        // Also emitted when a signal could not be sent; only a child that never started ends here.
        if (child.pid !== undefined) return;
        alive.delete(child);
        resolve(this.finish(null, null, error));
      });
      child.on('exit', (code, signal) => {
        alive.delete(child);
        if (!this.stopping) return;
        this.discard(child);
        resolve(this.finish(code, signal));
      });
      child.on('close', (code, signal) => resolve(this.finish(code, signal)));
    });
  }

  private finish(
    code: number | null,
    signal: NodeJS.Signals | null,
    error?: NodeJS.ErrnoException,
  ): ToolExit {
    this.exit ??= { code, signal, stopped: this.stopping, stderr: this.stderr, ...(error && { error }) };
    return this.exit;
  }

  private remember(text: string): void {
    this.tail += text;
    if (this.tail.length <= STDERR_TAIL) return;
    const cut = this.tail.slice(-STDERR_TAIL);
    // Start at a whole word: half a URL would keep its password but not what it is recognised by.
    const start = cut.search(/\s/);
    this.tail = start < 0 ? '' : cut.slice(start + 1);
  }
}

/**
 * Starts a program with an argument array, never through a shell.
 *
 * stderr is read and its end kept; stdin (if asked for) and stdout are the caller's. The program is killed when this process
 * exits. Starting a program that does not exist does not throw: see {@link ToolProcess.exited}.
 */
export function spawnTool(command: string, args: readonly string[], options?: ToolOptions): ToolProcess {
  return new ToolProcess(command, args, options);
}

/** What {@link runTool} gives back. */
export interface ToolOutput extends ToolExit {
  readonly stdout: string;
}

/**
 * Runs a program to its end and gives its output. Never rejects; a program that takes longer than `timeoutMs` (default
 * 10 000 ms) is ended and shows as `stopped`.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<ToolOutput> {
  const tool = spawnTool(command, args);
  let stdout = '';
  tool.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const timer = setTimeout(() => void tool.kill(), timeoutMs);
  const exit = await tool.exited;
  clearTimeout(timer);
  return { ...exit, stdout };
}

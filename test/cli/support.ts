import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { main } from '../../src/cli/chat/main';
import { until } from '../support/processes';

const COMMAND = path.join(__dirname, '../../src/cli/gemini-live.ts');

/** What of this process's environment a command must not see. */
const HIDDEN = /^(GEMINI_|GOOGLE_|https?_proxy$|HTTPS?_PROXY$|all_proxy$|ALL_PROXY$)/;

/** A command that runs, and what it has written so far. */
export interface Run {
  child: ChildProcess;
  out: string;
  err: string;
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
}

/** The commands of one test file; {@link end} ends what still runs. */
export class Commands {
  private readonly runs: Run[] = [];

  /** Starts `gemini-live`. @param input written to its standard input, which ends then; null leaves it open */
  start(args: string[], env: Record<string, string> = {}, input: string | null = ''): Run {
    const visible = Object.entries(process.env).filter(([name]) => !HIDDEN.test(name));
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', COMMAND, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(visible), ...env },
    });
    const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const run: Run = { child, out: '', err: '', exit };
    child.stdout?.on('data', (data: Buffer) => (run.out += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (run.err += data.toString()));
    child.stdin?.on('error', () => {});
    if (input !== null) child.stdin?.end(input);
    this.runs.push(run);
    return run;
  }

  async end(): Promise<void> {
    for (const { child, exit } of this.runs.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
  }
}

/** Waits until a command has written something. */
export const written = (
  run: Pick<Run, 'out' | 'err'>,
  where: 'out' | 'err',
  what: RegExp,
): Promise<unknown> =>
  until(
    String(what),
    () => run[where],
    (text) => what.test(text),
  );

/** The same command in this process, which costs no start. */
export interface Inside {
  out: string;
  err: string;
  /** What a person types; `\x03` is Ctrl-C. */
  input: PassThrough & { isTTY?: boolean };
  exit: Promise<number>;
}

const insiders: Inside[] = [];

/** Ends what {@link inside} started and a failed test left. */
export async function endInside(): Promise<void> {
  for (const { input, exit } of insiders.splice(0)) {
    input.end();
    await exit;
  }
}

/** Starts `gemini-live` in this process. @param tty whether somebody sits in front */
export function inside(args: string[], env: Record<string, string> = {}, tty = false): Inside {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const input = Object.assign(new PassThrough(), { isTTY: tty });
  const run: Inside = { out: '', err: '', input, exit: main(args, { input, out, err, env }) };
  insiders.push(run);
  out.on('data', (data: Buffer) => (run.out += data.toString()));
  err.on('data', (data: Buffer) => (run.err += data.toString()));
  return run;
}

/** Runs `gemini-live` in this process to its end. */
export async function ran(
  args: string[],
  env?: Record<string, string>,
  input = '',
): Promise<{ code: number; out: string; err: string }> {
  const run = inside(args, env);
  run.input.end(input);
  const code = await run.exit;
  await setImmediate();
  return { code, out: run.out, err: run.err };
}

import { spawn, type ChildProcess } from 'node:child_process';

/** Leaders of groups that are alive. */
const alive = new Set<number>();
let watching = false;

/**
 * Follows a child that leads a process group: with this process, its group ends as well.
 *
 * @returns ends that; with a signal, what is left of the group gets it
 */
export function trackGroup(child: ChildProcess): (signal?: NodeJS.Signals) => void {
  const { pid } = child;
  if (pid === undefined) return () => {};
  // One listener for all and for good: one per child would trip Node's leak warning.
  if (!watching) process.on('exit', () => alive.forEach((leader) => signalGroup(leader, 'SIGKILL')));
  watching = true;
  alive.add(pid);
  return (signal) => {
    if (alive.delete(pid) && signal) signalGroup(pid, signal);
  };
}

/**
 * Waits for a child to end by itself, asks its group (SIGTERM), insists (SIGKILL).
 *
 * @param ended resolves when the child has ended
 * @param graceMs how long each of the first two steps may take (ms)
 */
export async function endGroup(child: ChildProcess, ended: Promise<void>, graceMs: number): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await within(graceMs, ended)) return;
    if (child.exitCode === null && child.signalCode === null) signalGroup(pid, signal);
  }
  await within(graceMs, ended);
}

/** @returns whether it happened in time */
async function within(ms: number, what: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const done = await Promise.race([what.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    // Windows has no groups; a tree of processes is ended by a program.
    spawn('taskkill', ['/pid', String(leader), '/T', '/F'], { stdio: 'ignore' }).on('error', () => {});
    return;
  }
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody of it is left.
  }
}

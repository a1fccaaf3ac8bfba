import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running process, as `/proc` shows it. */
export interface RunningProcess {
  pid: number;
  parent: number;
  /** The command line, words joined by spaces. */
  command: string;
}

/** Only Linux has `/proc`; tests that look for leftovers skip elsewhere. */
export const hasProc = process.platform === 'linux';

/** All that descend from a process, without itself. Zombies do not count. */
export function descendants(pid: number): RunningProcess[] {
  const all = processes();
  const found: RunningProcess[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const process of all.filter(({ parent }) => parent === next)) {
      found.push(process);
      queue.push(process.pid);
    }
  }
  return found;
}

/** Which of these are still running, under the same command. */
export function stillRunning(known: RunningProcess[]): RunningProcess[] {
  return processes().filter(({ pid, command }) => known.some((k) => k.pid === pid && k.command === command));
}

/** TCP sockets of a process, by port. */
export interface Sockets {
  /** Ports it listens on. */
  listening: number[];
  /** Its established connections. */
  connected: { port: number; peer: number }[];
}

/** The TCP sockets that a process has open. */
export function socketsOf(pid: number): Sockets {
  const own = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode) own.add(inode);
    } catch {
      continue; // closed while we looked
    }
  }
  const sockets: Sockets = { listening: [], connected: [] };
  for (const name of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const [, local = '', remote = '', state] = columns;
      if (!own.has(columns[9] ?? '')) continue;
      if (state === LISTEN) sockets.listening.push(portOf(local));
      if (state === ESTABLISHED) sockets.connected.push({ port: portOf(local), peer: portOf(remote) });
    }
  }
  return sockets;
}

/** States of a socket in `/proc/net/tcp`. */
const ESTABLISHED = '01';
const LISTEN = '0A';

const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);

/** Waits until a condition holds; the error names what was waited for and what was seen last. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (value: T) => boolean = Boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Not within ${timeoutMs} ms: ${what}; last seen: ${JSON.stringify(value)}`);
    await sleep(50);
  }
}

function processes(): RunningProcess[] {
  const found: RunningProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
      found.push({ pid: Number(name), parent: Number(parent), command });
    } catch {
      continue; // ended while we looked
    }
  }
  return found;
}

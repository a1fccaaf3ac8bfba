import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection, CONNECTION_TIMES, type ConnectionTimes } from '../../nodes/mcp/connection';
import { loadLibrary } from '../../nodes/mcp/library';
import { LINK_TIMES, McpLink, type LinkState, type LinkTimes } from '../../nodes/mcp/link';
import type { Place } from '../../nodes/mcp/settings';
import type { McpTool } from '../../nodes/mcp/tools-list';
import type { McpHttpServer, McpHttpOptions } from '../support/mcp/http-server.mjs' with {
  'resolution-mode': 'import',
};

const ROOT = path.resolve(__dirname, '../..');

/** The test server on stdin and stdout. */
export const STDIO_SERVER = path.join(ROOT, 'test/support/mcp/stdio-server.mjs');

/** Where the test server with these faults is. */
export function stdioPlace(faults: string[] = [], env: Record<string, string> = {}): Place {
  return { kind: 'stdio', command: process.execPath, args: [STDIO_SERVER, ...faults], env, cwd: ROOT };
}

/** Starts the test server behind HTTP. */
export async function httpServer(options?: McpHttpOptions): Promise<McpHttpServer> {
  const { startHttpServer } = await import('../support/mcp/http-server.mjs');
  return startHttpServer(options);
}

/** A link, and what its listener heard. */
export interface Linked {
  link: McpLink;
  states: LinkState[];
  errors: string[];
  lists: string[][];
}

/** A link to a server, with short times. */
export function linkTo(
  place: Place,
  times: Partial<LinkTimes> = {},
  connection: Partial<ConnectionTimes> = {},
): Linked {
  const library = loadLibrary(ROOT);
  const heard: Omit<Linked, 'link'> = { states: [], errors: [], lists: [] };
  const tell = (error: unknown): unknown =>
    error !== undefined && heard.errors.push((error as Error).message);
  const link = new McpLink(
    (signal) => Connection.open(library, place, signal, { ...CONNECTION_TIMES, graceMs: 300, ...connection }),
    {
      tools: (tools: McpTool[]) => heard.lists.push(tools.map(({ name }) => name)),
      state: (state, error) => {
        heard.states.push(state);
        tell(error);
      },
      trouble: tell,
    },
    { ...LINK_TIMES, firstDelayMs: 30, maxDelayMs: 100, settleMs: 10, ...times },
  );
  return { link, ...heard };
}

/** A file to which the test servers write their pids. */
export async function pidFile(): Promise<{ fault: string; pids(): number[]; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-'));
  const file = path.join(folder, 'pids');
  return {
    fault: `pids=${file}`,
    pids: () => {
      try {
        return readFileSync(file, 'utf8').trim().split('\n').map(Number);
      } catch {
        return []; // nothing has been started yet
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Whether a process is there. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

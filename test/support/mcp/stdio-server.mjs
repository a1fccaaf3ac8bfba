import { appendFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { mcpServer } from './tools.mjs';

// An MCP server on stdin and stdout, with faults by name in the arguments:
//   garbage  other text on stdout, before and between messages
//   deep     a message so deep that the SDK breaks on it
//   asks     asks for signs of life without end, and reads nothing
//   flood    nothing but other text, as fast as it goes
//   long     a line without end
//   pages    tells its tools in pages without end, one a second
//   hang     answers nothing at all
//   deaf     goes on after the end of stdin, and after SIGTERM
//   child    starts another process, which would go on for ever
//   once     ends at once
// An argument like `pids=<file>` names a file to which each start adds its pid.
const faults = process.argv.slice(2);
const pids = faults.find((fault) => fault.startsWith('pids='))?.slice(5);
if (pids) appendFileSync(pids, `${process.pid}\n`);
if (faults.includes('deaf')) {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1000);
}
if (faults.includes('child')) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (pids) appendFileSync(pids, `${child.pid}\n`);
}
if (faults.includes('once')) {
  process.stderr.write(`no such account: ${process.env.TEST_SECRET ?? 'none'}\n`);
  process.exit(3);
}
const junk = () => process.stdout.write('listening on nothing\n{"jsonrpc": "1.0"}\n{broken\n[]\n\n');
if (faults.includes('flood')) flood();
else if (faults.includes('long')) endless();
else if (faults.includes('asks')) ask();
else if (faults.includes('hang')) process.stdin.resume();
else {
  const state = {
    calls: [],
    cancelled: [],
    extra: [],
    die: () => process.exit(1),
    given: () => ({
      secret: process.env.TEST_SECRET ?? '',
      key: process.env.GEMINI_API_KEY ?? '',
      args: process.argv.slice(2),
      cwd: process.cwd(),
    }),
  };
  if (faults.includes('garbage')) {
    junk();
    setInterval(junk, 20).unref();
  }
  if (faults.includes('deep')) {
    process.stdout.write(`{"jsonrpc":"2.0","odd":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`);
  }
  const server = mcpServer(state);
  if (faults.includes('pages')) {
    server.setRequestHandler(ListToolsRequestSchema, async () => {
      await sleep(1000);
      return { tools: [], nextCursor: String(Date.now()) };
    });
  }
  await server.connect(new StdioServerTransport());
  process.stdin.on('end', () => !faults.includes('deaf') && process.exit(0));
}

function flood() {
  while (process.stdout.write('y\n'.repeat(1000)));
  process.stdout.once('drain', flood);
}

function endless() {
  while (process.stdout.write('x'.repeat(1 << 16)));
  process.stdout.once('drain', endless);
}

function ask() {
  const id = 'x'.repeat(1 << 16);
  while (process.stdout.write(`{"jsonrpc":"2.0","id":"${id}","method":"ping"}\n`));
  process.stdout.once('drain', ask);
}

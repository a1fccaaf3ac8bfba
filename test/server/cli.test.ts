import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { until } from '../support/processes';
import { geminiPath, NATIVE } from '../support/wire-client';

const COMMAND = path.join(__dirname, '../../src/cli/gemini-live-server.ts');

interface Run {
  child: ChildProcess;
  out: string;
  err: string;
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
}

describe('gemini-live-server command', () => {
  const runs: Run[] = [];

  function run(...args: string[]): Run {
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', COMMAND, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const started: Run = { child, out: '', err: '', exit };
    child.stdout?.on('data', (data: Buffer) => (started.out += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (started.err += data.toString()));
    runs.push(started);
    return started;
  }

  async function urlOf(started: Run): Promise<string> {
    const url = await until('the address', () => {
      assert.equal(started.child.exitCode, null, started.err);
      return /http:\/\/\S+/.exec(started.out)?.[0];
    });
    return url ?? '';
  }

  afterEach(async () => {
    for (const { child, exit } of runs.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
  });

  it('prints its address, what was said to it and what it said, and ends on Ctrl-C', async () => {
    const server = run('--verbose');
    const url = await urlOf(server);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const socket = new WebSocket(url.replace('http', 'ws') + geminiPath());
    await once(socket, 'open');
    socket.send(JSON.stringify({ setup: { model: NATIVE } }));
    const turns = [{ role: 'user', parts: [{ text: 'hello\u001b[31m' }] }];
    socket.send(JSON.stringify({ clientContent: { turns, turnComplete: true } }));
    await until('the answer', () => /said "/.test(server.out));
    assert.match(server.out, /#1 connected: "models\/gemini-2\.5/);
    assert.match(server.out, /#1 read "hello\\u001b\[31m"/, 'control characters do not reach the terminal');
    const closed = once(socket, 'close');
    server.child.kill('SIGINT');
    assert.equal(await server.exit, 0);
    await closed;
    assert.equal(server.err, '');
  });

  it('takes port and scenario', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const server = run('--port', String(port), '--scenario', 'assistant');
    assert.equal(await urlOf(server), `http://127.0.0.1:${port}`);
    server.child.kill('SIGTERM');
    assert.equal(await server.exit, 0);
  });

  it('says that the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const server = run('--port', String((taken.address() as AddressInfo).port));
    assert.equal(await server.exit, 1);
    assert.match(server.err, /^gemini-live-server: Port \d+ on 127\.0\.0\.1 is taken.*Choose another port/);
    taken.close();
  });

  it('says what is wrong with a scenario', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'scenario-'));
    const broken = path.join(folder, 'broken.json');
    await writeFile(broken, '{"name": "x", "rules": [{"id": "a"}]}');
    const runsOf = [run('--scenario', path.join(folder, 'none.json')), run('--scenario', broken)];
    assert.deepEqual(await Promise.all(runsOf.map(({ exit }) => exit)), [1, 1]);
    assert.match(runsOf[0]!.err, /none\.json cannot be read/);
    assert.match(runsOf[1]!.err, /broken\.json: rules\[0\]/);
    assert.doesNotMatch(runsOf[1]!.err, /at .*\.ts/, 'no stack for a mistake of the user');
    await rm(folder, { recursive: true });
  });

  it('rehearses faults, goAway and the speed of time, and takes commands', async () => {
    const server = run('--clock', '20', '--go-away', '10', '--fault', 'badFrame=2', '--interactive');
    const connect = async (): Promise<WebSocket> => {
      const socket = new WebSocket((await urlOf(server)).replace('http', 'ws') + geminiPath());
      socket.on('error', () => {});
      await once(socket, 'open');
      socket.send(JSON.stringify({ setup: { model: NATIVE } }));
      return socket;
    };
    const warned = await connect();
    const frames: string[] = [];
    warned.on('message', (data: Buffer) => frames.push(data.toString()));
    const [code] = (await once(warned, 'close')) as [number];
    assert.equal(code, 1011);
    assert.equal(frames[1], '{"serverContent": {"modelTurn"', 'the frame that would have been goAway');
    const closed = await connect();
    await once(closed, 'message');
    server.child.stdin?.write('help\nclose 1008 The operation was aborted.\n');
    const [again, reason] = (await once(closed, 'close')) as [number, Buffer];
    assert.equal(`${again} ${reason.toString()}`, '1008 The operation was aborted.');
    await until('the list of commands', () => server.out.includes('Commands: goaway'));
    server.child.kill('SIGINT');
    assert.equal(await server.exit, 0);
  });

  it('plays a recording', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'recording-'));
    const file = path.join(folder, 'talk.jsonl');
    const header = { format: 'gemini-live-recording', version: 1, at: 0, model: 'm', endpoint: 'gemini' };
    const entry = (ms: number, dir: string, message: object) => ({ ms, dir, connection: 1, message });
    const lines = [
      header,
      entry(1, 'sent', { setup: { model: NATIVE } }),
      entry(2, 'received', { setupComplete: {} }),
    ];
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const server = run('--play', file, '--speed', '0');
    const socket = new WebSocket((await urlOf(server)).replace('http', 'ws') + geminiPath());
    await once(socket, 'open');
    socket.send(JSON.stringify({ setup: { model: NATIVE } }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.deepEqual(JSON.parse(data.toString()), { setupComplete: {} });
    socket.close();
    server.child.kill('SIGTERM');
    assert.equal(await server.exit, 0);
    const missing = run('--play', path.join(folder, 'none.jsonl'));
    assert.equal(await missing.exit, 1);
    assert.match(missing.err, /^gemini-live-server: The recording .*none\.jsonl cannot be read/);
    await rm(folder, { recursive: true });
  });

  it('explains itself', async () => {
    const [help, wrong, port] = [run('--help'), run('--prot', '1'), run('--port', 'http')];
    assert.deepEqual(await Promise.all([help.exit, wrong.exit, port.exit]), [0, 2, 1]);
    assert.match(help.out, /^Usage: gemini-live-server/);
    assert.match(wrong.err, /--prot[\s\S]*Usage:/);
    assert.match(port.err, /no port/);
  });
});

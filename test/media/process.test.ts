import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { runTool, runningTools, spawnTool } from '../../src/media/process';

const node = (script: string): [string, string[]] => [process.execPath, ['-e', script]];

describe('media: process', () => {
  afterEach(() => assert.equal(runningTools(), 0, 'a child outlived its test'));

  it('gives stdout, status and the end of stderr', async () => {
    const { stdout, code, stderr, stopped } = await runTool(
      ...node('console.log("out"); console.error("bad"); process.exitCode = 3'),
    );
    assert.deepEqual(
      { stdout, code, stderr, stopped },
      { stdout: 'out\n', code: 3, stderr: 'bad', stopped: false },
    );
  });

  it('passes arguments as they are, without a shell', async () => {
    const odd = ['$(id)', '; echo x', '"', "'", 'a b', '*'];
    const { stdout } = await runTool(process.execPath, [
      '-p',
      'JSON.stringify(process.argv.slice(1))',
      '--',
      ...odd,
    ]);
    assert.deepEqual(JSON.parse(stdout), odd);
  });

  it('asks tools to speak English, because messages are parsed', async () => {
    assert.equal((await runTool(...node('process.stdout.write(process.env.LC_ALL)'))).stdout, 'C');
  });

  it('reports a program that does not exist, and one that cannot be given such arguments', async () => {
    assert.equal((await spawnTool('/no/such/program', []).exited).error?.code, 'ENOENT');
    assert.equal((await spawnTool(process.execPath, ['a\0b']).exited).error?.code, 'ERR_INVALID_ARG_VALUE');
  });

  it('stops a tool, and does not call that a failure', async () => {
    const tool = spawnTool(...node('console.log(1); setInterval(() => {}, 1000)'));
    await new Promise((resolve) => tool.stdout!.once('data', resolve));
    assert.equal(runningTools(), 1);
    const exit = await tool.stop();
    assert.equal(exit.stopped, true);
    assert.equal(exit.signal, 'SIGTERM');
    assert.equal(await tool.stop(), exit, 'a second stop gives the same');
  });

  it('insists when a tool ignores SIGTERM', async () => {
    const script = 'process.on("SIGTERM", () => {}); console.log(1); setInterval(() => {}, 1000)';
    const tool = spawnTool(...node(script), { graceMs: 50 });
    await new Promise((resolve) => tool.stdout!.once('data', resolve));
    assert.equal((await tool.stop()).signal, 'SIGKILL');
  });

  it('stops a tool whose output nobody reads', async () => {
    const tool = spawnTool(...node('setInterval(() => process.stdout.write(Buffer.alloc(1e6)), 1)'));
    await new Promise((resolve) => tool.stdout!.once('readable', resolve));
    assert.equal((await tool.stop()).stopped, true);
  });

  it('tells an end of its own from a stop, even if the stop comes too late', async () => {
    const tool = spawnTool(...node('process.stdout.write(Buffer.alloc(1e6)); process.exitCode = 7'));
    tool.stdout!.resume();
    const { code, stopped } = await tool.exited;
    assert.deepEqual({ code, stopped }, { code: 7, stopped: false });
    assert.equal((await tool.kill()).stopped, false);
  });

  it('ends a tool that takes too long', async () => {
    assert.equal((await runTool(...node('setInterval(() => {}, 1000)'), { timeoutMs: 300 })).stopped, true);
  });

  it('survives a tool that does not read what it is given', async () => {
    const tool = spawnTool(...node(''), { stdin: true });
    await tool.exited;
    tool.stdin!.write(Buffer.alloc(1e6));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('keeps only the end of a long stderr', async () => {
    const { stderr } = await runTool(...node('for (let i = 0; i < 5000; i++) console.error("line " + i)'));
    assert.ok(stderr.endsWith('line 4999'));
    assert.ok(stderr.length <= 8192, `${stderr.length} characters kept`);
  });

  it('shows no credentials of URLs', async () => {
    const url = 'rtsp://admin:s3cret@cam.local/live?token=abcdef&x=1';
    const { stderr } = await runTool(process.execPath, [
      '-e',
      'console.error("failed: " + process.argv[1])',
      url,
    ]);
    assert.equal(stderr, 'failed: rtsp://***@cam.local/live?token=***&x=1');
  });

  it('does not signal itself when a program that never started is stopped at once, or at exit', () => {
    const module = path.resolve(__dirname, '../../src/media/process.ts');
    const script = `
      const { spawnTool } = require(${JSON.stringify(module)});
      void spawnTool('/no/such/program', []).stop();
      void spawnTool('/no/such/program', []).kill();
      spawnTool('/no/such/program', []);
      process.exit(5);`;
    // In a process group of its own, which is what would be hit.
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', '-e', script], { detached: true });
    return new Promise<void>((resolve, reject) => {
      child.on('exit', (code, signal) => (code === 5 ? resolve() : reject(new Error(`${code} ${signal}`))));
    });
  });

  it('leaves no child behind when the process exits, and adds one listener for all of them', () => {
    const module = path.resolve(__dirname, '../../src/media/process.ts');
    const script = `
      const { spawnTool } = require(${JSON.stringify(module)});
      const before = process.listenerCount('exit');
      const pids = [];
      for (let i = 0; i < 12; i++) pids.push(spawnTool('sleep', ['60']).pid);
      console.log(JSON.stringify({ pids, listeners: process.listenerCount('exit') - before }));
      process.exit(0);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-r', 'tsx/cjs', '-e', script], {
      encoding: 'utf8',
    });
    const { pids, listeners } = JSON.parse(stdout) as { pids: number[]; listeners: number };
    assert.equal(listeners, 1);
    assert.doesNotMatch(stderr, /MaxListeners/);
    for (const pid of pids) assert.ok(!isRunning(pid), `child ${pid} is still there`);
  });
});

/** Killed children of a dead parent may be zombies for a moment: those hold nothing. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout.trim());
}

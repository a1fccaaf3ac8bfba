import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readdirSync } from 'node:fs';
import { ROOT } from '../support/package';

/** `npm run demo` in a process of its own. */
export interface Demo {
  child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  ended: Promise<{ code: number | null; output: string }>;
}

/** Folders of one test: where the demo leaves its answer, and where it puts what it throws away. */
export class DemoFolders {
  private constructor(
    readonly out: string,
    readonly scratch: string,
  ) {}

  static async make(): Promise<DemoFolders> {
    const make = (name: string): Promise<string> => mkdtemp(path.join(tmpdir(), `demo-${name}-`));
    return new DemoFolders(await make('out'), await make('tmp'));
  }

  /** Starts the demo as a person types it. */
  start(...args: string[]): Demo {
    const child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
      cwd: ROOT,
      env: { ...process.env, GEMINI_API_KEY: '', TMPDIR: this.scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    }
    const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output })),
    );
    return { child, ended, output: () => output };
  }

  /** User directories of Node-RED that are still there. */
  leftovers(): string[] {
    return readdirSync(this.scratch).filter((name) => name.startsWith('node-red-'));
  }

  async remove(): Promise<void> {
    for (const folder of [this.out, this.scratch]) await rm(folder, { recursive: true, force: true });
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Comms } from './comms';
import { installInto } from './package';

/** A node of a flow file; every node type has fields of its own. */
export interface FlowNode {
  id: string;
  type: string;
  [field: string]: unknown;
}

export type DeployType = 'full' | 'nodes' | 'flows' | 'reload';

export interface NodeRedOptions {
  /** Which Node-RED to run, and with which Node.js. Default: the one of the dev dependencies with this Node.js. */
  runtime?: NodeRedRuntime;
  /** A user directory that {@link NodeRed.stop} has kept: Node-RED goes on with what is in it. */
  userDir?: string;
  /** Fills the user directory before the start. Default: the packed package, installed. */
  install?: (userDir: string) => Promise<void>;
  /** Added to the safe settings. Must survive JSON. */
  settings?: Record<string, unknown>;
  /** Added to the environment, which carries no key or credential of the machine. */
  env?: NodeJS.ProcessEnv;
}

/** A Node-RED installation and the Node.js to run it with. */
export interface NodeRedRuntime {
  nodePath: string;
  /** Path of `red.js`. */
  redPath: string;
}

const START_MS = 120_000;
const STOP_MS = 30_000;

/** The Node-RED of the dev dependencies (4.1) with the Node.js that runs this. */
export function nodeRed4(): NodeRedRuntime {
  return { nodePath: process.execPath, redPath: require.resolve('node-red/red.js') };
}

/**
 * A real Node-RED in a process of its own, with a throw-away user directory and a free loopback port.
 * `start` is done when the editor answers and the nodes are loaded; `stop` leaves nothing behind.
 */
export class NodeRed {
  readonly log: string[] = [];
  url = '';
  private comms?: Promise<Comms>;
  private readonly exited: Promise<unknown>;
  private readonly endWithUs = () => this.child.kill('SIGKILL');

  private constructor(
    readonly userDir: string,
    private readonly child: ChildProcess,
  ) {
    this.exited = new Promise((resolve) => child.once('exit', resolve));
    child.once('error', (error) => this.log.push(String(error)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.log.push(...text.split('\n').filter((line) => line.trim()));
        child.emit('log');
      });
    }
    process.once('exit', this.endWithUs);
  }

  /** Starts Node-RED and waits until it is ready; the error of a failed start carries its log. */
  static async start(options: NodeRedOptions = {}): Promise<NodeRed> {
    const { nodePath, redPath } = options.runtime ?? nodeRed4();
    const userDir = options.userDir ?? (await mkdtemp(path.join(tmpdir(), 'node-red-')));
    try {
      if (!options.userDir) await (options.install ?? installInto)(userDir);
      const settings = path.join(userDir, 'settings.js');
      await writeFile(
        settings,
        `module.exports = ${JSON.stringify({ ...SAFE_SETTINGS, ...options.settings })};\n`,
      );
      const child = spawn(nodePath, [redPath, '-u', userDir, '-s', settings, '-p', '0'], {
        cwd: userDir,
        env: { ...publicEnvironment(), ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const nodeRed = new NodeRed(userDir, child);
      await nodeRed.ready().catch(async (error) => {
        await nodeRed.stop();
        throw error;
      });
      return nodeRed;
    } catch (error) {
      await rm(userDir, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** False once the process has ended, for whatever reason. */
  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** A request to the admin API; throws when it is refused. */
  async admin<T = unknown>(
    method: string,
    route: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(this.url + route, {
      method,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /${route}: ${response.status} ${text}`);
    return (text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text) as T;
  }

  /** Replaces the flows; done when they have been started. */
  async deploy(flows: FlowNode[], type: DeployType = 'full'): Promise<void> {
    const before = this.log.length;
    await this.admin(
      'POST',
      'flows',
      { flows },
      { 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type },
    );
    // The runtime answers when the old nodes have stopped; the new ones are there when it says so in the log.
    await this.logged(/Started (modified )?(flows|nodes)|Waiting for missing types/, START_MS, before);
  }

  /** Presses the button of an inject node. */
  async inject(id: string): Promise<void> {
    await this.admin('POST', `inject/${id}`, {});
  }

  /** The socket on which the editor hears of debug messages and statuses; opened on first use. */
  events(): Promise<Comms> {
    this.comms ??= Comms.open(this.url);
    return this.comms;
  }

  /**
   * Waits for a line of the log.
   * @param from number of lines that do not count, because they are older
   */
  async logged(pattern: RegExp, timeoutMs = START_MS, from = 0): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const line = this.log.slice(from).find((entry) => pattern.test(entry));
      if (line) return line;
      const leftMs = deadline - Date.now();
      if (!this.alive || leftMs <= 0) {
        const why = this.alive ? `not within ${timeoutMs} ms` : 'Node-RED ended';
        throw new Error(`No log line ${pattern}: ${why}. Log:\n${this.log.join('\n')}`);
      }
      const woken = new AbortController();
      const signal = AbortSignal.any([woken.signal, AbortSignal.timeout(Math.max(1, leftMs))]);
      await Promise.race([once(this.child, 'log', { signal }).catch(() => undefined), this.exited]);
      woken.abort();
    }
  }

  /** Ends Node-RED as a power cut would. The user directory is left for another start. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
    await this.stop({ keep: true });
  }

  /**
   * Ends Node-RED as a service manager would, by its pid.
   * @param keep leave the user directory for another start; otherwise it is removed
   */
  async stop({ keep = false } = {}): Promise<void> {
    (await this.comms?.catch(() => undefined))?.close();
    let forced = false;
    if (this.alive) {
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => {
        forced = true;
        this.child.kill('SIGKILL');
      }, STOP_MS);
      await this.exited;
      clearTimeout(timer);
    }
    process.removeListener('exit', this.endWithUs);
    if (!keep) await rm(this.userDir, { recursive: true, force: true, maxRetries: 3 });
    if (forced)
      throw new Error(`Node-RED did not stop within ${STOP_MS} ms. Log:\n${this.log.slice(-30).join('\n')}`);
  }

  private async ready(): Promise<void> {
    const line = await this.logged(/now running at http/i);
    this.url = /http:\/\/\S+/.exec(line)?.[0] ?? '';
    await this.logged(/Started flows|Waiting for missing types/i);
  }
}

/** Nothing that phones home, asks, or tours: the editor opens ready to work. */
const SAFE_SETTINGS = {
  uiHost: '127.0.0.1',
  lang: 'en-US',
  flowFile: 'flows.json',
  credentialSecret: 'throw-away',
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false }, palette: { catalogues: [] } },
  externalModules: { palette: { allowInstall: false }, modules: { allowInstall: false } },
  diagnostics: { enabled: false, ui: false },
  runtimeState: { enabled: true, ui: false },
  debugMaxLength: 100_000,
  logging: { console: { level: 'info', metrics: false, audit: false } },
};

/** This process's environment without keys, which must neither leak into a test nor decide its endpoint. */
function publicEnvironment(): NodeJS.ProcessEnv {
  const secret = /^(GEMINI|GOOGLE|GCLOUD|VERTEX|NODE_RED|NODE_OPTIONS|npm_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.test(name)));
}

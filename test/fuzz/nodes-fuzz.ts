import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { helper, run, sessionFlow, until, type Running } from '../nodes/support';
import { ROOM, toolsNode } from '../nodes/tools-support';
import { descendants, hasProc } from '../support/processes';
import { Random } from '../support/random';
import { ACTIONS, NodeInputs } from './node-inputs';

/** Inputs between two turns of the event loop. */
const BURST = 20;
const PATIENCE_MS = 60_000;

interface Hooks {
  add(name: string, handler: (event: { msg: { fuzz?: number }; node: { id: string } }) => void): void;
  remove(name: string): void;
}
const { hooks } = createRequire(require.resolve('node-red'))('@node-red/util') as { hooks: Hooks };

/** Which node got each message, and how often that node has said that it is done with it. */
class Ledger {
  private readonly sent: Array<{ node: string; done: number }> = [];

  constructor() {
    hooks.add('onComplete.fuzz', ({ msg, node }) => {
      const entry = this.sent[msg?.fuzz ?? -1];
      // What a node sends on may carry the number, too.
      if (entry?.node === node.id) entry.done++;
    });
  }

  /** @returns the number that the message is to carry */
  add(node: string): number {
    return this.sent.push({ node, done: 0 }) - 1;
  }

  close(): void {
    hooks.remove('onComplete.fuzz');
  }

  get size(): number {
    return this.sent.length;
  }

  /** Messages with which their node is done that many times, as `number:node`. */
  done(fits: (times: number) => boolean): string[] {
    return this.sent.flatMap(({ node, done }, i) => (fits(done) ? [`${i}:${node}`] : []));
  }
}

/** All nodes of the package that take messages, in one flow at a local server. */
const flowAt = (url: string): object[] => [
  ...sessionFlow(url, {
    ...{ realtime: false, partial: true, echoGate: undefined, echo: 'barge-in', levels: '0.5' },
    ...{ sleepAfter: '2', wakeOn: 'speech', watch: true, watchEvery: '1' },
  }),
  { id: 'in', type: 'gemini-live-audio-in', source: 'input', realtime: false, wires: [['session', 'cut']] },
  {
    id: 'out',
    type: 'gemini-live-audio-out',
    sink: 'file',
    file: 'out.wav',
    volume: '100',
    wires: [['end']],
  },
  { id: 'cut', type: 'gemini-live-to-messages', frameMs: '20', realtime: false, wires: [['join']] },
  { id: 'join', type: 'gemini-live-from-messages', idleMs: '50', wires: [['end']] },
  toolsNode(
    [
      { name: 'set_light', parameters: ROOM },
      { name: 'unlock', confirm: 'flow', confirmTimeout: 1 },
    ],
    {
      wires: [['answer'], ['answer'], ['end'], ['router']],
    },
  ),
  { id: 'answer', type: 'gemini-live-tool-response', wires: [] },
  { id: 'look', type: 'gemini-live-video-in', source: 'input', output: 'stream', wires: [['session']] },
  {
    ...{ id: 'eye', type: 'gemini-live-video-in', source: 'address', output: 'stream', retry: true },
    ...{ url: 'http://127.0.0.1:1/nothing', wires: [['session']] },
  },
  { id: 'end', type: 'helper' },
];

/**
 * Sends random messages to real nodes in a real Node-RED runtime. After each batch every message has been done with,
 * once, and the conversation goes on.
 */
export async function fuzzNodes(options: { seed: number; inputs: number; batch: number }): Promise<void> {
  const { seed, inputs, batch } = options;
  const random = new Random(seed);
  const source = new NodeInputs(random);
  const folder = await mkdtemp(path.join(tmpdir(), 'fuzz-'));
  const server = await startServer({
    ears: scriptedEars(['first']),
    mind: scriptedMind(({ text, results }) => {
      const call = { name: text.endsWith('7') ? 'unlock' : 'set_light', args: { room: 'kitchen' } };
      return !results && /number .*[3-7]$/.test(text)
        ? { say: '', calls: [call] }
        : `You said ${text.slice(-40)}`;
    }),
    voice: toneVoice(),
    clock: 50,
    generationSpeed: 20,
  });
  const ledger = new Ledger();
  let listeners = '';
  try {
    const running = await run(flowAt(server.url), { userDir: folder });
    while (ledger.size < inputs) {
      for (let i = 0; i < batch; i++) {
        const node = random.pick(Object.keys(ACTIONS));
        running.send(node, Object.assign(source.next(node), { fuzz: ledger.add(node) }));
        if (i % BURST === 0) await sleep(1);
      }
      source.finish();
      await converse(running, server, ledger.size);
      const open = (): string[] => ledger.done((times) => times === 0);
      await until('every message is done with', () => open().length === 0, PATIENCE_MS).catch(
        (error: Error) => {
          throw new Error(`${error.message}; not: ${open().slice(0, 5).join()}`);
        },
      );
      assert.deepEqual(
        ledger.done((times) => times > 1),
        [],
        'a message was done with twice',
      );
      listeners ||= listenerCounts();
      assert.equal(listenerCounts(), listeners, 'listeners of nodes and process');
      assert.ok(running.errors.length > 0, 'some were refused');
    }
    await helper.unload();
    if (hasProc) await until('no child process', () => decoders().length === 0, PATIENCE_MS);
  } catch (error) {
    throw new Error(`seed ${seed}, after ${ledger.size} inputs: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    ledger.close();
    await helper.unload();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const decoders = (): unknown[] =>
  descendants(process.pid).filter(({ command }) => /ffmpeg|pacat|parec|aplay|arecord/.test(command));

function listenerCounts(): string {
  const nodes = Object.keys(ACTIONS).map((id) => helper.getNode(id) as unknown as NodeJS.EventEmitter);
  return [...nodes, process]
    .map((emitter) => emitter.eventNames().map((name) => `${String(name)} ${emitter.listenerCount(name)}`))
    .map((counts) => counts.sort().join())
    .join(' | ');
}

/** A question is answered. What came before may have ended the connection: then it takes another try. */
async function converse(running: Running, server: LocalLiveServer, number: number): Promise<void> {
  const answered = (): boolean =>
    running.got('text').some(({ payload }) => String(payload).includes(`are you there ${number}`));
  for (let attempt = 0; ; attempt++) {
    running.send('session', { payload: `are you there ${number}` });
    const found = await until('an answer', answered, 5000).catch((error: Error) => error);
    if (!(found instanceof Error)) return;
    if (attempt < 5) continue;
    const last = running.errors.slice(-3).map(({ error }) => error?.message);
    throw new Error(`no answer; ${server.connections} connections; last errors: ${JSON.stringify(last)}`);
  }
}

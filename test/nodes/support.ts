import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, NodeInitializer, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import audioIn from '../../nodes/audio-in/runtime';
import audioOut from '../../nodes/audio-out/runtime';
import config from '../../nodes/config/runtime';
import fromMessages from '../../nodes/from-messages/runtime';
import mcp from '../../nodes/mcp/runtime';
import session from '../../nodes/session/runtime';
import toMessages from '../../nodes/to-messages/runtime';
import toolResponse from '../../nodes/tool-response/runtime';
import tools from '../../nodes/tools/runtime';
import videoIn from '../../nodes/video-in/runtime';
import type { Red } from '../../nodes/shared/types';

const ROOT = path.resolve(__dirname, '../..');
const TYPES = {
  config,
  session,
  'audio-in': audioIn,
  'audio-out': audioOut,
  'to-messages': toMessages,
  'from-messages': fromMessages,
  tools,
  'tool-response': toolResponse,
  mcp,
  'video-in': videoIn,
};

/** A message as it arrived, with the properties that the tests look at. */
export interface Got extends NodeMessage {
  event?: string;
  role?: string;
  final?: boolean;
  turn?: number;
  conversation?: string;
  parts?: { id: string; index: number; count?: number };
  error?: { message: string; code?: string; source: { id: string; type: string } };
  status?: { text?: string; fill?: string };
  tool?: { id: string; name: string; session: string };
  reason?: string;
  question?: string;
}

/** A flow that runs, and what came out of it. */
export interface Running {
  /** Messages that reached a `helper` node, by its id. */
  got(id: string): Got[];
  /** Errors that the Catch node of the tab saw. */
  errors: Got[];
  /** Statuses of all nodes, by node id. */
  statuses(id: string): string[];
  send(id: string, msg: object): void;
  deploy(flow: object[], type?: 'full' | 'flows' | 'nodes'): Promise<void>;
}

/** `RED._` as in the real runtime: the helper's own gives the keys back. */
function withLabels(name: string, init: NodeInitializer): NodeInitializer {
  const read = (folder: string): Record<string, Record<string, string>> =>
    JSON.parse(readFileSync(path.join(ROOT, 'nodes', folder, 'locales/en-US/labels.json'), 'utf8')) as never;
  const [own, shared] = [read(name), read('shared')];
  return (RED) => {
    const labelled = Object.create(RED) as Red;
    labelled._ = (key: string, values: Record<string, string | number> = {}) => {
      const [group = '', label = ''] = key.split('.');
      const text = own[group]?.[label] ?? shared[group]?.[label] ?? key;
      return text.replace(/__(\w+)__/g, (_all, value: string) => String(values[value] ?? ''));
    };
    return init(labelled);
  };
}

/** The tab of every flow, with a Catch and a Status node that see everything in it. */
const FRAME = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, uncaught: false, wires: [['errors']] },
  { id: 'errors', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
  { id: 'status', type: 'status', z: 'tab', x: 1, y: 1, scope: null, wires: [['statuses']] },
  { id: 'statuses', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
];

/** Starts a flow in the runtime of the test helper. Nodes without `z` go on the tab; ids `out…` are helper nodes. */
export async function run(
  flow: object[],
  {
    credentials = {},
    types = [],
    userDir,
  }: { credentials?: object; types?: NodeInitializer[]; userDir?: string } = {},
): Promise<Running> {
  helper.settings({ ...(userDir && { userDir }) });
  const inits = Object.entries(TYPES).map(([name, init]) => withLabels(name, init as NodeInitializer));
  const seen = new Map<string, Got[]>();
  const watched = new WeakSet<Node>();
  const listen = (nodes: object[]): void => {
    for (const { id, type } of nodes as { id: string; type: string }[]) {
      if (type !== 'helper') continue;
      const node = helper.getNode(id);
      if (!node || watched.has(node)) continue;
      watched.add(node);
      const list = seen.get(id) ?? [];
      seen.set(id, list);
      node.on('input', (msg) => void list.push(msg as Got));
    }
  };
  const whole = (nodes: object[]): object[] => [
    ...FRAME,
    ...nodes.map((node) => ({ z: 'tab', x: 1, y: 1, wires: [], ...node })),
  ];
  const first = whole(flow).map(withoutTab);
  await helper.load([...inits, ...types], first, credentials);
  listen(first);
  return {
    got: (id) => seen.get(id) ?? [],
    get errors() {
      return seen.get('errors') ?? [];
    },
    statuses: (id) =>
      (seen.get('statuses') ?? [])
        .filter((msg) => (msg.status as { source?: { id: string } } | undefined)?.source?.id === id)
        .map((msg) => msg.status?.text ?? ''),
    send: (id, msg) => helper.getNode(id).receive(msg as NodeMessage),
    async deploy(next, type = 'full') {
      const all = whole(next).map(withoutTab);
      await helper.setFlows(all, type, credentials);
      listen(all);
    },
  };
}

/** Config nodes are on no tab. */
function withoutTab(node: object): object {
  const { type } = node as { type: string };
  if (type !== 'gemini-live-config' && type !== 'tab') return node;
  const { z: _z, x: _x, y: _y, wires: _wires, ...rest } = node as Record<string, unknown>;
  return rest;
}

/** Waits until something holds; generous, because test machines are slow. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value as T;
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

/** The events of one name that reached a helper node behind port 3. */
export function events(running: Running, id: string, event: string): Got[] {
  return running.got(id).filter((msg) => msg.event === event);
}

/** The usual flow: one session with its three ports, at a server of the test. */
export function sessionFlow(url: string, session: object = {}, config: object = {}): object[] {
  return [
    {
      id: 'config',
      type: 'gemini-live-config',
      name: '',
      endpoint: 'custom',
      url,
      model: '',
      firstDelay: '0.1',
      ...config,
    },
    {
      id: 'session',
      type: 'gemini-live-session',
      config: 'config',
      connect: 'input',
      realtime: true,
      echoGate: false,
      wires: [['audio'], ['text'], ['events']],
      ...session,
    },
    { id: 'audio', type: 'helper' },
    { id: 'text', type: 'helper' },
    { id: 'events', type: 'helper' },
  ];
}

export { helper };

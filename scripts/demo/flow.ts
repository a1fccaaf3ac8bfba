import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Home, withBroker } from '../../test/support/home';
import type { FlowNode } from '../../test/support/node-red';
import type { DemoOptions } from './options';

const EXAMPLE = path.resolve(__dirname, '../../examples/flows/07 - Control a home by voice over MQTT.json');

/** The example that is shown, and the nodes that the demo touches. */
export interface DemoFlow {
  nodes: FlowNode[];
  /** The inject node whose button asks. */
  buttonId: string;
  /** The node that hears of the devices: its status tells whether it has the broker. */
  devicesId: string;
  /** The model, as the config node names it; empty means the package's default. */
  model: string;
}

/** Ids of the Debug nodes through which the demo sees what happens, exactly as the sidebar does. */
export const WATCH = {
  text: 'demo-text',
  events: 'demo-events',
  answer: 'demo-answer',
  errors: 'demo-errors',
};

/**
 * Example 07 as it is shipped, with the broker of a simulated home, with the endpoint and the file asked for, and with Debug
 * nodes at the session's text and events, at the answer's file, and at errors. The answer is only written: a demo must work
 * where there is no loudspeaker.
 */
export async function demoFlow({ endpoint, ask }: DemoOptions, home: Home): Promise<DemoFlow> {
  const nodes = withBroker(JSON.parse(await readFile(EXAMPLE, 'utf8')) as FlowNode[], home);
  const only = (type: string, fits: (node: FlowNode) => boolean = () => true): FlowNode => {
    const [node] = nodes.filter((candidate) => candidate.type === type && fits(candidate));
    if (!node) throw new Error(`${path.basename(EXAMPLE)} has no such ${type} node.`);
    return node;
  };
  const [config, session] = [only('gemini-live-config'), only('gemini-live-session')];
  const recording = only('gemini-live-audio-in', ({ source }) => source === 'file');
  const button = only('inject', ({ wires }) => (wires as string[][])[0]?.includes(recording.id) === true);
  const answer = only('gemini-live-audio-out');
  config.endpoint = endpoint;
  answer.sink = 'file';
  if (ask !== undefined) recording.file = ask;

  wire(session, 1, WATCH.text);
  wire(session, 2, WATCH.events);
  wire(answer, 0, WATCH.answer);
  const tab = session.z as string;
  const below = Math.max(...nodes.map(({ y }) => (typeof y === 'number' ? y : 0))) + 100;
  const watchers = Object.values(WATCH).map((id, row) => debug(id, tab, 460, below + row * 40));
  const errors = { id: 'demo-catch', type: 'catch', z: tab, name: '', scope: null, uncaught: true, x: 160 };
  return {
    nodes: [...nodes, ...watchers, { ...errors, y: below + 120, wires: [[WATCH.errors]] }],
    buttonId: button.id,
    devicesId: only('mqtt in').id,
    model: typeof config.model === 'string' ? config.model : '',
  };
}

function wire(from: FlowNode, port: number, to: string): void {
  const wires = from.wires as string[][];
  while (wires.length <= port) wires.push([]);
  wires[port]!.push(to);
}

function debug(id: string, z: string, x: number, y: number): FlowNode {
  const shown = { active: true, tosidebar: true, console: false, tostatus: false };
  return {
    id,
    type: 'debug',
    z,
    name: id.replace('-', ': '),
    ...shown,
    complete: 'true',
    targetType: 'full',
    x,
    y,
    wires: [],
  };
}

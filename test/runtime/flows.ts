import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FlowNode } from '../support/node-red';
import { ROOT } from '../support/package';

/** Titles of all examples; those of a submenu begin with its name and a slash. */
export function exampleTitles(): string[] {
  return readdirSync(path.join(ROOT, 'examples/flows'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, '').replaceAll(path.sep, '/'))
    .sort();
}

/** An example as it is shipped. */
export function example(title: string): FlowNode[] {
  const file = path.join(ROOT, 'examples/flows', `${title}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as FlowNode[];
}

/** The only node of a type in a flow. */
export function only(nodes: FlowNode[], type: string): FlowNode {
  const found = nodes.filter((node) => node.type === type);
  if (found.length !== 1) throw new Error(`${found.length} nodes of type ${type}`);
  return found[0]!;
}

/** The only node of a name in a flow. */
export function named(nodes: FlowNode[], name: string): FlowNode {
  const found = nodes.filter((node) => node.name === name);
  if (found.length !== 1) throw new Error(`${found.length} nodes of the name ${name}`);
  return found[0]!;
}

/** Ids of the nodes of `conversation`. The runtime takes any field with such a value for a reference: no plain words. */
export const ID = {
  tab: 'test-tab',
  config: 'test-config',
  microphone: 'test-microphone',
  session: 'test-session',
  speaker: 'test-speaker',
  ask: 'test-ask',
  text: 'test-text',
  events: 'test-events',
  errors: 'test-errors',
} as const;

/** A node of ours or of the core on the tab. What has no place on the canvas would be taken for a config node. */
function node(id: string, type: string, fields: object, wires: string[][] = []): FlowNode {
  return { id, type, z: ID.tab, x: 100, y: 100, ...fields, wires };
}

const debug = (id: string): FlowNode =>
  node(id, 'debug', { active: true, tosidebar: true, complete: 'true', targetType: 'full' });

/**
 * Microphone → session → speaker, a button that asks for a story (some 17 s of speech), and Debug nodes for the texts,
 * the events and what Catch sees. Without echo gate, so that the microphone can interrupt the speaker.
 */
export function conversation(): FlowNode[] {
  const transcripts = { inputTranscription: true, outputTranscription: true };
  const options = { connect: 'input', echoGate: false, realtime: true, partial: false };
  const question = [{ p: 'payload', v: 'tell me a story', vt: 'str' }];
  return [
    { id: ID.tab, type: 'tab', label: 'conversation' },
    {
      id: ID.config,
      type: 'gemini-live-config',
      name: '',
      endpoint: 'local',
      resumption: true,
      ...transcripts,
    },
    node(ID.microphone, 'gemini-live-audio-in', { source: 'microphone', device: '', autostart: true }, [
      [ID.session],
    ]),
    node(ID.session, 'gemini-live-session', { config: ID.config, ...options }, [
      [ID.speaker],
      [ID.text],
      [ID.events],
    ]),
    node(ID.speaker, 'gemini-live-audio-out', { sink: 'speaker', device: '', volume: '100' }, [[]]),
    node(ID.ask, 'inject', { repeat: '', once: false, props: question }, [[ID.session]]),
    debug(ID.text),
    debug(ID.events),
    node('test-catch', 'catch', { scope: null, uncaught: false }, [[ID.errors]]),
    debug(ID.errors),
  ];
}

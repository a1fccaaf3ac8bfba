import { fieldValue } from './dialog';
import { h } from './dom';
import type { EditorNode } from './types';

/** The list in which one session, or all, are chosen. It is no `node-input-…`: Node-RED would take it for a config node. */
const LIST = 'gemini-live-session';

/** Fills the list of sessions: those of the config node that is chosen in the dialog. */
export function prepareSessions(node: EditorNode): void {
  const list = document.querySelector<HTMLSelectElement>(`#${LIST}`);
  if (!list) return;
  const fill = (value: string): void => {
    const sessions = sessionsOf(String(fieldValue(node, 'config')), node);
    const options = [
      { value: '', label: node._def._('sessions.all') },
      ...sessions.map((session) => ({ value: session.id, label: labelOf(session, node) })),
    ];
    if (!options.some((option) => option.value === value))
      options.push({ value, label: node._def._('sessions.gone') });
    list.replaceChildren(...options.map((option) => h('option', { value: option.value }, option.label)));
    list.value = value;
  };
  fill(String(node['session'] ?? ''));
  $('#node-input-config').on('change', () => fill(list.value));
}

/** The session that is chosen in the open dialog; empty: all. */
export function chosenSession(node: EditorNode): string {
  return document.querySelector<HTMLSelectElement>(`#${LIST}`)?.value ?? String(node['session'] ?? '');
}

/** A node that was just added gets the service of the sessions in its flow, else the only one there is. */
export function chooseConfig(node: EditorNode): void {
  // One that was pasted or imported has its own.
  if (node['config']) return;
  const sessions = RED.nodes.filterNodes({ type: 'gemini-live-session', z: node.z });
  const configs: string[] = [];
  RED.nodes.eachConfig(({ id, type }) => void (type === 'gemini-live-config' && configs.push(id)));
  for (const found of [sessions.map(({ config }) => config), configs]) {
    const different = [...new Set(found.filter((id) => typeof id === 'string' && id !== ''))];
    if (different.length === 1) {
      node['config'] = different[0];
      return;
    }
  }
}

/** Whether the session of a node is there and has the node's config node. */
export function sessionProblem(node: EditorNode, value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const session = RED.nodes.node(value);
  if (!session) return node._def._('sessions.gone');
  return session['config'] === node['config'] ? undefined : node._def._('sessions.foreign');
}

/** A session in a subflow exists once for each instance: only its neighbours in there can mean it. */
function sessionsOf(config: string, { z }: EditorNode): EditorNode[] {
  const sessions = RED.nodes.filterNodes({ type: 'gemini-live-session' });
  return sessions.filter(
    (session) => session['config'] === config && (session.z === z || !RED.nodes.subflow(session.z ?? '')),
  );
}

function labelOf(session: EditorNode, { z }: EditorNode): string {
  const label = RED.utils.getNodeLabel(session, session.id);
  const flow = session.z === z ? undefined : RED.nodes.workspace(session.z ?? '')?.label;
  return flow ? `${label} (${flow})` : label;
}

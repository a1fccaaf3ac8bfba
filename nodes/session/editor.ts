import { fieldValue } from '../shared/editor/dialog';
import { says } from '../shared/editor/lists';
import type { EditorNode } from '../shared/editor/types';

/** `tcp://host:port`, or an environment variable that brings it. */
const ADDRESS = /^(tcp:\/\/([^\s/:@]+|\[[\da-fA-F:]+\])(:\d+)?|\$\{\w+\})$/;

/** What the fields of an older flow mean for those that took their place; the runtime takes them the same way. */
export function fieldsOfOld(node: EditorNode): Record<string, unknown> {
  return node['echoGate'] === false ? { echo: 'off' } : {};
}

/** Unfolds each group of the open dialog in which something is set: a newcomer sees none of them, and nothing set is hidden. */
export function unfoldGroups(node: EditorNode): void {
  const defaults = node._def.defaults ?? {};
  document
    .querySelectorAll<HTMLDetailsElement>(`.${node.type}-dialog .gemini-live-group`)
    .forEach((group) => {
      group.open = Object.entries(defaults).some(
        ([field, { value }]) =>
          group.querySelector(`#node-input-${field}`) !== null &&
          String(fieldValue(node, field)) !== String(value),
      );
    });
}

/** What is wrong with what the chosen way to wake up needs: the phrase, or the address of a wake-word service. */
export function wakeProblem(node: EditorNode, way: 'phrase' | 'wyoming', value: unknown): string | undefined {
  if (!says(node, 'wakeOn', way) || says(node, 'turnDetection', 'push-to-talk')) return undefined;
  const text = String(value ?? '').trim();
  if (text === '') return node._def._('invalid.missing');
  return way === 'phrase' || ADDRESS.test(text) ? undefined : node._def._('invalid.wyoming');
}

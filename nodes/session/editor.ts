import { fieldValue } from '../shared/editor/dialog';
import { says } from '../shared/editor/lists';
import type { EditorNode } from '../shared/editor/types';

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

/** The address of a wake-word service: `tcp://host:port`, or an environment variable that brings it. */
export function wyomingProblem(node: EditorNode, value: unknown): string | undefined {
  if (!says(node, 'wakeOn', 'wyoming')) return undefined;
  const text = String(value ?? '').trim();
  if (text === '') return node._def._('invalid.missing');
  return /^(tcp:\/\/[^\s/:]+(:\d+)?|tcp:\/\/\[[\da-fA-F:]+\](:\d+)?|\$\{\w+\})$/.test(text)
    ? undefined
    : node._def._('invalid.wyoming');
}

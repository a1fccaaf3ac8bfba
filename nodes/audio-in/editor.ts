import type { EditorNode } from '../shared/editor/types';

/** The node's button: starts it, or stops it when it runs. */
export function press(node: EditorNode): void {
  if (node.changed) {
    RED.notify(node._def._('button.deployFirst'), 'warning');
    return;
  }
  $.ajax({ url: `gemini-live/audio-in/${node.id}`, type: 'POST' }).fail((answer: JQuery.jqXHR) => {
    RED.notify(node._def._(answer.status === 404 ? 'button.deployFirst' : 'button.failed'), 'error');
  });
}

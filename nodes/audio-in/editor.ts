import type { EditorNode } from '../shared/editor/types';

/** The button of audio-in and video-in starts it, or stops it when it runs; that of session does so with listening. */
export function press(node: EditorNode): void {
  if (node.changed) {
    RED.notify(node._def._('button.deployFirst'), 'warning');
    return;
  }
  const kind = node.type.replace('gemini-live-', '');
  $.ajax({ url: `gemini-live/${kind}/${node.id}`, type: 'POST' }).fail((answer: JQuery.jqXHR) => {
    RED.notify(node._def._(answer.status === 404 ? 'button.deployFirst' : 'button.failed'), 'error');
  });
}

import type { Red } from '../shared/types';
import type { Conversation } from './conversation';

/** `POST gemini-live/session/<id>`: what the node's button does with push to talk. Begins to listen; the next press ends it. */
export function serveTalkButton(RED: Red, find: (id: string) => Conversation | undefined): void {
  RED.httpAdmin.post(
    '/gemini-live/session/:id',
    RED.auth.needsPermission('gemini-live.write'),
    (request, response) => {
      const id = String(request.params.id);
      const node = RED.nodes.getNode(id);
      if (node?.type !== 'gemini-live-session') {
        response.sendStatus(404);
        return;
      }
      const held = find(id)?.session?.inActivity === true;
      // Through the input, so that a failure is reported as for any other message.
      node.receive({ action: held ? 'activity-end' : 'activity-start' });
      response.sendStatus(200);
    },
  );
}

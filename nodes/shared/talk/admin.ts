import { asError } from '../errors';
import { TalkService } from '../talk';
import type { Red } from '../types';

const served = new WeakSet<object>();

/**
 * What the dialogs ask about talk pages: `GET gemini-live/talk` → `{admin, path, pin?}` or `{problem}`. Both paths are as this
 * server sees them: by that of the editor a browser finds out what a reverse proxy has put before the other.
 */
export function serveTalk(RED: Red): void {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  RED.httpAdmin.get(
    '/gemini-live/talk',
    RED.auth.needsPermission('gemini-live.read'),
    (_request, response) => {
      try {
        const { httpAdminRoot } = RED.settings as { httpAdminRoot?: string };
        const { path, pin } = TalkService.of(RED);
        response.json({ admin: httpAdminRoot ?? '/', path, ...(pin && { pin }) });
      } catch (error) {
        response.json({ problem: asError(error).message });
      }
    },
  );
}

import { listCameras, listScreens } from '../../src/media';
import { ffmpegState } from '../shared/admin';
import { asError } from '../shared/errors';
import type { Red } from '../shared/types';

/** What the button of a node starts and stops. */
interface Watcher {
  readonly active: boolean;
  stop(code: 'CANCELLED'): void;
}

/**
 * What the dialog and the button of the node ask for:
 *
 * - `GET gemini-live/video-devices?kind=screens|cameras&display=:0` → `{devices: [{id, name}], ffmpeg?, problem?}`
 * - `POST gemini-live/video-in/<id>`: starts it, or stops it when it runs
 */
export function serveVideo(RED: Red, find: (id: string) => Watcher | undefined): void {
  RED.httpAdmin.get(
    '/gemini-live/video-devices',
    RED.auth.needsPermission('gemini-live.read'),
    ({ query }, response) => {
      const display = typeof query.display === 'string' && query.display ? query.display : undefined;
      const devices = query.kind === 'cameras' ? listCameras() : listScreens({ ...(display && { display }) });
      Promise.all([devices, ffmpegState()]).then(
        ([list, ffmpeg]) => response.json({ devices: list.map(({ id, name }) => ({ id, name })), ...ffmpeg }),
        (error: unknown) => response.status(500).json({ problem: asError(error).message }),
      );
    },
  );
  RED.httpAdmin.post(
    '/gemini-live/video-in/:id',
    RED.auth.needsPermission('gemini-live.write'),
    (request, response) => {
      const id = String(request.params.id);
      const videoIn = find(id);
      if (!videoIn) {
        response.sendStatus(404);
        return;
      }
      if (videoIn.active) videoIn.stop('CANCELLED');
      // Through the input, so that a failure is reported as for any other message.
      else RED.nodes.getNode(id)?.receive({});
      response.sendStatus(200);
    },
  );
}

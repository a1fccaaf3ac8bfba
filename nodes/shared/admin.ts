import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Request, Response } from 'express';
import { listAudioDevices, resolveFfmpeg } from '../../src/media';
import { asError } from './errors';
import type { Red } from './types';

/** Who may read these: the same users who may read flows. */
const PERMISSION = 'gemini-live.read';

/** Recordings that come with the package; see `sample:<name>` of audio-in. */
export const SAMPLES = path.join(__dirname, '..', 'audio-in', 'samples');

const served = new WeakSet<object>();

/**
 * What the dialogs ask for. Several nodes need it, so whichever is loaded first adds it:
 *
 * - `GET gemini-live/devices?direction=capture|playback` → `{devices: [{id, name, backend, default, echoCancelled?, canceller?}], ffmpeg?, problem?}`
 * - `GET gemini-live/samples` → `["name", …]`
 */
export function serveDialogs(RED: Red): void {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  const allowed = RED.auth.needsPermission(PERMISSION);
  const answer =
    (work: (request: Request) => Promise<unknown>) =>
    (request: Request, response: Response): void => {
      work(request).then(
        (result) => response.json(result),
        (error: unknown) => response.status(500).json({ problem: asError(error).message }),
      );
    };
  RED.httpAdmin.get(
    '/gemini-live/devices',
    allowed,
    answer(async ({ query }) => {
      const direction = query.direction === 'playback' ? 'playback' : 'capture';
      const [devices, ffmpeg] = await Promise.all([listAudioDevices({ direction }), ffmpegState()]);
      return { devices, ...ffmpeg };
    }),
  );
  RED.httpAdmin.get('/gemini-live/samples', allowed, answer(listSamples));
}

/** Which ffmpeg there is, or why none can be used; for a dialog. Never rejects. */
export async function ffmpegState(): Promise<{ ffmpeg: string } | { problem: string }> {
  try {
    const { source, version } = await resolveFfmpeg();
    return { ffmpeg: `${version} (${source})` };
  } catch (error) {
    return { problem: asError(error).message };
  }
}

/** Names of the recordings, without the ending. */
export async function listSamples(): Promise<string[]> {
  const files = await readdir(SAMPLES).catch(() => []);
  return files
    .filter((file) => !/\.(md|txt|json)$/i.test(file))
    .map((file) => path.parse(file).name)
    .sort();
}

/** Path of a recording by its name; undefined when there is none of that name. */
export async function samplePath(name: string): Promise<string | undefined> {
  const files = await readdir(SAMPLES).catch(() => []);
  const file = files.find(
    (candidate) => path.parse(candidate).name === name && !/\.(md|txt|json)$/i.test(candidate),
  );
  return file && path.join(SAMPLES, file);
}

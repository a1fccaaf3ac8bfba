import path from 'node:path';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MediaError } from '../../src/media';
import { listSamples, samplePath } from '../shared/admin';
import { NodeError } from '../shared/errors';

/** Where a file field points to, as `openAudioInput` wants it. */
export type FileSource = { file: string } | { url: string };

/**
 * Reads a file field: `sample:<name>` (a recording of this package), a URL, or a path, relative to the user directory.
 *
 * @throws NodeError `BAD_CONFIG` when it is empty; MediaError `NOT_FOUND` when there is no such file or recording
 */
export async function locate(text: string, userDir: string): Promise<FileSource> {
  const name = text.trim();
  if (!name) {
    throw new NodeError(
      'BAD_CONFIG',
      'No file is given. Enter a path, a URL or "sample:" and a recording in the dialog, or set msg.filename.',
    );
  }
  if (name.startsWith('sample:')) {
    const file = await samplePath(name.slice('sample:'.length));
    if (file) return { file };
    const there = (await listSamples()).join(', ');
    throw new MediaError('NOT_FOUND', `There is no recording "${name}". There are: ${there || 'none'}.`);
  }
  if (name.startsWith('file://')) return existing(fileURLToPath(name));
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name)) return { url: name };
  return existing(path.resolve(userDir, name));
}

async function existing(file: string): Promise<FileSource> {
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (info instanceof Error) {
    if (info.code === 'ENOENT' || info.code === 'ENOTDIR') {
      throw new MediaError(
        'NOT_FOUND',
        `There is no file ${file}. Check the name; a relative one starts at the Node-RED user directory.`,
      );
    }
    throw new MediaError('READ_FAILED', `${file} cannot be read (${info.code}). Check its permissions.`, {
      cause: info,
    });
  }
  if (!info.isFile())
    throw new MediaError('BAD_INPUT', `${file} is not a file. Give the path of an audio file.`);
  return { file };
}

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MediaError, type MediaHandle } from '../../src/media';
import { describe, NodeError } from '../shared/errors';
import { mediaOf } from '../shared/payload';
import type { Message } from '../shared/types';

/** Largest file that is read, bytes. */
const MAX_FILE = 64 * 1024 * 1024;

/**
 * Finds the picture in a message: a Buffer, a stream of pictures, a `data:` URL or the path of a file.
 *
 * @throws NodeError `BAD_PAYLOAD`; MediaError `NOT_FOUND`, `READ_FAILED`, `BAD_INPUT`
 */
export async function pictureOf(msg: Message, userDir: string): Promise<Buffer | MediaHandle> {
  const { payload } = msg;
  if (typeof payload === 'string' && payload.trim() !== '') return fromText(payload.trim(), userDir);
  const arrived = mediaOf(msg);
  if (arrived?.kind === 'buffer') return arrived.buffer;
  if (arrived?.kind === 'handle' && arrived.handle.format.mime.startsWith('image/')) return arrived.handle;
  const got = arrived?.kind === 'handle' ? `a stream of ${arrived.handle.format.mime}` : describe(payload);
  throw new NodeError(
    'BAD_PAYLOAD',
    `video-in cannot use ${got}. Send a picture as a Buffer, as a data: URL, as the path of a file, or the stream of another video-in node.`,
  );
}

async function fromText(text: string, userDir: string): Promise<Buffer> {
  const [, base64, data] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(text) ?? [];
  if (data !== undefined) return base64 ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text) && !text.startsWith('file://')) {
    throw new NodeError(
      'BAD_PAYLOAD',
      'A picture at an address is fetched by the source "network camera", with the address in msg.url.',
    );
  }
  return fromFile(text.startsWith('file://') ? fileURLToPath(text) : path.resolve(userDir, text));
}

async function fromFile(file: string): Promise<Buffer> {
  try {
    const info = await stat(file);
    if (!info.isFile() || info.size === 0 || info.size > MAX_FILE)
      throw new MediaError('BAD_INPUT', `${file} is no picture: it is no file, empty, or larger than 64 MB.`);
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof MediaError) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new MediaError(
        'NOT_FOUND',
        `There is no file ${file}. Check the name; a relative one starts at the Node-RED user directory.`,
      );
    throw new MediaError('READ_FAILED', `${file} cannot be read (${code}). Check its permissions.`);
  }
}

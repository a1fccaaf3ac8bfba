import { createHash } from 'node:crypto';
import { jpegSize } from '../media/video/jpeg';
import type { SeenPicture } from './parts';

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Width and height follow the signature and the head of the first block. */
const PNG_SIZE = 16;

/**
 * What can be told of a picture without looking at it: nobody here sees. The same bytes are the same picture.
 *
 * @param mimeType as the client has declared it
 */
export function seenPicture(mimeType: string, picture: Buffer): SeenPicture {
  return {
    mimeType,
    bytes: picture.length,
    digest: createHash('sha256').update(picture).digest('base64'),
    ...sizeOf(picture),
  };
}

function sizeOf(picture: Buffer): { width: number; height: number } | undefined {
  if (JPEG.equals(picture.subarray(0, JPEG.length))) return jpegSize(picture);
  if (!PNG.equals(picture.subarray(0, PNG.length)) || picture.length < PNG_SIZE + 8) return undefined;
  return { width: picture.readUInt32BE(PNG_SIZE), height: picture.readUInt32BE(PNG_SIZE + 4) };
}

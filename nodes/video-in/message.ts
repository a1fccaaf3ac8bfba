import type { Picture } from '../../src/media';
import type { Message } from '../shared/types';

/** What becomes of a picture in a message, beside its bytes. */
export type Shown = Omit<Picture, 'jpeg'>;

/** One picture as the message goes on with it. */
export function withPicture(
  msg: Message,
  jpeg: Buffer,
  { at, width, height, sequence }: Shown,
): Message & { picture: Shown } {
  delete msg.action;
  msg.payload = jpeg;
  msg.format = { mime: 'image/jpeg' };
  return Object.assign(msg, { picture: { at, width, height, sequence } });
}

import type { MindInput, Reply, SeenPicture } from '../parts';

const NEW = 'A new picture has come. It is a {picture}.';
const BLIND = 'I am only rules and cannot see it.';

/** Every answer from here; the shipped voice must be able to say them. */
export const SIGHT_ANSWERS: readonly string[] = [NEW, BLIND, 'nothing'];

/** Digest of the picture that was last told about, in the memory of the conversation. */
const TOLD = 'told picture';

/** A request is about pictures only if it says so: other texts may hold quotations as well. */
const ABOUT_PICTURES = /\b(?:pictures?|images?|frames?|video|camera|screen|see|seen|look)\b/i;
/** "answer only with <nothing>", 'say "no change"'; not far apart, or a long text that says "say" again and again takes minutes. */
const OTHERWISE =
  /\b(?:answer|reply|respond|say)\b[^\n<"“]{0,80}(?:(<[^<>\n]{1,60}>)|["“]([^"“”\n]{1,60})["”])/gi;

/** The words that are asked for when pictures show nothing new; nothing when it is not asked for that. */
export function nothingNew(text: string): string | undefined {
  if (!ABOUT_PICTURES.test(text)) return undefined;
  const last = [...text.matchAll(OTHERWISE)].at(-1);
  return last && (last[1] ?? last[2]);
}

/** A picture in words: `JPEG picture of 1280 by 720 pixels`. */
export function pictureWords({ mimeType, width, height }: SeenPicture): string {
  const format = /^image\/(\w+)/.exec(mimeType)?.[1]?.toUpperCase() ?? '';
  const kind = `${format} picture`.trim();
  return width === undefined || height === undefined ? kind : `${kind} of ${width} by ${height} pixels`;
}

/**
 * Answers a request to remark on what is new to be seen. New is a picture that differs from the last one that was told about;
 * what is on it nobody here knows.
 *
 * @returns nothing when the text is no such request
 */
export function remark({ text, picture, memory }: MindInput): Reply | undefined {
  const nothing = nothingNew(text);
  if (nothing === undefined) return undefined;
  if (!picture || memory.get(TOLD) === picture.digest) return { say: nothing };
  return { say: `${NEW.replace('{picture}', pictureWords(picture))} ${BLIND}` };
}

/** Remembers which picture an answer has told about. */
export function noteTold({ say }: Reply, { picture, memory }: MindInput): void {
  if (picture && say.includes(pictureWords(picture))) memory.set(TOLD, picture.digest);
}

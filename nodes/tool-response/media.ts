import type { FunctionResponsePart } from '../../src/protocol';
import { toolAnswer } from '../../src/live';
import { isMediaHandle, isPcm, pcmDurationMs, wavHeader, type MediaHandle } from '../../src/media';
import { describe, NodeError } from '../shared/errors';

/** Longest wait for a picture of a camera (ms). */
const PICTURE_MS = 10_000;
/** Longest sound that goes into one answer (ms). */
const SOUND_MS = 60_000;

/**
 * `msg.media` as parts of an answer: a Buffer, `{data, mimeType}`, a stream, or a list of them.
 *
 * @throws NodeError (as rejection) `BAD_PAYLOAD`
 */
export async function partsOf(media: unknown): Promise<FunctionResponsePart[]> {
  if (media === undefined || media === null || media === '') return [];
  const list: unknown[] = Array.isArray(media) ? media : [media];
  return Promise.all(list.map(partOf));
}

/** The same of one of them. @throws NodeError (as rejection) `BAD_PAYLOAD` */
export async function partOf(value: unknown): Promise<FunctionResponsePart> {
  if (isMediaHandle(value)) return recognised(await bytesOf(value));
  const { data, mimeType } = (value ?? {}) as { data?: unknown; mimeType?: unknown };
  const bytes = Buffer.isBuffer(value) ? value : data;
  if (Buffer.isBuffer(bytes) && bytes.length > 0) {
    if (typeof mimeType !== 'string' || !mimeType) return recognised(bytes);
    return { inlineData: { mimeType, data: bytes.toString('base64') } };
  }
  throw new NodeError(
    'BAD_PAYLOAD',
    `msg.media holds what goes with the answer: a Buffer, {data: Buffer, mimeType: "image/jpeg"}, a stream, or a list of them. It has ${describe(value)}.`,
  );
}

/** A part whose first bytes tell what it is. */
function recognised(bytes: Buffer): FunctionResponsePart {
  const part = toolAnswer(bytes).parts?.[0];
  if (part) return part;
  throw new NodeError(
    'BAD_PAYLOAD',
    `msg.media has ${describe(bytes)} in no format that is recognised. Say what it is: {data: msg.payload, mimeType: "image/jpeg"}.`,
  );
}

/** One picture of a stream of pictures, or all of a sound that ends. */
async function bytesOf(handle: MediaHandle): Promise<Buffer> {
  const { mime } = handle.format;
  if (mime.startsWith('image/')) {
    const [picture] = await read(handle, () => true, PICTURE_MS);
    if (picture) return picture;
    throw new NodeError('BAD_PAYLOAD', `The stream of ${mime} ended without a picture. Check its camera.`);
  }
  if (handle.policy === 'drop-oldest') {
    throw new NodeError(
      'BAD_PAYLOAD',
      'The stream is live and never ends, so it cannot go into an answer. Send a recording, or a picture.',
    );
  }
  const chunks = await read(
    handle,
    (bytes) => isPcm(handle.format) && pcmDurationMs(handle.format, bytes) > SOUND_MS,
    SOUND_MS,
  );
  const sound = Buffer.concat(chunks);
  return isPcm(handle.format) ? Buffer.concat([wavHeader(handle.format, sound.length), sound]) : sound;
}

/** Reads until it is enough, or it ends. @throws NodeError (as rejection) `BAD_PAYLOAD` when it takes too long */
async function read(handle: MediaHandle, enough: (bytes: number) => boolean, ms: number): Promise<Buffer[]> {
  const reader = handle.open();
  const chunks: Buffer[] = [];
  const late = new NodeError(
    'BAD_PAYLOAD',
    `The stream in the answer brought too little within ${ms / 1000} s. Check where it comes from.`,
  );
  const timer = setTimeout(() => void reader.destroy(late), ms);
  try {
    let bytes = 0;
    for await (const chunk of reader as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (enough(bytes)) break;
    }
    return chunks;
  } finally {
    clearTimeout(timer);
    reader.destroy();
  }
}

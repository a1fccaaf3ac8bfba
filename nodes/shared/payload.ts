import { Readable } from 'node:stream';
import {
  checkFormat,
  isMediaDescription,
  isMediaHandle,
  isPcm,
  looksLikeJpeg,
  openAudioInput,
  parseMime,
  type MediaFormat,
  type MediaHandle,
} from '../../src/media';
import { describe, NodeError } from './errors';
import type { Message } from './types';

/** Media as it may arrive in `msg.payload`. */
export type Arrived =
  | { kind: 'handle'; handle: MediaHandle }
  | { kind: 'stream'; stream: Readable; format: MediaFormat | undefined }
  | { kind: 'buffer'; buffer: Buffer; format: MediaFormat | undefined };

/**
 * Recognises media in a message.
 *
 * @returns undefined when the payload is something else
 * @throws NodeError `BAD_PAYLOAD` for media that cannot be used as it is; MediaError `UNSUPPORTED_FORMAT` for a bad `msg.format`
 */
export function mediaOf(msg: Message): Arrived | undefined {
  const { payload } = msg;
  if (isMediaHandle(payload)) return { kind: 'handle', handle: payload };
  if (isMediaDescription(payload)) {
    throw new NodeError(
      'BAD_PAYLOAD',
      'The payload is only the description that JSON leaves of a media stream. To carry media over MQTT, files or any other text, use a to-messages node before and a from-messages node after it.',
    );
  }
  if (Buffer.isBuffer(payload)) {
    if (payload.length === 0)
      throw new NodeError('BAD_PAYLOAD', 'The payload is an empty Buffer: there is nothing in it.');
    return { kind: 'buffer', buffer: payload, format: formatOf(msg) };
  }
  if (payload instanceof Readable) {
    if (payload.destroyed || payload.readableEnded) {
      throw new NodeError(
        'BAD_PAYLOAD',
        'The stream in the payload was read to its end or closed before. A raw stream works for one wire only: use an audio-in node to share it.',
      );
    }
    return { kind: 'stream', stream: payload, format: formatOf(msg) };
  }
  return undefined;
}

/** `msg.format` as an object `{mime, rate, channels}` or as text like `audio/pcm;rate=16000`. */
export function formatOf({ format }: Message): MediaFormat | undefined {
  if (format === undefined || format === null || format === '') return undefined;
  return checkFormat(typeof format === 'string' ? parseMime(format) : format);
}

/** Whether what arrived is one JPEG image or a stream of them. */
export function isImage(arrived: Arrived): boolean {
  if (arrived.kind === 'handle') return arrived.handle.format.mime.startsWith('image/');
  if (arrived.format) return arrived.format.mime.startsWith('image/');
  return arrived.kind === 'buffer' && looksLikeJpeg(arrived.buffer);
}

/** How audio is to be; see {@link pcmOf}. */
export interface PcmOptions {
  output: Required<MediaFormat>;
  signal?: AbortSignal;
}

/** Audio in PCM of one rate. */
export interface Pcm {
  handle: MediaHandle;
  /** True when the handle was made here: then nobody else reports its failure. */
  made: boolean;
}

/**
 * Gives audio that arrived as 16 bit PCM of the wanted rate, through a decoder where it is something else.
 *
 * @throws NodeError `BAD_PAYLOAD` when a Buffer has no format and does not begin like a file that names its own
 */
export function pcmOf(arrived: Arrived, { output, signal }: PcmOptions): Pcm {
  if (arrived.kind === 'handle') {
    const { handle } = arrived;
    if (sameFormat(handle.format, output)) return { handle, made: false };
    if (handle.format.mime.startsWith('image/')) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `The payload is a stream of ${handle.format.mime}, and this needs audio.`,
      );
    }
    const source = { stream: handle.open() };
    return {
      handle: openAudioInput({
        source,
        format: handle.format,
        output,
        realtime: false,
        signal,
        meta: handle.meta,
      }),
      made: true,
    };
  }
  const source = arrived.kind === 'buffer' ? { buffer: arrived.buffer } : { stream: arrived.stream };
  const { format } = arrived;
  if (arrived.kind === 'buffer' && !format && !namesItself(arrived.buffer)) {
    throw new NodeError(
      'BAD_PAYLOAD',
      `The payload is ${describe(arrived.buffer)} and nothing says what they are. Set msg.format, e.g. {mime: "audio/pcm", rate: 16000, channels: 1}.`,
    );
  }
  if (format && !format.mime.startsWith('audio/') && !format.mime.startsWith('video/')) {
    throw new NodeError('BAD_PAYLOAD', `msg.format says ${format.mime}, and this needs audio.`);
  }
  return { handle: openAudioInput({ source, format, output, realtime: false, signal }), made: true };
}

function sameFormat(format: MediaFormat, wanted: Required<MediaFormat>): boolean {
  return isPcm(format) && format.rate === wanted.rate && (format.channels ?? 1) === wanted.channels;
}

/** First bytes of the audio files that people have: WAV, Ogg, FLAC, AIFF, MP3 with tags, Core Audio, AMR. */
const HEADS = ['RIFF', 'OggS', 'fLaC', 'FORM', 'ID3', 'caff', '#!AMR'];
/** First bytes of Matroska and WebM. */
const MATROSKA = 0x1a45dfa3;

/** Whether the bytes begin like a file whose format a decoder finds out by itself. */
function namesItself(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, 8);
  if (HEADS.some((magic) => head.startsWith(magic)) || head.slice(4) === 'ftyp') return true;
  if (bytes.length > 3 && bytes.readUInt32BE(0) === MATROSKA) return true;
  // A bare MPEG frame: eleven set bits, then a layer other than the reserved one.
  return bytes.length > 2 && bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0 && (bytes[1]! & 0x06) !== 0;
}

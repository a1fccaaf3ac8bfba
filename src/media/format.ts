import { MediaError } from './errors';

/** What the bytes of a stream are. PCM is always signed 16 bit, little endian, channels interleaved. */
export interface MediaFormat {
  /** MIME type without parameters, in lower case: `audio/pcm`, `audio/mpeg`, `image/jpeg`, … */
  readonly mime: string;
  /** Samples per second (Hz). */
  readonly rate?: number;
  /** Number of channels. */
  readonly channels?: number;
}

/** What the Live API takes: 16 kHz mono PCM16. */
export const PCM_16K: Readonly<Required<MediaFormat>> = Object.freeze({
  mime: 'audio/pcm',
  rate: 16000,
  channels: 1,
});

/** What the Live API sends: 24 kHz mono PCM16. */
export const PCM_24K: Readonly<Required<MediaFormat>> = Object.freeze({
  mime: 'audio/pcm',
  rate: 24000,
  channels: 1,
});

/** Bytes of one PCM sample of one channel. */
export const SAMPLE_BYTES = 2;

/** 256 kbit/s: more than compressed audio of any use here has, so bounding queues by it errs on the small side. */
const COMPRESSED_BYTES_PER_MS = 32;

/** Whether the format is raw PCM16. */
export function isPcm(format: MediaFormat): boolean {
  return format.mime === 'audio/pcm';
}

/** Whether the format is JPEG images, one per chunk. */
export function isJpeg(format: MediaFormat): boolean {
  return format.mime === 'image/jpeg' || format.mime === 'image/jpg';
}

/** Whether the bytes begin like a JPEG image (SOI marker followed by another marker). */
export function looksLikeJpeg(bytes: Uint8Array): boolean {
  return bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Bytes that belong together: one sample of every channel for PCM, 1 for anything else. */
export function blockAlign(format: MediaFormat): number {
  return isPcm(format) ? SAMPLE_BYTES * (format.channels ?? 1) : 1;
}

/** Bytes per millisecond; for anything but PCM an upper bound that only serves to bound queues. */
export function bytesPerMs(format: MediaFormat): number {
  if (!isPcm(format)) return COMPRESSED_BYTES_PER_MS;
  return (blockAlign(format) * (format.rate ?? PCM_16K.rate)) / 1000;
}

/** Duration in ms of that many PCM bytes; 0 for other formats, whose duration only a decoder knows. */
export function pcmDurationMs(format: MediaFormat, bytes: number): number {
  return isPcm(format) ? bytes / bytesPerMs(format) : 0;
}

/**
 * Reads a MIME type with parameters, as it stands in Live API messages: `audio/pcm;rate=24000` → `{mime, rate}`.
 *
 * @throws MediaError `UNSUPPORTED_FORMAT` when the text is no MIME type, or rate or channels are no positive integers
 */
export function parseMime(text: string): MediaFormat {
  const [type = '', ...parameters] = String(text).split(';');
  const mime = type.trim().toLowerCase();
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(mime)) {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      `"${text}" is not a MIME type. Use something like "audio/pcm;rate=16000".`,
    );
  }
  const numbers: { rate?: number; channels?: number } = {};
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim().toLowerCase());
    if (name !== 'rate' && name !== 'channels') continue;
    numbers[name] = positiveInteger(value.replace(/^"(.*)"$/, '$1'), `${name} of "${text}"`);
  }
  return { mime, ...numbers };
}

/** The opposite of {@link parseMime}; one channel is the default and not written: `audio/pcm;rate=16000`. */
export function formatMime(format: MediaFormat): string {
  const rate = format.rate === undefined ? '' : `;rate=${format.rate}`;
  const channels =
    format.channels === undefined || format.channels === 1 ? '' : `;channels=${format.channels}`;
  return `${format.mime}${rate}${channels}`;
}

/**
 * Checks a format that came from outside and completes it: mono where PCM names no channels.
 *
 * @throws MediaError `UNSUPPORTED_FORMAT` when `mime` is missing, PCM has no rate, or a number makes no sense
 */
export function checkFormat(format: MediaFormat): MediaFormat {
  if (
    format === null ||
    typeof format !== 'object' ||
    typeof format.mime !== 'string' ||
    format.mime === ''
  ) {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      'The media format has no MIME type. Give e.g. {mime: "audio/pcm", rate: 16000, channels: 1}.',
    );
  }
  const given = parseMime(format.mime);
  const rate = format.rate ?? given.rate;
  const channels = format.channels ?? given.channels;
  if (rate !== undefined) positiveInteger(rate, 'sample rate');
  if (channels !== undefined) positiveInteger(channels, 'number of channels');
  if (!isPcm(given)) {
    return { mime: given.mime, ...(rate && { rate }), ...(channels && { channels }) };
  }
  if (rate === undefined) {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      'PCM audio needs a sample rate. Give e.g. {mime: "audio/pcm", rate: 16000}.',
    );
  }
  return { mime: given.mime, rate, channels: channels ?? 1 };
}

function positiveInteger(value: unknown, what: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && value !== '') return number;
  throw new MediaError(
    'UNSUPPORTED_FORMAT',
    `The ${what} must be a positive whole number, got "${String(value)}".`,
  );
}

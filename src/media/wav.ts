import { MediaError } from './errors';
import { blockAlign, checkFormat, isPcm, SAMPLE_BYTES, type MediaFormat } from './format';

/** Bytes of the header that {@link wavHeader} makes. */
export const WAV_HEADER_BYTES = 44;

/** Chunk length that says "until the end of the file"; ffmpeg writes it where it cannot seek back. */
const UNKNOWN = 0xffffffff;
const TAG_PCM = 1;
const TAG_EXTENSIBLE = 0xfffe;

/** What the chunks before the samples say. */
export interface WavHeader {
  /** Format of the samples if they are PCM16; other encodings are left to ffmpeg. */
  format: MediaFormat | undefined;
  /** The encoding in words, for messages. */
  encoding: string;
  /** Where the samples begin (bytes). */
  dataOffset: number;
  /** How many bytes of samples the header promises; `Infinity` when it says "until the end". */
  dataBytes: number;
}

/** Whether the bytes begin like a WAV file. */
export function looksLikeWav(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  return head.startsWith('RIFF') && head.endsWith('WAVE') && head.length === 12;
}

/**
 * Header of a PCM16 WAV file, 44 bytes.
 *
 * @param dataBytes bytes of samples that follow; what does not fit into 32 bits (also `Infinity`) is written as "until the end"
 * @throws MediaError `UNSUPPORTED_FORMAT` when the format is not PCM with a sample rate
 */
export function wavHeader(format: MediaFormat, dataBytes: number): Buffer {
  const { rate = 0, channels = 1, mime } = checkFormat(format);
  if (!isPcm({ mime }))
    throw new MediaError('UNSUPPORTED_FORMAT', `A WAV file is made of PCM, not of ${mime}.`);
  const align = SAMPLE_BYTES * channels;
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  const fits = dataBytes <= UNKNOWN - WAV_HEADER_BYTES;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(fits ? dataBytes + WAV_HEADER_BYTES - 8 : UNKNOWN, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(TAG_PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * align, 28);
  header.writeUInt16LE(align, 32);
  header.writeUInt16LE(8 * SAMPLE_BYTES, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(fits ? dataBytes : UNKNOWN, 40);
  return header;
}

/**
 * Reads the chunks up to the samples, whatever stands between (`LIST`, `bext`, …; chunks of odd length are padded).
 *
 * @returns undefined when the samples begin behind the bytes given
 * @throws MediaError `BAD_INPUT` when this is no WAV file or its format chunk is missing or damaged
 */
export function readWavHeader(bytes: Buffer): WavHeader | undefined {
  if (!looksLikeWav(bytes))
    throw new MediaError(
      'BAD_INPUT',
      'This is no WAV file: it does not begin with RIFF/WAVE. Give one, or its bytes from the start.',
    );
  let fmt: Buffer | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'data') return describe(fmt, body, samplesIn(size, bytes.readUInt32LE(4), body));
    if (name === 'fmt ') {
      if (body + size > bytes.length) return undefined;
      fmt = bytes.subarray(body, body + size);
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

/** A recorder that was cut off leaves the sizes of its empty file: then the file's end is the samples' end. */
function samplesIn(size: number, riffSize: number, dataOffset: number): number {
  const neverPatched = size === 0 && (riffSize === UNKNOWN || riffSize + 8 <= dataOffset);
  return size === UNKNOWN || neverPatched ? Infinity : size;
}

function describe(fmt: Buffer | undefined, dataOffset: number, dataBytes: number): WavHeader {
  if (!fmt || fmt.length < 16) {
    throw new MediaError(
      'BAD_INPUT',
      'The WAV file is damaged: its format chunk is missing or too short. Record or export it again.',
    );
  }
  const channels = fmt.readUInt16LE(2);
  const rate = fmt.readUInt32LE(4);
  const bits = fmt.readUInt16LE(14);
  let tag = fmt.readUInt16LE(0);
  // WAVE_FORMAT_EXTENSIBLE keeps the real tag in the first two bytes of its sub-format GUID.
  if (tag === TAG_EXTENSIBLE && fmt.length >= 26) tag = fmt.readUInt16LE(24);
  if (channels === 0 || rate === 0) {
    throw new MediaError(
      'BAD_INPUT',
      `The WAV file is damaged: it claims ${channels} channels at ${rate} Hz. Record or export it again.`,
    );
  }
  const pcm16 = tag === TAG_PCM && bits === 8 * SAMPLE_BYTES;
  return {
    format: pcm16 ? { mime: 'audio/pcm', rate, channels } : undefined,
    encoding: tag === TAG_PCM ? `PCM with ${bits} bits` : `encoding 0x${tag.toString(16)} with ${bits} bits`,
    dataOffset,
    dataBytes,
  };
}

/**
 * Takes a WAV file apart. A file that ends early gives the whole samples it has.
 *
 * @throws MediaError `BAD_INPUT` when it is no WAV file or damaged, `UNSUPPORTED_FORMAT` when its samples are not PCM16
 */
export function parseWav(file: Buffer): { format: MediaFormat; data: Buffer } {
  const header = readWavHeader(file);
  if (!header)
    throw new MediaError(
      'BAD_INPUT',
      'The WAV file is damaged: there are no samples in it. Record or export it again.',
    );
  if (!header.format) {
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      `The WAV file holds ${header.encoding}; only PCM with 16 bits is read directly. Let openAudioInput() convert it.`,
    );
  }
  const bytes = Math.min(header.dataBytes, file.length - header.dataOffset);
  const whole = bytes - (bytes % blockAlign(header.format));
  return { format: header.format, data: file.subarray(header.dataOffset, header.dataOffset + whole) };
}

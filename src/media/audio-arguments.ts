import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { MediaError, redact } from './errors';
import { checkFormat, isPcm, PCM_16K, type MediaFormat } from './format';

/** Where audio comes from. A stream is used up by it, and destroyed when the audio is no longer wanted. */
export type AudioSource = { file: string } | { url: string } | { buffer: Buffer } | { stream: Readable };

/** A source whose shape is right; whether there is anything to read shows later. */
export interface CheckedSource {
  source: AudioSource;
  /** What messages call it; credentials are gone. */
  name: string;
}

const SCHEMES = ['http:', 'https:', 'rtsp:', 'rtsps:'];

/** @throws MediaError `BAD_INPUT` when it is none of the four kinds, or a URL of a kind that carries no audio */
export function checkSource(source: AudioSource): CheckedSource {
  if (typeof source === 'object' && source !== null) {
    if ('file' in source && typeof source.file === 'string' && source.file.trim() !== '') {
      return { source, name: `"${source.file}"` };
    }
    if ('url' in source && typeof source.url === 'string') return checkUrl(source.url);
    if ('buffer' in source && source.buffer instanceof Uint8Array) {
      return { source, name: `the Buffer (${source.buffer.length} bytes)` };
    }
    if ('stream' in source && typeof (source.stream as Readable | undefined)?.pipe === 'function') {
      return { source, name: 'the stream' };
    }
  }
  throw new MediaError(
    'BAD_INPUT',
    'There is no audio source. Give one of {file: "path"}, {url: "https://…"}, {buffer: Buffer} or {stream: Readable}.',
  );
}

function checkUrl(text: string): CheckedSource {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'file:') {
    const file = fileURLToPath(url);
    return { source: { file }, name: `"${file}"` };
  }
  if (url && SCHEMES.includes(url.protocol)) return { source: { url: text }, name: redact(text) };
  throw new MediaError(
    'BAD_INPUT',
    `"${redact(text)}" is not an address that audio can come from. Use one that begins with ${SCHEMES.join('//, ')}//.`,
  );
}

/** @throws MediaError `UNSUPPORTED_FORMAT` when it is not PCM */
export function checkOutput(format: MediaFormat): Required<MediaFormat> {
  const { mime, rate = PCM_16K.rate, channels = 1 } = checkFormat(format);
  if (isPcm({ mime })) return { mime, rate, channels };
  throw new MediaError(
    'UNSUPPORTED_FORMAT',
    `Audio is opened as audio/pcm, not as ${mime}. Use writeAudioFile() for files.`,
  );
}

/** @throws MediaError `UNSUPPORTED_FORMAT` when it is certainly no audio */
export function checkInput(format: MediaFormat): MediaFormat {
  const checked = checkFormat(format);
  if (!/^(image|text)\//.test(checked.mime)) return checked;
  throw new MediaError(
    'UNSUPPORTED_FORMAT',
    `${checked.mime} is no audio. Send audio, or images to a video input.`,
  );
}

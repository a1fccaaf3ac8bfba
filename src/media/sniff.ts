import { looksLikeJpeg } from './format';
import { looksLikeWav, readWavHeader, type WavHeader } from './wav';

/** What the first bytes of a file or stream turned out to be. */
export type Sniffed =
  | { kind: 'wav'; header: WavHeader }
  /** Opus in a container that is decoded without a process. */
  | { kind: 'opus'; container: 'webm' | 'ogg' }
  /** MP4 whose index comes after the audio: it cannot be read front to back. */
  | { kind: 'mp4-index-last' }
  | { kind: 'jpeg' }
  /** ffmpeg's business. */
  | { kind: 'other' };

const OTHER: Sniffed = { kind: 'other' };

/** Bytes that are looked at, at most; what cannot be told by then is ffmpeg's business. */
export const SNIFF_BYTES = 64 * 1024;

/**
 * Tells the container from the first bytes.
 *
 * @param complete no more bytes will come
 * @returns undefined when more bytes are needed
 * @throws MediaError `BAD_INPUT` when a WAV header is damaged
 */
export function sniff(head: Buffer, complete: boolean): Sniffed | undefined {
  const enough = complete || head.length >= SNIFF_BYTES;
  if (head.length < 12) return enough ? OTHER : undefined;
  const found = looksLikeJpeg(head)
    ? ({ kind: 'jpeg' } as const)
    : looksLikeWav(head)
      ? wav(head)
      : head.readUInt32BE(0) === 0x1a45dfa3
        ? webm(head)
        : head.toString('latin1', 0, 4) === 'OggS'
          ? ogg(head)
          : head.toString('latin1', 4, 8) === 'ftyp'
            ? mp4(head)
            : OTHER;
  return found ?? (enough ? OTHER : undefined);
}

function wav(head: Buffer): Sniffed | undefined {
  const header = readWavHeader(head);
  return header && { kind: 'wav', header };
}

/** The codec's name stands in the track's description, before the first audio. A video track in front is ffmpeg's business. */
function webm(head: Buffer): Sniffed | undefined {
  const codec = /[AV]_[A-Z0-9]{3}/.exec(head.toString('latin1'))?.[0];
  if (codec === undefined) return undefined;
  return codec === 'A_OPU' ? { kind: 'opus', container: 'webm' } : OTHER;
}

/**
 * Ogg pages (RFC 3533): 27 bytes, one length byte per segment, segments. The first page must be an Opus header; the second begins
 * the tags. Where those (with a cover image, say) go on over the page's end, prism-media would never come to the audio.
 */
function ogg(head: Buffer): Sniffed | undefined {
  const first = pageEnd(head, 0);
  if (first === undefined) return undefined;
  if (head.indexOf('OpusHead') !== 28) return OTHER;
  if (first + 27 > head.length) return undefined;
  const segments = head[first + 26] as number;
  if (first + 27 + segments > head.length) return undefined;
  return segments > 0 && head[first + 26 + segments] === 255 ? OTHER : { kind: 'opus', container: 'ogg' };
}

function pageEnd(head: Buffer, at: number): number | undefined {
  const segments = head[at + 26];
  if (segments === undefined || at + 27 + segments > head.length) return undefined;
  return head.subarray(at + 27, at + 27 + segments).reduce((end, length) => end + length, at + 27 + segments);
}

/** MP4 boxes (ISO/IEC 14496-12): 4 bytes of size, 4 of type. Whether `moov` (the index) or `mdat` (the audio) comes first. */
function mp4(head: Buffer): Sniffed | undefined {
  for (let at = 0; at + 8 <= head.length;) {
    const size = head.readUInt32BE(at);
    const type = head.toString('latin1', at + 4, at + 8);
    if (type === 'moov') return OTHER;
    if (type === 'mdat' || size < 8) return { kind: 'mp4-index-last' };
    at += size;
  }
  return undefined;
}

import type { LiveClientMessage } from './wire';

/** Writes one client message as the text of a frame. */
export function encode(message: LiveClientMessage): string {
  return JSON.stringify(message);
}

/** A frame that is sent: its text, or the bytes of its text. */
export type SentFrame = string | Buffer;

const ENVELOPES = new Map<number, string>();
const TAIL = '"}}}';

/**
 * The frame of one chunk of PCM16 mono audio as bytes, without building an object for it: fifty of these leave every second. Bytes
 * are cheaper to send than a text, which must be turned into bytes first, and cheaper to keep. Equal to the text of
 * `encode(realtimeInput({ audio: … }))`.
 *
 * @param pcm 16-bit little-endian mono samples.
 * @param rate samples per second (Hz), for the input 16000.
 */
export function encodeAudio(pcm: Buffer, rate: number): Buffer {
  const head = headFor(rate);
  const sound = pcm.toString('base64');
  const frame = Buffer.allocUnsafe(head.length + sound.length + TAIL.length);
  frame.write(head, 'latin1');
  frame.write(sound, head.length, 'latin1');
  frame.write(TAIL, head.length + sound.length, 'latin1');
  return frame;
}

function headFor(rate: number): string {
  let head = ENVELOPES.get(rate);
  if (head === undefined) {
    head = `{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=${rate}","data":"`;
    ENVELOPES.set(rate, head);
  }
  return head;
}

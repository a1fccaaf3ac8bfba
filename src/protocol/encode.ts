import type { LiveClientMessage } from './wire';

/** Writes one client message as the text of a frame. */
export function encode(message: LiveClientMessage): string {
  return JSON.stringify(message);
}

const ENVELOPES = new Map<number, string>();

/**
 * The frame text of one chunk of PCM16 mono audio, without building an object for it: fifty of these leave every
 * second. Equal to `encode(realtimeInput({ audio: … }))`.
 *
 * @param pcm 16-bit little-endian mono samples.
 * @param rate samples per second, for the input 16000.
 */
export function encodeAudio(pcm: Buffer, rate: number): string {
  let head = ENVELOPES.get(rate);
  if (head === undefined) {
    head = `{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=${rate}","data":"`;
    ENVELOPES.set(rate, head);
  }
  return `${head}${pcm.toString('base64')}"}}}`;
}

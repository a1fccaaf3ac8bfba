import { createMedia } from '../../src/media/writer';
import type { MediaWriter } from '../../src/media/writer';
import { PCM_24K } from '../../src/media/format';
import { bytesOf, tone } from './sound';

/** A model turn, 24 kHz, that holds a tone and is still open. */
export function turn(hz: number, ms: number, level?: number): MediaWriter {
  const writer = createMedia({ format: PCM_24K, policy: 'retain', label: `tone of ${hz} Hz` });
  const pcm = bytesOf(tone(hz, ms, PCM_24K.rate, level));
  // In pieces, as they come from a socket; 1000 bytes are not a whole number of 20 ms frames.
  for (let at = 0; at < pcm.length; at += 1000) writer.write(pcm.subarray(at, at + 1000));
  return writer;
}

/** The same, complete. */
export function wholeTurn(hz: number, ms: number, level?: number): MediaWriter {
  const writer = turn(hz, ms, level);
  writer.end();
  return writer;
}

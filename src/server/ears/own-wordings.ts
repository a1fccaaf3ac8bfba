import { speakWithEspeak } from '../voice/espeak';
import { speakWithFlite } from '../voice/flite';
import { toPcm } from '../voice/free';
import { Slices } from '../slices';
import { average } from './average';
import { extract, type Features, type Projection } from './features';

/** Voices that speak what is not shipped; `espeak-ng` is tried first because it is much faster. */
const ESPEAK_VOICES = ['en-us', 'en-us+f2', 'en-gb', 'en-us+klatt2'];
const FLITE_VOICES = ['slt', 'kal16', 'awb', 'rms'];
const RATE = 16000;

/**
 * Templates for the wordings of a user's own scenario, from whatever synthesiser this machine has. They are worse
 * than the shipped ones, which also know recorded speakers.
 *
 * @returns nothing for a wording that no voice here can say
 */
export async function learnWording(text: string, projection: Projection): Promise<Features | undefined> {
  const espeak = await Promise.all(ESPEAK_VOICES.map((voice) => speakWithEspeak(text, voice)));
  const wavs = espeak.some(Boolean) ? espeak : await fliteOneByOne(text);
  const utterances: Features[] = [];
  for (const wav of wavs) {
    const pcm = toPcm(wav, RATE);
    const features = pcm && (await extract(pcm, projection, new Slices()));
    if (features) utterances.push(features);
  }
  return utterances.length ? average(utterances) : undefined;
}

/** One worker at a time: each needs the memory of a whole synthesiser. */
async function fliteOneByOne(text: string): Promise<Array<Buffer | undefined>> {
  const wavs: Array<Buffer | undefined> = [];
  for (const voice of FLITE_VOICES) wavs.push(await speakWithFlite(text, voice));
  return wavs;
}

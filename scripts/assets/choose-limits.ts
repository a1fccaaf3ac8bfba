/**
 * Shows what each limit of the ears would cost: one template voice after the other is left out, the templates are
 * learnt anew from the rest, and the voice that was left out speaks the wordings and {@link VALIDATION_SENTENCES}.
 * The limits in `dtw-ears.ts` were chosen from this table, not from the voices of the hearing test.
 *
 *     npx tsx scripts/assets/choose-limits.ts
 */
import { distance } from '../../src/server/ears/dtw';
import { extract } from '../../src/server/ears/features';
import type { Templates } from '../../src/server/ears/templates';
import { loadScenario } from '../../src/server/scenario';
import { Slices } from '../../src/server/slices';
import { withNoise } from './noise';
import { synthesise, type VoiceName } from './synth';
import { train, type SpokenText } from './train';
import { OTHER_SENTENCES, TEMPLATE_VOICES, VALIDATION_SENTENCES } from './voices';

/** Left out in turn, with every voice that resembles them. */
const FOLDS: ReadonlyArray<{ speak: VoiceName[]; without: (voice: VoiceName) => boolean }> = [
  { speak: ['flite:awb'], without: (voice) => voice === 'flite:awb' },
  { speak: ['flite:kal16'], without: (voice) => voice === 'flite:kal16' },
  { speak: ['flite:slt'], without: (voice) => voice === 'flite:slt' },
  {
    speak: ['espeak-ng:en-us+f2', 'espeak-ng:en-gb', 'espeak-ng:en-us+klatt2'],
    without: (voice) => voice.startsWith('espeak-ng'),
  },
];

interface Trial {
  readonly known: boolean;
  readonly right: boolean;
  readonly score: number;
  readonly lead: number;
}

async function listen(
  templates: Templates,
  wordings: readonly string[],
  pcm: Int16Array,
  said: string,
): Promise<Trial> {
  const heard = await extract(pcm, templates.projection, new Slices());
  const ranked = [...templates.wordings]
    .map(([text, features]) => ({ text, distance: heard ? distance(heard, features) : Infinity }))
    .filter((entry) => Number.isFinite(entry.distance))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked.find(({ text }) => wordings.includes(text))!;
  const rival = ranked.find(({ text }) => text !== best.text)!;
  return {
    known: wordings.includes(said),
    right: best.text === said,
    score: best.distance / ranked[ranked.length >> 1]!.distance,
    lead: 1 - best.distance / rival.distance,
  };
}

async function main(): Promise<void> {
  const scenario = await loadScenario('assistant');
  const wordings = scenario.phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
  const trials: Trial[] = [];
  for (const { speak, without } of FOLDS) {
    const voices = TEMPLATE_VOICES.filter((voice) => !without(voice));
    const spoken: SpokenText[] = [];
    for (const text of [...wordings, ...OTHER_SENTENCES]) {
      spoken.push({
        text,
        recordings: await Promise.all(voices.map((voice) => synthesise(voice, text, 16000))),
      });
    }
    const templates = await train(spoken);
    for (const voice of speak) {
      for (const [seed, text] of [...wordings, ...VALIDATION_SENTENCES].entries()) {
        const pcm = await synthesise(voice, text, 16000);
        const sounds = [pcm, withNoise(pcm, 'white', 20, seed), withNoise(pcm, 'pink', 20, seed)];
        for (const sound of sounds) trials.push(await listen(templates, wordings, sound, text));
      }
    }
  }
  const share = (part: Trial[], of: Trial[]): string => `${((100 * part.length) / of.length).toFixed(1)} %`;
  const known = trials.filter((trial) => trial.known);
  const unknown = trials.filter((trial) => !trial.known);
  console.log('| score | lead | right | wrong | unrelated accepted |\n|---|---|---|---|---|');
  for (const limit of [0.7, 0.74, 0.78, 0.8, 0.82, 0.84, 0.86]) {
    for (const lead of [0, 0.02, 0.04]) {
      const passes = (trial: Trial): boolean => trial.score <= limit && trial.lead >= lead;
      const right = known.filter((trial) => passes(trial) && trial.right);
      const wrong = known.filter((trial) => passes(trial) && !trial.right);
      const row = [
        limit,
        lead,
        share(right, known),
        share(wrong, known),
        share(unknown.filter(passes), unknown),
      ];
      console.log(`| ${row.join(' | ')} |`);
    }
  }
}

void main();

/** The ears of the local Live server: which phrase of the scenario was said? */
import type { Scenario } from '../parts';
import { DtwEars } from './dtw-ears';
import { learnWording } from './own-wordings';
import { shippedTemplates } from './templates';

export { DtwEars, ACCEPTED_SCORE, MARGIN } from './dtw-ears';
export { scriptedEars } from './scripted';

/**
 * Ears for a scenario. The wordings of the shipped one are in the package; others are learnt now, from a speech
 * synthesiser of this machine, which takes about a tenth of a second each.
 */
export async function createEars(
  scenario: Scenario,
  learn: typeof learnWording = learnWording,
): Promise<DtwEars> {
  const { projection, wordings: shipped } = await shippedTemplates();
  const wordings = new Map(shipped);
  const deaf: string[] = [];
  for (const text of scenario.phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])])) {
    if (wordings.has(text)) continue;
    const features = await learn(text, projection);
    if (features) wordings.set(text, features);
    else deaf.push(text);
  }
  return new DtwEars({ projection, wordings }, deaf);
}

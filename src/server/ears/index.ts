/** The ears of the local Live server: which phrase of the scenario was said? */
import type { Ears, Scenario } from '../parts';
import { DtwEars } from './dtw-ears';
import { shippedTemplates } from './templates';

export { DtwEars, ACCEPTED_SCORE, MARGIN } from './dtw-ears';
export { scriptedEars } from './scripted';

/** Ears for a scenario, from the shipped templates. */
export async function createEars(_scenario: Scenario): Promise<Ears> {
  return new DtwEars(await shippedTemplates());
}

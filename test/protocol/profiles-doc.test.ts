import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROFILES, UNKNOWN_PROFILE, type ModelProfile } from '../../src/protocol';

const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => texts.map(code).join(', ') || '–';

/** The line of docs/protocol.md for a family. */
function rowOf(profile: ModelProfile): string {
  const { name, prefixes, thinking, tools, prices } = profile;
  const { style, levels = [], required } = thinking;
  const thoughts = {
    budget: `${code('thinkingBudget')} ${thinking.budget?.min} to ${thinking.budget?.max}`,
    level: `${code('thinkingLevel')} ${levels.join(', ')}${required ? ' (required)' : ''}`,
    none: 'refused',
    any: 'passes',
  }[style];
  const functions = tools.behaviors
    .map((behavior) => (behavior === tools.default ? `**${behavior}**` : behavior))
    .join(', ');
  const field = tools.behaviors.length > 0 && !tools.behaviorField ? ' (no field)' : '';
  const { textIn, audioIn, videoIn, textOut, audioOut } = prices;
  return [
    '',
    name,
    list(prefixes),
    thoughts,
    (functions || 'none') + field,
    prefixes.length === 0 ? 'all' : list(tools.builtIn),
    profile.scheduling ? 'yes' : 'no',
    `${profile.proactive} / ${profile.affective}`,
    `${code(profile.textLane)}, ${profile.contentMidSession ? 'content too' : 'no content'}`,
    profile.seeding,
    profile.contextUpdate ? 'yes' : 'no',
    profile.modalities.join(', '),
    `${textIn} / ${audioIn} / ${videoIn} → ${textOut} / ${audioOut}`,
    '',
  ]
    .join(' | ')
    .trim();
}

describe('docs: the table of models in protocol.md', () => {
  const text = readFileSync(path.resolve(__dirname, '../../docs/protocol.md'), 'utf8');

  for (const profile of [...PROFILES, UNKNOWN_PROFILE]) {
    it(`says of ${profile.name} what src/protocol/profiles says`, () => {
      const row = rowOf(profile);
      assert.ok(text.split('\n').includes(row), `this line is missing:\n${row}`);
    });
  }
});

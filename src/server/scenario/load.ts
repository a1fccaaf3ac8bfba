import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseScenario, ScenarioError } from './format';
import type { RuleScenario } from './rule';

/** Folder of the shipped scenarios, recognition templates and voice clips; the same beside `src` and in `dist`. */
export const ASSETS = path.join(__dirname, '..', 'assets');

/**
 * Loads a scenario: the name of a shipped one (`assistant`) or the path of a JSON file.
 *
 * @throws {ScenarioError} `SCENARIO_NOT_FOUND` or `SCENARIO_INVALID` (with the place of the mistake)
 */
export async function loadScenario(nameOrPath: string = 'assistant'): Promise<RuleScenario> {
  const shipped = /^[a-z][a-z0-9-]*$/.test(nameOrPath);
  const file = shipped ? path.join(ASSETS, `${nameOrPath}.json`) : path.resolve(nameOrPath);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const advice = shipped
      ? 'the shipped scenario is "assistant"; give a path (./my.json) for one of your own'
      : 'check the path';
    throw new ScenarioError('SCENARIO_NOT_FOUND', `Scenario ${nameOrPath} cannot be read: ${advice}`, {
      cause,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ScenarioError(
      'SCENARIO_INVALID',
      `Scenario ${nameOrPath}: not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return parseScenario(json, nameOrPath);
}

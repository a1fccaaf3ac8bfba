/** The mind of the local Live server: scenario files of rules, honest about being rules. */
export { parseScenario, ScenarioError } from './format';
export { loadScenario, ASSETS } from './load';
export type { Rule, RuleScenario } from './rule';
export { createMind, KEY_ADVICE } from './mind';

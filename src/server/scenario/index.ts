/** The mind of the local Live server: scenario files of rules, honest about being rules. */
export { parseScenario, ScenarioError, type Rule, type RuleScenario } from './format';
export { loadScenario, ASSETS } from './load';
export { createMind, KEY_ADVICE } from './mind';

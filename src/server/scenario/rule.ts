import type { Scenario } from '../parts';
import type { BuiltInRule, Step } from './format-tools';
import type { Pattern, Slot } from './pattern';

/** One thing the assistant can talk about. */
export interface Rule {
  readonly id: string;
  /** Everything that triggers it, typed or heard. */
  readonly patterns: readonly Pattern[];
  /** Written to the conversation's memory; keys and values may contain slots. */
  readonly remember: ReadonlyArray<readonly [key: string, value: string]>;
  /** `call`: made one after the other in place of an answer, as far as the client has declared the functions. */
  readonly steps: readonly Step[];
  /** Played in place of an answer when the client has asked for the tool. */
  readonly builtIn?: BuiltInRule;
  /** Answers, used in turn. */
  readonly say: readonly string[];
  /** Answer when a value named in `say` is not known. */
  readonly otherwise?: string;
}

/** A validated scenario with its rules. */
export interface RuleScenario extends Scenario {
  readonly description?: string;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly rules: readonly Rule[];
}

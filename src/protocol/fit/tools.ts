import type { ModelProfile } from '../profiles';
import { isObject } from '../walk';
import type { FunctionDeclaration, Tool } from '../wire';
import type { FitWarning } from './draft';

/**
 * Tools as the model takes them: built-in tools it does not have, functions where it calls none, and behaviours it
 * refuses are left out.
 *
 * @param path where the list stands, for the warnings.
 */
export function fitTools(
  profile: ModelProfile,
  tools: readonly Tool[],
  warnings: FitWarning[],
  path = 'tools',
): Tool[] {
  return tools
    .map((tool, index) => fitTool(profile, tool, warnings, `${path}[${index}]`))
    .filter((tool) => !isObject(tool) || Object.keys(tool).length > 0);
}

function fitTool(profile: ModelProfile, tool: Tool, warnings: FitWarning[], path: string): Tool {
  if (!isObject(tool)) return tool;
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(tool)) {
    const functions = name === 'functionDeclarations';
    const { behaviors, builtIn } = profile.tools;
    if (functions ? behaviors.length > 0 : builtIn.includes(name)) {
      out[name] = functions ? fitFunctions(profile, value, warnings, `${path}.${name}`) : value;
      continue;
    }
    const what = functions ? 'does not call functions' : 'does not have this tool';
    const message = `"${path}.${name}" was not sent: ${profile.name} ${what}. Remove it or choose another model.`;
    warnings.push({ path: `${path}.${name}`, message });
  }
  return out;
}

function fitFunctions(profile: ModelProfile, value: unknown, warnings: FitWarning[], path: string): unknown {
  if (!Array.isArray(value)) return value;
  return (value as FunctionDeclaration[]).map((declaration, index) => {
    const { behaviors, default: usual, behaviorField } = profile.tools;
    const { behavior, ...rest } = isObject(declaration) ? (declaration as FunctionDeclaration) : {};
    if (behavior === undefined) return declaration;
    if (behaviorField && behaviors.includes(behavior as (typeof behaviors)[number])) return declaration;
    // Nothing is lost where the model does so anyway.
    if (behavior === usual || behavior === 'UNSPECIFIED') return rest;
    const effect =
      usual === 'BLOCKING' ? 'it always waits for the answer of a function' : 'it never waits for a function';
    const at = `${path}[${index}].behavior`;
    warnings.push({
      path: at,
      message: `"${at}" (${behavior}) was not sent: ${profile.name} refuses it, ${effect}.`,
    });
    return rest;
  });
}

import { toolFailure, type ToolFailure } from './answers';

const MAX_NAMES = 30;

/** The model called what is not there. @param names what is there */
export function missing(name: string, names: readonly string[]): { error: ToolFailure } {
  const some = names.slice(0, MAX_NAMES).join(', ');
  return toolFailure({
    status: 'UNKNOWN_FUNCTION',
    message: `There is no function ${JSON.stringify(name)}.`,
    hint: some === '' ? 'There are no functions: answer without.' : `There are: ${some}.`,
  });
}

/** The model called with arguments that the function does not take. */
export function wrongArguments(name: string, problems: readonly string[]): { error: ToolFailure } {
  return toolFailure({
    status: 'INVALID_ARGUMENTS',
    message: `${name} was not run: ${problems.join('; ')}.`,
    retryable: true,
    hint: 'Call it again with arguments that fit its declaration, or ask the user for what is missing.',
  });
}

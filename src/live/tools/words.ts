import { toolFailure, type ToolFailure } from './answers';

type Failure = { error: ToolFailure };

const MAX_NAMES = 30;

/** The model called what is not there. @param names what is there */
export function missing(name: string, names: readonly string[]): Failure {
  const some = names.slice(0, MAX_NAMES).join(', ');
  return toolFailure({
    status: 'UNKNOWN_FUNCTION',
    message: `There is no function ${JSON.stringify(name)}.`,
    hint: some === '' ? 'There are no functions: answer without.' : `There are: ${some}.`,
  });
}

/** The model called with arguments that the function does not take. */
export function wrongArguments(name: string, problems: readonly string[]): Failure {
  return toolFailure({
    status: 'INVALID_ARGUMENTS',
    message: `${name} was not run: ${problems.join('; ')}.`,
    retryable: true,
    hint: 'Call it again with arguments that fit its declaration, or ask the user for what is missing.',
  });
}

/** Arguments that came in pieces cannot be put together. */
export function brokenArguments(name: string, problem: string): Failure {
  return toolFailure({
    status: 'INVALID_ARGUMENTS',
    message: `${name} was not run: its arguments cannot be put together, ${problem}.`,
    retryable: true,
    hint: 'Call it again with all of its arguments.',
  });
}

/** Nobody answered in time. @param ms how long the call was open */
export function timedOut(name: string, ms: number): Failure {
  return toolFailure({
    status: 'TIMEOUT',
    message: `${name} did not answer within ${Math.round(ms / 100) / 10} s. It may still take effect.`,
    hint: 'Tell the user that it takes longer than expected.',
  });
}

/** The program that ran the function is gone. */
export function interrupted(name: string): Failure {
  return toolFailure({
    status: 'FAILED',
    message: `The program was restarted while ${name} ran: it is not known whether it took effect.`,
    hint: 'Tell the user, and call it again only if they want that.',
  });
}

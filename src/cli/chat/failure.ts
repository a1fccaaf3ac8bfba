import { LiveError } from '../../live';
import { MediaError, redact } from '../../media';
import { ProtocolError, RecordingError, type ClosePolicy } from '../../protocol';
import { ScenarioError, ServerError } from '../../server';

/** What the exit code of `gemini-live` says. */
export const EXIT = {
  ok: 0,
  /** Something went wrong that is none of the following. */
  failed: 1,
  /** Options, a file of tools or a recording that make no sense. */
  usage: 2,
  /** No connection, or it was lost and did not come back. */
  noConnection: 3,
  /** The service refused: key, model, configuration, quota. */
  refused: 4,
  /** Ctrl-C before the end. */
  interrupted: 130,
} as const;

/** Something that ends the command, with what the user can do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly exitCode: number,
    message: string,
    readonly advice = '',
  ) {
    super(message);
  }
}

/** The advice after options that make no sense; with a command, that command's own help is named. */
export const seeHelp = (command?: string): string => `See gemini-live ${command ? `${command} ` : ''}--help.`;

/** The user wrote something that makes no sense. */
export const usageError = (message: string, advice = seeHelp()): Failure =>
  new Failure(EXIT.usage, message, advice);

/** Any error as something that can be shown; only what nobody foresaw keeps its stack. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof LiveError) return new Failure(exitCodeOf(error), error.message, error.advice);
  if (error instanceof RecordingError) return new Failure(EXIT.usage, error.message);
  if (error instanceof ProtocolError || error instanceof ScenarioError) {
    return new Failure(EXIT.usage, error.message);
  }
  if (error instanceof MediaError || error instanceof ServerError) {
    return new Failure(EXIT.failed, error.message);
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure(EXIT.failed, redact(detail), 'This should not happen: please report it.');
}

/** The exit code of a connection that did not come about, or ended. */
export function exitCodeOf({ code, policy }: { code: string; policy?: ClosePolicy }): number {
  if (code === 'CLOSED') return EXIT.interrupted;
  if (code === 'BAD_CONFIG' || code === 'BAD_INPUT') return EXIT.usage;
  return policy === 'fatal' || policy === 'wait' ? EXIT.refused : EXIT.noConnection;
}

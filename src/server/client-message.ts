import type { LiveClientMessage } from '../protocol';
import { schemas } from '../protocol/schema';
import { isObject, walk, type Problem } from '../protocol/walk';
import { closes, type Close } from './closes';
import type { Route } from './routes';

/** A client broke a rule of the protocol; `close` is how the socket is to be ended. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly close: Close) {
    super(`${close.code} ${close.reason}`);
  }
}

/** One message of a client, in camelCase, with exactly one top-level field. */
export interface ClientFrame {
  readonly message: LiveClientMessage;
  /** `sessionResumption.handle` was null: the one place where some models tell null from absent. */
  readonly nullHandle: boolean;
}

/**
 * Reads one frame of a client: JSON in text or binary, camelCase or snake_case, nulls as absent.
 * @throws Refusal for anything the service would end the connection for
 */
export function readClientFrame(data: Buffer, backend: Route['backend']): ClientFrame {
  const json = parse(data);
  const nullHandle = hasNullHandle(json);
  let problem: Problem | undefined;
  walk(schemas.client.root, json, {
    kind: 'client',
    normalise: true,
    backend,
    report: (found) => (problem ??= found),
  });
  if (problem) throw new Refusal(closes.invalidPayload(problem.message));
  if (Object.keys(json).length !== 1) throw new Refusal(closes.invalidArgument());
  return { message: json, nullHandle };
}

function parse(data: Buffer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(data.toString('utf8'));
    if (isObject(json)) return json;
  } catch {
    // Refused below, like JSON that is no object.
  }
  throw new Refusal(closes.invalidArgument());
}

function hasNullHandle(json: Record<string, unknown>): boolean {
  const setup = json['setup'];
  if (!isObject(setup)) return false;
  const resumption = setup['sessionResumption'] ?? setup['session_resumption'];
  return isObject(resumption) && resumption['handle'] === null;
}

import { schemas, type MessageKind } from './schema';
import { isObject, walk, type Problem } from './walk';

/**
 * Holds a message against every field and type the protocol has; nothing is changed. Accepts what proto3 JSON
 * accepts: snake_case names, null as absent, int64 as number. The texts of unknown fields are those of the real
 * service's 1007 close reasons.
 *
 * @param kind which side sent it.
 * @param message the parsed JSON of one frame.
 * @returns the problems found, at most 20; empty when the message is good.
 */
export function checkMessage(
  kind: MessageKind,
  message: unknown,
  options: { backend?: 'gemini' | 'vertex' } = {},
): Problem[] {
  const problems: Problem[] = [];
  if (!isObject(message)) {
    return [
      { kind: 'wrong-type', path: '', name: '', value: message, message: 'Invalid JSON payload received.' },
    ];
  }
  walk(schemas[kind].root, message, {
    kind,
    backend: options.backend,
    report: (problem) => problems.push(problem),
  });
  return problems;
}

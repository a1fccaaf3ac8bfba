import { NodeError, quoted } from './errors';
import type { Red } from './types';

/** A text that is not empty, else undefined: for "message, then dialog, then default". */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The parts of a text that are separated by semicolons, without what is empty. */
export function listOf(value: unknown): string[] {
  const parts = typeof value === 'string' ? value.split(';') : [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/**
 * A number of a dialog or message within bounds; empty means the default.
 *
 * @throws NodeError `BAD_CONFIG` when it is no number or out of bounds
 */
export function numberOf(
  value: unknown,
  name: string,
  bounds: { min: number; max: number; default: number },
): number {
  if (value === undefined || value === null || value === '') return bounds.default;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
  if (number >= bounds.min && number <= bounds.max) return number;
  throw new NodeError(
    'BAD_CONFIG',
    `The ${name} must be a number from ${bounds.min} to ${bounds.max}, not ${quoted(value)}.`,
  );
}

/** Where relative file names start. */
export function userDir(RED: Red): string {
  return (RED.settings as { userDir?: string }).userDir ?? process.cwd();
}

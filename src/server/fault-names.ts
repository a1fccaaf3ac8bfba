import { isObject } from '../protocol';
import { ServerError } from './errors';
import type { Faults } from './faults';

type Kind = 'switch' | 'number' | 'turn' | 'text' | 'object';

/** Every fault, and what its value looks like. */
const KINDS: Readonly<Record<keyof Faults, Kind>> = {
  neverUpgrade: 'switch',
  httpStatus: 'object',
  neverSetupComplete: 'switch',
  goAwayBeforeSetup: 'switch',
  goAway: 'object',
  badFrame: 'number',
  hugeFrame: 'number',
  fragmented: 'switch',
  snakeCase: 'switch',
  urlSafeBase64: 'switch',
  vertexSpelling: 'switch',
  stalledReader: 'switch',
  pongDelayMs: 'number',
  handlesEveryMs: 'number',
  silentAfterFrames: 'number',
  terminateAfterAudio: 'number',
  terminateAfterMs: 'number',
  dropProbability: 'number',
  close: 'object',
  closeAfterMs: 'object',
  refuseResumption: 'object',
  poisonedHandles: 'text',
  emptyTurn: 'turn',
  emptyTurnReason: 'text',
  silentAudio: 'turn',
  toneAudio: 'turn',
  noAnswerAfterTool: 'switch',
  duplicateToolCall: 'switch',
  callInModelTurn: 'switch',
  toolCallsInterruptedByAudio: 'switch',
};

/** Names of all faults. */
export const FAULT_NAMES = Object.keys(KINDS) as ReadonlyArray<keyof Faults>;

const FITS: Record<Kind, (value: unknown) => boolean> = {
  switch: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number' && value >= 0,
  turn: (value) => typeof value === 'boolean' || (Number.isInteger(value) && Number(value) > 0),
  // A close may stand for `silent`: `poisonedHandles` takes both.
  text: (value) => typeof value === 'string' || isObject(value),
  object: isObject,
};

/** Numbers without which an object means nothing. */
const NEEDED: Partial<Record<keyof Faults, readonly string[]>> = {
  httpStatus: ['status'],
  close: ['code', 'afterFrames'],
  closeAfterMs: ['ms'],
  refuseResumption: ['code'],
};

const WANTED: Record<Kind, string> = {
  switch: 'nothing, true or false',
  number: 'a number from 0 up',
  turn: 'nothing, true, or the number of a turn',
  text: 'a word',
  object: 'a JSON object',
};

/**
 * Reads a fault as it is written on a command line: `fragmented`, `badFrame=3`, `goAway={"afterMs":60000}`.
 * @throws ServerError `BAD_OPTION`
 */
export function parseFault(text: string): Partial<Faults> {
  const [, name = '', written] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof Faults] : undefined;
  if (!kind) {
    throw new ServerError('BAD_OPTION', `"${name}" is no fault. There are: ${FAULT_NAMES.join(', ')}.`);
  }
  const value = written === undefined ? true : valueOf(written);
  if (!FITS[kind](value)) {
    throw new ServerError(
      'BAD_OPTION',
      `The fault ${name} takes ${WANTED[kind]}, not ${written ?? 'nothing'}.`,
    );
  }
  const missing = NEEDED[name as keyof Faults]?.find(
    (key) => !isObject(value) || typeof value[key] !== 'number',
  );
  if (missing) throw new ServerError('BAD_OPTION', `The fault ${name} needs a number "${missing}".`);
  return { [name]: value };
}

/** JSON, or a bare word. */
function valueOf(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

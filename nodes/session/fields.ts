import type { NodeDef } from 'node-red';
import path from 'node:path';
import { ECHO_MODES, type EchoMode } from '../../src/media';
import { NodeError, quoted } from '../shared/errors';
import type { RedNode } from '../shared/types';
import { numberOf, textOf } from '../shared/values';
import type { ConversationOptions } from './conversation';
import { sleepOf, type SleepFields } from './sleeping';
import { turnDetectionOf, type TurnFields } from './turns';
import { watchingOf, type WatchFields } from './watching';

/** The fields of the dialog. */
export interface SessionDef extends NodeDef, TurnFields, SleepFields, WatchFields {
  /** Id of the config node. */
  config: string;
  connect: 'input' | 'deploy';
  partial: boolean;
  realtime: boolean;
  echo?: EchoMode;
  /** In flows of before `echo`. */
  echoGate?: boolean;
  /** How often the level of the sound is told; empty: never (s). */
  levels?: string | number;
  /** Name of the context store in which the conversation survives a restart; empty: none. */
  store?: string;
  /** File that every frame is recorded into; empty: none. */
  record?: string;
  recordAudio?: boolean;
}

/**
 * The dialog's fields as options of the conversation.
 *
 * @param folder the user directory: relative names start there, and packages are looked for there
 * @throws NodeError `BAD_CONFIG`
 */
export function optionsOf(def: SessionDef, node: RedNode, folder: string): ConversationOptions {
  const record = textOf(def.record);
  const turnDetection = turnDetectionOf(def, node, folder);
  const sleep = sleepOf(def, node, folder);
  const watching = watchingOf(def);
  const levels = numberOf(def.levels, 'time between levels (s)', { min: 0.1, max: 3600, default: 0 });
  return {
    partial: def.partial === true,
    realtime: def.realtime !== false,
    echo: echoOf(def),
    ...(sleep && { sleep }),
    ...(turnDetection && { turnDetection }),
    ...(watching && { watching }),
    ...(levels > 0 && { levels: { everyMs: 1000 * levels } }),
    ...(record && { record: { file: path.resolve(folder, record), audio: def.recordAudio !== false } }),
  };
}

function echoOf({ echo, echoGate }: SessionDef): EchoMode {
  if (!echo) return echoGate === false ? 'off' : 'auto';
  if (ECHO_MODES.includes(echo)) return echo;
  throw new NodeError(
    'BAD_CONFIG',
    `The echo setting of the session must be "auto", "gate", "barge-in" or "off", not ${quoted(echo)}.`,
  );
}

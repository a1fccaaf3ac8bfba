import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm run demo -- [options]

  --once           ends by itself after one answer; needs --out
  --out DIR        keeps the answer there: reply.wav and conversation.json
  --ask FILE       asks with this audio file instead of the shipped recording
  --endpoint NAME  local (default) or gemini, which needs GEMINI_API_KEY
  --help           shows this`;

export interface DemoOptions {
  once: boolean;
  /** Absolute path; it exists. */
  out?: string;
  /** Absolute path of an audio file. */
  ask?: string;
  endpoint: 'local' | 'gemini';
  /** Only for `gemini`. */
  apiKey?: string;
  help: boolean;
}

/** What was asked for cannot be done; the message says what to do. */
export class UsageError extends Error {}

/** Reads the command line. @throws UsageError */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): DemoOptions {
  const values = parse(args);
  const endpoint = values.endpoint ?? 'local';
  if (endpoint !== 'local' && endpoint !== 'gemini')
    throw new UsageError(`--endpoint ${endpoint} is unknown: use local or gemini.`);
  const apiKey = env.GEMINI_API_KEY?.trim();
  if (endpoint === 'gemini' && !apiKey)
    throw new UsageError(
      '--endpoint gemini needs a key in the environment variable GEMINI_API_KEY: get one at https://aistudio.google.com/apikey, or leave --endpoint away to rehearse locally.',
    );
  if (values.once && !values.out && !values.help)
    throw new UsageError('--once needs --out DIR, the folder in which the answer is left.');
  return {
    once: values.once ?? false,
    help: values.help ?? false,
    endpoint,
    ...(endpoint === 'gemini' && { apiKey }),
    ...(values.ask !== undefined && { ask: audioFile(values.ask) }),
    ...(values.out !== undefined && { out: writableFolder(values.out) }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        once: { type: 'boolean' },
        out: { type: 'string' },
        ask: { type: 'string' },
        endpoint: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function audioFile(name: string): string {
  const file = path.resolve(name);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new UsageError(`--ask: there is no file ${file}.`);
  if (size === 0 || !statSync(file).isFile()) throw new UsageError(`--ask: ${file} is not an audio file.`);
  return file;
}

function writableFolder(name: string): string {
  const folder = path.resolve(name);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--out: ${folder} cannot be written to (${(error as NodeJS.ErrnoException).code}).`);
  }
  return folder;
}

import { parseArgs } from 'node:util';
import { usageError } from './failure';

/** Options that all commands which connect share. */
export interface ConnectOptions {
  endpoint: string;
  /** An ephemeral token, or `@file` with one. */
  token?: string;
  'key-file'?: string;
  project?: string;
  location?: string;
  model?: string;
  proxy?: string;
  /** Limit for the connection and for an answer (s). */
  timeout: number;
  json: boolean;
}

/** Options of `gemini-live chat`. */
export interface ChatOptions extends ConnectOptions {
  voice?: string;
  language?: string;
  system?: string;
  once?: string;
  save?: string;
  play: boolean;
  tools?: string;
  record?: string;
  resume?: string;
}

/** Options of `gemini-live token`. */
export interface TokenOptions extends ConnectOptions {
  uses: number;
  minutes: number;
  'start-within': number;
  lock: boolean;
}

/** Options of `gemini-live replay`. */
export interface ReplayOptions {
  file: string;
  speed: number;
  /** Serve other clients on this port instead of showing the recording. */
  serve?: number;
  verify: boolean;
  play: boolean;
  save?: string;
  json: boolean;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

const CONNECT = {
  endpoint: { type: 'string', default: 'auto' },
  token: text,
  'key-file': text,
  project: text,
  location: text,
  model: text,
  proxy: text,
  timeout: { type: 'string', default: '60' },
  json: flag,
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const CHAT = {
  ...CONNECT,
  voice: text,
  language: text,
  system: text,
  once: text,
  save: text,
  play: flag,
  tools: text,
  record: text,
  resume: text,
} as const;

const TOKEN = {
  ...CONNECT,
  uses: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '30' },
  'start-within': { type: 'string', default: '60' },
  lock: flag,
} as const;

const REPLAY = {
  speed: { type: 'string', default: '1' },
  serve: text,
  verify: flag,
  play: flag,
  save: text,
  json: flag,
  help: CONNECT.help,
} as const;

type Values = Record<string, string | boolean | undefined>;

/** A credential in the arguments is seen by everybody who may list the processes of the machine, and kept by the shell. */
const KEY_OPTION = /^--?(api[-_]?)?key(=|$)/i;

/** What was asked for; `help` when the usage is to be shown. */
export type Parsed<T> = { help: true } | { help: false; options: T };

/** @throws Failure that says what is wrong */
export function chatOptions(args: string[]): Parsed<ChatOptions> {
  return parsed(args, CHAT, (values) => connectOf(values) as ChatOptions);
}

/** @throws Failure that says what is wrong */
export function checkOptions(args: string[]): Parsed<ConnectOptions> {
  return parsed(args, CONNECT, connectOf);
}

/** @throws Failure that says what is wrong */
export function tokenOptions(args: string[]): Parsed<TokenOptions> {
  return parsed(args, TOKEN, (values) => ({
    ...connectOf(values),
    uses: numberOf(values, 'uses', 0),
    minutes: numberOf(values, 'minutes', 1),
    'start-within': numberOf(values, 'start-within', 1),
    lock: values['lock'] === true,
  }));
}

/** @throws Failure that says what is wrong */
export function replayOptions(args: string[]): Parsed<ReplayOptions> {
  return parsed(
    args,
    REPLAY,
    (values, [file, ...more]) => {
      if (file === undefined || more.length > 0) throw usageError('replay needs the name of one recording.');
      return {
        ...values,
        file,
        speed: numberOf(values, 'speed', 0),
        serve: values['serve'] === undefined ? undefined : portOf(values),
      } as ReplayOptions & Values;
    },
    true,
  );
}

function parsed<T>(
  args: string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>['options'],
  read: (values: Values, positionals: string[]) => T,
  allowPositionals = false,
): Parsed<T> {
  if (args.some((arg) => KEY_OPTION.test(arg))) {
    throw usageError(
      'There is no option for a key: every user of this machine can read the arguments of a program, and shells keep them.',
      'Set GEMINI_API_KEY, or use --key-file FILE.',
    );
  }
  let result;
  try {
    result = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw usageError((error as Error).message.replace(/\. To specify a positional.*/s, '.'));
  }
  const values = result.values as Values;
  if (values['help']) return { help: true };
  if (!allowPositionals && result.positionals.length > 0) {
    throw usageError(`"${result.positionals[0]}" is no option.`);
  }
  return { help: false, options: read(values, result.positionals) };
}

function connectOf(values: Values): ConnectOptions {
  return { ...values, timeout: numberOf(values, 'timeout', 0.001) } as ConnectOptions & Values;
}

function numberOf(values: Values, name: string, least: number): number {
  const given = String(values[name]);
  const number = given.trim() === '' ? NaN : Number(given);
  if (number >= least && Number.isFinite(number)) return number;
  throw usageError(`--${name} must be a number${least > 0 ? ' above 0' : ''}, not "${given}".`);
}

function portOf(values: Values): number {
  const port = numberOf(values, 'serve', 0);
  if (Number.isInteger(port) && port <= 65_535) return port;
  throw usageError(
    `--serve must be a port from 0 (any free one) to 65535, not "${String(values['serve'])}".`,
  );
}

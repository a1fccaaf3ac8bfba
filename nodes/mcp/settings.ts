import type { NodeDef } from 'node-red';
import path from 'node:path';
import { headersOf, type Credentials } from '../config/credentials';
import { NodeError } from '../shared/errors';
import { numberOf } from '../shared/values';

/** The fields of the dialog, as a flow keeps them. */
export interface McpDef extends NodeDef {
  /** Id of the config node. */
  config: string;
  /** Id of the only session that gets the tools; empty: all sessions of the config node. */
  session: string;
  transport: 'stdio' | 'http';
  command: string;
  args: string[];
  /** Working directory; relative to the user directory, which is also the default. */
  cwd: string;
  url: string;
  /** The address is kept with the credentials: there is a key in it. */
  secretAddress: boolean;
  offer: 'all' | 'some';
  /** Names of the tools, as the server calls them, where `offer` is `some`. */
  tools: string[];
  /** Put before the name of each tool. */
  prefix: string;
  behavior: '' | 'BLOCKING' | 'NON_BLOCKING';
  scheduling: '' | 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';
  /** How long a call may take (s); empty: as for any function. */
  timeout: number | string;
  /** Progress is told to the model while a call is under way. */
  progress: boolean;
}

/** Credentials of the node. */
export const CREDENTIALS = {
  env: { type: 'password' },
  secretUrl: { type: 'password' },
  token: { type: 'password' },
  headers: { type: 'password' },
} as const;

/** Where a server is. */
export type Place =
  | { kind: 'stdio'; command: string; args: string[]; env: Record<string, string>; cwd: string }
  | { kind: 'http'; url: URL; headers: Record<string, string> };

/** Which tools are offered, and how. */
export interface OfferSettings {
  /** Undefined: all. */
  only: string[] | undefined;
  prefix: string;
  behavior: McpDef['behavior'];
}

const DAY_S = 86_400;
/** From here on a step in a secret address is taken for a key (characters). */
const KEY_LENGTH = 12;

/** Fields that say where the server is: what "list tools" needs to know. */
export type PlaceDef = Pick<McpDef, 'transport' | 'command' | 'args' | 'cwd' | 'url' | 'secretAddress'>;

/**
 * Reads where the server is.
 *
 * @param resolve puts in the value of an environment variable for `${NAME}`
 * @param folder where relative directories start
 * @throws NodeError `BAD_CONFIG`
 */
export function placeOf(
  def: Partial<PlaceDef>,
  credentials: Credentials | undefined,
  resolve: (text: string) => string,
  folder: string,
): Place {
  const secret = (name: keyof typeof CREDENTIALS): string => resolve((credentials?.[name] ?? '').trim());
  if (def.transport === 'http') {
    const { url, basic } = address(
      def.secretAddress === true,
      def.secretAddress ? secret('secretUrl') : (def.url ?? '').trim(),
    );
    const bearer = secret('token');
    return {
      kind: 'http',
      url,
      headers: {
        ...basic,
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...resolved(headersOf(secret('headers')), resolve),
      },
    };
  }
  const command = (def.command ?? '').trim();
  if (!command) throw bad('There is no command that starts the MCP server. Enter one, for example "npx".');
  return {
    kind: 'stdio',
    command,
    args: listOf(def.args),
    env: resolved(variablesOf(secret('env')), resolve),
    cwd: path.resolve(folder, (def.cwd ?? '').trim()),
  };
}

/** Everything that must not be shown, also in parts: a server may repeat a token without what stood before it. */
export function secretsOf(place: Place, credentials: Credentials | undefined): string[] {
  const given = [credentials?.secretUrl?.trim() ?? '', credentials?.token?.trim() ?? ''];
  const secrets =
    place.kind === 'stdio'
      ? Object.values(place.env)
      : [
          ...Object.values(place.headers).flatMap(partsOfHeader),
          ...(given[0] ? partsOfAddress(place.url) : []),
        ];
  return [...new Set([...secrets, ...given])]
    .filter((secret) => secret.length > 3)
    .sort((a, b) => b.length - a.length);
}

/** `Bearer abc` is a secret, and so is `abc`; of `Basic` the user's password. */
function partsOfHeader(value: string): string[] {
  const [, scheme = '', rest = ''] = /^(\S+)\s+(.+)$/.exec(value) ?? [];
  const pair = scheme.toLowerCase() === 'basic' ? Buffer.from(rest, 'base64').toString() : '';
  return [value, rest, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** Of a path, only what is too long to be a word may be a key. */
function partsOfAddress({ href, pathname, search, searchParams }: URL): string[] {
  const steps = pathname.split('/').filter((step) => step.length >= KEY_LENGTH);
  return [href, pathname, search, ...searchParams.values(), ...steps, ...steps.map(decoded)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @throws NodeError `BAD_CONFIG` */
export function timeoutOf(def: Partial<McpDef>): number | undefined {
  const seconds = numberOf(def.timeout, 'time limit of a call', { min: 0.1, max: DAY_S, default: NaN });
  return Number.isNaN(seconds) ? undefined : seconds * 1000;
}

/** @throws NodeError `BAD_CONFIG` */
export function offerSettings(def: Partial<McpDef>): OfferSettings {
  const prefix = (def.prefix ?? '').trim();
  if (prefix && !/^[A-Za-z_][\w.:-]{0,30}$/.test(prefix)) {
    throw bad(
      `The prefix "${prefix}" cannot begin the name of a function. Use up to 31 letters, digits, "_" or "-", and no digit at the beginning.`,
    );
  }
  return {
    only: def.offer === 'some' ? listOf(def.tools) : undefined,
    prefix,
    behavior: def.behavior ?? '',
  };
}

/** Lines of the form `NAME=value`. */
export function variablesOf(text: string): Record<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const equals = line.indexOf('=');
    return equals < 1 ? [] : [[line.slice(0, equals).trim(), line.slice(equals + 1).trim()] as const];
  });
  return Object.fromEntries(lines);
}

function resolved(values: Record<string, string>, resolve: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, resolve(value)]));
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String).filter((text) => text !== '') : [];
}

/** User and password of an address become a header: `fetch` takes none in the address. */
function address(secret: boolean, text: string): { url: URL; basic: Record<string, string> } {
  if (!text)
    throw bad('There is no address of the MCP server. Enter one, for example http://127.0.0.1:3000/mcp.');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw bad(
      `The address of the MCP server is none${secret ? '' : `: "${text.slice(0, 80)}"`}. It begins with http:// or https://.`,
    );
  }
  if (!/^https?:$/.test(url.protocol))
    throw bad(`MCP servers are reached by http or https, not by ${url.protocol}//.`);
  const { username, password } = url;
  if (!username && !password) return { url, basic: {} };
  if (!secret) {
    throw bad(
      'The address of the MCP server holds a password, which would be exported with the flow. Tick the box below it, so that it is kept with the credentials.',
    );
  }
  url.username = url.password = '';
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { url, basic: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function bad(message: string): NodeError {
  return new NodeError('BAD_CONFIG', message);
}

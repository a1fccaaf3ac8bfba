import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { NodeError } from '../shared/errors';
import { FIELDS, type FieldName } from './fields';
import type { ConfigDef } from './settings';
import { Values } from './values';

/** What Node-RED keeps of a config node apart from its flow. */
export type Credentials = Readonly<Record<string, string | undefined>>;

/** Services that a conversation can be held with. `token` is the Gemini API, with a token instead of a key. */
export type EndpointKind = 'local' | 'gemini' | 'token' | 'vertex' | 'custom';

/** An environment variable that Node-RED did not find stays as it was written. */
const UNRESOLVED = /^\$[({]\S+[)}]$/;

function given(value: string | undefined): string {
  const text = (value ?? '').trim();
  return UNRESOLVED.test(text) ? '' : text;
}

/** The key of the credentials, else that of the environment; empty when there is none. */
export function apiKeyOf(credentials: Credentials | undefined): string {
  return given(credentials?.apiKey) || (process.env.GEMINI_API_KEY ?? '').trim();
}

/** What `auto` decides for: whichever service there is a credential for, else the local server. */
export function choose(def: Partial<ConfigDef>, credentials: Credentials | undefined): EndpointKind {
  const choice = (def.endpoint || 'auto') as EndpointKind | 'auto';
  if (choice !== 'auto') return choice;
  if (apiKeyOf(credentials)) return 'gemini';
  if (given(credentials?.token)) return 'token';
  return given(credentials?.serviceAccount) ? 'vertex' : 'local';
}

/** All values of a config node, as if what `auto` decided had been chosen in the dialog. */
export function valuesOf(def: Partial<ConfigDef>, credentials: Credentials | undefined): Values {
  const endpoint = choose(def, credentials);
  const tokenFrom = def.endpoint === 'token' ? def.tokenFrom : 'given';
  return new Values((name) => {
    if (name === 'endpoint') return endpoint;
    if (name === 'tokenFrom') return tokenFrom;
    if (name === 'apiKey') return apiKeyOf(credentials);
    return FIELDS[name].credential ? given(credentials?.[name]) : def[name];
  });
}

/** Everything in the credentials that must not be shown. */
export function secretsOf(credentials: Credentials | undefined): string[] {
  const names = Object.keys(FIELDS) as FieldName[];
  const written = names.flatMap((name) => {
    const value = FIELDS[name].credential === 'password' ? given(credentials?.[name]) : '';
    if (name === 'headers') return Object.values(headersOf(value));
    return name === 'serviceAccount' ? keysOf(value) : [value];
  });
  return [apiKeyOf(credentials), ...written].filter((secret) => secret.length > 3);
}

/** What is secret in a service account, or in whatever else Google Cloud signs in with. */
function keysOf(account: string): string[] {
  return [
    ...account.matchAll(/"(?:private_key|client_secret|refresh_token)"\s*:\s*("(?:[^"\\]|\\.)*")/g),
  ].map(([, quoted = '""']) => JSON.parse(quoted) as string);
}

/** Lines of the form `name: value`. */
export function headersOf(text: string): Record<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const];
  });
  return Object.fromEntries(lines);
}

/**
 * Certificates of the dialog: PEM text, or the name of a PEM file.
 *
 * @param folder where relative names start
 * @throws NodeError `BAD_CONFIG`
 */
export async function certificatesOf(text: string, folder: string): Promise<string | undefined> {
  if (!text || text.includes('-----BEGIN')) return text || undefined;
  const file = path.resolve(folder, text);
  const advice = 'Give PEM text, or the name of a PEM file, in the field "Certificates" of the config node.';
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new NodeError(
      'BAD_CONFIG',
      `The certificates in ${file} cannot be read (${error.code}). ${advice}`,
    );
  });
  if (pem.includes('-----BEGIN')) return pem;
  throw new NodeError('BAD_CONFIG', `${file} holds no certificates. ${advice}`);
}

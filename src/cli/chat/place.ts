import { readFile } from 'node:fs/promises';
import type { LiveEndpoint } from '../../live';
import { vertexAuth } from '../../live/auth';
import type { NetworkOptions } from '../../live/network';
import { redact } from '../../media';
import { DEFAULT_MODEL } from '../../protocol';
import { embeddedServer } from '../../server';
import { Failure, EXIT, usageError } from './failure';
import type { ConnectOptions } from './options';
import type { World } from './screen';

/** Where to talk to, ready to connect. */
export interface Place {
  endpoint: LiveEndpoint;
  /** What the user is told about it. */
  words: string;
  /** Nothing is billed there. */
  free: boolean;
  /** What must not appear anywhere. */
  secrets: string[];
  /** Gives it back; ends the local server. */
  release(): Promise<void>;
}

type Environment = World['env'];

const DEFAULT_LOCATION = 'us-central1';
const KEY_NAMES = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'];

/** A credential and where it came from. */
interface Credential {
  value: string;
  from: string;
}

/**
 * Finds out where to talk to.
 * @throws Failure when something is missing
 */
export async function openPlace(options: ConnectOptions, env: Environment): Promise<Place> {
  const { endpoint } = options;
  const network = networkOf(options);
  const token = await tokenOf(options, env);
  const key = await keyOf(options, env);
  if (endpoint === 'local' || (endpoint === 'auto' && !token && !key)) return local(endpoint);
  if (endpoint === 'gemini' || endpoint === 'auto') return gemini(token, key, network, env);
  if (endpoint === 'vertex') return vertex(options, network, env);
  if (/^(wss?|https?):\/\/./i.test(endpoint)) return custom(options, token, key, network);
  throw usageError(`--endpoint must be local, gemini, vertex or a URL, not "${redact(endpoint)}".`);
}

async function local(asked: string): Promise<Place> {
  const { server, release } = await embeddedServer();
  return {
    endpoint: { backend: 'local', baseUrl: server.url },
    words:
      'the local Live server, which answers by rules and is no model' +
      (asked === 'local' ? '' : '. For Gemini set GEMINI_API_KEY'),
    free: true,
    secrets: [],
    release,
  };
}

function gemini(
  token: Credential | undefined,
  key: Credential | undefined,
  network: NetworkOptions,
  env: Environment,
): Place {
  const credential = token ?? key;
  if (!credential) {
    throw new Failure(
      EXIT.usage,
      'The Gemini API needs a key, and there is none.',
      'Set GEMINI_API_KEY, or use --key-file FILE, or --endpoint local to rehearse without one.',
    );
  }
  const baseUrl = env['GOOGLE_GEMINI_BASE_URL'];
  return remote(
    {
      backend: 'gemini',
      network,
      ...(token ? { token: token.value } : { apiKey: credential.value }),
      ...(baseUrl && { baseUrl }),
    },
    `the Gemini API with the ${token ? 'token' : 'key'} from ${credential.from}`,
  );
}

function vertex(options: ConnectOptions, network: NetworkOptions, env: Environment): Place {
  const project = options.project ?? env['GOOGLE_CLOUD_PROJECT'];
  const location = options.location ?? env['GOOGLE_CLOUD_LOCATION'] ?? DEFAULT_LOCATION;
  if (!project) {
    throw new Failure(
      EXIT.usage,
      'Vertex AI needs the id of a Google Cloud project, and there is none.',
      'Use --project ID, or set GOOGLE_CLOUD_PROJECT.',
    );
  }
  const { headers } = vertexAuth({ network });
  const baseUrl = env['GOOGLE_VERTEX_BASE_URL'];
  return remote(
    { backend: 'vertex', project, location, network, headersFor: headers, ...(baseUrl && { baseUrl }) },
    `Vertex AI (project ${project}, ${location}) with the application default credentials`,
  );
}

/** Keys of the environment are Google's: whoever else is to have one must be named. */
function custom(
  options: ConnectOptions,
  token: Credential | undefined,
  key: Credential | undefined,
  network: NetworkOptions,
): Place {
  const given = options.token === undefined ? undefined : token;
  const apiKey = options['key-file'] === undefined ? undefined : key;
  const none = given || apiKey ? '' : ', without a key (--key-file sends one)';
  return remote(
    {
      backend: 'custom',
      url: options.endpoint,
      network,
      ...(given && { token: given.value }),
      ...(apiKey && !given && { apiKey: apiKey.value }),
    },
    redact(options.endpoint) + none,
  );
}

function remote(endpoint: LiveEndpoint, words: string): Place {
  const secrets = [endpoint.token, endpoint.apiKey].filter((secret) => secret !== undefined);
  return { endpoint, words, free: false, secrets, release: async () => {} };
}

function networkOf({ proxy }: ConnectOptions): NetworkOptions {
  if (proxy === undefined) return {};
  return { proxy: proxy === 'none' ? false : proxy };
}

async function tokenOf({ token }: ConnectOptions, env: Environment): Promise<Credential | undefined> {
  if (token?.startsWith('@')) return { value: await secretIn(token.slice(1), 'token'), from: token.slice(1) };
  if (token) return { value: token, from: '--token' };
  const value = env['GEMINI_TOKEN']?.trim();
  return value ? { value, from: 'GEMINI_TOKEN' } : undefined;
}

/** The API key, from a file or the environment. */
export async function keyOf(options: ConnectOptions, env: Environment): Promise<Credential | undefined> {
  const file = options['key-file'];
  if (file !== undefined) return { value: await secretIn(file, 'key'), from: file };
  const from = KEY_NAMES.find((name) => env[name]?.trim());
  return from === undefined ? undefined : { value: env[from]?.trim() ?? '', from };
}

async function secretIn(file: string, what: string): Promise<string> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      EXIT.usage,
      `The file ${file} with the ${what} cannot be read (${error.code}).`,
      'Check its name.',
    );
  });
  if (content.trim() !== '') return content.trim();
  throw new Failure(EXIT.usage, `The file ${file} with the ${what} is empty.`, `Put the ${what} into it.`);
}

/** The model that is asked for. */
export const modelOf = ({ model }: ConnectOptions, env: Environment): string =>
  model ?? (env['GEMINI_MODEL']?.trim() || DEFAULT_MODEL);

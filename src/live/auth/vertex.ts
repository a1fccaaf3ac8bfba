import http, { type Agent } from 'node:http';
import https from 'node:https';
import { classifyClose, isObject } from '../../protocol';
import { LiveError } from '../errors';
import { agentFor, type NetworkOptions } from '../network';
import { excerpt } from '../redact';

/** What {@link vertexAuth} needs. */
export interface VertexAuthOptions {
  /**
   * The JSON that Google Cloud gives out for a service account, as text or object. Left out: application default
   * credentials (`GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth application-default login`, or the machine's own account).
   */
  serviceAccount?: string | object;
  network?: NetworkOptions;
}

/** Signs in for Vertex AI. */
export interface VertexAuth {
  /**
   * Headers for the next connection, for `headersFor` of an endpoint. The token is kept and renewed before it expires.
   *
   * @throws LiveError (as rejection) `BAD_CONFIG`, `CONNECT_FAILED`
   */
  headers(): Promise<Record<string, string>>;
}

/** The part of google-auth-library that is used here; the same since version 9. */
interface GoogleAuthLibrary {
  GoogleAuth: new (options: object) => { getRequestHeaders(url?: string): Promise<unknown> };
}

const PACKAGE = 'google-auth-library';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const MAX_REASON = 300;

/**
 * Credentials for Vertex AI by google-auth-library, which is an optional package: it is looked for when it is needed and
 * named when it is missing.
 *
 * @throws LiveError `BAD_CONFIG` for a service account that is none
 */
export function vertexAuth(options: VertexAuthOptions = {}): VertexAuth {
  const credentials = accountOf(options.serviceAccount);
  let client: InstanceType<GoogleAuthLibrary['GoogleAuth']> | undefined;
  return {
    async headers() {
      client ??= await makeClient(credentials, options.network);
      try {
        return plainHeaders(await client.getRequestHeaders());
      } catch (error) {
        throw refused(error, credentials);
      }
    },
  };
}

async function makeClient(
  credentials: Record<string, unknown> | undefined,
  network: NetworkOptions | undefined,
): Promise<InstanceType<GoogleAuthLibrary['GoogleAuth']>> {
  const { GoogleAuth } = await library();
  return new GoogleAuth({
    scopes: [SCOPE],
    ...(credentials && { credentials }),
    // Given even where nothing is special: the library would else look at the environment in its own way.
    clientOptions: { transporterOptions: { agent: (url: URL) => agentOf(url, network) } },
  });
}

function agentOf(url: URL, network: NetworkOptions | undefined): Agent {
  return agentFor(url.href, network) ?? (url.protocol === 'http:' ? http.globalAgent : https.globalAgent);
}

async function library(): Promise<GoogleAuthLibrary> {
  try {
    return (await import(PACKAGE)) as GoogleAuthLibrary;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND' && !isMissing(error)) throw error;
    throw new LiveError(
      'BAD_CONFIG',
      `Signing in to Vertex AI needs the package ${PACKAGE}, which is not installed`,
      {
        advice: `Install it beside this package: npm install ${PACKAGE}`,
        policy: 'fatal',
      },
    );
  }
}

/** How `require` says it, into which `import` is compiled. */
function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'MODULE_NOT_FOUND';
}

function accountOf(account: string | object | undefined): Record<string, unknown> | undefined {
  if (account === undefined || account === '') return undefined;
  let value: unknown = account;
  if (typeof account === 'string') {
    try {
      value = JSON.parse(account);
    } catch {
      // The text holds a private key, so the error of the parser, which quotes it, is not repeated.
      throw badAccount('it is no JSON');
    }
  }
  if (!isObject(value)) throw badAccount('it is no object');
  const type = value['type'];
  if (typeof type !== 'string') throw badAccount('it has no "type"');
  if (type === 'service_account' && !(value['private_key'] && value['client_email'])) {
    throw badAccount('it has no "private_key" or "client_email"');
  }
  return value;
}

function badAccount(what: string): LiveError {
  return new LiveError('BAD_CONFIG', `The service account cannot be used: ${what}`, {
    advice: 'Paste the whole JSON file that Google Cloud gave out for the key of the service account.',
    policy: 'fatal',
  });
}

function refused(error: unknown, credentials: Record<string, unknown> | undefined): LiveError {
  if (error instanceof LiveError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const secrets = [
    credentials?.['private_key'],
    credentials?.['client_secret'],
    credentials?.['refresh_token'],
  ];
  const reason = excerpt(
    text,
    secrets.filter((secret) => typeof secret === 'string'),
    MAX_REASON,
  );
  const { status } = (error as { response?: { status?: unknown } }).response ?? {};
  const { policy, advice } = classifyClose(typeof status === 'number' ? status : 1006, reason, {
    inSetup: true,
  });
  return new LiveError('CONNECT_FAILED', `Google did not let this account in: ${reason}`, {
    policy: /invalid_grant|Could not load the default credentials|DECODER|PEM|asn1/i.test(reason)
      ? 'fatal'
      : policy,
    advice: adviceFor(reason) ?? advice,
    reason,
    ...(typeof status === 'number' && { httpStatus: status }),
  });
}

function adviceFor(reason: string): string | undefined {
  if (/Could not load the default credentials/.test(reason)) {
    return 'Give the JSON of a service account, set GOOGLE_APPLICATION_CREDENTIALS, or run: gcloud auth application-default login';
  }
  if (/invalid_grant/.test(reason)) return 'The key may be deleted, or the clock of this machine is wrong.';
  return /DECODER|PEM|asn1/i.test(reason)
    ? 'The private key in the JSON is damaged: paste the whole file again.'
    : undefined;
}

/** Version 10 gives `Headers`, version 9 a plain object. */
function plainHeaders(headers: unknown): Record<string, string> {
  const entries =
    headers instanceof Headers
      ? [...headers.entries()]
      : Object.entries((headers ?? {}) as Record<string, string>);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

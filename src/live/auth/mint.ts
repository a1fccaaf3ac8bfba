import { authTokenRequest, isObject, ProtocolError, resolveTools, type AuthTokenInput } from '../../protocol';
import { LiveError } from '../errors';
import type { NetworkOptions } from '../network';
import { postJson } from '../network/request';

/** What {@link mintToken} needs. */
export interface MintOptions extends Pick<AuthTokenInput, 'uses' | 'constraints' | 'lockFields'> {
  /** The key that stays here. */
  apiKey: string;
  /** http(s); default Google's own host. */
  baseUrl?: string;
  /** Default `v1alpha`, for which tokens are documented. */
  apiVersion?: string;
  /** How long a session may go on (ms); default the service's: 30 minutes. */
  expireMs?: number;
  /** How long a session may be begun (ms); default the service's: one minute. */
  newSessionExpireMs?: number;
  network?: NetworkOptions;
  /** How long the service may take (ms). Default 10000. */
  timeoutMs?: number;
}

/** A token that may be given away: it holds for one model, a few sessions, a short time. */
export interface MintedToken {
  /** `auth_tokens/…`, used as `token` of an endpoint. */
  token: string;
  /** Until when messages may be sent (ISO 8601), where the service or the request says. */
  expireTime?: string;
  /** Until when a session may be begun (ISO 8601), where the service or the request says. */
  newSessionExpireTime?: string;
}

const GOOGLE = 'https://generativelanguage.googleapis.com';
const TIMEOUT_MS = 10_000;

/**
 * Makes an ephemeral token from an API key (`POST …/auth_tokens`), for programs that must not know the key. Its constraints
 * are fitted to their model. A conversation that shall resume needs `lockFields` (an empty list will do) and constraints
 * without `sessionResumption`: where everything is locked, the handle of the client may not count.
 *
 * @throws LiveError (as rejection) `BAD_CONFIG`, `CONNECT_FAILED`, `CONNECT_TIMEOUT`, `HTTP_REFUSED`
 */
export async function mintToken(options: MintOptions): Promise<MintedToken> {
  const { apiKey, network, timeoutMs = TIMEOUT_MS, apiVersion = 'v1alpha' } = options;
  const key = apiKey?.trim();
  if (!key || !/^[\x21-\x7e]+$/.test(key)) {
    throw new LiveError('BAD_CONFIG', 'A token is made from an API key, and this is none', {
      advice: 'Paste the key again, without quotes or other text.',
      policy: 'fatal',
    });
  }
  const request = await requestOf(options);
  const answer = await postJson({
    url: `${baseOf(options.baseUrl)}/${apiVersion}/auth_tokens`,
    headers: { 'x-goog-api-key': key },
    body: request,
    ...(network && { network }),
    timeoutMs,
    secrets: [key],
  });
  const name = isObject(answer) ? answer['name'] : undefined;
  if (typeof name !== 'string' || !name.startsWith('auth_tokens/')) {
    throw new LiveError('CONNECT_FAILED', 'The service answered without a token', {
      advice: 'Check address and API version: another program may listen there.',
      policy: 'fatal',
    });
  }
  const told = (field: 'expireTime' | 'newSessionExpireTime'): string | undefined => {
    const value = (answer as Record<string, unknown>)[field];
    return typeof value === 'string' ? value : request[field];
  };
  const expireTime = told('expireTime');
  const newSessionExpireTime = told('newSessionExpireTime');
  return {
    token: name,
    ...(expireTime && { expireTime }),
    ...(newSessionExpireTime && { newSessionExpireTime }),
  };
}

async function requestOf(options: MintOptions): Promise<ReturnType<typeof authTokenRequest>> {
  const { uses, constraints, lockFields, expireMs, newSessionExpireMs } = options;
  const after = (ms: number): string => new Date(Date.now() + ms).toISOString();
  try {
    return authTokenRequest({
      fitted: true,
      ...(uses !== undefined && { uses }),
      ...(lockFields && { lockFields }),
      ...(constraints && {
        constraints: { ...constraints, config: await resolveTools(constraints.config ?? {}) },
      }),
      ...(expireMs !== undefined && { expireTime: after(expireMs) }),
      ...(newSessionExpireMs !== undefined && { newSessionExpireTime: after(newSessionExpireMs) }),
    });
  } catch (error) {
    if (!(error instanceof ProtocolError) && !(error instanceof RangeError)) throw error;
    throw new LiveError('BAD_CONFIG', `No token can be made: ${error.message}`, {
      advice: 'Correct times and constraints.',
      policy: 'fatal',
    });
  }
}

function baseOf(baseUrl: string | undefined): string {
  const base = (baseUrl?.trim() || GOOGLE).replace(/^ws/i, 'http').replace(/\/+$/, '');
  try {
    const url = new URL(base);
    if (/^https?:$/.test(url.protocol) && url.hostname) return base;
  } catch {
    // Told below; the text may hold credentials.
  }
  throw new LiveError('BAD_CONFIG', 'The address of the service that makes tokens is no URL', {
    advice: 'Give e.g. https://generativelanguage.googleapis.com.',
    policy: 'fatal',
  });
}

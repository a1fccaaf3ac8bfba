import type { LiveConnectConfig } from './config';
import { ProtocolError } from './errors';
import { fit } from './fit';
import { apiVersionFor, profileFor } from './profiles';
import { setup } from './setup';
import { isObject } from './walk';
import type { LiveClientSetup } from './wire';

/** What an ephemeral token is to allow. */
export interface AuthTokenInput {
  /** How many sessions may be begun with it; the service's default is 1. Resuming a session costs no use. */
  uses?: number;
  /** Until when messages may be sent (ISO 8601); the service's default is in 30 minutes, at most 20 hours. */
  expireTime?: string;
  /** Until when a session may be begun (ISO 8601); the service's default is in one minute. */
  newSessionExpireTime?: string;
  /** Binds the token to a model and configuration. */
  constraints?: { model: string; config?: LiveConnectConfig | null };
  /**
   * Which fields the bearer cannot change. Left out: all of them, what the bearer configures is ignored. A list, also
   * an empty one: those of {@link constraints} and the fields named here, such as `topK`.
   */
  lockFields?: readonly string[];
  /** Fit the constraints to their model first, see `fit`: what a token locks cannot be mended by who uses it. */
  fitted?: boolean;
}

/** Body of `POST /v1alpha/auth_tokens`. */
export interface AuthTokenRequest {
  uses?: number;
  expireTime?: string;
  newSessionExpireTime?: string;
  bidiGenerateContentSetup?: LiveClientSetup;
  /** Names of the locked fields, comma-separated. */
  fieldMask?: string;
}

/** Names that a caller writes without the `generationConfig` in which they stand (official SDK 3.1.0). */
const GENERATION_FIELDS = new Set([
  'temperature',
  'topK',
  'topP',
  'maxOutputTokens',
  'responseModalities',
  'seed',
  'speechConfig',
]);

/**
 * The request that mints an ephemeral token, equal to the one of the official SDK 3.1.0 (`authTokens.create`).
 *
 * @throws ProtocolError as {@link setup}, and `BAD_INPUT` for times that are none
 */
export function authTokenRequest(input: AuthTokenInput): AuthTokenRequest {
  const { uses, constraints, lockFields } = input;
  const out: AuthTokenRequest = {};
  if (uses !== undefined) out.uses = uses;
  for (const name of ['expireTime', 'newSessionExpireTime'] as const) {
    const time = input[name];
    if (time === undefined) continue;
    if (Number.isNaN(Date.parse(time)))
      throw new ProtocolError('BAD_INPUT', `"${name}" must be a time such as 2030-01-01T00:00:00Z`);
    out[name] = time;
  }
  if (!constraints) {
    if (lockFields && lockFields.length > 0) out.fieldMask = lockFields.join(',');
    return out;
  }
  out.bidiGenerateContentSetup = setupOf(constraints, input.fitted ?? false);
  if (!lockFields) return out;
  const mask = [...maskOf(out.bidiGenerateContentSetup), ...lockFields.map(inGenerationConfig)];
  if (mask.length > 0) out.fieldMask = mask.join(',');
  return out;
}

function setupOf(constraints: NonNullable<AuthTokenInput['constraints']>, fitted: boolean): LiveClientSetup {
  if (!fitted) return setup(constraints).setup;
  const { model, config } = constraints;
  const encoded = setup({ model, config, lenient: true }).setup;
  return fit(profileFor(model), encoded, { apiVersion: apiVersionFor(model, config, true) }).setup;
}

/** The fields of a setup, two levels deep: what is set can be locked. */
function maskOf(message: LiveClientSetup): string[] {
  return Object.entries(message).flatMap(([name, value]: [string, unknown]) => {
    const inner = isObject(value) ? Object.keys(value) : [];
    return inner.length > 0 ? inner.map((field) => `${name}.${field}`) : [name];
  });
}

function inGenerationConfig(name: string): string {
  return GENERATION_FIELDS.has(name) ? `generationConfig.${name}` : name;
}

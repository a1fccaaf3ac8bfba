import { randomUUID } from 'node:crypto';
import { isObject, walk, type LiveClientSetup, type Problem } from '../protocol';
import { Refusal } from './client-message';
import { closes } from './closes';
import type { Clock } from './clock';

/** A token ends a session without a handle after this long (ms), if it does not say otherwise. */
const NEW_SESSION_MS = 60_000;
const EXPIRE_MS = 30 * 60_000;
const LONGEST_MS = 20 * 60 * 60_000;
/** More tokens than this push out the oldest. */
const MOST_TOKENS = 1000;

/** A request for a token that cannot be granted; answered with HTTP 400. */
export class BadTokenRequest extends Error {
  override readonly name = 'BadTokenRequest';
}

/** What a token allows. Times are on the server's clock (ms). */
export interface Grant {
  readonly newSessionUntil: number;
  readonly until: number;
  /** Sessions that may still begin. */
  uses: number;
  readonly setup?: LiveClientSetup;
  /** Fields of the setup that are fixed, as paths; none: the whole setup is. */
  readonly mask: readonly string[];
}

/** Ephemeral tokens: made by whoever has a key, shown by whoever shall not know it. */
export class TokenMint {
  private readonly grants = new Map<string, Grant>();

  constructor(private readonly clock: Clock) {}

  /**
   * Makes a token from the body of `POST …/auth_tokens`.
   * @returns its name, `auth_tokens/…`
   * @throws BadTokenRequest
   */
  mint(body: unknown): string {
    if (!isObject(body)) throw new BadTokenRequest('Request contains an invalid argument.');
    const { uses = 1, expireTime, newSessionExpireTime, bidiGenerateContentSetup, fieldMask, ...rest } = body;
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) {
      throw new BadTokenRequest(
        `Invalid JSON payload received. Unknown name "${stranger}" at 'auth_token': Cannot find field.`,
      );
    }
    const lives = lifeOf('expire_time', expireTime, EXPIRE_MS);
    if (lives > LONGEST_MS) {
      throw new BadTokenRequest('expire_time is too far in the future. Maximum lifetime is 20h');
    }
    const now = this.clock.now();
    const count = Number(uses);
    if (!Number.isInteger(count) || count < 0)
      throw new BadTokenRequest('Invalid value at uses (TYPE_INT32)');
    const setup = setupOf(bidiGenerateContentSetup);
    const name = `auth_tokens/${randomUUID().replaceAll('-', '')}`;
    this.grants.set(name, {
      uses: count === 0 ? Infinity : count,
      until: now + lives,
      newSessionUntil: now + lifeOf('new_session_expire_time', newSessionExpireTime, NEW_SESSION_MS),
      ...(setup ? { setup } : {}),
      mask: typeof fieldMask === 'string' ? fieldMask.split(',').flatMap((path) => path.trim() || []) : [],
    });
    if (this.grants.size > MOST_TOKENS) this.grants.delete(this.grants.keys().next().value!);
    return name;
  }

  /** What a token allows; undefined for a name that was never given out. */
  find(name: string | undefined): Grant | undefined {
    return name === undefined ? undefined : this.grants.get(name);
  }

  /**
   * Begins a session with a token. Resuming one needs no use and no young token.
   * @returns the setup that counts
   * @throws Refusal when the token is used up or too old
   */
  admit(grant: Grant, asked: LiveClientSetup): LiveClientSetup {
    const now = this.clock.now();
    if (grant.until <= now) throw new Refusal(closes.tokenExpired());
    if (!asked.sessionResumption?.handle) {
      if (grant.newSessionUntil <= now) throw new Refusal(closes.tokenExpired());
      if (grant.uses <= 0) throw new Refusal(closes.tokenUsed());
      grant.uses--;
    }
    return constrained(asked, grant);
  }
}

function lifeOf(name: string, time: unknown, fallback: number): number {
  if (time === undefined) return fallback;
  const at = typeof time === 'string' ? Date.parse(time) : NaN;
  if (Number.isNaN(at))
    throw new BadTokenRequest(`Invalid value at '${name}' (type.googleapis.com/google.protobuf.Timestamp)`);
  const lives = at - Date.now();
  if (lives <= 0) throw new BadTokenRequest(`${name} must be in the future`);
  return lives;
}

function setupOf(value: unknown): LiveClientSetup | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new BadTokenRequest('Request contains an invalid argument.');
  const problems: Problem[] = [];
  walk('LiveClientSetup', value, {
    kind: 'client',
    normalise: true,
    backend: 'gemini',
    report: (problem) => problems.push(problem),
  });
  if (problems[0]) throw new BadTokenRequest(problems[0].message);
  return value;
}

/**
 * The setup that counts: without a mask the token's alone, with one the client's, in which the masked fields are the
 * token's, even where the token has none. A handle is always the client's, or no session could be resumed.
 */
function constrained(asked: LiveClientSetup, { setup, mask }: Grant): LiveClientSetup {
  if (!setup) return asked;
  const result = structuredClone(mask.length > 0 ? asked : setup) as Record<string, unknown>;
  for (const path of mask) lock(result, setup as Record<string, unknown>, path.split('.'));
  const handle = asked.sessionResumption?.handle;
  if (handle === undefined) return result;
  const { sessionResumption } = result as LiveClientSetup;
  return { ...result, sessionResumption: { ...sessionResumption, handle } };
}

function lock(
  target: Record<string, unknown>,
  source: Record<string, unknown>,
  [key, ...rest]: string[],
): void {
  if (key === undefined || key === '__proto__') return;
  const from = Object.hasOwn(source, key) ? source[key] : undefined;
  if (rest.length === 0) {
    if (from === undefined) delete target[key];
    else target[key] = structuredClone(from);
    return;
  }
  if (!isObject(target[key])) target[key] = {};
  lock(target[key] as Record<string, unknown>, isObject(from) ? from : {}, rest);
}

import type { IncomingMessage } from 'node:http';
import { TokenMint, type Grant } from './auth-tokens';
import { closes, type Close } from './closes';
import type { Clock } from './clock';
import type { Faults } from './faults';
import type { Limits } from './lifetime';
import { credentialOf, originAllowed, type Route } from './routes';

/** How an upgrade is refused. */
export interface HttpRefusal {
  readonly status: number;
  readonly text: string;
}

/** Decides who is let in: by origin, quota, key and token. */
export class Admission {
  readonly mint: TokenMint;
  /** When turns of the model began, on the server's clock; only kept while they are limited. */
  private turnsAt: number[] = [];

  constructor(
    private readonly apiKey: string | undefined,
    private readonly limits: Limits,
    private readonly clock: Clock,
  ) {
    this.mint = new TokenMint(clock);
  }

  /** @param connected clients that are here already */
  refuseUpgrade(
    request: IncomingMessage,
    { httpStatus }: Readonly<Faults>,
    connected: number,
  ): HttpRefusal | undefined {
    if (httpStatus) return { status: httpStatus.status, text: httpStatus.body ?? '' };
    if (!originAllowed(request.headers.origin)) {
      return { status: 403, text: 'Pages of other origins may not talk to the local Live server.' };
    }
    const { concurrentSessions } = this.limits;
    if (concurrentSessions <= 0 || connected < concurrentSessions) return undefined;
    return { status: 429, text: 'Resource has been exhausted: too many sessions at once.' };
  }

  /** Tokens are taken on their own route only, and there nothing else is. */
  refuseCredential({ constrained }: Route, request: IncomingMessage): Close | undefined {
    const credential = credentialOf(request);
    if (constrained) return this.mint.find(credential) ? undefined : closes.apiKeyInvalid();
    if (credential?.startsWith('auth_tokens/')) return closes.unregistered();
    return this.apiKey !== undefined && credential !== this.apiKey ? closes.apiKeyMissing() : undefined;
  }

  /** What the token of a client allows; undefined for one that shows a key. */
  grant({ constrained }: Route, request: IncomingMessage): Grant | undefined {
    return constrained ? this.mint.find(credentialOf(request)) : undefined;
  }

  /** Counts one more turn of the model. @returns false when that is too many within a minute */
  countTurn(): boolean {
    const { turnsPerMinute } = this.limits;
    if (turnsPerMinute <= 0) return true;
    const now = this.clock.now();
    this.turnsAt = this.turnsAt.filter((at) => at > now - 60_000);
    if (this.turnsAt.length >= turnsPerMinute) return false;
    this.turnsAt.push(now);
    return true;
  }
}

import { randomBytes } from 'node:crypto';
import type { TokenReply } from './wire';

/** Tokens that may wait for their sockets at the same time: whoever floods us with requests only spoils older ones. */
const MOST = 256;

/**
 * Tokens that open one socket of one page, once, soon. They exist because `httpNodeAuth` does not cover WebSocket upgrades:
 * the token is given out where it does.
 */
export class Tokens {
  readonly #open = new Map<string, { page: string; until: number }>();

  /** @param now monotonic time, ms */
  constructor(
    private readonly lifeMs: number,
    private readonly now: () => number,
  ) {}

  /** Makes a token for a page. */
  issue(page: string): TokenReply {
    this.#forget();
    const token = randomBytes(24).toString('base64url');
    this.#open.set(token, { page, until: this.now() + this.lifeMs });
    return { token, expiresMs: this.lifeMs };
  }

  /** Whether the token opens that page; it never does again. */
  redeem(token: string, page: string): boolean {
    this.#forget();
    const found = this.#open.get(token);
    if (found?.page !== page) return false;
    return this.#open.delete(token);
  }

  /** Drops what is too old. All live equally long, so the oldest stand first. */
  #forget(): void {
    const now = this.now();
    for (const [token, { until }] of this.#open) {
      if (until > now && this.#open.size < MOST) return;
      this.#open.delete(token);
    }
  }
}

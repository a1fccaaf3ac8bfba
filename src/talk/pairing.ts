import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** Wrong PINs after which there is a new one, and a pause. */
const ATTEMPTS = 5;
/** Name of the cookie that remembers a paired browser. */
export const COOKIE = 'gemini-live-talk';

/** What became of an attempt to pair. */
export type Attempt = { ok: true; cookie: string } | { ok: false; left: number; retryMs?: number };

/**
 * Pairs browsers by a six-digit PIN that only the host shows.
 *
 * Wrong attempts are counted together, whoever makes them: behind a reverse proxy all clients have one address. After five
 * of them nobody can pair for a minute, and the PIN is another one, so that nothing was learned; browsers that are
 * paired already notice nothing. Nothing is stored for a pairing: the cookie is signed, and holds as long as the secret.
 */
export class Pairing {
  #pin = newPin();
  #wrong = 0;
  #pausedUntil = -Infinity;

  /** @param changed told when there is a new PIN */
  constructor(
    private readonly options: {
      readonly secret: Buffer;
      readonly lifeMs: number;
      readonly pauseMs: number;
      /** Monotonic time, ms. */
      readonly now: () => number;
      readonly changed: (pin: string) => void;
    },
  ) {}

  /** Six digits. */
  get pin(): string {
    return this.#pin;
  }

  /** Tries a PIN; the cookie's value is what {@link knows} later recognises. */
  attempt(pin: string): Attempt {
    const { now, pauseMs, lifeMs, changed } = this.options;
    const retryMs = Math.ceil(this.#pausedUntil - now());
    if (retryMs > 0) return { ok: false, left: 0, retryMs };
    if (same(pin, this.#pin)) {
      this.#wrong = 0;
      const claim = `${Date.now() + lifeMs}.${randomBytes(12).toString('base64url')}`;
      return { ok: true, cookie: `${claim}.${this.#sign(claim)}` };
    }
    this.#wrong += 1;
    if (this.#wrong < ATTEMPTS) return { ok: false, left: ATTEMPTS - this.#wrong };
    this.#wrong = 0;
    this.#pausedUntil = now() + pauseMs;
    this.#pin = newPin();
    changed(this.#pin);
    return { ok: false, left: 0, retryMs: pauseMs };
  }

  /** Whether the Cookie header of a request holds a pairing of ours that is not over. */
  knows(header: string | undefined): boolean {
    return (header ?? '').split(';').some((part) => {
      const [name, value = ''] = part.trim().split('=', 2);
      if (name !== COOKIE) return false;
      const claim = value.slice(0, value.lastIndexOf('.'));
      if (!same(value, `${claim}.${this.#sign(claim)}`)) return false;
      return Number(claim.split('.', 1)[0]) > Date.now();
    });
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.options.secret).update(`${COOKIE}:${claim}`).digest('base64url');
  }
}

function newPin(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

/** Compares without telling by the time it takes how much was right. */
function same(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

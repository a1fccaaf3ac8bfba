import { byId } from './elements';

/** Quietest level that moves the meter (dB below full scale). */
const FLOOR_DB = 55;
/** How often a screen reader may find another value (ms). */
const TOLD_MS = 500;

/** Root mean square (0…1) as a share of the meter: the ear hears in decibels. */
export function share(level: number): number {
  return level <= 0 ? 0 : Math.max(0, Math.min(1, (20 * Math.log10(level) + FLOOR_DB) / (FLOOR_DB - 6)));
}

/** The level of the microphone: the halo of the talk button and a bar. */
export class Meter {
  readonly #element = byId('meter');
  /** The loudest since a value was told, and when that was. */
  #most = 0;
  #toldAt = 0;

  show(level: number): void {
    const of = share(level);
    document.body.style.setProperty('--level', of.toFixed(3));
    this.#most = Math.max(this.#most, of);
    const now = performance.now();
    if (now - this.#toldAt < TOLD_MS) return;
    this.#element.setAttribute('aria-valuenow', String(Math.round(100 * this.#most)));
    this.#element.setAttribute('aria-valuetext', inWords(this.#most));
    this.#toldAt = now;
    this.#most = 0;
  }

  /** How loud the answer is: the waves in the talk button. */
  answer(level: number): void {
    document.body.style.setProperty('--answer', share(level).toFixed(3));
  }
}

function inWords(of: number): string {
  if (of < 0.15) return 'silent';
  if (of < 0.4) return 'quiet';
  return of < 0.95 ? 'good' : 'very loud';
}

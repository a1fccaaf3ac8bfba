import { isMediaError, type MediaError } from '../errors';
import { Darkroom } from './darkroom';
import type { RunOptions } from './grab';

/** A camera that sends 25 frames a second is never quite on time: without this the frame after the due one would be taken. */
const EARLY = 0.95;

/**
 * Takes pictures as they come, lets go of those that come too early, and gives the others out when they are fit to be sent. While
 * one is being worked on, only the newest waits.
 */
export class Stills {
  readonly #darkroom: Darkroom;
  readonly #intervalMs: number;
  #due = 0;
  #waiting: { picture: Buffer; at: number } | undefined;
  #working: Promise<void> | undefined;
  /** The last picture could not be read: one is no misfortune, all of them are the reason why none comes. */
  #problem: MediaError | undefined;

  constructor(private readonly options: RunOptions) {
    this.#darkroom = new Darkroom(options.settings, options.ffmpegPath);
    this.#intervalMs = 1000 / options.settings.fps;
  }

  /** What is wrong with the last picture. */
  get problem(): MediaError | undefined {
    return this.#problem;
  }

  take(picture: Buffer, at: number): void {
    const { signal, wish } = this.options;
    if ((at < this.#due && !wish.open) || signal.aborted) return;
    this.#due = at + this.#intervalMs * EARLY;
    this.#waiting = { picture, at };
    this.#working ??= this.#work();
  }

  /** Resolves when nothing is being worked on. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#waiting = undefined;
    await this.#darkroom.close();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal, onShot } = this.options;
    for (let next = this.#waiting; next && !signal.aborted; next = this.#waiting) {
      this.#waiting = undefined;
      try {
        const shot = await this.#darkroom.develop(next.picture, next.at, signal);
        this.#problem = undefined;
        if (!signal.aborted) onShot(shot);
      } catch (error) {
        if (!isMediaError(error)) throw error;
        this.#problem = error;
      }
    }
    this.#working = undefined;
  }
}

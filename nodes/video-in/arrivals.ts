import { preparePicture, type PictureSettings, type PreparedPicture } from '../../src/media';
import { NodeError } from '../shared/errors';

/** Pictures that may wait to be worked on. */
const MOST = 50;

interface Waiting {
  bytes: Buffer;
  settings: PictureSettings;
  resolve(picture: PreparedPicture | undefined): void;
  reject(error: unknown): void;
}

/**
 * Works on pictures that arrive, one after the other: a flow may send a hundred at once, and each may take an ffmpeg of its own.
 *
 * @param latestOnly while one is worked on only the newest waits; the others come to nothing
 */
export class Arrivals {
  readonly #waiting: Waiting[] = [];
  #working = false;
  #cancel = new AbortController();

  constructor(private readonly latestOnly: boolean) {}

  /** @returns undefined when a newer one has taken its place. @throws NodeError `BAD_PAYLOAD`; what preparing it throws */
  take(bytes: Buffer, settings: PictureSettings): Promise<PreparedPicture | undefined> {
    if (this.latestOnly) this.#waiting.splice(0).forEach(({ resolve }) => resolve(undefined));
    if (this.#waiting.length >= MOST) {
      const advice = 'Send them more slowly, or choose "stream", where only the newest counts.';
      return Promise.reject(
        new NodeError('BAD_PAYLOAD', `${MOST} pictures are waiting, so this one is refused. ${advice}`),
      );
    }
    const result = new Promise<PreparedPicture | undefined>((resolve, reject) => {
      this.#waiting.push({ bytes, settings, resolve, reject });
    });
    void this.#work();
    return result;
  }

  /** Gives all up: they come to nothing. */
  cancel(): void {
    this.#waiting.splice(0).forEach(({ resolve }) => resolve(undefined));
    this.#cancel.abort();
    this.#cancel = new AbortController();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { signal } = this.#cancel;
      try {
        const { bytes, settings } = next;
        next.resolve(await preparePicture(bytes, settings, { signal, compared: this.latestOnly }));
      } catch (error) {
        if (signal.aborted) next.resolve(undefined);
        else next.reject(error);
      }
    }
    this.#working = false;
  }
}

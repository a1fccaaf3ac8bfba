import type { MediaHandle } from '../../src/media';

/** How long the microphone stays closed after the last sound of the loudspeaker (ms): what the room and the device still hold. */
const HANG_MS = 300;

/**
 * Without a headset the microphone hears the loudspeaker, and the model would interrupt itself (python SDK cookbook #356).
 * The gate is closed while a sink reports that an answer is being played, and shortly after.
 */
export class EchoGate {
  #until = 0;

  constructor(private readonly enabled: boolean) {}

  /** Follows the playing of an answer. The listener goes when the stream does. */
  watch(answer: MediaHandle): void {
    if (!this.enabled) return;
    answer.on('played', (_ms, estimated) => {
      if (!estimated) this.#until = performance.now() + HANG_MS;
    });
  }

  /** Whether the microphone is not to be listened to now. */
  get closed(): boolean {
    return performance.now() < this.#until;
  }
}

import type { WakeWordEar, WakeWordService } from '../../media';
import type { Emit } from '../events';

/** One sleep's ear for wake words. Whatever the service does wrong is a warning, and messages go on waking the session. */
export class WordEar {
  private ear: WakeWordEar | undefined;
  private closed = false;

  constructor(
    service: WakeWordService,
    private readonly emit: Emit,
    heard: (word: string) => void,
  ) {
    const { name } = service;
    const failed = (why: string): void =>
      this.tell('WAKE_WORD_FAILED', `Nobody listens for the wake word: ${why}`, {
        advice: `Check ${name}. It is tried again by itself, and messages wake the session meanwhile.`,
      });
    this.guard(() => {
      this.ear = service.listen({
        detected: (word) => this.closed || heard(word),
        failed: ({ message }) => this.closed || failed(message),
        back: () => this.closed || this.tell('WAKE_WORD_BACK', `${name} listens for the wake word again`),
      });
    });
  }

  push(pcm: Buffer): void {
    this.guard(() => this.ear?.push(pcm));
  }

  close(): void {
    this.closed = true;
    const { ear } = this;
    this.ear = undefined;
    this.guard(() => ear?.close());
  }

  private tell(code: string, message: string, more: { advice?: string } = {}): void {
    this.emit('warning', { code, message, ...more });
  }

  /** A service may be anybody's. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.ear = undefined;
      const what = error instanceof Error ? error.message : String(error);
      const advice = 'The wake word is not listened for until the next sleep; messages wake the session.';
      this.tell('WAKE_WORD_FAILED', `The service of the wake word has failed: ${what}`, { advice });
    }
  }
}

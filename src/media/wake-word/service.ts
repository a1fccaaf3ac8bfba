import type { MediaError } from '../errors';

/** What somebody who waits for a wake word wants to hear. All are called on turns of their own, never within a call. */
export interface WakeWordHooks {
  /** The word was said. @param word its name, as the service calls it */
  detected(word: string): void;
  /** The service cannot be heard from now on; once for each outage. It is tried again by itself. */
  failed(error: MediaError): void;
  /** The service listens again after an outage that was told. */
  back(): void;
}

/** One that listens for a wake word. */
export interface WakeWordEar {
  /** @param pcm PCM16 mono at 16 kHz, in pieces of any size, at the pace of a microphone. Never throws, never waits */
  push(pcm: Buffer): void;
  /** Lets go of everything. No hook is called any more. */
  close(): void;
}

/** Something that knows wake words, e.g. a Wyoming server. */
export interface WakeWordService {
  /** For people: what it is and where, without secrets. */
  readonly name: string;
  /** Begins to listen. Each ear is of its own. Never throws for a service that cannot be reached: that is `failed`. */
  listen(hooks: WakeWordHooks): WakeWordEar;
}

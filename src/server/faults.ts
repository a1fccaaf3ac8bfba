import type { LiveServerMessage } from '../protocol';
import type { Close } from './closes';

/**
 * Misbehaviour on demand, for tests of clients. All off by default. `server.faults` can be changed while the server
 * runs and takes effect with the next connection.
 */
export interface Faults {
  /** The upgrade request is never answered. */
  neverUpgrade?: boolean;
  /** The setup is read but never answered. */
  neverSetupComplete?: boolean;
  /** The n-th frame (1 = `setupComplete`) is replaced by bytes that are no JSON. */
  badFrame?: number;
  /** The TCP connection is cut right after the n-th frame that carries sound. */
  terminateAfterAudio?: number;
  /** The server closes after that many frames (0 = as soon as the socket is open). */
  close?: Close & { readonly afterFrames: number };
}

/** What is to happen to one outgoing frame, and afterwards. */
export interface Verdict {
  /** Sent in place of the frame. */
  readonly instead?: Buffer;
  readonly then?: 'terminate' | Close;
}

const hasSound = (message: LiveServerMessage): boolean =>
  message.serverContent?.modelTurn?.parts?.some((part) => part.inlineData !== undefined) ?? false;

/** Counts the frames of one connection and says which of them go wrong. */
export class FaultGate {
  private frames = 0;
  private sounds = 0;

  constructor(private readonly faults: Readonly<Faults>) {}

  /** How the connection ends before it has begun. */
  get onOpen(): Close | undefined {
    return this.faults.close?.afterFrames === 0 ? this.faults.close : undefined;
  }

  judge(message: LiveServerMessage): Verdict {
    this.frames++;
    if (hasSound(message)) this.sounds++;
    const { badFrame, terminateAfterAudio, close } = this.faults;
    if (hasSound(message) && this.sounds === terminateAfterAudio) return { then: 'terminate' };
    if (this.frames === close?.afterFrames) return { then: close };
    return this.frames === badFrame ? { instead: Buffer.from('{"serverContent": {"modelTurn"') } : {};
  }
}

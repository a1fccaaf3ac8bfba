import type { LiveConnectConfig } from '../../protocol';
import type { SayOptions } from '../say';

/** What a function can do with the session that called it: a part of `LiveSession`. */
export interface ToolSession {
  /** Id of the session object. */
  readonly id: string;
  /** Id of the conversation. */
  readonly conversation: string;
  readonly model: string;
  /** Has something announced. */
  say(text: string, options?: SayOptions): void;
  /** Says something in the user's name. */
  sendText(text: string): void;
  /** Silences the answer that is being spoken. */
  interrupt(): void;
  /** Changes instructions or functions in the conversation. */
  updateContext(change: Pick<LiveConnectConfig, 'systemInstruction' | 'tools'>): Promise<void>;
  /** Ends the conversation. */
  close(options?: { playback?: 'stop' | 'finish'; reason?: string }): Promise<void>;
}

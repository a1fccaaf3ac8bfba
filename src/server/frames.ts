import type { LiveServerContent, LiveServerMessage, UsageMetadata } from '../protocol';
import type { Route } from './routes';

/**
 * One frame as the service writes it: indented JSON with a newline at its end, sent as a binary message.
 * The frame for an empty `setupComplete` is 26 bytes long, as client logs show.
 */
export function frameBytes(message: LiveServerMessage): Buffer {
  return Buffer.from(`${JSON.stringify(message, null, 2)}\n`);
}

const content = (serverContent: LiveServerContent): LiveServerMessage => ({ serverContent });

/** Builders for everything the server says. */
export const frames = {
  setupComplete: (sessionId?: string): LiveServerMessage => ({
    setupComplete: sessionId === undefined ? {} : { sessionId },
  }),
  inputTranscription: (text: string) => content({ inputTranscription: { text } }),
  inputFinished: () => content({ inputTranscription: { finished: true } }),
  generationComplete: () => content({ generationComplete: true }),
  interrupted: () => content({ interrupted: true }),
  turnComplete: (usage: UsageMetadata, backend: Route['backend']): LiveServerMessage => ({
    serverContent: { turnComplete: true, ...(backend === 'vertex' ? { groundingMetadata: {} } : {}) },
    usageMetadata: usage,
  }),
  goAway: (timeLeft: string): LiveServerMessage => ({ goAway: { timeLeft } }),
  resumption: (newHandle: string): LiveServerMessage => ({
    sessionResumptionUpdate: { newHandle, resumable: true },
  }),
};

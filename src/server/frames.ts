import {
  formatDuration,
  type GroundingMetadata,
  type LiveServerContent,
  type LiveServerMessage,
  type UsageMetadata,
} from '../protocol';
import type { Route } from './routes';

/**
 * One frame as the service writes it: indented JSON with a newline at its end, sent as a binary message.
 * The frame for an empty `setupComplete` is 26 bytes long, as client logs show.
 */
export function frameBytes(message: object): Buffer {
  return Buffer.from(`${JSON.stringify(message, null, 2)}\n`);
}

/** A frame in pieces of a few bytes; at least two. */
export function* fragmentsOf(frame: Buffer): Generator<Buffer> {
  const size = Math.max(1, Math.ceil(frame.length / 5));
  for (let at = 0; at < frame.length; at += size) yield frame.subarray(at, at + size);
}

const content = (serverContent: LiveServerContent): LiveServerMessage => ({ serverContent });

/** Builders for everything the server says. */
export const frames = {
  setupComplete: (sessionId?: string): LiveServerMessage => ({
    setupComplete: sessionId === undefined ? {} : { sessionId },
  }),
  inputTranscription: (text: string) => content({ inputTranscription: { text } }),
  interimTranscription: (text: string) => content({ interimInputTranscription: { text } }),
  inputFinished: () => content({ inputTranscription: { finished: true } }),
  generationComplete: () => content({ generationComplete: true }),
  interrupted: () => content({ interrupted: true }),
  turnComplete: (
    usage: UsageMetadata,
    backend: Route['backend'],
    turnCompleteReason?: LiveServerContent['turnCompleteReason'],
    groundingMetadata: GroundingMetadata = {},
  ): LiveServerMessage => ({
    serverContent: {
      turnComplete: true,
      ...(turnCompleteReason ? { turnCompleteReason } : {}),
      ...(backend === 'vertex' ? { groundingMetadata } : {}),
    },
    usageMetadata: usage,
  }),
  status: (interactionStatus: 'IN_PROGRESS' | 'IDLE') => content({ interactionStatus }),
  /** As Vertex AI spells it; its `type` is the `voiceActivityType` of the schema. */
  voiceActivity: (type: 'ACTIVITY_START' | 'ACTIVITY_END', offsetMs: number): LiveServerMessage => ({
    voiceActivity: { type, audioOffset: formatDuration(offsetMs) } as LiveServerMessage['voiceActivity'],
  }),
  goAway: (timeLeft: string): LiveServerMessage => ({ goAway: { timeLeft } }),
  /** @param index of the last client message behind the handle; transparent resumption only */
  resumption: (newHandle: string, index?: number): LiveServerMessage => ({
    sessionResumptionUpdate: {
      newHandle,
      resumable: true,
      ...(index === undefined ? {} : { lastConsumedClientMessageIndex: String(index) }),
    },
  }),
  /** Sent while a function runs: an older handle would lose what has happened since. */
  notResumable: (): LiveServerMessage => ({ sessionResumptionUpdate: { newHandle: '', resumable: false } }),
};

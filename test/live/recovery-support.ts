import assert from 'node:assert/strict';
import { TRANSITIONS, type LiveSession, type RecoveryOptions, type SessionState } from '../../src/live';
import type { ScriptedConnection } from '../support/scripted-server';
import { logOf, next, of } from './support';

/** A setup as it stands on the wire. */
export type Setup = {
  setup: {
    sessionResumption?: { handle?: string; transparent?: boolean };
    historyConfig?: object;
    systemInstruction?: { parts: Array<{ text: string }> };
    tools?: object[];
  };
};

/** Short times, no chance. */
export const quick: RecoveryOptions = {
  firstDelayMs: 5,
  maxDelayMs: 40,
  waitDelayMs: 20,
  jitter: 0,
  handoverMarginMs: 200,
};
export const config = { sessionResumption: {} };
/** A whole turn of the model. */
export const answer = {
  outputTranscription: { text: 'Hello.' },
  generationComplete: true,
  turnComplete: true,
};

export function update(newHandle: string, index?: number): object {
  return {
    sessionResumptionUpdate: {
      newHandle,
      resumable: true,
      ...(index !== undefined && { lastConsumedClientMessageIndex: String(index) }),
    },
  };
}

/** All states so far; each transition must be allowed and begin where the last one ended. */
export function states(session: LiveSession): SessionState[] {
  const told = of(logOf(session), 'state');
  let before: SessionState = 'idle';
  for (const { from, to } of told) {
    assert.equal(from, before, 'each transition begins where the last one ended');
    assert.ok(TRANSITIONS[from].includes(to), `${from} → ${to}`);
    before = to;
  }
  assert.equal(session.state, before);
  return told.map(({ to }) => to);
}

/** The next time that the session becomes ready. */
export function ready(session: LiveSession): Promise<unknown> {
  return next(session, 'state', ({ to }) => to === 'ready');
}

export function setupOf(peer: ScriptedConnection): Setup['setup'] {
  return (peer.received[0] as Setup).setup;
}

/** What came after the setup, sound as its bytes. */
export function inputs(peer: ScriptedConnection): unknown[] {
  return peer.received.slice(1).map((message) => {
    const { audio } = (message['realtimeInput'] ?? {}) as { audio?: { data: string } };
    return audio ? Buffer.from(audio.data, 'base64') : message;
  });
}

/** Sound of 16 kHz: speech-like loud, or silent. */
export function pcm(ms: number, value = 3000): Buffer {
  const sound = Buffer.alloc(ms * 32);
  for (let i = 0; i < sound.length; i += 4) sound.writeInt16LE(value, i);
  return sound;
}

/** Waits for what the outside can only see by looking. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

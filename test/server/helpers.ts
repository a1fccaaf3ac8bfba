import assert from 'node:assert/strict';
import { checkMessage, decode } from '../../src/protocol';
import {
  scriptedEars,
  scriptedMind,
  startServer,
  toneVoice,
  type LocalLiveServer,
  type ServerOptions,
} from '../../src/server';
import { obeys, lettersOf, type Order } from '../support/grammar';
import { checkServer } from '../support/schema-check';
import type { WireClient } from '../support/wire-client';

const running: LocalLiveServer[] = [];

/**
 * A server with scripted parts at twenty times the speed, which hears "first", "second", … and repeats what it was told.
 * Closed by {@link closeServers}.
 */
export async function rehearsal(options: ServerOptions = {}): Promise<LocalLiveServer> {
  const server = await startServer({
    ears: scriptedEars(['first, I think', 'second', 'third']),
    mind: scriptedMind(({ text }) => `You said ${text} to me just now`),
    voice: toneVoice(),
    clock: 20,
    ...options,
  });
  running.push(server);
  return server;
}

/**
 * Settings for interruptions: the first answer lasts long enough to be interrupted on any machine, later ones are short.
 * It is made at the speed at which it is played, so that an interruption meets it in the making.
 */
export const interruptible = (): ServerOptions => {
  let answers = 0;
  const mind = scriptedMind(() => (answers++ === 0 ? 'and so on '.repeat(40) : 'all right'));
  return { mind, generationSpeed: 1, clock: 5 };
};

export async function closeServers(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.close()));
}

/** Setup with both transcriptions. */
export const setupFor = (model: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  model,
  inputAudioTranscription: {},
  outputAudioTranscription: {},
  ...more,
});

/** The newest resumption handle a client was given. */
export const handleOf = (client: WireClient): string =>
  client.messages.findLast((message) => message.sessionResumptionUpdate?.newHandle)?.sessionResumptionUpdate
    ?.newHandle ?? '';

/** Every frame known to the schema, and binary. */
export function assertValid(client: WireClient, backend: 'gemini' | 'vertex' = 'gemini'): void {
  assert.equal(client.gotText, false, 'the service sends binary frames only');
  client.frames.forEach((frame, index) => {
    // Vertex AI spells the answer's token counts its own way; decode() gives both the schema's names.
    const message = backend === 'vertex' ? decode(frame.toString()) : client.messages[index];
    assert.deepEqual(checkServer(message, { backend }), []);
    assert.deepEqual(checkMessage('server', message, { backend }), []);
  });
}

/** Every frame valid, and the whole session in an order of the service. */
export function assertFaithful(client: WireClient, order: Order): void {
  assertValid(client, order === 'vertex' ? 'vertex' : 'gemini');
  assert.ok(obeys(order, client.messages), `order of frames: ${lettersOf(client.messages)}`);
}

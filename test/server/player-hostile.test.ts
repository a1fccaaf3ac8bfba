import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import type { Recording, RecordingEntry } from '../../src/protocol';
import { Player, startServer } from '../../src/server';
import { geminiPath, WireClient } from '../support/wire-client';

const HEADER = { format: 'gemini-live-recording', version: 1, at: 0, model: 'm', endpoint: 'local' } as const;

/** Third-party data, read where it lies and never copied. */
const RECORDINGS = path.join(__dirname, '../../../shared/recordings');

describe('server: player and strange company', () => {
  it('survives any recording and any client, and always tells how it went', async () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const message = fc.oneof(
      fc.dictionary(
        fc.constantFrom('setup', 'realtimeInput', 'clientContent', 'toolResponse', '__proto__'),
        json,
        { maxKeys: 3 },
      ),
      fc.constant({ setup: { model: 'm' } }),
      fc.constant({ realtimeInput: { audio: { mimeType: 'audio/pcm;rate=0', bytes: -1 } } }),
      fc.constant({
        serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm', bytes: 1e9 } }] } },
      }),
    );
    const entry = fc.oneof(
      fc.record({
        ms: fc.nat(50),
        connection: fc.integer({ min: 1, max: 3 }),
        dir: fc.constantFrom('sent', 'received', 'opened'),
        message,
      }),
      fc.record({
        ms: fc.nat(50),
        connection: fc.constant(1),
        dir: fc.constant('received'),
        text: fc.string(),
      }),
      fc.record({
        ms: fc.nat(50),
        connection: fc.integer({ min: 1, max: 3 }),
        dir: fc.constant('closed'),
        message: fc.record({
          code: fc.constantFrom(1000, 1006, 1011, 4999, 70000),
          reason: fc.string(),
          by: fc.constantFrom('client', 'server'),
        }),
      }),
    );
    const frame = fc.oneof(
      message.map((value) => JSON.stringify(value)),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 12 }),
        fc.array(frame, { maxLength: 8 }),
        fc.boolean(),
        async (entries, frames, verify) => {
          const recording = { header: HEADER, entries, complete: true } as unknown as Recording;
          const player = new Player(recording, { speed: 50, verify, patienceMs: 20 });
          const server = await startServer({ player });
          const socket = new WebSocket(server.url.replace('http', 'ws') + geminiPath());
          const closed = new Promise((resolve) => socket.on('close', resolve));
          socket.on('error', () => {});
          socket.on('open', () => {
            for (const text of frames) socket.send(text);
            setTimeout(() => socket.close(), 5);
          });
          await closed;
          for (const text of player.differences) assert.equal(typeof text, 'string');
          await server.close();
        },
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  it('plays sessions that were recorded against the real service (workspace)', async function () {
    if (!existsSync(RECORDINGS)) return this.skip();
    interface Cassette {
      interactions: Array<{ kind: string; direction: 'sent' | 'received'; data: object }>;
    }
    for (const name of readdirSync(RECORDINGS).filter((file) => file.endsWith('.yaml'))) {
      const { interactions } = parse(readFileSync(path.join(RECORDINGS, name), 'utf8')) as Cassette;
      const entries = interactions
        .filter(({ kind }) => kind === 'message')
        .map(
          ({ direction, data }, ms) =>
            ({ ms, connection: 1, dir: direction, message: data }) as RecordingEntry,
        );
      const player = new Player(
        { header: HEADER, entries, complete: true },
        { speed: 0, verify: true, hangUp: true },
      );
      const server = await startServer({ player });
      const client = await WireClient.open(server);
      for (const entry of entries) if (entry.dir === 'sent') client.send(entry.message);
      assert.deepEqual(await client.end(), { code: 1000, reason: 'The recording is over.' }, name);
      const received = entries.filter(({ dir }) => dir === 'received').map((entry) => entry.message);
      assert.ok(received.length > 5);
      assert.deepEqual(client.messages, received, name);
      assert.deepEqual(player.differences, [], name);
      await server.close();
    }
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { openAudioInput, type MediaWriter } from '../../src/media';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { SILERO_FOLDER, SILERO_MISSING } from '../../scripts/fetch-silero';
import { silence } from '../live/turn-support';
import { skipWithout } from '../support/skip';
import { bytesOf, tone } from '../support/sound';
import { microphone } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

const SAMPLE = path.join(__dirname, '../../nodes/audio-in/samples/what-time-is-it.ogg');
/** Energy takes it for a voice. */
const MELODY = Buffer.concat([440, 550, 660, 495].map((hz) => bytesOf(tone(hz, 400, 16_000, 0.1))));

/** Silero as a flow uses it: its packages lie in the user directory of Node-RED. */
describe('session node: Silero', function () {
  this.timeout(60_000);
  let server: LocalLiveServer;
  let flow: Running;
  let speech: Buffer;

  before(async function () {
    skipWithout(this, !existsSync(`${SILERO_FOLDER}/node_modules/onnxruntime-node`) && SILERO_MISSING);
    const chunks: Buffer[] = [];
    for await (const chunk of openAudioInput({ source: { file: SAMPLE } })) chunks.push(chunk);
    speech = Buffer.concat(chunks);
  });
  beforeEach(async () => {
    const mind = scriptedMind(({ text }) => `You said ${text}`);
    server = await startServer({ ears: scriptedEars(['what time']), mind, voice: toneVoice(), clock: 10 });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const told = (event: string): Record<string, unknown>[] =>
    events(flow, 'events', event).map(({ payload }) => payload as Record<string, unknown>);

  async function listening(session: object): Promise<MediaWriter> {
    flow = await run(sessionFlow(server.url, { detector: 'silero', ...session }), { userDir: SILERO_FOLDER });
    const mic = microphone();
    flow.send('session', { payload: mic.handle });
    await until('the microphone is read', () => mic.handle.stats.readers === 1);
    return mic;
  }

  async function play(mic: MediaWriter, pcm: Buffer): Promise<void> {
    for (let at = 0; at < pcm.length; at += 640) {
      mic.write(pcm.subarray(at, at + 640));
      // A microphone that nobody reads in time drops what is old.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('finds the turns of the user', async () => {
    const mic = await listening({ turnDetection: 'machine' });
    await play(mic, Buffer.concat([silence(500), MELODY, silence(500), speech, silence(1000)]));
    await until('the answer', () => told('turn').length === 1);
    const activity = told('activity').map(({ type, by }) => [type, by]);
    assert.deepEqual(
      activity.filter(([, by]) => by === 'machine'),
      [
        ['speech-start', 'machine'],
        ['speech-end', 'machine'],
      ],
    );
    assert.deepEqual([told('warning'), flow.errors], [[], []]);
  });

  it('wakes a session for a voice, and not for a melody', async () => {
    const mic = await listening({ sleepAfter: '0.5' });
    await until('it sleeps', () => told('asleep').length === 1);
    await play(mic, Buffer.concat([silence(500), MELODY, MELODY, silence(1000)]));
    // What is heard comes in order: had the melody woken it, that would come first.
    await play(mic, Buffer.concat([speech, silence(1000)]));
    const awake = await until('it is awake', () => told('awake')[0]);
    assert.equal(awake['by'], 'speech');
    const { audioMs } = awake['saved'] as { audioMs: number };
    // The second before it is sent, so it is not saved.
    const wokenAt = audioMs + 1000;
    assert.ok(wokenAt > 4700, `the voice begins after 4700 ms, and it woke after ${wokenAt} ms`);
    assert.deepEqual([told('warning'), flow.errors], [[], []]);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LiveSession, Recorder, type LiveEventName, type LiveSessionOptions } from '../../src/live';
import {
  playRecording,
  scriptedEars,
  scriptedMind,
  startServer,
  toneVoice,
  type LocalLiveServer,
  type PlayedRecording,
} from '../../src/server';
import { logOf, next, type Log } from './support';

const CONFIG: LiveSessionOptions['config'] = {
  sessionResumption: {},
  inputAudioTranscription: {},
  outputAudioTranscription: {},
  tools: [{ functionDeclarations: [{ name: 'set_light', parameters: { type: 'object', properties: {} } }] }],
};
const MODEL = 'gemini-2.5-flash-native-audio-preview-09-2025';

/** A tone of a second, and half a second of silence, so that the server's ears notice its end. */
function speech(): Buffer {
  const pcm = Buffer.alloc(24_000 * 2);
  for (let i = 0; i < 16_000; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin(i / 5)), i * 2);
  return pcm;
}

/** What the listeners of a session saw, without what differs from run to run. */
function told(log: Log): unknown[] {
  const names: LiveEventName[] = [
    'text',
    'turn',
    'tool-call',
    'tool-result',
    'audio',
    'restored',
    'interrupted',
  ];
  return log
    .filter(({ event }) => names.includes(event))
    .map(
      ({
        event,
        role,
        text,
        final,
        model,
        user,
        reason,
        tools,
        audioMs,
        name,
        args,
        outcome,
        stateRestored,
      }) =>
        JSON.stringify({
          event,
          ...{ role, text, final, model, user, reason, tools, audioMs, name, args, outcome, stateRestored },
        }),
    );
}

describe('live: a recording as a test', () => {
  let folder: string;
  let file: string;
  let server: LocalLiveServer;
  let recorded: unknown[];
  const sessions: LiveSession[] = [];
  const players: PlayedRecording[] = [];

  function start(baseUrl: string, more: Partial<LiveSessionOptions> = {}): LiveSession {
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl },
      model: MODEL,
      config: CONFIG,
      recovery: { firstDelayMs: 1, seed: 'none' },
      ...more,
    });
    sessions.push(session);
    logOf(session);
    session.on('tool-call', ({ id, name }) => session.respond({ id, name, response: { done: true } }));
    return session;
  }

  /** A call, a lost connection, a spoken question. */
  async function converse(session: LiveSession, drop: () => void, first = 'light on'): Promise<void> {
    await session.connect();
    session.sendText(first);
    await next(session, 'turn');
    drop();
    await next(session, 'restored');
    session.audio.write(speech());
    session.audioStreamEnd();
    await next(session, 'turn', ({ user }) => user !== '');
    await session.close();
  }

  async function play(options: Parameters<typeof playRecording>[1] = {}): Promise<PlayedRecording> {
    const played = await playRecording(file, { patienceMs: 3000, ...options });
    players.push(played);
    return played;
  }

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'roundtrip-'));
    file = path.join(folder, 'talk.jsonl');
    server = await startServer({
      clock: 10,
      voice: toneVoice(50),
      ears: scriptedEars(['what time is it']),
      mind: scriptedMind(({ text, results }) => {
        if (results) return 'The light is on now.';
        if (!text.includes('light')) return 'It is noon exactly.';
        return { say: '', calls: [{ name: 'set_light', args: { on: true } }] };
      }),
    });
    const tap = new Recorder({ file });
    const session = start(server.url, { tap });
    await converse(session, () => server.dropAll());
    await tap.close();
    recorded = told(logOf(session));
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    await Promise.all(players.splice(0).map((played) => played.close()));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  it('tells the same events when it is played, and accepts the same client', async () => {
    assert.match(
      JSON.stringify(recorded),
      /tool-call.*The light is on now.*stateRestored.*It is noon exactly/,
    );
    for (const speed of [0, 4]) {
      const played = await play({ speed });
      const session = start(played.url);
      await converse(session, () => {});
      assert.deepEqual(told(logOf(session)), recorded);
      await played.verified();
    }
  });

  it('catches a client that changed', async () => {
    const played = await play();
    const session = start(played.url, { config: { ...CONFIG, temperature: 0.5 } });
    await converse(session, () => {}, 'lights on');
    await assert.rejects(played.verified(), (error: Error) => {
      assert.match(
        error.message,
        /Connection 1: the client sent setup\.generationConfig.* which the recording has not/,
      );
      assert.match(error.message, /Connection 1: .*text = "lights on", in the recording it is "light on"/);
      assert.match(error.message, /Connection 2: the client sent setup/);
      assert.doesNotMatch(error.message, /audio|toolResponse/, 'the rest was as it was');
      return true;
    });
  });
});

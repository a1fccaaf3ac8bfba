import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LiveSession, Recorder, type RecorderWarning } from '../../src/live';
import { parseRecording, type RecordingEntry } from '../../src/protocol';
import { scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { next } from './support';

describe('live: recorder of a session', () => {
  let folder: string;
  const warnings: RecorderWarning[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'recorder-'));
    warnings.length = 0;
  });
  const recorder = (file = 'a.jsonl'): Recorder =>
    new Recorder({ file: path.join(folder, file), onWarning: (w) => warnings.push(w) });
  const kinds = (entries: RecordingEntry[]): string[] =>
    entries.map(({ dir, message }) => `${dir} ${Object.keys(message ?? {}).join()}`);

  let server: LocalLiveServer;
  const sessions: LiveSession[] = [];
  before(async () => {
    server = await startServer({
      clock: 20,
      mind: scriptedMind(() => 'Yes of course.'),
      voice: toneVoice(50),
    });
  });
  after(() => server.close());
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
    await rm(folder, { recursive: true });
  });

  const start = (tap: Recorder): LiveSession => {
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: server.url, apiKey: 'AIzaSecretOfThisTest' },
      config: { sessionResumption: {}, outputAudioTranscription: {} },
      tap,
    });
    sessions.push(session);
    return session;
  };

  it('records a conversation, and the next connection of it', async () => {
    const tap = recorder();
    const session = start(tap);
    for (const text of ['one', 'two']) {
      await session.connect();
      session.sendText(text);
      await next(session, 'turn');
      await session.close();
    }
    await tap.close();
    const { entries, header } = parseRecording(await readFile(tap.file, 'utf8'));
    assert.equal(header.endpoint, 'local');
    for (const connection of [1, 2]) {
      const mine = kinds(entries.filter((entry) => entry.connection === connection));
      assert.equal(mine[0], 'opened session');
      assert.equal(mine[1], 'sent setup');
      assert.equal(mine[2], 'received setupComplete');
      assert.equal(mine.at(-1), 'closed code,reason,by');
    }
    const text = await readFile(tap.file, 'utf8');
    assert.doesNotMatch(text, /AIzaSecret/);
    assert.match(text, /"newHandle":"handle-1"/);
    assert.match(text, /"sessionResumption":\{"handle":"handle-\d+"\}/);
  });

  it('costs the session nothing when it cannot be written', async () => {
    const tap = recorder('no/a.jsonl');
    const session = start(tap);
    await session.connect();
    session.sendText('one');
    assert.match((await next(session, 'turn')).model, /Yes of course/);
    await session.close();
    await tap.close();
    assert.equal(warnings.length, 1);
  });
});

import assert from 'node:assert/strict';
import type { LiveSession, LiveSessionOptions } from '../../src/live';
import { closeServers, rehearsal } from '../server/helpers';
import { tone, bytesOf as pcmOf } from '../support/sound';
import { Bench, logOf, next, of } from './support';

/*
 * What users of other clients suffered most, see the table in docs/testing.md. The numbers are those of that table: each
 * problem is provoked on the local server, and does not happen.
 */

const GEN_3_1 = 'gemini-3.1-flash-live-preview';
const config = { sessionResumption: {}, inputAudioTranscription: {}, outputAudioTranscription: {} };
const recovery = { firstDelayMs: 5, maxDelayMs: 50, handoverMarginMs: 200, poisonMs: 300 };
const DECLARED = [{ functionDeclarations: [{ name: 'light' }] }];

describe('live: what users of other clients suffer: the connection', () => {
  const bench = new Bench();
  afterEach(async () => {
    await bench.cleanUp();
    await closeServers();
  });

  const connect = async (url: string, options: Partial<LiveSessionOptions> = {}): Promise<LiveSession> => {
    const session = bench.session(url, { config, recovery, ...options });
    await session.connect();
    return session;
  };

  /** Asks, and waits for the answer to just that. */
  const ask = async (session: LiveSession, text: string): Promise<void> => {
    session.sendText(text);
    await next(session, 'turn', ({ model, incomplete }) => !incomplete && model.includes(text));
  };

  it('1: a conversation outlives the ten minutes of its connections, and the close 1011 "Deadline expired"', async () => {
    // A connection of twelve seconds on a clock that is twenty times as fast.
    const server = await rehearsal({ limits: { connectionMs: 12_000 } });
    const session = await connect(server.url);
    const { conversation } = session;
    for (let i = 0; server.stats.length < 4; i++) await ask(session, `question ${i}`);
    assert.equal(session.conversation, conversation);
    const log = logOf(session);
    assert.ok(of(log, 'restored').every(({ stateRestored }) => stateRestored));
    assert.deepEqual(of(log, 'error'), []);
  });

  it('2: a handle that the service takes, and then does not answer with, costs the handle and not the conversation', async () => {
    const server = await rehearsal();
    const session = await connect(server.url);
    await ask(session, 'the first');
    await next(session, 'resumption', ({ resumable }) => resumable);
    server.faults.poisonedHandles = 'silent';
    server.dropAll();
    await ask(session, 'the second');
    const restored = of(logOf(session), 'restored').at(-1)!;
    assert.equal(restored.stateRestored, false);
    assert.ok((restored.seeded ?? 0) >= 2, 'the history was told');
  });

  it('3: the old socket is closed before the new one is opened, so that no resumption is refused', async () => {
    const server = await rehearsal();
    const order: string[] = [];
    server.on('connection', ({ connection }) => order.push(`open ${connection}`));
    server.on('close', ({ connection }) => order.push(`close ${connection}`));
    const session = await connect(server.url);
    for (let i = 1; i <= 3; i++) {
      await ask(session, `question ${i}`);
      server.goAway('10s');
      await next(session, 'restored', ({ stateRestored }) => stateRestored);
    }
    assert.deepEqual(order, ['open 1', 'close 1', 'open 2', 'close 2', 'open 3', 'close 3', 'open 4']);
  });

  it('5: nothing is sent that 3.1 closes with 1007 for: content in mid-session, chunks of media, empty handles, foreign fields', async () => {
    const server = await rehearsal({ keepJournal: true });
    const session = await connect(server.url, {
      model: GEN_3_1,
      config: { ...config, sessionResumption: { handle: '' }, proactivity: { proactiveAudio: true } },
    });
    await ask(session, 'the first');
    session.sendContent([{ role: 'user', parts: [{ text: 'the second' }] }]);
    await next(session, 'turn', ({ model }) => model.includes('the second'));
    session.audio.write(Buffer.alloc(6400));
    session.video.write(Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    await ask(session, 'the third');
    assert.equal(server.stats.length, 1, 'one connection that was never closed');
    assert.ok(of(logOf(session), 'warning').length > 0, 'and it is said what was left out');
  });

  it('6: the microphone is held back while a BLOCKING function runs, so that no 1008 comes', async () => {
    const server = await rehearsal({
      faults: { toolCallsInterruptedByAudio: true },
      mind: {
        reply: ({ results }) =>
          results ? { say: 'done' } : { say: '', calls: [{ name: 'light', args: {} }] },
      },
    });
    const session = await connect(server.url, { model: GEN_3_1, config: { ...config, tools: DECLARED } });
    session.sendText('light');
    const { id, name } = await next(session, 'tool-call');
    for (let i = 0; i < 50; i++) session.audio.write(pcmOf(tone(300, 20, 16_000)));
    session.respond({ id, name, response: { ok: true } });
    await next(session, 'turn', ({ model }) => model === 'done');
    assert.equal(server.stats.length, 1, 'one connection');
    assert.equal(session.stats.droppedAudioMs, 1000, 'what was held back is counted');
  });

  it('7: a model that is not there is refused at once, with its name and what to do', async () => {
    const server = await rehearsal();
    const session = bench.session(server.url, { model: 'gemini-no-such-model', recovery });
    await assert.rejects(session.connect(), {
      code: 'SETUP_REFUSED',
      closeCode: 1008,
      message: /gemini-no-such-model/,
      advice: /model/i,
    });
    assert.equal(session.state, 'failed');
    assert.equal(server.stats.length, 1, 'it is not asked again and again');
  });

  it('11: a service that never completes the setup is given up in time, and the next attempt comes through', async () => {
    const server = await rehearsal({ faults: { neverSetupComplete: true } });
    const session = bench.session(server.url, { config, recovery, setupTimeoutMs: 300 });
    server.on('close', () => (server.faults.neverSetupComplete = false));
    await session.connect();
    await ask(session, 'after all');
    assert.ok(of(logOf(session), 'state').some(({ reason }) => /setup/.test(reason ?? '')));
  });
});

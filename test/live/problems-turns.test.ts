import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveSession, LiveSessionOptions } from '../../src/live';
import type { MediaHandle } from '../../src/media';
import type { JournalEntry, LocalLiveServer, Mind, ServerOptions } from '../../src/server';
import { closeServers, interruptible, rehearsal } from '../server/helpers';
import { bytesOf as pcmOf } from '../support/sound';
import { buzz, join, noise } from '../support/speech-like';
import { Bench, bytesOf, logOf, next, of } from './support';

/* The second part of the problems, see problems-connection.test.ts. */

const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const GEN_3_8 = 'gemini-3.8-live';
const config = { sessionResumption: {}, inputAudioTranscription: {}, outputAudioTranscription: {} };
const tools = [{ functionDeclarations: [{ name: 'light' }] }];
/** Calls the function for whatever is said, and tells what came of it. */
const caller: Mind = {
  reply: ({ results }) =>
    results ? { say: 'the light is on now' } : { say: '', calls: [{ name: 'light', args: {} }] },
};
const utterance = pcmOf(join(noise(300), buzz(700), noise(1200)));

/** Bytes of sound that the server has sent. */
const soundIn = (journal: readonly JournalEntry[]): number =>
  journal
    .flatMap((entry) => (entry.kind === 'sent' ? (entry.message.serverContent?.modelTurn?.parts ?? []) : []))
    .reduce((sum, { inlineData }) => sum + Buffer.byteLength(inlineData?.data ?? '', 'base64'), 0);

describe('live: what users of other clients suffer: turns, tools and sound', () => {
  const bench = new Bench();
  afterEach(async () => {
    await bench.cleanUp();
    await closeServers();
  });

  const begin = async (
    server: ServerOptions = {},
    options: Partial<LiveSessionOptions> = {},
  ): Promise<{ session: LiveSession; server: LocalLiveServer }> => {
    const running = await rehearsal({ keepJournal: true, ...server });
    const session = bench.session(running.url, { ...options, config: { ...config, ...options.config } });
    await session.connect();
    return { session, server: running };
  };

  it('8: a model that stays silent after the answer of a function is noticed, with advice', async () => {
    const { session } = await begin(
      { mind: caller, faults: { noAnswerAfterTool: true } },
      { config: { tools }, watchdogs: { toolAnswerMs: 200 } },
    );
    session.sendText('light');
    const { id, name } = await next(session, 'tool-call');
    session.respond({ id, name, response: { ok: true } });
    const { advice } = await next(session, 'warning', ({ code }) => code === 'NO_ANSWER_AFTER_TOOL');
    assert.ok(advice);
  });

  it('8: a call that is lost with its session is told as lost, and the question is asked again', async () => {
    const { session, server } = await begin(
      { mind: caller },
      { config: { tools }, recovery: { firstDelayMs: 5 } },
    );
    session.sendText('light');
    const first = await next(session, 'tool-call');
    server.dropAll();
    assert.equal((await next(session, 'tool-result', ({ id }) => id === first.id)).outcome, 'lost');
    const again = await next(session, 'tool-call');
    assert.notEqual(again.id, first.id);
    session.respond({ id: again.id, name: again.name, response: { ok: true } });
    await next(session, 'turn', ({ model }) => model === 'the light is on now');
  });

  it('9: a call that is told twice, and in two places, is a call once', async () => {
    const { session, server } = await begin(
      { mind: caller, faults: { duplicateToolCall: true, callInModelTurn: true } },
      { config: { tools } },
    );
    session.sendText('light');
    const { id, name } = await next(session, 'tool-call');
    session.respond({ id, name, response: { ok: true } });
    session.respond({ id, name, response: { ok: true } });
    await next(session, 'turn', ({ model }) => model === 'the light is on now');
    assert.equal(of(logOf(session), 'tool-call').length, 1);
    assert.deepEqual(server.stats[0]!.toolResponses, { [id]: 1 });
  });

  it('10: after a function there is one answer, and none to one that asks for silence', async () => {
    const { session } = await begin({ mind: caller }, { model: GEN_3_8, config: { tools } });
    session.sendText('light');
    const { id, name } = await next(session, 'tool-call');
    session.respond({ id, name, response: { ok: true }, scheduling: 'SILENT' });
    session.sendText('light, and say it');
    const second = await next(session, 'tool-call');
    session.respond({ id: second.id, name, response: { ok: true }, scheduling: 'WHEN_IDLE' });
    await next(session, 'turn', ({ model }) => model === 'the light is on now');
    await sleep(200);
    const answers = of(logOf(session), 'turn').filter(({ model }) => model !== '');
    assert.equal(answers.length, 1);
  });

  it('12: sound around a call belongs to its turn and is not cut, and generated is not played', async () => {
    const mind: Mind = {
      reply: ({ results }) =>
        results ? { say: 'so it is' } : { say: 'let me see', calls: [{ name: 'light', args: {} }] },
    };
    const { session, server } = await begin({ mind }, { model: NATIVE, config: { tools } });
    const handles: MediaHandle[] = [];
    session.on('audio', ({ handle }) => handles.push(handle));
    session.sendText('light');
    const { id, name } = await next(session, 'tool-call');
    session.respond({ id, name, response: { ok: true } });
    await next(session, 'turn', ({ model }) => model.endsWith('so it is'));
    assert.equal(handles.length, 1, 'one stream for the turn');
    assert.equal((await bytesOf(handles[0]!)).bytes, soundIn(server.journal));
    await next(session, 'activity', ({ type }) => type === 'playback-drained');
  });

  it('13: an empty turn is noticed, with the reason that the service gives', async () => {
    const { session } = await begin({ faults: { emptyTurn: true, emptyTurnReason: 'RESPONSE_REJECTED' } });
    session.sendText('hello');
    const { message } = await next(session, 'warning', ({ code }) => code === 'EMPTY_TURN');
    assert.match(message, /RESPONSE_REJECTED/);
    assert.equal((await next(session, 'turn')).reason, 'RESPONSE_REJECTED');
  });

  it('14: sound in which there is nothing to hear is noticed', async () => {
    const { session } = await begin({ faults: { silentAudio: true } }, { watchdogs: { silentAudioMs: 200 } });
    session.sendText('hello, are you there, and can you hear me');
    const { advice } = await next(session, 'warning', ({ code }) => code === 'SILENT_AUDIO');
    assert.ok(advice);
  });

  it('15: an answer that comes in bursts, faster than it is spoken, is whole for a slow listener', async () => {
    const { session, server } = await begin({ generationSpeed: 50 });
    session.sendText('say something that is long enough to come in many pieces');
    const { handle } = await next(session, 'audio');
    const reader = handle.open();
    let bytes = 0;
    for await (const chunk of reader as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      await sleep(5);
    }
    assert.equal(bytes, soundIn(server.journal));
  });

  it('16: nothing of an answer is heard after it was interrupted', async () => {
    const { session } = await begin(interruptible());
    session.sendText('tell me a lot');
    const { handle, turn } = await next(session, 'audio');
    const heard = bytesOf(handle);
    session.sendText('stop');
    await next(session, 'interrupted', (event) => event.turn === turn);
    assert.equal((await heard).code, 'INTERRUPTED', 'whoever listens is told at once');
    const { handle: other } = await next(session, 'audio');
    assert.notEqual(other, handle);
    assert.equal((await next(session, 'turn', ({ interrupted }) => !interrupted)).model, 'all right');
  });

  it('17: where interruptions are off, the echo of an answer does not interrupt it', async () => {
    const { session } = await begin(
      { generationSpeed: 1, clock: 5 },
      { config: { realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } } },
    );
    session.sendText('say something that is long enough to be interrupted by its own echo');
    await next(session, 'audio');
    session.audio.write(utterance);
    assert.equal((await next(session, 'turn')).interrupted, false);
    assert.deepEqual(of(logOf(session), 'interrupted'), []);
  });

  it('18: with marks of its own, a short word between pauses is heard and answered at once', async () => {
    const { session } = await begin(
      {},
      { config: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } } },
    );
    session.activityStart();
    session.audio.write(pcmOf(buzz(200)));
    session.activityEnd();
    const { user, model } = await next(session, 'turn');
    assert.equal(user, 'first, I think');
    assert.match(model, /^You said first/);
  });

  it('19: transcripts are whole texts, one for each side of a turn, however many pieces they came in', async () => {
    const { session } = await begin();
    session.audio.write(utterance);
    await next(session, 'turn');
    const finals = of(logOf(session), 'text').filter(({ final, role }) => final && role !== 'thought');
    assert.deepEqual(
      finals.map(({ role, text }) => [role, text]),
      [
        ['user', 'first, I think'],
        ['model', 'You said first, I think to me just now'],
      ],
    );
    const pieces = of(logOf(session), 'text').filter(({ final }) => !final);
    assert.ok(pieces.length > finals.length);
  });

  it('20: sound is sent with its rate, in pieces of 20 to 100 ms of whole samples', async () => {
    const { session, server } = await begin();
    for (let at = 0; at < utterance.length; at += 777) session.audio.write(utterance.subarray(at, at + 777));
    await next(session, 'turn');
    const sent = server.journal.flatMap((entry) =>
      entry.kind === 'received' && entry.message.realtimeInput?.audio
        ? [entry.message.realtimeInput.audio]
        : [],
    );
    assert.ok(sent.length > 20);
    for (const { mimeType, data = '' } of sent) {
      const bytes = Buffer.byteLength(data, 'base64');
      assert.equal(mimeType, 'audio/pcm;rate=16000');
      assert.ok(bytes % 2 === 0 && bytes >= 640 && bytes <= 3200, `${bytes} bytes`);
    }
  });
});

import assert from 'node:assert/strict';
import type { LiveSession } from '../../src/live';
import { Bench, next, of, sound, type Log } from './support';

const warnings = (log: Log): string[] => of(log, 'warning').map(({ code }) => code);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const done = [{ generationComplete: true }, { turnComplete: true }];
const call = { toolCall: { functionCalls: [{ id: 'a', name: 'f' }] } };
const answer = { id: 'a', name: 'f', response: { ok: true } };
/** A second of speech, as loud as a voice is. */
const speech = Buffer.alloc(640 * 50, 20);

/** Asks, and waits until the question has gone. */
async function ask(session: LiveSession, peer: { message(index: number): Promise<unknown> }): Promise<void> {
  session.sendText('Hello?');
  await peer.message(1);
}

describe('live: watchdogs', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('warns of an empty turn with advice and the service’s reason', async () => {
    const { session, peer } = await bench.connected();
    await ask(session, peer);
    peer.content({ turnComplete: true, turnCompleteReason: 'RESPONSE_REJECTED' });
    const warning = await next(session, 'warning');
    assert.deepEqual([warning.code, warning.turn], ['EMPTY_TURN', 1]);
    assert.match(warning.message, /RESPONSE_REJECTED/);
    assert.ok(warning.advice);
    assert.equal((await next(session, 'turn')).reason, 'RESPONSE_REJECTED');
  });

  it('does not call a turn empty in which something was said, called, run, or rightly nothing', async () => {
    const { session, log, peer } = await bench.connected();
    const turns = [
      [{ outputTranscription: { text: 'Yes.' } }, ...done],
      [sound(40), ...done],
      [{ modelTurn: { parts: [{ executableCode: { code: '1' } }] } }, ...done],
      [{ turnComplete: true, turnCompleteReason: 'NEED_MORE_INPUT' }],
      [{ waitingForInput: true, outputTranscription: {} }, { turnComplete: true }],
    ];
    for (const [index, contents] of turns.entries()) {
      session.sendText('And?');
      await peer.message(index + 1);
      peer.content(...contents);
      await next(session, 'turn');
    }
    assert.deepEqual(warnings(log), []);
  });

  it('nudges the model once after an empty turn, and again only after one that was not', async () => {
    const { session, log, peer } = await bench.connected({ watchdogs: { nudge: true } });
    await ask(session, peer);
    peer.content({ turnComplete: true });
    assert.deepEqual(await peer.message(2), { realtimeInput: { text: 'Please go on.' } });
    session.sendText('Still there?');
    await peer.message(3);
    peer.content({ turnComplete: true });
    await next(session, 'turn', ({ turn }) => turn === 2);
    assert.equal(peer.received.length, 4);
    assert.deepEqual(warnings(log), ['EMPTY_TURN', 'EMPTY_TURN']);
    assert.equal(of(log, 'turn')[1]?.user, 'Still there?', 'the nudge is not the user’s');
  });

  it('warns of sound that cannot be heard, once a turn, while it flows or when a whole answer was silent', async () => {
    const { session, log, peer } = await bench.connected({ watchdogs: { silentAudioMs: 200 } });
    peer.content(sound(100), ...Array<object>(4).fill(sound(100, 3)));
    assert.equal((await next(session, 'warning')).code, 'SILENT_AUDIO');
    peer.content(sound(300, 0), ...done);
    await next(session, 'turn');
    assert.equal(warnings(log).length, 1);
    const other = await bench.connected();
    other.peer.content(sound(600, 0), ...done);
    assert.equal((await next(other.session, 'warning')).code, 'SILENT_AUDIO');
    const fine = await bench.connected({ watchdogs: { silentAudioMs: 200 } });
    fine.peer.content(sound(100), sound(150, 0), sound(100), sound(150, 0), ...done);
    await next(fine.session, 'turn');
    assert.deepEqual(warnings(fine.log), []);
  });

  it('warns when nothing follows the answer of a function, and not when something does', async () => {
    const watchdogs = { toolAnswerMs: 60, serverSilentMs: false } as const;
    const { session, peer } = await bench.connected({ watchdogs });
    peer.send(call);
    await next(session, 'tool-call');
    await pause(80);
    session.respond(answer);
    const warning = await next(session, 'warning');
    assert.equal(warning.code, 'NO_ANSWER_AFTER_TOOL');
    assert.ok(warning.advice);
    const fine = await bench.connected({ watchdogs });
    fine.peer.send(call);
    await next(fine.session, 'tool-call');
    fine.session.respond(answer);
    fine.peer.content(sound(20));
    await next(fine.session, 'audio');
    await pause(100);
    assert.deepEqual(warnings(fine.log), []);
  });

  it('does not wait for words after an answer that asks for none', async () => {
    const { session, log, peer } = await bench.connected({
      model: 'gemini-3.8-live',
      watchdogs: { toolAnswerMs: 30, serverSilentMs: 30 },
    });
    peer.send(call);
    await next(session, 'tool-call');
    session.respond({ ...answer, scheduling: 'SILENT' });
    peer.content({ turnComplete: true });
    await next(session, 'turn');
    await pause(80);
    assert.deepEqual(warnings(log), []);
  });

  it('warns when the service owes an answer and is silent, once, and begins anew with each sign of life', async () => {
    const { session, log, peer } = await bench.connected({ watchdogs: { serverSilentMs: 80 } });
    await ask(session, peer);
    for (let i = 0; i < 4; i++) {
      await pause(40);
      peer.content({ outputTranscription: { text: 'Well' } });
    }
    await next(session, 'text', ({ role }) => role === 'model');
    const warning = await next(session, 'warning');
    assert.equal(warning.code, 'SERVER_SILENT');
    await pause(200);
    assert.deepEqual(warnings(log), ['SERVER_SILENT']);
  });

  it('is silent while the user says nothing, the answer plays, or a function runs', async () => {
    const { session, log, peer } = await bench.connected({ watchdogs: { serverSilentMs: 40 } });
    await pause(100);
    // Quiet sound from an open microphone is a pause too.
    session.audio.write(Buffer.alloc(640 * 50, 0));
    await pause(150);
    await ask(session, {
      message: () => peer.until((received) => received.some((m) => 'realtimeInput' in m)),
    });
    peer.content(sound(400), { generationComplete: true });
    await pause(150);
    peer.content({ turnComplete: true });
    await next(session, 'turn');
    await pause(100);
    session.sendText('Do it.');
    peer.send(call);
    await next(session, 'tool-call');
    await pause(100);
    assert.deepEqual(warnings(log), []);
  });

  it('notices speech that is not answered, by its loudness', async () => {
    const { session, peer } = await bench.connected({ watchdogs: { serverSilentMs: 40 } });
    session.audio.write(speech);
    session.audio.write(Buffer.alloc(640 * 50, 0));
    assert.equal((await next(session, 'warning')).code, 'SERVER_SILENT');
    assert.ok(peer);
  });

  it('is off when it is told so, and leaves no timer behind', async () => {
    const { session, log, peer } = await bench.connected({ watchdogs: false });
    await ask(session, peer);
    peer.content({ turnComplete: true });
    peer.content(sound(600, 0), ...done);
    await next(session, 'turn', ({ turn }) => turn === 2);
    assert.deepEqual(warnings(log), []);
    const other = await bench.connected({ watchdogs: { serverSilentMs: 30 } });
    await ask(other.session, other.peer);
    await other.session.close();
    await pause(60);
    assert.deepEqual(warnings(other.log), []);
  });
});

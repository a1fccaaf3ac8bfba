import assert from 'node:assert/strict';
import { Bench, bytesOf, next, of, sound } from './support';

const turnComplete = { turnComplete: true };
const generationComplete = { generationComplete: true };
const interrupted = { interrupted: true };

describe('live: model turn (contracts, "Model turn")', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('sends one handle with the first audio of a turn, before any other event of that message', async () => {
    const { session, log, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content(
      sound(40),
      { ...sound(60), outputTranscription: { text: 'Hello' } },
      generationComplete,
      turnComplete,
    );
    await done;
    const [audio, ...more] = of(log, 'audio');
    assert.equal(more.length, 0);
    assert.equal(audio?.turn, 1);
    assert.equal(audio?.conversation, session.conversation);
    assert.deepEqual(audio?.handle.format, { mime: 'audio/pcm', rate: 24000, channels: 1 });
    assert.deepEqual(audio?.handle.meta, { turn: 1, conversation: session.conversation });
    assert.deepEqual(await bytesOf(audio!.handle), { bytes: 100 * 48 });
  });

  it('creates no handle for text and thoughts alone', async () => {
    const { session, log, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content(
      { modelTurn: { parts: [{ text: 'Hm.', thought: true }, { text: 'Yes.' }] } },
      generationComplete,
      turnComplete,
    );
    const turn = await done;
    assert.equal(of(log, 'audio').length, 0);
    assert.equal(turn.thought, 'Hm.');
    assert.equal(turn.model, 'Yes.');
    assert.equal(turn.heard, 'Yes.');
  });

  it('keeps the handle open over a tool call: trailing audio belongs to it', async () => {
    const { session, log, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content(sound(40));
    peer.send({ toolCall: { functionCalls: [{ id: 'a', name: 'light', args: { on: true } }] } });
    peer.content(sound(20));
    const call = await next(session, 'tool-call');
    assert.deepEqual([call.id, call.name, call.args, call.turn], ['a', 'light', { on: true }, 1]);
    const handle = of(log, 'audio')[0]!.handle;
    assert.equal(handle.state, 'open');
    peer.content(sound(30), generationComplete, turnComplete);
    const turn = await done;
    assert.equal(of(log, 'audio').length, 1);
    assert.deepEqual(turn.tools, [{ id: 'a', name: 'light' }]);
    assert.deepEqual(await bytesOf(handle), { bytes: 90 * 48 });
  });

  it('ends the handle at generationComplete after the message’s own audio; late audio reopens nothing and is counted', async () => {
    const { session, log, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content({ ...sound(40), ...generationComplete }, sound(25), turnComplete);
    const turn = await done;
    assert.equal(of(log, 'audio').length, 1);
    assert.deepEqual(await bytesOf(of(log, 'audio')[0]!.handle), { bytes: 40 * 48 });
    assert.equal(turn.lateAudioMs, 25);
    assert.equal(turn.audioMs, 40);
  });

  it('aborts the handle on interrupted before anything else of the message, and drops that message’s audio', async () => {
    const { session, log, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content({ ...sound(400), outputTranscription: { text: 'one two three four' } });
    const { handle } = await next(session, 'audio');
    const reading = bytesOf(handle);
    let stateAtEvent = '';
    session.once('interrupted', () => (stateAtEvent = handle.state));
    peer.content({ ...sound(40), ...interrupted }, turnComplete);
    const turn = await done;
    assert.equal(stateAtEvent, 'aborted');
    assert.equal((await reading).code, 'INTERRUPTED');
    assert.equal(turn.interrupted, true);
    assert.equal(turn.reason, 'interrupted');
    assert.equal(turn.lateAudioMs, 40);
    assert.equal(of(log, 'audio').length, 1);
  });

  it('aborts the handle also after generationComplete, while it still plays', async () => {
    const { session, peer } = await bench.connected();
    const done = next(session, 'turn');
    peer.content(sound(5000), generationComplete);
    const { handle } = await next(session, 'audio');
    peer.content(interrupted, turnComplete);
    assert.equal((await done).interrupted, true);
    assert.equal(handle.error?.code, 'INTERRUPTED');
  });

  it('lets the turnComplete after interrupted close the interrupted turn, not the next one', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(sound(400), interrupted, { inputTranscription: { text: 'Stop' } }, sound(40), turnComplete);
    const first = await next(session, 'turn');
    assert.equal(first.turn, 1);
    assert.equal(first.user, '');
    const [, second] = of(log, 'audio');
    assert.equal(second?.turn, 2);
    assert.equal(second?.handle.state, 'open');
    peer.content(generationComplete, turnComplete);
    const next2 = await next(session, 'turn');
    assert.deepEqual([next2.turn, next2.user, next2.interrupted], [2, 'Stop', false]);
  });

  it('aborts an answer that still plays when interrupted comes after its turnComplete', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(sound(5000), generationComplete, turnComplete);
    await next(session, 'turn');
    peer.content(interrupted, turnComplete);
    const event = await next(session, 'interrupted');
    assert.equal(event.turn, 1);
    assert.equal(of(log, 'audio')[0]?.handle.error?.code, 'INTERRUPTED');
    peer.content(sound(20), generationComplete, turnComplete);
    assert.equal((await next(session, 'turn')).turn, 2, 'the stray turnComplete made no turn');
  });

  it('does not lose a turn when the turnComplete of an interrupted one never comes', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(sound(400), interrupted, sound(40), generationComplete, turnComplete);
    await next(session, 'turn', ({ turn }) => turn === 2);
    assert.deepEqual(
      of(log, 'turn').map(({ turn, interrupted: cut }) => [turn, cut]),
      [
        [1, true],
        [2, false],
      ],
    );
  });

  it('closes a turn with each turnComplete: a tool round is one turn on the Gemini API, two on Vertex AI', async () => {
    const { session, log, peer } = await bench.connected();
    const call = { toolCall: { functionCalls: [{ id: 'x', name: 'f', args: {} }] } };
    peer.send(call);
    peer.content(turnComplete, sound(20), generationComplete, turnComplete);
    await next(session, 'turn', ({ turn }) => turn === 2);
    assert.deepEqual(
      of(log, 'turn').map(({ turn, tools }) => [turn, tools.length]),
      [
        [1, 1],
        [2, 0],
      ],
    );
  });

  it('ends the handle with what came when the socket is lost in mid-turn, and marks the turn incomplete', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content({ ...sound(80), outputTranscription: { text: 'Half a' } });
    const { handle } = await next(session, 'audio');
    const done = next(session, 'turn');
    peer.cut();
    const turn = await done;
    assert.deepEqual([turn.incomplete, turn.reason, turn.model], [true, 'lost', 'Half a']);
    assert.deepEqual(await bytesOf(handle), { bytes: 80 * 48 });
    assert.equal(handle.state, 'ended');
    assert.ok(
      of(log, 'text').some(({ text, final, role }) => final && role === 'model' && text === 'Half a'),
    );
  });

  it('takes the service’s reason of completion into the turn, also one that nobody knows', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content({ turnComplete: true, turnCompleteReason: 'BRAND_NEW' });
    assert.equal((await next(session, 'turn')).reason, 'BRAND_NEW');
    assert.equal(of(log, 'unknown')[0]?.value, 'BRAND_NEW');
  });
});

describe('live: played position (contracts)', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('cuts the text in proportion to what a real-time sink has played, at a word boundary', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content({ ...sound(1000), outputTranscription: { text: 'The light in the kitchen is on now.' } });
    const { handle } = await next(session, 'audio');
    handle.reportPlayed(520, { sink: 'speaker' });
    peer.content(interrupted, turnComplete);
    const event = await next(session, 'interrupted');
    assert.equal(event.playedMs, 520);
    assert.equal(event.estimated, false);
    assert.equal(event.approximate, true);
    assert.equal(event.textPlayed, 'The light in the');
    assert.equal(event.text, 'The light in the kitchen is on now.');
    const turn = await next(session, 'turn');
    assert.equal(turn.heard, 'The light in the');
    assert.equal(turn.model, 'The light in the kitchen is on now.');
    assert.deepEqual(
      of(log, 'text')
        .filter(({ final }) => final)
        .map(({ text }) => text),
      ['The light in the'],
    );
    assert.deepEqual(session.conversationState().history, [{ role: 'model', text: 'The light in the' }]);
  });

  it('takes a position that is reported for the turn from outside', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(1000));
    await next(session, 'audio');
    session.reportPlayed(300, 1);
    peer.content(interrupted);
    assert.equal((await next(session, 'interrupted')).playedMs, 300);
  });

  it('estimates by the clock when no sink tells, and says so', async () => {
    const { session, peer } = await bench.connected();
    peer.content({ ...sound(60_000), outputTranscription: { text: 'A long story.' } });
    await next(session, 'audio');
    await new Promise((resolve) => setTimeout(resolve, 30));
    peer.content(interrupted);
    const event = await next(session, 'interrupted');
    assert.equal(event.estimated, true);
    assert.ok(event.playedMs >= 20 && event.playedMs < 60_000, `${event.playedMs}`);
    assert.equal(event.textPlayed, '');
  });
});

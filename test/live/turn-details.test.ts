import assert from 'node:assert/strict';
import { Bench, next, of, sound } from './support';

const done = [{ generationComplete: true }, { turnComplete: true }];

describe('live: what a turn tells', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('gathers code with its result, and grounding', async () => {
    const { session, peer } = await bench.connected();
    peer.content(
      { modelTurn: { parts: [{ executableCode: { code: '1+1', language: 'PYTHON', id: 'x' } }] } },
      { modelTurn: { parts: [{ executableCode: { code: '2+2', language: 'PYTHON', id: 'y' } }] } },
      { modelTurn: { parts: [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '4', id: 'y' } }] } },
      { modelTurn: { parts: [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2', id: 'x' } }] } },
      { groundingMetadata: { webSearchQueries: ['sums'] } },
      ...done,
    );
    const turn = await next(session, 'turn');
    assert.deepEqual(
      turn.code.map(({ code, output }) => [code, output]),
      [
        ['1+1', '2'],
        ['2+2', '4'],
      ],
    );
    assert.deepEqual(turn.grounding[0]?.groundingMetadata, { webSearchQueries: ['sums'] });
  });

  it('tells the sources of an answer so that they can be read', async () => {
    const { session, peer } = await bench.connected();
    const web = (uri: string, title?: string): object => ({ web: { uri, ...(title && { title }) } });
    const groundingMetadata = {
      webSearchQueries: ['weather', 'weather'],
      retrievalQueries: ['manual'],
      groundingChunks: [
        web('https://a.example/1', 'a.example'),
        web('https://b.example/2'),
        web('https://a.example/1', 'again'),
        { maps: { uri: 'https://maps.example/cafe', title: 'Café' } },
        { retrievedContext: { documentName: 'corpus/manual' } },
        { web: {} },
        {},
      ],
      groundingSupports: [
        { groundingChunkIndices: [0, 1, 99, -1], segment: { text: 'It rains.' } },
        { groundingChunkIndices: [2], segment: { text: 'It is cold.' } },
        { segment: { text: 'nowhere' } },
      ],
    };
    const urlMetadata = ['SUCCESS', 'PAYWALL', 'NEW'].map((status, n) => ({
      retrievedUrl: `https://c.example/${n}`,
      urlRetrievalStatus: `URL_RETRIEVAL_STATUS_${status}`,
    }));
    peer.content({ groundingMetadata }, { urlContextMetadata: { urlMetadata } }, ...done);
    const first = await next(session, 'grounding');
    assert.deepEqual(first.sources, [
      { title: 'a.example', uri: 'https://a.example/1', kind: 'web', passages: ['It rains.', 'It is cold.'] },
      { title: 'b.example', uri: 'https://b.example/2', kind: 'web', passages: ['It rains.'] },
      { title: 'Café', uri: 'https://maps.example/cafe', kind: 'maps' },
      { title: 'corpus/manual', uri: 'corpus/manual', kind: 'document' },
    ]);
    assert.deepEqual([first.queries, first.urls], [['weather', 'manual'], []]);
    const second = await next(session, 'grounding');
    assert.deepEqual(
      second.urls.map(({ url, status }) => [url, status]),
      [
        ['https://c.example/0', 'success'],
        ['https://c.example/1', 'paywall'],
        ['https://c.example/2', 'unknown'],
      ],
    );
    const { grounding } = await next(session, 'turn');
    assert.deepEqual(
      grounding.map(({ sources, urls }) => [sources.length, urls.length]),
      [
        [4, 0],
        [0, 3],
      ],
    );
  });

  it('keeps thoughts apart from what is said', async () => {
    const { session, peer } = await bench.connected();
    peer.content(
      {
        modelTurn: {
          parts: [{ text: 'Hm, ', thought: true }, { text: 'a sum.', thought: true }, { text: 'Four.' }],
        },
      },
      ...done,
    );
    const turn = await next(session, 'turn');
    assert.deepEqual([turn.thought, turn.model], ['Hm, a sum.', 'Four.']);
  });

  it('tells generated, played and complete apart, each with its time', async () => {
    const { session, peer } = await bench.connected();
    peer.content(sound(120), { generationComplete: true });
    await next(session, 'audio');
    assert.equal(session.busy, true);
    peer.content({ turnComplete: true });
    const turn = await next(session, 'turn');
    assert.equal(turn.times.playbackDrained, undefined);
    assert.ok(turn.times.begun! <= turn.times.generationComplete!);
    assert.ok(turn.times.generationComplete! <= turn.times.turnComplete!);
    assert.equal(session.busy, true, 'it still plays');
    const drained = await next(session, 'activity', ({ type }) => type === 'playback-drained');
    assert.equal(drained.turn, turn.turn);
    assert.ok(drained.at - turn.times.begun! >= 90);
    assert.equal(session.busy, false);
  });

  it('tells the end of the playback in the turn when the service waits for it', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(sound(200), { generationComplete: true });
    const { handle } = await next(session, 'audio');
    handle.reportPlayed(200, { sink: 'speaker' });
    await next(session, 'activity', ({ type }) => type === 'playback-drained');
    peer.content({ turnComplete: true });
    const { times } = await next(session, 'turn');
    assert.ok(times.playbackDrained! >= times.generationComplete!);
    peer.content({ outputTranscription: { text: 'next' } }, { turnComplete: true });
    await next(session, 'turn');
    assert.equal(
      of(log, 'activity').filter(({ type }) => type === 'playback-drained').length,
      1,
      'told once',
    );
  });

  it('does not call an interrupted answer played to its end', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(sound(60), { generationComplete: true }, { interrupted: true }, { turnComplete: true });
    const turn = await next(session, 'turn');
    assert.ok(turn.times.interrupted);
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.deepEqual(of(log, 'activity'), []);
  });

  it('stays busy while the service says that the interaction goes on, although the turn is over', async () => {
    const { session, peer } = await bench.connected({ model: 'gemini-3.8-live-extended-thinking' });
    peer.content({ outputTranscription: { text: 'Let me think.' } });
    peer.content({ interactionStatus: 'IN_PROGRESS', turnComplete: true });
    assert.equal((await next(session, 'turn')).interactionStatus, 'IN_PROGRESS');
    assert.equal(session.busy, true);
    peer.content({ interactionStatus: 'IDLE' });
    await next(session, 'activity', ({ type }) => type === 'interaction-IDLE');
    assert.equal(session.busy, false);
  });

  it('puts a space between utterances that bring none, and none where the text brings it', async () => {
    const { session, peer } = await bench.connected();
    peer.content(
      { inputTranscription: { text: 'Turn it on.', finished: true } },
      { inputTranscription: { text: 'Please.' } },
      { outputTranscription: { text: 'Let me see.' } },
    );
    peer.send({ toolCall: { functionCalls: [{ id: 'a', name: 'f' }] } });
    peer.content(
      { outputTranscription: { text: 'It is' } },
      { outputTranscription: { text: ' on ' } },
      { outputTranscription: { text: ' now' } },
      { outputTranscription: { text: '.' } },
      ...done,
    );
    const turn = await next(session, 'turn');
    assert.deepEqual([turn.user, turn.model], ['Turn it on. Please.', 'Let me see. It is on now.']);
  });

  it('takes a transcript once that is repeated as a whole when it is finished', async () => {
    const { session, peer } = await bench.connected();
    peer.content(
      { outputTranscription: { text: 'Good' } },
      { outputTranscription: { text: ' morning.' } },
      { outputTranscription: { text: 'Good morning.', finished: true } },
      ...done,
    );
    assert.equal((await next(session, 'turn')).model, 'Good morning.');
  });

  it('adds transcripts that come after the end to the turn they belong to', async () => {
    const { session, log, peer } = await bench.connected();
    session.audio.write(Buffer.alloc(640, 40));
    await peer.message(1);
    peer.content({ outputTranscription: { text: 'It is' } }, { turnComplete: true });
    await next(session, 'turn');
    peer.content(
      { outputTranscription: { text: ' noon.' } },
      { inputTranscription: { text: 'What time is it?' } },
    );
    await next(session, 'text', ({ role, final }) => role === 'user' && final);
    assert.deepEqual(
      of(log, 'text')
        .filter(({ final }) => final)
        .map(({ turn, role, text }) => [turn, role, text]),
      [
        [1, 'model', 'It is'],
        [1, 'model', 'noon.'],
        [1, 'user', 'What time is it?'],
      ],
    );
  });

  it('measures first byte, end of speech and first audio from the same moment', async () => {
    const { session, peer } = await bench.connected();
    session.audio.write(Buffer.alloc(640, 40));
    await peer.message(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    peer.content({ inputTranscription: { text: 'Hi' } });
    await next(session, 'text');
    await new Promise((resolve) => setTimeout(resolve, 30));
    peer.content({ outputTranscription: { text: 'Hello' } }, sound(20), ...done);
    const { timings } = await next(session, 'turn');
    assert.ok(
      timings.firstByteMs! >= 25 && timings.firstByteMs! + 25 <= timings.endpointMs!,
      JSON.stringify(timings),
    );
    assert.ok(timings.endpointMs! <= timings.timeToFirstAudioMs!);
    assert.ok(timings.connectMs! >= 0 && timings.setupMs! >= 0);
  });

  it('tells what waits to be sent and what was given up since the turn before', async () => {
    const { session, peer } = await bench.connected({ lanes: { maxAudioMs: 100, highWaterBytes: 1 } });
    peer.stall();
    for (let i = 0; i < 5; i++) session.video.write(Buffer.alloc(12_000_000, i));
    peer.content({ outputTranscription: { text: 'One.' } }, { turnComplete: true });
    const first = await next(session, 'turn');
    assert.ok(first.queue.droppedVideoFrames > 0);
    assert.ok(first.queue.bufferedBytes > 0);
    for (let i = 0; i < 20; i++) session.audio.write(Buffer.alloc(640));
    peer.content({ outputTranscription: { text: 'Two.' } }, { turnComplete: true });
    const second = await next(session, 'turn');
    assert.deepEqual(
      [second.queue.queuedAudioMs, second.queue.droppedAudioMs, second.queue.droppedVideoFrames],
      [100, 300, 0],
    );
    peer.resume();
  });
});

describe('live: limits of a session', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());
  let names = 0;
  const limits = (more: object): object => ({ key: `limits ${process.pid} ${++names}`, ...more });

  it('lets a text wait for its turn, tells the wait and its end, and sends it', async () => {
    const { session, log, peer } = await bench.connected({
      limits: limits({ turnsPerMinute: 1, windowMs: 150 }),
    });
    session.sendText('One.');
    session.sendText('Two.');
    session.respond([{ id: 'nobody', name: 'f', response: {} }]);
    await peer.message(1);
    const wait = await next(session, 'waiting');
    assert.equal(wait.for, 'turn');
    assert.ok(wait.ms! > 0 && wait.ms! <= 150);
    assert.match(wait.reason, /1 turns/);
    await peer.message(2);
    await next(session, 'waiting', ({ ms }) => ms === 0);
    assert.equal(of(log, 'waiting').length, 2);
  });

  it('counts spoken turns, and lets sound wait when they are too many', async () => {
    const { session, peer } = await bench.connected({ limits: limits({ turnsPerMinute: 1, windowMs: 200 }) });
    peer.content(sound(20), ...done);
    await next(session, 'waiting', ({ for: what }) => what === 'turn');
    session.audio.write(Buffer.alloc(640));
    assert.deepEqual([session.stats.queuedAudioMs, session.stats.sentAudioMs], [20, 0]);
    await peer.message(1);
    assert.deepEqual([session.stats.queuedAudioMs, session.stats.sentAudioMs], [0, 20]);
  });

  it('lets a second session wait for its place, and gives the place back whatever ends the first', async () => {
    const shared = { limits: limits({ concurrentSessions: 1 }), recovery: false as const };
    const { peer, server } = await bench.connected(shared);
    const second = bench.session(server, shared);
    const connecting = second.connect();
    assert.equal((await next(second, 'waiting')).for, 'concurrent');
    assert.equal(server.connections.length, 1);
    peer.cut();
    await connecting;
    await second.close();
    server.script = { refuse: { status: 403, body: 'no' } };
    const third = bench.session(server, shared);
    await assert.rejects(third.connect());
    server.script = {};
    await third.connect();
    assert.equal(third.state, 'ready');
  });

  it('ends the wait when the session closes', async () => {
    const shared = { limits: limits({ concurrentSessions: 1 }) };
    const { server } = await bench.connected(shared);
    const second = bench.session(server, shared);
    const connecting = second.connect();
    await next(second, 'waiting');
    await second.close();
    await assert.rejects(connecting, { code: 'CLOSED' });
    assert.equal(second.state, 'closed');
  });
});

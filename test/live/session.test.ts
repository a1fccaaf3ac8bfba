import assert from 'node:assert/strict';
import { LiveSession } from '../../src/live';
import { Bench, next, of, sound } from './support';

const done = [{ generationComplete: true }, { turnComplete: true }];

describe('live: what the server says', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('aggregates transcripts per side and turn: pieces as they come, the whole once', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(
      { inputTranscription: { text: ' Turn on' } },
      { inputTranscription: { text: ' the light.' } },
      { ...sound(40), outputTranscription: { text: 'Done' } },
      { outputTranscription: { text: ', it is on.' } },
      { outputTranscription: { finished: true } },
      ...done,
    );
    const turn = await next(session, 'turn');
    const texts = of(log, 'text').map(({ role, text, final }) => [role, text, final]);
    assert.deepEqual(texts, [
      ['user', ' Turn on', false],
      ['user', ' the light.', false],
      ['model', 'Done', false],
      ['model', ', it is on.', false],
      ['user', 'Turn on the light.', true],
      ['model', 'Done, it is on.', true],
    ]);
    assert.deepEqual(
      [turn.user, turn.model, turn.heard, turn.reason],
      ['Turn on the light.', 'Done, it is on.', 'Done, it is on.', 'complete'],
    );
    assert.deepEqual(session.conversationState().history, [
      { role: 'user', text: 'Turn on the light.' },
      { role: 'model', text: 'Done, it is on.' },
    ]);
  });

  it('tells a transcript that comes late as a further final text: nothing is lost, nothing doubled', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(
      { outputTranscription: { text: 'One.' } },
      { generationComplete: true },
      { outputTranscription: { text: ' Two.' } },
      { turnComplete: true },
    );
    await next(session, 'turn');
    const finals = of(log, 'text').filter(({ final }) => final);
    assert.deepEqual(
      finals.map(({ text }) => text),
      ['One.', 'Two.'],
    );
  });

  it('passes interim transcripts on without adding them up', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content(
      { interimInputTranscription: { text: 'Tur' } },
      { inputTranscription: { text: 'Turn' } },
      ...done,
    );
    assert.equal((await next(session, 'turn')).user, 'Turn');
    assert.equal(of(log, 'text')[0]?.interim, true);
  });

  it('handles every field of one message, and the usage before the end of the turn', async () => {
    const { session, log, peer } = await bench.connected();
    peer.send({
      serverContent: {
        ...sound(40),
        inputTranscription: { text: 'Hi' },
        outputTranscription: { text: 'Hello' },
        groundingMetadata: { webSearchQueries: ['q'] },
        interactionStatus: 'IDLE',
        waitingForInput: true,
        generationComplete: true,
        turnComplete: true,
      },
      usageMetadata: { totalTokenCount: 7 },
      goAway: { timeLeft: '9.5s' },
      sessionResumptionUpdate: { newHandle: 'h', resumable: true },
      voiceActivity: { voiceActivityType: 'ACTIVITY_START', audioOffset: '1.5s' },
      voiceActivityDetectionSignal: { vadSignalType: 'VAD_SIGNAL_TYPE_EOS' },
      toolCallCancellation: { ids: ['c'] },
      toolCall: { functionCalls: [{ id: 'd', name: 'f' }] },
      novelty: 1,
    });
    await next(session, 'activity', ({ type }) => type === 'end');
    const names = log.filter(({ event }) => event !== 'state').map(({ event }) => event);
    assert.deepEqual(names, [
      'unknown',
      'text',
      'audio',
      'text',
      'grounding',
      'activity',
      'tool-cancel',
      'text',
      'activity',
      'tool-call',
      'text',
      'usage',
      'turn',
      'go-away',
      'resumption',
      'activity',
      'activity',
    ]);
    const [turn] = of(log, 'turn');
    assert.deepEqual([turn?.usage, turn?.waitingForInput], [{ totalTokenCount: 7 }, true]);
    assert.equal(of(log, 'go-away')[0]?.timeLeftMs, 9500);
    assert.equal(of(log, 'activity')[2]?.audioOffsetMs, 1500);
    assert.deepEqual(of(log, 'tool-call')[0]?.args, {});
    for (const entry of log) {
      assert.equal(typeof entry['at'], 'number');
      assert.equal(entry['conversation'], session.conversation);
    }
  });

  it('tells code, its result, and parts it does not play', async () => {
    const { session, log, peer } = await bench.connected();
    const parts = [
      { executableCode: { code: '1+1', language: 'PYTHON' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { fileData: { fileUri: 'x' } },
    ];
    peer.content({ modelTurn: { parts } }, ...done);
    await next(session, 'turn');
    assert.deepEqual(
      of(log, 'code').map(({ code, output }) => [code, output]),
      [
        ['1+1', undefined],
        [undefined, '2'],
      ],
    );
    assert.deepEqual(
      of(log, 'unknown').map(({ kind, name }) => [kind, name]),
      [
        ['part', 'inlineData'],
        ['part', 'fileData'],
      ],
    );
  });

  it('tells a call once that the model tells in a part and in a message', async () => {
    const { session, log, peer } = await bench.connected();
    const call = { id: 'a', name: 'f', args: {} };
    peer.content({ modelTurn: { parts: [{ functionCall: call }] } });
    peer.send({ toolCall: { functionCalls: [call, { id: 'b', name: 'g' }, { id: 'c' }] } });
    peer.content(...done);
    await next(session, 'turn');
    assert.deepEqual(
      of(log, 'tool-call').map(({ id }) => id),
      ['a', 'b'],
    );
    assert.equal(of(log, 'warning')[0]?.code, 'BAD_TOOL_CALL');
  });

  it('counts usage once per turn, adds turns up, in total and per modality', async () => {
    const { session, log, peer } = await bench.connected();
    const usage = (total: number, audio: number): object => ({
      usageMetadata: {
        totalTokenCount: total,
        responseTokensDetails: [{ modality: 'AUDIO', tokenCount: audio }],
      },
    });
    peer.content(sound(20));
    peer.send(usage(10, 5), usage(20, 8));
    peer.send({ serverContent: { generationComplete: true, turnComplete: true }, ...usage(30, 9) });
    await next(session, 'turn');
    peer.send({ serverContent: { ...sound(20), turnComplete: true } }, usage(4, 1));
    await next(session, 'usage', ({ turn }) => turn === 2);
    assert.deepEqual(
      of(log, 'usage').map(({ turn, usage: { totalTokenCount } }) => [turn, totalTokenCount]),
      [
        [1, 30],
        [2, 4],
      ],
    );
    const total = { totalTokenCount: 34, responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 10 }] };
    assert.deepEqual(of(log, 'usage')[1]?.total, total);
    assert.deepEqual(session.conversationState().usage, total);
  });

  it('measures from the last input to the first content and the first audio', async () => {
    const { session, peer } = await bench.connected();
    session.sendText('Hello');
    await peer.message(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    peer.content({ modelTurn: { parts: [{ text: 'hm', thought: true }] } });
    await next(session, 'text', ({ role }) => role === 'thought');
    await new Promise((resolve) => setTimeout(resolve, 30));
    peer.content(sound(20), ...done);
    const { timings } = await next(session, 'turn');
    assert.ok((timings.endpointMs ?? 0) >= 25, JSON.stringify(timings));
    assert.ok((timings.timeToFirstAudioMs ?? 0) >= (timings.endpointMs ?? 0) + 25, JSON.stringify(timings));
    assert.ok((timings.connectMs ?? -1) >= 0 && (timings.setupMs ?? -1) >= 0);
    peer.content(sound(20), ...done);
    const second = await next(session, 'turn');
    assert.equal(second.timings.timeToFirstAudioMs, undefined, 'the model began by itself');
  });

  it('measures from voiced sound, not from silence', async () => {
    const { session, peer } = await bench.connected();
    const voiced = Buffer.alloc(640);
    for (let i = 0; i < 640; i += 2) voiced.writeInt16LE(i % 4 ? 3000 : -3000, i);
    session.audio.write(Buffer.alloc(640));
    await peer.message(1);
    peer.content(sound(20), ...done);
    assert.equal((await next(session, 'turn')).timings.timeToFirstAudioMs, undefined);
    session.audio.write(voiced);
    await peer.message(2);
    peer.content(sound(20), ...done);
    assert.ok(((await next(session, 'turn')).timings.timeToFirstAudioMs ?? -1) >= 0);
  });

  it('silences the answer at interrupt(), drops the rest of the turn, and goes on with the next', async () => {
    const { session, log, peer } = await bench.connected();
    peer.content({ ...sound(1000), outputTranscription: { text: 'one two' } });
    const { handle } = await next(session, 'audio');
    assert.equal(session.busy, true);
    session.interrupt();
    assert.equal(handle.error?.code, 'INTERRUPTED');
    assert.equal((await next(session, 'interrupted')).local, true);
    peer.content({ ...sound(30), outputTranscription: { text: ' three' } }, ...done);
    const turn = await next(session, 'turn');
    assert.deepEqual([turn.interrupted, turn.lateAudioMs, turn.model], [true, 30, 'one two three']);
    peer.content(sound(20), ...done);
    await next(session, 'turn');
    assert.equal(of(log, 'audio').length, 2);
    assert.equal(of(log, 'interrupted').length, 1);
    assert.deepEqual(peer.received.slice(1), [], 'the service’s own detection is on: nothing is sent');
  });

  it('tells the service of interrupt() by an empty activity where detection is manual', async () => {
    const config = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
    const { session, peer } = await bench.connected({ config });
    session.interrupt();
    await peer.message(2);
    assert.deepEqual(peer.received.slice(1), [
      { realtimeInput: { activityStart: {} } },
      { realtimeInput: { activityEnd: {} } },
    ]);
  });

  it('leaves audio of another format out, with one warning', async () => {
    const { session, log, peer } = await bench.connected();
    const odd = { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=8000', data: 'AAAA' } }] } };
    peer.content(sound(20), odd, odd, ...done);
    assert.equal((await next(session, 'turn')).audioMs, 20);
    assert.equal(of(log, 'warning').filter(({ code }) => code === 'AUDIO_FORMAT').length, 1);
  });

  it('takes PCM without a rate (Vertex AI) as 24 kHz', async () => {
    const { session, peer } = await bench.connected();
    peer.content({ modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm', data: 'AAAAAAAA' } }] } });
    assert.equal((await next(session, 'audio')).handle.format.rate, 24000);
  });
});

describe('live: nothing breaks it', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it('goes on after frames that are no messages', async () => {
    const { session, log, peer } = await bench.connected();
    peer.sendFrame('not json');
    peer.sendFrame(Buffer.from([0xff, 0xfe, 0]));
    peer.sendFrame('[]');
    peer.sendFrame('{"serverContent":{"modelTurn":7,"turnComplete":true}}');
    await next(session, 'turn');
    assert.equal(session.stats.badFrames, 3);
    assert.deepEqual(
      of(log, 'warning').map(({ code }) => code),
      ['BAD_FRAME', 'BAD_FRAME', 'BAD_FRAME', 'BAD_FIELD'],
    );
    assert.equal(session.state, 'ready');
  });

  it('calls every listener, also when others throw or reject', async () => {
    const { session, peer } = await bench.connected();
    const warnings: string[] = [];
    session.on('turn', () => {
      throw new Error('first');
    });
    session.on('turn', async () => {
      throw new Error('second');
    });
    session.on('warning', ({ message }) => {
      warnings.push(message);
      throw new Error('third');
    });
    let called = 0;
    session.on('turn', () => called++);
    session.once('turn', () => called++);
    peer.content(...done, ...done);
    await next(session, 'turn', ({ turn }) => turn === 2);
    assert.equal(called, 3);
    assert.equal(warnings.filter((text) => text.includes('first')).length, 2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(warnings.filter((text) => text.includes('second')).length, 2);
  });

  it('does not end the process with an error event that nobody hears', async () => {
    const server = await bench.server();
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: server.url },
      recovery: false,
    });
    await session.connect();
    assert.equal(session.listenerCount('error'), 0);
    const ended = new Promise((resolve) =>
      session.on('state', ({ to }) => to === 'closed' && resolve(undefined)),
    );
    (await server.connection()).close(1011, 'Internal error encountered.');
    await ended;
  });

  it('drops the oldest events of an iterator that nobody reads', async () => {
    const { session, peer } = await bench.connected();
    const iterator = session[Symbol.asyncIterator]();
    for (let i = 0; i < 1200; i++) peer.send({ goAway: { timeLeft: `${i}s` } });
    await next(session, 'go-away', ({ timeLeftMs }) => timeLeftMs === 1_199_000);
    const { value } = (await iterator.next()) as { value: { timeLeftMs: number } };
    assert.equal(value.timeLeftMs, 200_000);
    await iterator.return?.();
    assert.equal((await iterator.next()).done, true);
  });
});

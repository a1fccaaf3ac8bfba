import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { createMedia } from '../../src/media';
import type { FunctionResponse } from '../../src/protocol';
import { ScriptedServer } from '../support/scripted-server';
import { GEN_3_8 } from '../support/wire-client';
import { spokenWav } from './sounds';
import { helper, until, type Got } from './support';
import { answered, answers, calls, failure, light, Stage, stageFlow } from './tools-support';

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(200, 1)]);
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(50, 2)]);

/** What a flow sends, and what the model gets. */
describe('tool-response node', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  async function called(stage: Stage, id = 'c1'): Promise<Got> {
    stage.peer.send(calls(light(id)));
    return until('the call', () => stage.flow.got('set_light').find(({ tool }) => tool?.id === id));
  }
  /** The Catch node of the tab is wired to the response node. */
  function catchWith({ flow }: Stage): void {
    helper.getNode('errors').on('input', (msg) => flow.send('answer', msg));
  }
  /** What the model gets for a message. */
  async function answerTo(
    more: object,
    set: Parameters<typeof Stage.set>[1] = {},
  ): Promise<FunctionResponse | undefined> {
    const stage = await Stage.set(wire, { config: { model: GEN_3_8 }, ...set });
    stage.flow.send('answer', { ...(await called(stage)), ...more });
    const [answer] = await answered(stage.peer);
    assert.deepEqual(stage.flow.errors, []);
    return answer;
  }

  describe('answers with any payload', () => {
    for (const [what, payload, response] of [
      ['an object', { on: true, level: 3 }, { on: true, level: 3 }],
      ['a text', 'it is on', { result: 'it is on' }],
      ['a number', 21.5, { result: 21.5 }],
      ['false', false, { result: false }],
      ['a list', [1, 'two'], { result: [1, 'two'] }],
      ['nothing', undefined, { status: 'ok' }],
      ['an empty object', {}, { status: 'ok' }],
      ['an empty text', '', { status: 'ok' }],
      ['a Buffer that is a text', Buffer.from('21 degrees'), { result: '21 degrees' }],
    ] as const) {
      it(what, async () => {
        assert.deepEqual((await answerTo({ payload }))?.response, response);
      });
    }

    it('an object that goes in circles', async () => {
      const payload: Record<string, unknown> = { on: true };
      payload.self = payload;
      const answer = await answerTo({ payload });
      assert.equal(answer?.response?.['on'], true);
      assert.match(JSON.stringify(answer), /\[circular\]/);
    });
  });

  describe('puts pictures and sound into parts', () => {
    const inline = (answer: FunctionResponse | undefined): [string | undefined, number][] =>
      (answer?.parts ?? []).map(({ inlineData }) => [
        inlineData?.mimeType,
        Buffer.from(inlineData?.data ?? '', 'base64').length,
      ]);

    it('of a Buffer', async () => {
      assert.deepEqual(inline(await answerTo({ payload: JPEG })), [['image/jpeg', JPEG.length]]);
    });

    it('of msg.media beside the payload', async () => {
      const media = [PNG, { data: Buffer.from('any'), mimeType: 'application/pdf' }, spokenWav(0.1)];
      const answer = await answerTo({ payload: 'at the door', media });
      assert.deepEqual(answer?.response, { result: 'at the door' });
      assert.deepEqual(inline(answer), [
        ['image/png', PNG.length],
        ['application/pdf', 3],
        ['audio/wav', spokenWav(0.1).length],
      ]);
    });

    it('of the newest picture of a camera', async () => {
      const camera = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest' });
      camera.write(Buffer.concat([JPEG, JPEG]));
      camera.write(JPEG);
      const answer = await answerTo({ payload: camera.handle });
      assert.deepEqual(inline(answer), [['image/jpeg', JPEG.length]]);
      assert.deepEqual(answer?.response, { status: 'ok' });
      assert.equal(camera.handle.stats.readers, 0);
      camera.end();
    });

    it('of a sound that has an end', async () => {
      const format = { mime: 'audio/pcm', rate: 16_000, channels: 1 };
      const sound = createMedia({ format, policy: 'block' });
      sound.write(Buffer.alloc(3200, 1));
      sound.end();
      assert.deepEqual(inline(await answerTo({ media: sound.handle, payload: {} })), [['audio/wav', 3244]]);
    });

    for (const [what, more, advice] of [
      ['a Buffer of no known format', { media: Buffer.alloc(9) }, /no format that is recognised.*mimeType/],
      ['media that is none', { media: 'a picture' }, /msg\.media.*"a picture"/],
      [
        'a microphone',
        {
          payload: createMedia({ format: { mime: 'audio/pcm', rate: 16_000 }, policy: 'drop-oldest' }).handle,
        },
        /live and never ends/,
      ],
    ] as const) {
      it(`not of ${what}`, async () => {
        const stage = await Stage.set(wire, { config: { model: GEN_3_8 } });
        stage.flow.send('answer', { ...(await called(stage)), ...more });
        const error = await until('an error', () => stage.flow.errors[0]?.error);
        assert.equal(error.code, 'BAD_PAYLOAD');
        assert.match(error.message, advice);
        assert.deepEqual(answers(stage.peer.received), []);
      });
    }
  });

  describe('says when the model is to speak', () => {
    const lazy = [{ name: 'set_light', behavior: 'NON_BLOCKING', scheduling: 'SILENT' }];
    it('as the message says', async () => {
      const set = { functions: lazy, response: { scheduling: 'WHEN_IDLE' } };
      assert.equal((await answerTo({ scheduling: 'interrupt' }, set))?.scheduling, 'INTERRUPT');
    });
    it('else as the node says', async () => {
      assert.equal(
        (await answerTo({}, { functions: lazy, response: { scheduling: 'WHEN_IDLE' } }))?.scheduling,
        'WHEN_IDLE',
      );
    });
    it('else as the function says', async () => {
      assert.equal((await answerTo({}, { functions: lazy }))?.scheduling, 'SILENT');
    });
    it('and refuses what it does not know', async () => {
      const stage = await Stage.set(wire, { functions: lazy });
      stage.flow.send('answer', { ...(await called(stage)), scheduling: 'soon' });
      const error = await until('an error', () => stage.flow.errors[0]?.error);
      assert.equal(error.code, 'BAD_CONFIG');
      assert.match(error.message, /WHEN_IDLE, INTERRUPT, SILENT.*"soon"/);
    });
  });

  it('answers in parts', async () => {
    const functions = [{ name: 'set_light', behavior: 'NON_BLOCKING' }];
    const stage = await Stage.set(wire, {
      functions,
      config: { model: GEN_3_8 },
      response: { partial: true },
    });
    const message = await called(stage);
    stage.flow.send('answer', { ...message, payload: 'half' });
    await answered(stage.peer);
    stage.flow.send('answer', { ...message, payload: 'all', willContinue: false });
    const [half, all] = await answered(stage.peer, 2);
    assert.deepEqual([half?.response, half?.willContinue], [{ result: 'half' }, true]);
    assert.deepEqual([all?.response, all?.willContinue], [{ result: 'all' }, undefined]);
    stage.flow.send('answer', { ...message, payload: 'more' });
    await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'answered already');
    assert.equal(answers(stage.peer.received).length, 2);
    assert.deepEqual(stage.flow.errors, []);
  });

  describe('answers with an error', () => {
    it('of a flow that throws', async () => {
      const stage = await Stage.set(wire, {
        tools: { wires: [['broken'], [], []] },
        more: [{ id: 'broken', type: 'gemini-live-to-messages', wires: [[]] }],
      });
      catchWith(stage);
      stage.peer.send(calls(light('c1')));
      const [answer] = await answered(stage.peer);
      assert.equal(failure(answer).status, 'FAILED');
      assert.match(failure(answer).message ?? '', /^to-messages cannot use an object with room/);
      assert.deepEqual(answers(stage.peer.received).length, 1);
    });

    for (const [what, error, expected] of [
      ['a text', 'the bulb is broken', { status: 'FAILED', message: 'the bulb is broken', retryable: false }],
      [
        'an Error',
        new Error('the bulb is broken'),
        { status: 'FAILED', message: 'the bulb is broken', retryable: false },
      ],
      [
        'an object',
        { message: 'not now', status: 'UNAVAILABLE', retryable: true, hint: 'Try again in a minute.' },
        { status: 'UNAVAILABLE', message: 'not now', retryable: true, hint: 'Try again in a minute.' },
      ],
      [
        'an object that says nothing',
        { a: 1 },
        { status: 'FAILED', message: 'It failed.', retryable: false },
      ],
      [
        'one with a secret in it',
        {
          message:
            'Error: GET https://user:pass77@example.com/?key=AIzaSyA1234567890123456789012345678901234 failed',
        },
        undefined,
      ],
    ] as const) {
      it(`that is ${what}`, async () => {
        const answer = await answerTo({ error, payload: 'ignored', media: 'ignored', scheduling: 'ignored' });
        if (expected) assert.deepEqual(failure(answer), expected);
        assert.ok(!/pass77|AIzaSyA/.test(JSON.stringify(answer)));
      });
    }
  });

  describe('does not answer', () => {
    it('a message that lost its call, and says how to keep it', async () => {
      const stage = await Stage.set(wire);
      await called(stage);
      for (const tool of [
        undefined,
        null,
        'c1',
        {},
        { id: 'c1' },
        { id: 1, name: 'set_light', session: 'session' },
      ])
        stage.flow.send('answer', { payload: 'done', tool });
      await until('the errors', () => stage.flow.errors.length === 6);
      for (const { error } of stage.flow.errors) {
        assert.equal(error?.code, 'NO_CALL');
        assert.match(error?.message ?? '', /Function node change msg and return it.*Change node/);
      }
      assert.equal(stage.flow.statuses('answer').at(-1), 'no call');
      assert.deepEqual(answers(stage.peer.received), []);
    });

    it('what a Catch node that is wired to it brings back, for ever: it warns instead', async () => {
      const warnings: string[] = [];
      const stage = await Stage.set(wire);
      const node = helper.getNode('answer') as unknown as EventEmitter;
      node.on('call:warn', ({ args }: { args: unknown[] }) => warnings.push(String(args[0])));
      catchWith(stage);
      stage.flow.send('answer', { payload: 'done' });
      await until('the error', () => stage.flow.errors.length > 0);
      await called(stage);
      assert.deepEqual(
        stage.flow.errors.map(({ error }) => error?.code),
        ['NO_CALL'],
      );
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /msg\.tool.*Change node/);
    });

    it('a call that nobody made', async () => {
      const stage = await Stage.set(wire);
      await called(stage);
      stage.flow.send('answer', {
        payload: 'done',
        tool: { id: 'zz', name: 'set_light', session: 'session' },
      });
      await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'unknown call');
      assert.deepEqual(stage.flow.errors, []);
    });

    it('a call of a session that does not exist', async () => {
      const stage = await Stage.set(wire);
      stage.flow.send('answer', {
        payload: 'done',
        tool: { id: 'c1', name: 'set_light', session: 'elsewhere' },
      });
      const error = await until('an error', () => stage.flow.errors[0]?.error);
      assert.equal(error.code, 'NO_SESSION');
      assert.match(error.message, /deleted or disabled/);
    });

    it('twice', async () => {
      const stage = await Stage.set(wire);
      const message = await called(stage);
      stage.flow.send('answer', { ...message, payload: 'one' });
      stage.flow.send('answer', { ...message, payload: 'two' });
      await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'answered already');
      assert.deepEqual(
        (await answered(stage.peer)).map(({ response }) => response),
        [{ result: 'one' }],
      );
      assert.deepEqual(stage.flow.errors, []);
    });

    it('while the flow has disconnected the session, and connects it no more', async () => {
      const stage = await Stage.set(wire);
      stage.peer.content({ turnComplete: true });
      stage.peer.send({ sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
      const message = await called(stage);
      stage.flow.send('session', { action: 'disconnect' });
      await stage.peer.untilClosed();
      stage.flow.send('answer', { ...message, payload: 'done' });
      await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'no longer wanted');
      assert.equal(wire.connections.length, 1);
      assert.deepEqual(stage.flow.errors, []);
    });
  });

  it('waits for the connection, and says so', async () => {
    const stage = await Stage.set(wire, { config: { firstDelay: '1' } });
    stage.peer.content({ turnComplete: true });
    const message = await called(stage);
    stage.peer.send({ sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await until('the handle', () => stage.flow.got('events').some(({ event }) => event === 'resumption'));
    stage.peer.cut();
    await until('it is noticed', () => stage.flow.statuses('session').includes('connecting again'));
    stage.flow.send('answer', { ...message, payload: 'done' });
    await until('it says so', () => stage.flow.statuses('answer').at(-1) === 'sending');
    const again = await wire.connection(1);
    const [answer] = await answered(again);
    assert.equal(answer?.id, 'c1');
    await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'sent');
    assert.deepEqual(stage.flow.errors, []);
  });

  it('is found by the flow of another tab, and after it was deployed again', async () => {
    const stage = await Stage.set(wire);
    const message = await called(stage);
    await stage.flow.deploy(stageFlow(wire.url, { response: { name: 'again' } }), 'nodes');
    stage.flow.send('answer', { ...message, payload: 'done' });
    assert.equal((await answered(stage.peer))[0]?.id, 'c1');
  });
});

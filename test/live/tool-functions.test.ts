import assert from 'node:assert/strict';
import {
  defineTool,
  toolFailure,
  type AnyTool,
  type LiveSession,
  type LiveSessionOptions,
  type ToolContext,
} from '../../src/live';
import type { ScriptedConnection, ScriptedServer } from '../support/scripted-server';
import { Bench, next, of, type Log } from './support';

const SPEAKS_ON = 'gemini-3.8-live';
const WAITS = 'gemini-3.1-flash-live-preview';

interface Answer {
  id: string;
  name: string;
  response: Record<string, unknown>;
  willContinue?: boolean;
  scheduling?: string;
}
const answersIn = (peer: ScriptedConnection): Answer[] =>
  peer.received.flatMap(
    (message) => (message['toolResponse'] as { functionResponses?: Answer[] })?.functionResponses ?? [],
  );
const answered = (peer: ScriptedConnection, count = 1): Promise<Answer[]> =>
  peer.until(() => answersIn(peer).length >= count && answersIn(peer));
const call = (id: string, name: string, args: object = {}): object => ({
  toolCall: { functionCalls: [{ id, name, args }] },
});
const declaredIn = (message: object): string[] =>
  JSON.stringify(message)
    .match(/"name":"(\w+)"/g)
    ?.map((name) => name.slice(8, -1)) ?? [];

interface Home {
  on: string[];
}
const setLight = defineTool(
  {
    name: 'set_light',
    description: 'Turns a light on or off.',
    parameters: {
      type: 'object',
      properties: { room: { type: 'string', enum: ['kitchen', 'bedroom'] }, on: { type: 'boolean' } },
      required: ['room', 'on'],
    },
  },
  ({ room, on }, { state }: ToolContext<Home>) => {
    if (on) state.on.push(room);
    return { room, on };
  },
);

describe('live: functions of an application', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  const begin = (
    tools: AnyTool[],
    options: Partial<LiveSessionOptions> = {},
  ): Promise<{ session: LiveSession; log: Log; peer: ScriptedConnection; server: ScriptedServer }> =>
    bench.connected({ model: SPEAKS_ON, tools, toolPolicy: {}, ...options });

  it('are declared as JSON Schema where the schema of the API cannot say it', async () => {
    const volume = defineTool(
      {
        name: 'set_volume',
        parameters: { type: 'object', properties: { level: { type: 'integer', exclusiveMinimum: 0 } } },
      },
      ({ level }) => ({ level }),
    );
    const { peer } = await begin([volume]);
    const [setup] = peer.received as [{ setup: { tools: { functionDeclarations: object[] }[] } }];
    assert.deepEqual(setup.setup.tools[0]?.functionDeclarations, [
      { name: 'set_volume', parametersJsonSchema: volume.parameters },
    ]);
    peer.send(call('c1', 'set_volume', { level: 0 }));
    const [answer] = await answered(peer);
    assert.match(JSON.stringify(answer?.response), /INVALID_ARGUMENTS/);
  });

  it('are declared beside those of the configuration, run, and answered', async () => {
    const home: Home = { on: [] };
    const other = { functionDeclarations: [{ name: 'other' }, { name: 'set_light', description: 'old' }] };
    const config = { tools: [{ googleSearch: {} }, other] };
    const { session, peer, log } = await begin([setLight], { toolState: home, config });
    const { setup } = peer.received[0] as { setup: { tools: Array<{ functionDeclarations?: object[] }> } };
    assert.deepEqual(
      setup.tools.map(({ functionDeclarations, ...rest }) => functionDeclarations ?? rest),
      [
        { googleSearch: {} },
        [{ name: 'other' }],
        [
          {
            name: 'set_light',
            description: 'Turns a light on or off.',
            parameters: {
              type: 'OBJECT',
              properties: { room: { type: 'STRING', enum: ['kitchen', 'bedroom'] }, on: { type: 'BOOLEAN' } },
              required: ['room', 'on'],
            },
          },
        ],
      ],
    );
    peer.send(call('a', 'set_light', { room: 'Kitchen', on: 'true' }));
    assert.deepEqual(await answered(peer), [
      { id: 'a', name: 'set_light', response: { room: 'kitchen', on: true } },
    ]);
    assert.deepEqual(home.on, ['kitchen']);
    const { outcome, by, response, status } = await next(session, 'tool-result');
    assert.deepEqual(
      [outcome, by, status, response],
      ['sent', 'client', undefined, { room: 'kitchen', on: true }],
    );
    assert.deepEqual(of(log, 'tool-call')[0]?.args, { room: 'kitchen', on: true });
  });

  it('never see arguments that do not fit, and the model is told what does', async () => {
    const home: Home = { on: [] };
    const { session, peer } = await begin([setLight], { toolState: home });
    peer.send(call('a', 'set_light', { room: 'garage', on: true }), call('b', 'set_lights'));
    const [first, second] = await answered(peer, 2);
    const error = (answer?: Answer): Record<string, unknown> =>
      answer?.response['error'] as Record<string, unknown>;
    assert.equal(error(first)['status'], 'INVALID_ARGUMENTS');
    assert.match(String(error(first)['message']), /"room" must be one of "kitchen", "bedroom", got "garage"/);
    assert.equal(error(first)['retryable'], true);
    assert.equal(error(second)['status'], 'UNKNOWN_FUNCTION');
    assert.match(String(error(second)['hint']), /set_light/);
    assert.deepEqual(home.on, []);
    const told = [await next(session, 'tool-call'), await next(session, 'tool-call')];
    assert.deepEqual(
      told.map(({ refused }) => refused),
      ['INVALID_ARGUMENTS', 'UNKNOWN_FUNCTION'],
    );
    const { by, status } = await next(session, 'tool-result');
    assert.deepEqual([by, status], ['session', 'INVALID_ARGUMENTS']);
  });

  it('may throw, fail in words, or return nothing', async () => {
    const { peer } = await begin([
      defineTool({ name: 'throws' }, () => {
        throw new Error('no bulb');
      }),
      defineTool({ name: 'rejects' }, async () =>
        Promise.reject(new Error('https://u:secret@x.example is away')),
      ),
      defineTool({ name: 'denies' }, () => toolFailure({ status: 'DENIED', message: 'not at night' })),
      defineTool({ name: 'throws_words' }, () => {
        throw toolFailure({ status: 'UNAVAILABLE', message: 'no mail today', retryable: true });
      }),
      defineTool({ name: 'nothing' }, () => {}),
      defineTool({ name: 'impossible' }, () => ({
        get x(): never {
          throw new Error('unreadable');
        },
      })),
    ]);
    const names = ['throws', 'rejects', 'denies', 'throws_words', 'nothing', 'impossible'];
    for (const name of names) peer.send(call(name, name));
    const answers = new Map((await answered(peer, names.length)).map(({ id, response }) => [id, response]));
    const error = (id: string): unknown[] => {
      const { status, message } = answers.get(id)?.['error'] as { status: string; message: string };
      return [status, message];
    };
    assert.deepEqual(error('throws'), ['FAILED', 'throws failed: no bulb']);
    assert.equal(error('rejects')[0], 'FAILED');
    assert.ok(!String(error('rejects')[1]).includes('secret'));
    assert.deepEqual(error('denies'), ['DENIED', 'not at night']);
    assert.deepEqual(error('throws_words'), ['UNAVAILABLE', 'no mail today']);
    assert.deepEqual(answers.get('nothing'), { status: 'ok' });
    assert.deepEqual(error('impossible'), ['FAILED', 'impossible failed: unreadable']);
  });

  it('may change what they are given: a cancellation tells what the model said', async () => {
    let begun = (): void => {};
    const running = new Promise<void>((resolve) => (begun = resolve));
    const parameters = {
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'string' } } },
    } as const;
    const tool = defineTool({ name: 'f', parameters }, async (args) => {
      args.list?.push('more');
      begun();
      await new Promise(() => {});
    });
    const { session, peer } = await begin([tool]);
    session.on('tool-call', ({ args }) => delete args['list']);
    peer.send(call('a', 'f', { list: ['one'] }));
    await running;
    peer.send({ toolCallCancellation: { ids: ['a', 'nobody'] } });
    const { ids, calls, reason } = await next(session, 'tool-cancel');
    assert.deepEqual([ids, reason], [['a', 'nobody'], 'service']);
    assert.deepEqual(calls, [{ id: 'a', name: 'f', args: { list: ['one'] } }]);
  });

  describe('are told to stop', () => {
    const hanging = (): { tool: AnyTool; stopped: Promise<string> } => {
      let tell = (_why: string): void => {};
      const stopped = new Promise<string>((resolve) => (tell = resolve));
      const tool = defineTool({ name: 'f', timeoutMs: 60_000 }, async (_args, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        tell((signal.reason as Error).message);
        return 'too late';
      });
      return { tool, stopped };
    };

    it('when the call is cancelled', async () => {
      const { tool, stopped } = hanging();
      const { peer, session, log } = await begin([tool]);
      peer.send(call('a', 'f'), { toolCallCancellation: { ids: ['a'] } });
      assert.match(await stopped, /cancelled/);
      await settled(session, peer);
      assert.deepEqual([answersIn(peer), of(log, 'tool-result')], [[], []]);
    });

    it('when it takes too long, and the model hears of it', async () => {
      const { tool, stopped } = hanging();
      const { session, peer, log } = await begin([tool], {
        toolPolicy: { functions: { f: { timeoutMs: 30 } } },
      });
      peer.send(call('a', 'f'));
      assert.match(await stopped, /too long/);
      const [answer] = await answered(peer);
      assert.equal((answer?.response['error'] as { status?: string }).status, 'TIMEOUT');
      assert.equal((await next(session, 'tool-cancel')).reason, 'timeout');
      await settled(session, peer);
      assert.equal(answersIn(peer).length, 1);
      assert.deepEqual(
        of(log, 'tool-result').map(({ outcome, by, status }) => [outcome, by, status]),
        [['sent', 'session', 'TIMEOUT']],
      );
    });

    it('when the session closes', async () => {
      const { tool, stopped } = hanging();
      const { session, peer } = await begin([tool]);
      peer.send(call('a', 'f'));
      await next(session, 'tool-call');
      await session.close();
      assert.match(await stopped, /closed/);
      assert.deepEqual(answersIn(peer), []);
    });

    it('when the call is lost with its session', async () => {
      const { tool, stopped } = hanging();
      const { session, peer, server } = await begin([tool], { recovery: { firstDelayMs: 1 } });
      peer.send(call('a', 'f'));
      await next(session, 'tool-call');
      peer.cut();
      assert.match(await stopped, /lost/);
      const { reason, calls } = await next(session, 'tool-cancel');
      assert.deepEqual([reason, calls], ['lost', [{ id: 'a', name: 'f', args: {} }]]);
      const second = await server.connection(1);
      await settled(session, second);
      assert.deepEqual(answersIn(second), []);
    });

    it('when somebody else has answered', async () => {
      const { tool, stopped } = hanging();
      const { session, peer } = await begin([tool]);
      peer.send(call('a', 'f'));
      await next(session, 'tool-call');
      session.respond({ id: 'a', name: 'f', response: { by: 'hand' } });
      await stopped;
      await settled(session, peer);
      assert.deepEqual(
        answersIn(peer).map(({ response }) => response),
        [{ by: 'hand' }],
      );
    });
  });

  it('tell partial results with progress(), or by what a generator yields', async () => {
    const { peer } = await begin([
      defineTool({ name: 'steps', scheduling: 'SILENT' }, (_args, { progress }) => {
        progress('one');
        progress({ at: 'two' }, { scheduling: 'INTERRUPT' });
        return 'three';
      }),
      defineTool({ name: 'yields' }, async function* () {
        yield 'one';
        yield 'two';
      }),
    ]);
    peer.send(call('a', 'steps'));
    const steps = await answered(peer, 3);
    assert.deepEqual(
      steps.map(({ response, willContinue, scheduling }) => [response, willContinue, scheduling]),
      [
        [{ result: 'one' }, true, 'SILENT'],
        [{ at: 'two' }, true, 'INTERRUPT'],
        [{ result: 'three' }, undefined, 'SILENT'],
      ],
    );
    peer.send(call('b', 'yields'));
    const yields = (await answered(peer, 6)).slice(3);
    assert.deepEqual(
      yields.map(({ response, willContinue }) => [response, willContinue]),
      [
        [{ result: 'one' }, true],
        [{ result: 'two' }, true],
        [{ status: 'ok' }, undefined],
      ],
    );
  });

  it('tell one answer to a model that waits: it would take the first part for the whole', async () => {
    const tool = defineTool({ name: 'yields' }, async function* () {
      yield 'one';
      yield 'two';
    });
    const { session, peer, log } = await begin([tool], { model: WAITS });
    peer.send(call('a', 'yields'));
    assert.deepEqual(
      (await answered(peer)).map(({ response }) => response),
      [{ result: 'two' }],
    );
    await settled(session, peer);
    assert.equal(answersIn(peer).length, 1);
    assert.deepEqual(
      of(log, 'tool-result').map(({ outcome }) => outcome),
      ['skipped', 'skipped', 'sent'],
    );
  });

  it('keep partial results in order while there is no connection, and the whole last', async () => {
    let go = (): void => {};
    const cut = new Promise<void>((resolve) => (go = resolve));
    const tool = defineTool({ name: 'yields' }, async function* () {
      await cut;
      yield 'one';
      yield 'two';
      return 'three';
    });
    const { session, peer, server } = await begin([tool], {
      config: { sessionResumption: {} },
      recovery: { firstDelayMs: 50, maxDelayMs: 50 },
    });
    peer.send(call('a', 'yields'), { sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await next(session, 'resumption');
    peer.cut();
    await next(session, 'state', ({ to }) => to === 'reconnecting');
    go();
    const second = await server.connection(1);
    assert.deepEqual(
      (await answered(second, 3)).map(({ response }) => response['result']),
      ['one', 'two', 'three'],
    );
  });

  it('can be exchanged: by a context update where the model takes it, else by a resumed connection', async () => {
    const first = defineTool({ name: 'first' }, () => 1);
    const second = defineTool({ name: 'second' }, () => 2);
    const one = await begin([first]);
    await one.session.setTools([second]);
    const update = await one.peer.until((all) => all.find((message) => 'contextUpdate' in message));
    assert.deepEqual(declaredIn(update), ['second']);
    one.peer.send(call('a', 'first'), call('b', 'second'));
    const answers = await answered(one.peer, 2);
    assert.deepEqual(
      answers.map(({ id, response }) => [id, 'error' in response]),
      [
        ['a', true],
        ['b', false],
      ],
    );
    await one.session.setTools([]);
    const none = await one.peer.until((all) =>
      all.findLast((message) => 'contextUpdate' in message && message !== update),
    );
    assert.deepEqual(declaredIn(none), []);

    const recovery = { firstDelayMs: 1 };
    const config = { sessionResumption: {} };
    const other = await begin([first], { model: WAITS, recovery, config });
    other.peer.send({ sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    other.peer.content({ turnComplete: true });
    await next(other.session, 'turn');
    await other.session.setTools([second]);
    // Until the model knows, it may call what it was told.
    other.peer.send(call('a', 'first'));
    assert.deepEqual(
      (await answered(other.peer)).map(({ response }) => response),
      [{ result: 1 }],
    );
    other.peer.content({ turnComplete: true });
    other.peer.send({ sessionResumptionUpdate: { newHandle: 'i', resumable: true } });
    const peer = await other.server.connection(1);
    const setup = await peer.message(0);
    assert.deepEqual(declaredIn(setup), ['second']);
    assert.ok(JSON.stringify(setup).includes('"handle":"i"'));
  });

  it('are refused when two have one name, or one is none', async () => {
    const one = defineTool({ name: 'f' }, () => {});
    const bad = { code: 'BAD_CONFIG' };
    assert.throws(() => bench.session('http://localhost:1', { tools: [one, one] }), bad);
    assert.throws(
      () => bench.session('http://localhost:1', { tools: [{ functionDeclarations: [] }] as never }),
      bad,
    );
    const session = bench.session('http://localhost:1');
    await assert.rejects(session.setTools([one, one]), bad);
  });

  it('are not run again after a restart: the model is told that nobody knows how far they came', async () => {
    let runs = 0;
    const tool = defineTool({ name: 'f' }, async () => {
      runs++;
      await new Promise(() => {});
    });
    const config = { sessionResumption: {} };
    const { session, peer, server } = await begin([tool], { config });
    peer.send(call('a', 'f'), { sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await next(session, 'resumption');
    const state = JSON.parse(JSON.stringify(session.conversationState()));
    await session.close();
    const again = bench.session(server, { model: SPEAKS_ON, tools: [tool], config, resumeFrom: state });
    await again.connect();
    const second = await server.connection(1);
    const [answer] = await answered(second);
    const { status, message } = answer?.response['error'] as { status: string; message: string };
    assert.deepEqual([answer?.id, status, runs], ['a', 'FAILED', 1]);
    assert.match(message, /restarted/);
  });
});

/** Everything sent so far has arrived when this has. */
async function settled(session: LiveSession, peer: ScriptedConnection): Promise<void> {
  const text = `settled ${Math.random()}`;
  session.sendRaw({ realtimeInput: { text } });
  await peer.until((received) => received.some((message) => JSON.stringify(message).includes(text)));
}

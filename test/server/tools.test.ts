import assert from 'node:assert/strict';
import { scriptedMind, type LocalLiveServer, type Reply, type ServerOptions } from '../../src/server';
import { lettersOf } from '../support/grammar';
import { buzz, join, noise } from '../support/speech-like';
import { GEN_3_1, GEN_3_8, NATIVE, VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { assertFaithful, assertValid, closeServers, handleOf, rehearsal, setupFor } from './helpers';

const utterance = join(noise(400), buzz(900), noise(900));
const INVALID = { code: 1007, reason: 'Request contains an invalid argument.' };

/** Calls `light` for every request, and says what came of it. */
const mind = (say = ''): ServerOptions['mind'] =>
  scriptedMind(({ results, text }): Reply => {
    if (results)
      return { say: `it says ${results.map(({ response }) => String(response['state'])).join(' ')}` };
    const calls = text === 'both' ? ['light', 'heating'] : ['light'];
    return { say, calls: calls.map((name) => ({ name, args: { for: text } })) };
  });

const declare = (model: string, behavior?: string, more: object = {}): Record<string, unknown> =>
  setupFor(model, {
    tools: [
      {
        functionDeclarations: ['light', 'heating'].map((name) => ({ name, ...(behavior && { behavior }) })),
      },
    ],
    ...more,
  });

interface Call {
  id: string;
  name: string;
  args: unknown;
}

const callsOf = (client: WireClient): Call[] =>
  client.messages.flatMap(({ toolCall }) => (toolCall?.functionCalls ?? []) as Call[]);

async function called(client: WireClient, count = 1): Promise<Call[]> {
  await client.until(() => callsOf(client).length >= count, `${count} calls`);
  return callsOf(client);
}

const ask = (client: WireClient, text: string): void => client.send({ realtimeInput: { text } });

function answer(client: WireClient, { id, name }: { id?: string; name: string }, more: object = {}): void {
  const response = { ...(id && { id }), name, response: { state: 'on' }, ...more };
  client.send({ toolResponse: { functionResponses: [response] } });
}

const pause = (ms = 200): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks and answers once; the order of frames is that of the recordings. */
const ROUNDS = [
  { order: 'native', model: NATIVE, ids: /^function-call-\d{20}$/, letters: /^SC[AO]+GZ$/ },
  { order: 'combined', model: GEN_3_1, ids: /^fc_\d{19}$/, letters: /^SECRE[AB]+GZ$/ },
  {
    order: 'vertex',
    model: VERTEX_MODEL,
    path: VERTEX_PATH,
    ids: /^[\da-f-]{36}$/,
    letters: /^SCGZPO+QA+GZ$/,
  },
] as const;

describe('local Live server: tool calls', () => {
  afterEach(closeServers);

  for (const { order, model, ids, letters, ...rest } of ROUNDS) {
    const path = 'path' in rest ? rest.path : undefined;
    it(`is silent until a blocking call is answered, then uses the answer (${order})`, async () => {
      const client = await WireClient.start(await rehearsal({ mind: mind() }), declare(model), path);
      ask(client, 'do it');
      const [call] = await called(client);
      assert.match(call!.id, ids);
      assert.deepEqual([call!.name, call!.args], ['light', { for: 'do it' }]);
      const before = client.frames.length;
      await pause();
      assert.ok(client.frames.length - before <= 2, 'nothing but the end of the first turn on Vertex AI');
      answer(client, call!);
      await client.turns(order === 'vertex' ? 2 : 1);
      assert.equal(client.transcript('outputTranscription'), 'it says on');
      assert.match(lettersOf(client.messages), letters);
      assertFaithful(client, order);
      client.close();
    });
  }

  it('waits for every one of several calls', async () => {
    const client = await WireClient.start(await rehearsal({ mind: mind() }), declare(NATIVE));
    ask(client, 'both');
    const [first, second] = await called(client, 2);
    assert.notEqual(first!.id, second!.id);
    answer(client, second!);
    await pause();
    assert.equal(client.audioMs, 0);
    answer(client, first!, { response: { state: 'off' } });
    await client.turns(1);
    assert.equal(client.transcript('outputTranscription'), 'it says on off');
    client.close();
  });

  it('speaks before a blocking call if it has something to say', async () => {
    const client = await WireClient.start(await rehearsal({ mind: mind('one moment') }), declare(NATIVE));
    ask(client, 'do it');
    const [call] = await called(client);
    answer(client, call!);
    await client.turns(1);
    assert.equal(client.transcript('outputTranscription'), 'one moment it says on');
    assertFaithful(client, 'native');
    client.close();
  });

  it('does not call what was not declared', async () => {
    const server = await rehearsal({ mind: mind('sorry') });
    const client = await WireClient.start(server, setupFor(NATIVE));
    ask(client, 'do it');
    await client.turns(1);
    assert.equal(client.transcript('outputTranscription'), 'sorry');
    client.close();
  });

  it('cancels what it waits for when the user speaks, and takes no answer to it', async () => {
    const server = await rehearsal({ mind: mind() });
    const outcomes: string[] = [];
    server.on('toolResponse', ({ outcome }) => outcomes.push(outcome));
    const client = await WireClient.start(server, declare(NATIVE));
    ask(client, 'do it');
    const [call] = await called(client);
    client.sendAudio(utterance);
    const [, again] = await called(client, 2);
    assert.match(lettersOf(client.messages), /^SCDYZI+T?C$/);
    assert.deepEqual(
      client.messages.find((message) => message.toolCallCancellation)?.toolCallCancellation?.ids,
      [call!.id],
    );
    answer(client, call!);
    answer(client, again!);
    answer(client, again!);
    answer(client, { id: 'made-up', name: 'light' });
    await client.turns(2);
    assert.deepEqual(outcomes, ['cancelled', 'taken', 'duplicate', 'unknown']);
    assert.deepEqual(server.stats[0]?.toolResponses, { [call!.id]: 1, [again!.id]: 2, 'made-up': 1 });
    assertFaithful(client, 'native');
    client.close();
  });

  it('refuses an answer without an id on the Gemini API, and finds the call by its name on Vertex AI', async () => {
    const server = await rehearsal({ mind: mind() });
    const bad = await WireClient.start(server, declare(NATIVE));
    ask(bad, 'do it');
    await called(bad);
    answer(bad, { name: 'light' });
    assert.deepEqual(await bad.end(), INVALID);
    const good = await WireClient.start(server, declare(VERTEX_MODEL), VERTEX_PATH);
    ask(good, 'do it');
    await called(good);
    answer(good, { name: 'light' });
    await good.turns(2);
    good.close();
  });

  describe('without blocking', () => {
    const start = async (
      options: ServerOptions = {},
    ): Promise<{ server: LocalLiveServer; client: WireClient }> => {
      const server = await rehearsal({ mind: mind('and so on '.repeat(10)), clock: 10, ...options });
      const client = await WireClient.start(server, declare(NATIVE, 'NON_BLOCKING'));
      ask(client, 'do it');
      return { server, client };
    };

    it('goes on talking, and says what came of it when it is idle', async () => {
      const { client } = await start();
      const [call] = await called(client);
      await client.until(() => client.audioMs > 0, 'speech while the call runs');
      answer(client, call!);
      await client.turns(2);
      assert.match(client.transcript('outputTranscription'), /^and so on.*it says on$/);
      assert.doesNotMatch(lettersOf(client.messages), /Y/);
      assertFaithful(client, 'native');
      client.close();
    });

    it('interrupts itself when asked to', async () => {
      const { client } = await start({ generationSpeed: 1, clock: 2 });
      const [call] = await called(client);
      await client.until(() => client.audioMs > 0, 'speech while the call runs');
      answer(client, call!, { scheduling: 'INTERRUPT' });
      await client.turns(2);
      assert.match(lettersOf(client.messages), /^SC[AOT]+YZ[AO]+GZ$/);
      assert.match(client.transcript('outputTranscription'), /it says on$/);
      client.close();
    });

    it('says nothing about a silent answer', async () => {
      const { client, server } = await start();
      const taken = new Promise((resolve) => server.once('toolResponse', resolve));
      const [call] = await called(client);
      answer(client, call!, { scheduling: 'SILENT' });
      await taken;
      await client.turns(1);
      await pause();
      assert.doesNotMatch(client.transcript('outputTranscription'), /it says/);
      client.close();
    });

    it('takes several answers of a generator', async () => {
      const { client } = await start();
      const [call] = await called(client);
      answer(client, call!, { willContinue: true });
      answer(client, call!, { willContinue: false, response: { state: 'off' } });
      await client.turns(3);
      assert.match(client.transcript('outputTranscription'), /it says onit says off$/);
      client.close();
    });

    it('is what 3.8 models do by default, and blocking what 2.5 models do', async () => {
      const server = await rehearsal({ mind: mind('meanwhile') });
      const client = await WireClient.start(server, declare(GEN_3_8));
      ask(client, 'do it');
      await client.turns(1);
      assert.match(lettersOf(client.messages), /^SEC[EAB]+GZ$/);
      client.close();
    });

    it('leaves a call open behind the handle, to be answered on the next connection', async () => {
      const { server, client } = await start();
      client.close();
      await client.end();
      const setup = declare(NATIVE, 'NON_BLOCKING', { sessionResumption: {} });
      const first = await WireClient.start(server, setup);
      ask(first, 'do it');
      const [call] = await called(first);
      await first.until(() => handleOf(first) !== '', 'a handle');
      first.close();
      await first.end();
      const sessionResumption = { handle: handleOf(first) };
      const second = await WireClient.start(server, setupFor(NATIVE, { sessionResumption }));
      answer(second, call!);
      await second.turns(1);
      assert.equal(second.transcript('outputTranscription'), 'it says on');
      ask(second, 'again');
      await called(second);
      second.close();
    });
  });

  it('says that it cannot be resumed while a call runs', async () => {
    const setup = declare(NATIVE, undefined, { sessionResumption: {} });
    const client = await WireClient.start(await rehearsal({ mind: mind() }), setup);
    ask(client, 'do it');
    const [call] = await called(client);
    await client.until((messages) => messages.some((m) => m.sessionResumptionUpdate), 'an update');
    assert.deepEqual(client.messages.at(-1)?.sessionResumptionUpdate, { newHandle: '', resumable: false });
    answer(client, call!);
    await client.until(() => handleOf(client) !== '', 'a handle');
    assertFaithful(client, 'native');
    client.close();
  });

  it('tells onlookers of calls and answers', async () => {
    const server = await rehearsal({ mind: mind() });
    const seen: unknown[] = [];
    server.on('toolCall', ({ name, args }) => seen.push({ name, args }));
    server.on('toolResponse', ({ response, outcome }) => seen.push({ response, outcome }));
    const client = await WireClient.start(server, declare(NATIVE));
    ask(client, 'do it');
    answer(client, (await called(client))[0]!);
    await client.turns(1);
    assert.deepEqual(seen, [
      { name: 'light', args: { for: 'do it' } },
      { response: { state: 'on' }, outcome: 'taken' },
    ]);
    client.close();
  });

  describe('faults', () => {
    const start = async (faults: ServerOptions['faults']): Promise<WireClient> => {
      const client = await WireClient.start(await rehearsal({ mind: mind(), faults }), declare(NATIVE));
      ask(client, 'do it');
      await called(client);
      return client;
    };

    it('no answer after a tool, until the user says something else', async () => {
      const client = await start({ noAnswerAfterTool: true });
      answer(client, callsOf(client)[0]!);
      await pause();
      assert.equal(lettersOf(client.messages), 'SC');
      ask(client, 'hello?');
      await client.turns(1);
      assert.match(lettersOf(client.messages), /^SCYZ/);
      client.close();
    });

    it('the same call twice', async () => {
      const client = await start({ duplicateToolCall: true });
      const [first, second] = await called(client, 2);
      assert.deepEqual(first, second);
      assertValid(client);
      client.close();
    });

    it('the call in modelTurn too', async () => {
      const client = await start({ callInModelTurn: true });
      assert.match(lettersOf(client.messages), /^SFC$/);
      const inTurn = client.messages[1]?.serverContent?.modelTurn?.parts?.[0]?.functionCall;
      assert.deepEqual(inTurn, callsOf(client)[0]);
      assertValid(client);
      client.close();
    });

    it('1008 when audio comes while a call runs', async () => {
      const client = await start({ toolCallsInterruptedByAudio: true });
      client.sendAudio(noise(20));
      assert.deepEqual(await client.end(), {
        code: 1008,
        reason: 'Operation is not implemented, or supported, or enabled.',
      });
    });
  });
});

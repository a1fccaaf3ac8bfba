import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { ScriptedServer } from '../support/scripted-server';
import { GEN_3_8 } from '../support/wire-client';
import { events, helper, run, sessionFlow, until } from './support';
import { answered, answers, calls, failure, helpers, light, ROOM, Stage, toolsNode } from './tools-support';

/** From the model through the flow and back. */
describe('tools node', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  it('brings a call to the output of its function, and its answer back', async () => {
    const { flow, peer } = await Stage.set(wire);
    peer.send(calls(light('c1', { args: { room: 'kitchen', brightness: 40 } })));
    const message = await until('the call', () => flow.got('set_light')[0]);
    assert.deepEqual(message.payload, { room: 'kitchen', brightness: 40 });
    assert.equal(message.topic, 'set_light');
    assert.equal(message.blocking, true);
    assert.deepEqual(message.tool, { id: 'c1', name: 'set_light', session: 'session' });
    flow.send('answer', { ...message, payload: { on: true } });
    const [answer] = await answered(peer);
    assert.deepEqual(answer, { id: 'c1', name: 'set_light', response: { on: true } });
    await until('it shows it', () => flow.statuses('answer').at(-1) === 'sent');
    assert.equal(flow.statuses('router').at(-1), 'set_light');
    assert.deepEqual(flow.errors, []);
  });

  it('declares functions with their behaviour, and those without parameters without them', async () => {
    const { peer } = await Stage.set(wire, {
      config: { model: GEN_3_8 },
      functions: [
        { name: 'set_light', description: 'Switches a light.', parameters: ROOM, behavior: 'NON_BLOCKING' },
        { name: 'get_weather' },
      ],
    });
    const { setup } = (await peer.message(0)) as { setup: { tools: { functionDeclarations: object[] }[] } };
    const [weather, lamp] = setup.tools[0]?.functionDeclarations ?? [];
    assert.deepEqual(weather, { name: 'get_weather' });
    assert.deepEqual(lamp, {
      name: 'set_light',
      description: 'Switches a light.',
      behavior: 'NON_BLOCKING',
      parameters: {
        type: 'OBJECT',
        properties: {
          room: { type: 'STRING', enum: ['kitchen', 'bedroom'] },
          brightness: { type: 'INTEGER' },
        },
        required: ['room'],
      },
    });
  });

  it('declares as JSON Schema what the schema of the API cannot say', async () => {
    const parameters = {
      type: 'object',
      properties: {
        level: { type: 'integer', exclusiveMinimum: 0, multipleOf: 5 },
        channel: { type: 'integer', enum: [1, 2, 3] },
      },
    };
    const { peer } = await Stage.set(wire, { functions: [{ name: 'set_volume', parameters }] });
    const { setup } = (await peer.message(0)) as { setup: { tools: { functionDeclarations: object[] }[] } };
    assert.deepEqual(setup.tools[0]?.functionDeclarations, [
      { name: 'set_volume', parametersJsonSchema: parameters },
    ]);
    peer.send(calls({ id: 'c1', name: 'set_volume', args: { level: 0, channel: 7 } }));
    const [answer] = await answered(peer);
    assert.equal(failure(answer).status, 'INVALID_ARGUMENTS');
    assert.match(failure(answer).message ?? '', /level.*channel/s);
  });

  it('sends each function to its own output', async () => {
    const { flow, peer } = await Stage.set(wire, {
      functions: [{ name: 'one' }, { name: 'two' }, { name: 'three' }],
    });
    peer.send(calls({ id: '3', name: 'three' }, { id: '1', name: 'one' }, { id: '2', name: 'two' }));
    await until('all', () => ['one', 'two', 'three'].every((name) => flow.got(name).length === 1));
    for (const [name, id] of [
      ['one', '1'],
      ['two', '2'],
      ['three', '3'],
    ] as const)
      assert.equal(flow.got(name)[0]?.tool?.id, id);
    assert.deepEqual(flow.got('cancelled'), []);
  });

  it('puts slips in the arguments right, and keeps wrong ones from the flow', async () => {
    const { flow, peer } = await Stage.set(wire);
    peer.send(
      calls(
        light('a', { args: { room: 'Kitchen', brightness: '21' } }),
        light('b', { args: { room: 'cellar' } }),
      ),
    );
    const [wrong] = await answered(peer);
    assert.equal(wrong?.id, 'b');
    assert.equal(failure(wrong).status, 'INVALID_ARGUMENTS');
    assert.match(failure(wrong).message ?? '', /room/);
    assert.deepEqual(
      flow.got('set_light').map(({ payload }) => payload),
      [{ room: 'kitchen', brightness: 21 }],
    );
    assert.deepEqual(flow.errors, []);
  });

  it('answers a call of a function that nobody declared without telling any node', async () => {
    const { flow, peer } = await Stage.set(wire);
    peer.send(calls({ id: 'x', name: 'open_pod_bay_doors', args: {} }));
    const [answer] = await answered(peer);
    assert.equal(failure(answer).status, 'UNKNOWN_FUNCTION');
    assert.deepEqual(flow.got('set_light'), []);
    const [event] = events(flow, 'events', 'tool-call');
    assert.equal((event?.payload as { refused?: string }).refused, 'UNKNOWN_FUNCTION');
  });

  it('tells a call that was cancelled with the arguments as the model gave them', async () => {
    const { flow, peer } = await Stage.set(wire);
    peer.send(calls(light('c1'), light('c2')));
    const [message] = await until(
      'the calls',
      () => flow.got('set_light').length === 2 && flow.got('set_light'),
    );
    (message?.payload as { room: string }).room = 'changed by the flow';
    peer.send({ toolCallCancellation: { ids: ['c1'] } });
    const cancelled = await until('the cancellation', () => flow.got('cancelled')[0]);
    assert.deepEqual(cancelled.payload, { room: 'kitchen' });
    assert.equal(cancelled.topic, 'set_light');
    assert.deepEqual(cancelled.tool, { id: 'c1', name: 'set_light', session: 'session' });
    assert.equal(cancelled.reason, 'service');
    assert.equal(flow.statuses('router').at(-1), 'cancelled');
    flow.send('answer', { tool: { id: 'c1', name: 'set_light', session: 'session' }, payload: 'done' });
    await until('it shows it', () => flow.statuses('answer').at(-1) === 'cancelled');
    flow.send('answer', { tool: { id: 'c2', name: 'set_light', session: 'session' }, payload: 'done' });
    await answered(peer);
    assert.deepEqual(
      answers(peer.received).map(({ id }) => id),
      ['c2'],
    );
    assert.deepEqual(flow.errors, []);
  });

  it('tells a call that took too long, to the model and on the cancellation output', async () => {
    const warnings: string[] = [];
    const { flow, peer } = await Stage.set(wire, {
      functions: [{ name: 'set_light', parameters: ROOM, timeout: 0.1 }],
    });
    const router = helper.getNode('router') as unknown as EventEmitter;
    router.on('call:warn', ({ args }: { args: unknown[] }) => warnings.push(String(args[0])));
    peer.send(calls(light('c1')));
    const [answer] = await answered(peer);
    assert.equal(failure(answer).status, 'TIMEOUT');
    const cancelled = await until('the cancellation', () => flow.got('cancelled')[0]);
    assert.equal(cancelled.reason, 'timeout');
    assert.deepEqual(cancelled.payload, { room: 'kitchen' });
    assert.equal(flow.statuses('router').at(-1), 'no answer in time');
    assert.match(warnings.join(), /Nobody answered the call of "set_light" in time.*msg\.tool/);
    flow.send('answer', flow.got('set_light')[0] ?? {});
    await until('it shows it', () => flow.statuses('answer').at(-1) === 'too late');
    assert.equal(answers(peer.received).length, 1);
    assert.deepEqual(flow.errors, []);
  });

  it('answers at once for an output that is wired to nothing, and warns', async () => {
    const warnings: string[] = [];
    const { flow, peer } = await Stage.set(wire, { tools: { wires: [[], [], []] } });
    const router = helper.getNode('router') as unknown as EventEmitter;
    router.on('call:warn', ({ args }: { args: unknown[] }) => warnings.push(String(args[0])));
    peer.send(calls(light('c1')));
    const [answer] = await answered(peer);
    assert.equal(failure(answer).status, 'UNAVAILABLE');
    assert.match(failure(answer).message ?? '', /set_light/);
    assert.match(warnings.join(), /"set_light".*wired to nothing/);
    assert.equal(flow.statuses('router').at(-1), 'output not wired');
    assert.deepEqual(flow.errors, []);
  });

  it('takes a hundred calls at once, answered in any order', async () => {
    const { flow, peer } = await Stage.set(wire);
    const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);
    peer.send(calls(...ids.map((id) => light(id))));
    await until('all calls', () => flow.got('set_light').length === 100);
    for (const message of [...flow.got('set_light')].reverse())
      flow.send('answer', { ...message, payload: { done: message.tool?.id } });
    const all = await answered(peer, 100);
    assert.deepEqual(all.map(({ id }) => id).sort(), [...ids].sort());
    for (const { id, response } of all) assert.deepEqual(response, { done: id });
    assert.deepEqual(flow.errors, []);
  });

  it('keeps two sessions and two tools nodes apart', async () => {
    const flow = await run([
      ...sessionFlow(wire.url, { connect: 'deploy' }),
      { id: 'second', type: 'gemini-live-session', config: 'config', connect: 'input', wires: [[], [], []] },
      toolsNode([{ name: 'set_light', parameters: ROOM }]),
      toolsNode([{ name: 'heat' }], { id: 'only', session: 'second', wires: [['heat'], []] }),
      { id: 'answer', type: 'gemini-live-tool-response' },
      ...helpers('set_light', 'heat', 'cancelled', 'to-confirm'),
    ]);
    const one = await wire.connection();
    await one.message(0);
    flow.send('second', { action: 'connect' });
    const two = await wire.connection(1);
    await two.message(0);
    one.send(calls(light('same'), { id: 'h', name: 'heat' }));
    two.send(calls(light('same'), { id: 'h', name: 'heat' }));
    await until('the calls', () => flow.got('set_light').length === 2 && flow.got('heat').length === 1);
    assert.equal(flow.got('heat')[0]?.tool?.session, 'second');
    for (const message of [...flow.got('set_light'), ...flow.got('heat')])
      flow.send('answer', { ...message, payload: { from: message.tool?.session } });
    const [first, second] = [await answered(one, 2), await answered(two, 2)];
    assert.equal(failure(first.find(({ id }) => id === 'h')).status, 'UNKNOWN_FUNCTION');
    assert.deepEqual(first.find(({ id }) => id === 'same')?.response, { from: 'session' });
    assert.deepEqual(
      second.map(({ id, response }) => [id, response]),
      [
        ['same', { from: 'second' }],
        ['h', { from: 'second' }],
      ],
    );
    assert.deepEqual(flow.errors, []);
  });

  it('tells on the session’s third port what happens to a call', async () => {
    const { flow, peer } = await Stage.set(wire);
    peer.send(calls(light('c1'), light('c2')));
    await until('the calls', () => flow.got('set_light').length === 2);
    flow.send('answer', { ...flow.got('set_light')[0], payload: { on: true } });
    peer.send({ toolCallCancellation: { ids: ['c2'] } });
    await until('the cancellation', () => events(flow, 'events', 'tool-cancel').length === 1);
    const [call] = events(flow, 'events', 'tool-call');
    const { id, name, args, turn } = call?.payload as Record<string, unknown>;
    assert.deepEqual([id, name, args, turn], ['c1', 'set_light', { room: 'kitchen' }, call?.turn]);
    const cancel = events(flow, 'events', 'tool-cancel')[0]?.payload as Record<string, unknown>;
    assert.deepEqual(cancel.calls, [{ id: 'c2', name: 'set_light', args: { room: 'kitchen' } }]);
    assert.equal(cancel.reason, 'service');
    const result = events(flow, 'events', 'tool-result')[0]?.payload as Record<string, unknown>;
    assert.deepEqual(
      [result.id, result.outcome, result.by, result.response],
      ['c1', 'sent', 'client', { on: true }],
    );
  });
});

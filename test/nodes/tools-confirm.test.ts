import assert from 'node:assert/strict';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { events, helper, until } from './support';
import { answered, answers, calls, declared, failure, light, ROOM, Stage, stageFlow } from './tools-support';

const QUESTION = 'Shall I really open the door?';

/** Calls that may not run before somebody has said yes. */
describe('tools node: confirmation', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  describe('by the flow', () => {
    const door = { name: 'set_light', parameters: ROOM, confirm: 'flow', question: QUESTION };

    async function asked(stage: Stage, id = 'c1'): Promise<Record<string, unknown>> {
      stage.peer.send(calls(light(id)));
      const message = await until('the question', () =>
        stage.flow.got('to-confirm').find(({ tool }) => tool?.id === id),
      );
      return message as unknown as Record<string, unknown>;
    }

    it('asks first, with arguments and question', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      const message = await asked(stage);
      assert.deepEqual(message.payload, { room: 'kitchen' });
      assert.equal(message.topic, 'set_light');
      assert.equal(message.question, QUESTION);
      assert.deepEqual(message.tool, { id: 'c1', name: 'set_light', session: 'session' });
      assert.deepEqual(stage.flow.got('set_light'), []);
      assert.equal(stage.flow.statuses('router').at(-1), 'confirm?');
    });

    for (const yes of [{ payload: true }, { payload: ' Yes ' }, { action: 'confirm', payload: { x: 1 } }]) {
      it(`runs after ${JSON.stringify(yes)}, once`, async () => {
        const stage = await Stage.set(wire, { functions: [door] });
        const message = await asked(stage);
        stage.flow.send('router', { ...message, ...yes });
        stage.flow.send('router', { ...message, ...yes });
        const call = await until('the call', () => stage.flow.got('set_light')[0]);
        assert.deepEqual(call.payload, { room: 'kitchen' });
        await until('the second is too late', () => stage.flow.statuses('router').at(-1) === 'too late');
        assert.equal(stage.flow.got('set_light').length, 1);
        stage.flow.send('answer', { ...call, payload: 'open' });
        assert.deepEqual((await answered(stage.peer))[0]?.response, { result: 'open' });
        assert.deepEqual(stage.flow.errors, []);
      });
    }

    for (const no of [{ payload: false }, { payload: 'no' }, { action: 'deny' }]) {
      it(`tells the model of ${JSON.stringify(no)}`, async () => {
        const stage = await Stage.set(wire, { functions: [door] });
        stage.flow.send('router', { ...(await asked(stage)), ...no });
        const [answer] = await answered(stage.peer);
        assert.equal(failure(answer).status, 'DENIED');
        assert.equal(failure(answer).retryable, false);
        assert.deepEqual(stage.flow.got('set_light'), []);
        assert.deepEqual(stage.flow.errors, []);
      });
    }

    it('runs with the arguments that were confirmed, whatever the flow does with the event of the call', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      const message = await asked(stage);
      const event = await until('the event', () => events(stage.flow, 'events', 'tool-call')[0]);
      (event.payload as { args: { room: string } }).args.room = 'bedroom';
      stage.flow.send('router', { ...message, payload: true });
      const call = await until('the call', () => stage.flow.got('set_light')[0]);
      assert.deepEqual(call.payload, { room: 'kitchen' });
    });

    it('has nothing to undo when a call that was denied is cancelled after that', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      stage.flow.send('router', { ...(await asked(stage)), payload: false });
      await answered(stage.peer);
      stage.flow.send('router', { ...(await asked(stage, 'c2')), payload: true });
      await until('the call', () => stage.flow.got('set_light')[0]);
      stage.peer.send({ toolCallCancellation: { ids: ['c1', 'c2'] } });
      await until('the cancellation', () => stage.flow.got('cancelled')[0]);
      assert.deepEqual(
        stage.flow.got('cancelled').map(({ tool }) => tool?.id),
        ['c2'],
      );
    });

    it('tells the model when nobody says anything', async () => {
      const stage = await Stage.set(wire, { functions: [{ ...door, confirmTimeout: 0.1 }] });
      const message = await asked(stage);
      const [answer] = await answered(stage.peer);
      assert.equal(failure(answer).status, 'DENIED');
      assert.match(failure(answer).message ?? '', /Nobody confirmed/);
      stage.flow.send('router', { ...message, payload: true });
      await until('it is too late', () => stage.flow.statuses('router').at(-1) === 'too late');
      assert.deepEqual(stage.flow.got('set_light'), []);
      assert.deepEqual(stage.flow.got('cancelled'), []);
      assert.deepEqual(stage.flow.errors, []);
    });

    it('gives the flow its own time after the yes', async () => {
      const stage = await Stage.set(wire, { functions: [{ ...door, timeout: 0.3, confirmTimeout: 30 }] });
      const message = await asked(stage);
      await new Promise((resolve) => setTimeout(resolve, 500));
      stage.flow.send('router', { ...message, payload: true });
      const call = await until('the call', () => stage.flow.got('set_light')[0]);
      stage.flow.send('answer', { ...call, payload: 'open' });
      assert.deepEqual((await answered(stage.peer))[0]?.response, { result: 'open' });
    });

    it('forgets a call that is cancelled, and the flow does not hear that it should be undone', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      const message = await asked(stage);
      stage.peer.send({ toolCallCancellation: { ids: ['c1'] } });
      await until('it shows it', () => stage.flow.statuses('router').at(-1) === 'cancelled');
      stage.flow.send('router', { ...message, payload: true });
      await until('it is too late', () => stage.flow.statuses('router').at(-1) === 'too late');
      assert.deepEqual(stage.flow.got('set_light'), []);
      assert.deepEqual(stage.flow.got('cancelled'), []);
      assert.deepEqual(answers(stage.peer.received), []);
    });

    it('keeps several apart', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      const [one, two] = [await asked(stage, 'c1'), await asked(stage, 'c2')];
      stage.flow.send('router', { ...two, payload: true });
      stage.flow.send('router', { ...one, payload: false });
      assert.equal((await until('the call', () => stage.flow.got('set_light')[0])).tool?.id, 'c2');
      assert.equal((await answered(stage.peer))[0]?.id, 'c1');
    });

    it('goes on waiting while the node is created again', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      const message = await asked(stage);
      await stage.flow.deploy(stageFlow(wire.url, { functions: [door], tools: { name: 'again' } }), 'nodes');
      stage.flow.send('router', { ...message, payload: true });
      const call = await until('the call', () => stage.flow.got('set_light')[0]);
      assert.deepEqual(call.payload, { room: 'kitchen' });
    });

    it('answers what waits when the node is deleted', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      await asked(stage);
      const nodes = stageFlow(wire.url, { functions: [door] });
      await stage.flow.deploy(
        nodes.filter((node) => (node as { id: string }).id !== 'router'),
        'nodes',
      );
      assert.equal(failure((await answered(stage.peer))[0]).status, 'UNAVAILABLE');
    });

    it('says at once that nobody can confirm when that output is wired to nothing', async () => {
      const stage = await Stage.set(wire, { functions: [door], tools: { wires: [['set_light'], [], []] } });
      stage.peer.send(calls(light('c1')));
      assert.equal(failure((await answered(stage.peer))[0]).status, 'UNAVAILABLE');
      assert.deepEqual(stage.flow.got('set_light'), []);
    });

    for (const [what, bad, code, advice] of [
      ['a payload that is no answer', { payload: 'perhaps' }, 'BAD_PAYLOAD', /"yes".*"perhaps".*still waits/],
      ['an action that it does not know', { action: 'open' }, 'UNKNOWN_ACTION', /"confirm" and "deny"/],
      ['a message without its call', { payload: true, tool: undefined }, 'NO_CALL', /Change node/],
    ] as const) {
      it(`refuses ${what}, and goes on waiting`, async () => {
        const stage = await Stage.set(wire, { functions: [door] });
        const message = await asked(stage);
        stage.flow.send('router', { ...message, ...bad });
        const error = await until('an error', () => stage.flow.errors[0]?.error);
        assert.equal(error.code, code);
        assert.match(error.message, advice);
        stage.flow.send('router', { ...message, payload: true });
        await until('the call', () => stage.flow.got('set_light').length === 1);
      });
    }
  });

  describe('by voice', () => {
    const door = { name: 'set_light', parameters: ROOM, confirm: 'voice', question: QUESTION };
    const confirmed = (id: string, more: object = {}): object =>
      calls(light(id, { args: { room: 'kitchen', confirmed: true, ...more } }));

    /** The model's turn is over, and the user has said something. */
    async function nextTurn(stage: Stage, words = 'yes'): Promise<void> {
      const before = stage.flow.got('events').filter(({ event }) => event === 'turn').length;
      stage.peer.content({ turnComplete: true });
      await until(
        'the turn',
        () => stage.flow.got('events').filter(({ event }) => event === 'turn').length > before,
      );
      stage.peer.content({ inputTranscription: { text: words } });
    }
    const last = async (peer: ScriptedConnection, count: number): Promise<Record<string, unknown>> =>
      (await answered(peer, count)).at(-1)?.response ?? {};

    it('declares a parameter of its own', async () => {
      const { peer } = await Stage.set(wire, { functions: [door, { name: 'plain', confirm: 'voice' }] });
      const setup = await peer.message(0);
      assert.deepEqual(declared(setup), ['plain', 'set_light']);
      const functions = (setup as { setup: { tools: { functionDeclarations: Declared[] }[] } }).setup.tools[0]
        ?.functionDeclarations;
      for (const { parameters } of functions ?? []) {
        assert.equal(parameters.properties.confirmed?.type, 'BOOLEAN');
        assert.match(
          parameters.properties.confirmed?.description ?? '',
          /^True only after the user has said yes/,
        );
      }
      assert.deepEqual(Object.keys(functions?.[1]?.parameters.properties ?? {}), [
        'room',
        'brightness',
        'confirmed',
      ]);
      assert.deepEqual(functions?.[1]?.parameters.required, ['room']);
    });
    interface Declared {
      parameters: { properties: Record<string, { type: string; description?: string }>; required?: string[] };
    }

    it('asks back, and runs after a yes in a later turn', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      stage.peer.send(calls(light('c1')));
      const { status, question, hint } = await last(stage.peer, 1);
      assert.deepEqual([status, question], ['confirmation_required', QUESTION]);
      assert.match(String(hint), /confirmed: true only after a yes/);
      assert.equal(stage.flow.statuses('router').at(-1), 'confirm?');
      await nextTurn(stage);
      stage.peer.send(confirmed('c2'));
      const call = await until('the call', () => stage.flow.got('set_light')[0]);
      assert.deepEqual(call.payload, { room: 'kitchen' });
      assert.equal(call.tool?.id, 'c2');
      assert.deepEqual(stage.flow.errors, []);
    });

    it('does not believe a model that confirms by itself', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      stage.peer.send(confirmed('c1'));
      assert.equal((await last(stage.peer, 1)).status, 'confirmation_required');
      stage.peer.send(confirmed('c2'));
      assert.equal((await last(stage.peer, 2)).status, 'confirmation_required');
      assert.deepEqual(stage.flow.got('set_light'), []);
    });

    it('takes a yes for the very same call only, and once', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      stage.peer.send(calls(light('c1')));
      await answered(stage.peer);
      await nextTurn(stage);
      stage.peer.send(confirmed('c2', { room: 'bedroom' }));
      assert.equal((await last(stage.peer, 2)).status, 'confirmation_required');
      stage.peer.send(confirmed('c3'));
      await until('the call', () => stage.flow.got('set_light').length === 1);
      stage.peer.send(confirmed('c4'));
      assert.equal((await last(stage.peer, 3)).status, 'confirmation_required');
      assert.deepEqual(
        stage.flow.got('set_light').map(({ tool }) => tool?.id),
        ['c3'],
      );
    });

    it('takes no yes that comes too late', async () => {
      const stage = await Stage.set(wire, { functions: [{ ...door, confirmTimeout: 0.1 }] });
      stage.peer.send(calls(light('c1')));
      await answered(stage.peer);
      await nextTurn(stage);
      await new Promise((resolve) => setTimeout(resolve, 200));
      stage.peer.send(confirmed('c2'));
      assert.equal((await last(stage.peer, 2)).status, 'confirmation_required');
    });

    it('runs nothing after a no', async () => {
      const stage = await Stage.set(wire, { functions: [door] });
      stage.peer.send(calls(light('c1')));
      await answered(stage.peer);
      await nextTurn(stage, 'no');
      stage.peer.send(calls(light('c2', { args: { room: 'kitchen', confirmed: false } })));
      assert.equal((await last(stage.peer, 2)).status, 'confirmation_required');
      assert.deepEqual(stage.flow.got('set_light'), []);
    });
  });
});

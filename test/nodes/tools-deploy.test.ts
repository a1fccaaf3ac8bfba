import assert from 'node:assert/strict';
import type { NodeDef, NodeInitializer } from 'node-red';
import { afterDeployOnce, onClose } from '../../nodes/shared/lifecycle';
import { ToolRegistry } from '../../nodes/shared/registry';
import type { Red, RedNode } from '../../nodes/shared/types';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { GEN_3_1, GEN_3_8 } from '../support/wire-client';
import { events, helper, run, until, type Got } from './support';
import {
  answered,
  answers,
  calls,
  declared,
  failure,
  helpers,
  light,
  ROOM,
  Stage,
  stageFlow,
  toolsNode,
} from './tools-support';

/** Deploys while the model waits for answers, or may call at any time. */
describe('tools: deploys', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  /** A call that the newest handle knows: a service that resumes knows it, too. */
  async function called({ peer, flow }: Stage, id = 'c1'): Promise<Got> {
    peer.send(calls(light(id)));
    const message = await until('the call', () => flow.got('set_light').find(({ tool }) => tool?.id === id));
    await handle(peer, flow);
    return message;
  }
  async function handle(peer: ScriptedConnection, flow: Stage['flow']): Promise<void> {
    const before = events(flow, 'events', 'resumption').length;
    // A connection that has proved good is one that may be left.
    peer.content({ turnComplete: true });
    peer.send({ sessionResumptionUpdate: { newHandle: `handle ${before}`, resumable: true } });
    await until('the handle', () => events(flow, 'events', 'resumption').length > before);
  }
  const resumedWith = async (peer: ScriptedConnection): Promise<unknown> => {
    const { setup } = (await peer.message(0)) as { setup: { sessionResumption?: { handle?: string } } };
    return setup.sessionResumption?.handle;
  };

  describe('of the tools node', () => {
    it('leave open calls answerable, and the conversation alone', async () => {
      const stage = await Stage.set(wire);
      const message = await called(stage);
      await stage.flow.deploy(stageFlow(wire.url, { tools: { name: 'again' } }), 'nodes');
      stage.flow.send('answer', { ...message, payload: 'done' });
      assert.equal((await answered(stage.peer))[0]?.id, 'c1');
      stage.peer.send(calls(light('c2')));
      await until('the next call', () => stage.flow.got('set_light').length === 2);
      assert.equal(wire.connections.length, 1);
      assert.equal(stage.peer.received.length, 2, 'setup and answer');
      assert.deepEqual(stage.flow.errors, []);
    });

    it('tell cancellations to the new one', async () => {
      const stage = await Stage.set(wire);
      await called(stage);
      await stage.flow.deploy(stageFlow(wire.url, { tools: { name: 'again' } }), 'nodes');
      stage.peer.send({ toolCallCancellation: { ids: ['c1'] } });
      const cancelled = await until('the cancellation', () => stage.flow.got('cancelled')[0]);
      assert.deepEqual(cancelled.payload, { room: 'kitchen' });
    });

    it('change its timeouts without a new connection, also for calls that wait', async () => {
      const slow = [{ name: 'set_light', parameters: ROOM, timeout: 600 }];
      const stage = await Stage.set(wire, { functions: slow });
      await called(stage);
      const quick = [{ ...slow[0], timeout: 0.05 }];
      await stage.flow.deploy(stageFlow(wire.url, { functions: quick }), 'nodes');
      assert.equal(failure((await answered(stage.peer))[0]).status, 'TIMEOUT');
      assert.equal(wire.connections.length, 1);
      assert.equal(stage.peer.received.length, 2, 'setup and answer');
    });

    it('take up wires that were changed alone', async () => {
      const stage = await Stage.set(wire, { tools: { wires: [[], [], []] } });
      await stage.flow.deploy(stageFlow(wire.url, {}), 'nodes');
      await called(stage);
      assert.deepEqual(answers(stage.peer.received), []);
    });
  });

  describe('that change functions', () => {
    const more = [{ name: 'set_light', parameters: ROOM }, { name: 'set_blinds' }];

    it('are told in mid-session where the model allows it', async () => {
      const config = { model: GEN_3_8 };
      const stage = await Stage.set(wire, { config });
      const message = await called(stage);
      await stage.flow.deploy(stageFlow(wire.url, { config, functions: more }), 'nodes');
      const update = await stage.peer.until((received) => received.find((one) => 'contextUpdate' in one));
      assert.deepEqual(declared(update), ['set_blinds', 'set_light']);
      stage.peer.send(calls({ id: 'b', name: 'set_blinds', args: {} }));
      await until('a call of the new one', () => stage.flow.got('set_blinds').length === 1);
      stage.flow.send('answer', { ...message, payload: 'done' });
      assert.equal((await answered(stage.peer))[0]?.id, 'c1');
      assert.equal(wire.connections.length, 1);
      assert.deepEqual(stage.flow.errors, []);
    });

    it('resume the conversation on a new connection where it does not', async () => {
      const config = { model: GEN_3_1 };
      const stage = await Stage.set(wire, { config });
      await handle(stage.peer, stage.flow);
      await stage.flow.deploy(stageFlow(wire.url, { config, functions: more }), 'nodes');
      const again = await wire.connection(1);
      assert.deepEqual(declared(await again.message(0)), ['set_blinds', 'set_light']);
      assert.equal(await resumedWith(again), 'handle 0');
      await until('it says so', () => events(stage.flow, 'events', 'restored').length === 1);
      const restored = events(stage.flow, 'events', 'restored')[0]?.payload as { stateRestored: boolean };
      assert.equal(restored.stateRestored, true);
      again.send(calls({ id: 'b', name: 'set_blinds', args: {} }));
      await until('a call of the new one', () => stage.flow.got('set_blinds').length === 1);
      assert.deepEqual(stage.flow.errors, []);
    });

    it('refuse calls of a function that is gone', async () => {
      const config = { model: GEN_3_8 };
      const stage = await Stage.set(wire, { config, functions: more });
      await handle(stage.peer, stage.flow);
      await stage.flow.deploy(stageFlow(wire.url, { config }), 'nodes');
      await stage.peer.until((received) => received.find((one) => 'contextUpdate' in one));
      stage.peer.send(calls({ id: 'b', name: 'set_blinds', args: {} }));
      assert.equal(failure((await answered(stage.peer))[0]).status, 'UNKNOWN_FUNCTION');
    });
  });

  it('offer also what is declared while a session connects', async () => {
    /** Declares a function that many microtasks after the deploy, as a node may whose server is slow. */
    const late =
      (ticks: number): NodeInitializer =>
      (api) => {
        const RED = api as Red;
        function Late(this: RedNode, def: NodeDef): void {
          RED.nodes.createNode(this, def);
          const registry = ToolRegistry.of(RED, 'config');
          const unsubscribe = afterDeployOnce(RED, async () => {
            for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
            registry.declare({ owner: this.id, functions: [{ name: 'late' }], refused: () => {} });
            registry.refresh();
          });
          onClose(this, unsubscribe);
        }
        RED.nodes.registerType('test-late', Late as never);
      };
    for (let ticks = 0; ticks < 16; ticks++) {
      const config = { model: GEN_3_8 };
      await run([...stageFlow(wire.url, { config }), { id: 'late', type: 'test-late' }], {
        types: [late(ticks)],
      });
      const peer = await wire.connection(ticks);
      await peer.until((received) => received.some((message) => declared(message).includes('late')));
      await helper.unload();
      ToolRegistry.forget('config');
    }
  });

  describe('of the session', () => {
    for (const [what, type, change] of [
      ['a full deploy', 'full', {}],
      ['a deploy of the changed flow', 'flows', { session: { partial: true } }],
      ['a deploy of the session', 'nodes', { session: { partial: true } }],
      ['a deploy of its service', 'nodes', { config: { firstDelay: '0.2' } }],
    ] as const) {
      it(`${what}: an answer connects it again, and is given`, async () => {
        const quiet = { session: { connect: 'input' } };
        const flow = await run(stageFlow(wire.url, quiet));
        flow.send('session', { action: 'connect' });
        const peer = await wire.connection();
        await peer.message(0);
        const message = await called({ peer, flow } as Stage);
        await flow.deploy(
          stageFlow(wire.url, {
            ...change,
            session: { ...quiet.session, ...('session' in change && change.session) },
          }),
          type,
        );
        await peer.untilClosed();
        assert.equal(wire.connections.length, 1, 'it connects when it is needed');
        flow.send('answer', { ...message, payload: 'done' });
        const again = await wire.connection(1);
        assert.equal(await resumedWith(again), 'handle 0');
        const [answer] = await answered(again);
        assert.deepEqual([answer?.id, answer?.response], ['c1', { result: 'done' }]);
        await until('it shows it', () => flow.statuses('answer').at(-1) === 'sent');
        assert.deepEqual(flow.errors, []);
      });
    }

    it('that begin anew with another model lose its calls: their answers are not wanted any more', async () => {
      const stage = await Stage.set(wire);
      const message = await called(stage);
      await stage.flow.deploy(stageFlow(wire.url, { config: { model: GEN_3_8 } }));
      const again = await wire.connection(1);
      await again.message(0);
      await until('it is ready', () => stage.flow.statuses('session').at(-1) === 'custom');
      stage.flow.send('answer', { ...message, payload: 'done' });
      await until('it shows it', () => stage.flow.statuses('answer').at(-1) === 'unknown call');
      assert.deepEqual(answers(again.received), []);
      assert.deepEqual(stage.flow.errors, []);
    });

    it('that delete it make its calls unanswerable, which is said', async () => {
      const stage = await Stage.set(wire);
      const message = await called(stage);
      await stage.flow.deploy(
        stageFlow(wire.url).filter((node) => (node as { id: string }).id !== 'session'),
        'nodes',
      );
      stage.flow.send('answer', { ...message, payload: 'done' });
      const error = await until('an error', () => stage.flow.errors[0]?.error);
      assert.equal(error.code, 'NO_SESSION');
      assert.deepEqual(stage.flow.statuses('answer'), ['no session']);
    });
  });

  describe('with subflows', () => {
    const inside = [
      { id: 'sub', type: 'subflow', name: 'home', in: [], out: [] },
      {
        id: 'talk',
        type: 'gemini-live-session',
        z: 'sub',
        config: 'config',
        connect: 'deploy',
        wires: [[], [], []],
      },
      toolsNode([{ name: 'set_light', parameters: ROOM }], {
        z: 'sub',
        session: 'talk',
        wires: [['reply'], [], []],
      }),
      { id: 'reply', type: 'gemini-live-tool-response', z: 'sub' },
    ];

    it('belong to the session of their own instance', async () => {
      const [config] = stageFlow(wire.url);
      const flow = await run([
        ...inside,
        { id: 'one', type: 'subflow:sub' },
        { id: 'two', type: 'subflow:sub' },
        config ?? {},
      ]);
      const peers = [await wire.connection(0), await wire.connection(1)];
      for (const [index, peer] of peers.entries()) {
        assert.deepEqual(declared(await peer.message(0)), ['set_light']);
        peer.send(calls(light(`c${index}`)));
        assert.deepEqual(
          (await answered(peer)).map(({ id, response }) => [id, response]),
          [[`c${index}`, { room: 'kitchen' }]],
        );
      }
      assert.deepEqual(flow.errors, []);
    });

    it('answer calls that a subflow handles', async () => {
      const stage = await Stage.set(wire, {
        tools: { wires: [['handled'], [], []] },
        more: [
          { id: 'handler', type: 'subflow', name: 'handler', in: [{ wires: [{ id: 'within' }] }], out: [] },
          { id: 'within', type: 'gemini-live-tool-response', z: 'handler' },
          { id: 'handled', type: 'subflow:handler' },
          ...helpers('nothing'),
        ],
      });
      stage.peer.send(calls(light('c1')));
      assert.deepEqual((await answered(stage.peer))[0]?.response, { room: 'kitchen' });
      assert.deepEqual(stage.flow.errors, []);
    });
  });
});

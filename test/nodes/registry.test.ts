import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { answerCall, configOfSession, holdCalls } from '../../nodes/shared/calls';
import { ToolRegistry, type Declaration, type RoutedCall } from '../../nodes/shared/registry';
import type { Red } from '../../nodes/shared/types';
import type { FunctionResponse } from '../../src/protocol';

/** Contracts, "Tools" and "Deploys": what nodes declare, and when it counts. */
describe('registry of a config node', () => {
  const setup = (): { registry: ToolRegistry; deploy: () => void; RED: Red } => {
    const RED = { events: new EventEmitter() } as unknown as Red;
    return {
      registry: ToolRegistry.of(RED, `config-${Math.random()}`),
      deploy: () => void RED.events.emit('flows:started'),
      RED,
    };
  };
  const offers = (registry: ToolRegistry, session: string): string[] =>
    registry.offer(session).functions.map(({ name }) => name);
  const declaration = (owner: string, names: string[], more: Partial<Declaration> = {}): Declaration => ({
    owner,
    functions: names.map((name) => ({ name, description: `from ${owner}` })),
    refused: () => {},
    ...more,
  });

  it('offers nothing before the deploy is over, whoever came first', () => {
    const { registry, deploy } = setup();
    registry.declare(declaration('a', ['light']));
    assert.deepEqual(offers(registry, 's'), []);
    deploy();
    assert.deepEqual(offers(registry, 's'), ['light']);
  });

  it('prefers what was made for one session, and says who has the name', () => {
    const { registry, deploy } = setup();
    const refused: string[] = [];
    const late = (error: Error): void => void refused.push(error.message);
    registry.declare(declaration('new', ['light'], { refused: late }));
    registry.declare(declaration('home', ['light'], { session: 's1', label: 'my home' }));
    deploy();
    assert.equal(registry.offer('s1').functions[0]?.description, 'from home');
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? '', /"my home".*"light".*session of its own/);
  });

  it('leaves a name where it was also when all nodes are created again, in another order', () => {
    const { registry, deploy } = setup();
    const removals = [registry.declare(declaration('a', ['light']))];
    deploy();
    removals.forEach((remove) => remove());
    registry.declare(declaration('b', ['light']));
    registry.declare(declaration('a', ['light']));
    deploy();
    assert.equal(registry.offer('s').functions[0]?.description, 'from a');
  });

  it('offers a function to one session or to all', () => {
    const { registry, deploy } = setup();
    registry.declare(declaration('a', ['light']));
    registry.declare(declaration('b', ['heating'], { session: 's1' }));
    deploy();
    assert.deepEqual(offers(registry, 's1'), ['heating', 'light']);
    assert.deepEqual(offers(registry, 's2'), ['light']);
  });

  it('lets the first of two equal names win and tells the other once', () => {
    const { registry, deploy } = setup();
    const refused: string[] = [];
    registry.declare(declaration('a', ['light']));
    registry.declare(
      declaration('b', ['light', 'heating'], { refused: (error) => refused.push(error.message) }),
    );
    deploy();
    deploy();
    const { functions } = registry.offer('s');
    assert.deepEqual(
      functions.map(({ name, description }) => [name, description]),
      [
        ['heating', 'from b'],
        ['light', 'from a'],
      ],
    );
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? '', /"light".*Rename/);
  });

  it('does not take a name away from a node that stays while another is created again', () => {
    const { registry, deploy } = setup();
    const refused: string[] = [];
    const first = declaration('a', ['light']);
    const remove = registry.declare(first);
    registry.declare(
      declaration('b', ['light'], {
        refused: () => refused.push('b'),
        accepted: () => refused.push('b is in'),
      }),
    );
    deploy();
    remove();
    registry.declare(first);
    deploy();
    assert.equal(registry.offer('s').functions[0]?.description, 'from a');
    assert.deepEqual(refused, ['b']);
  });

  it('gives a name that became free to the one that wanted it', () => {
    const { registry, deploy } = setup();
    const said: string[] = [];
    const remove = registry.declare(declaration('a', ['light']));
    registry.declare(
      declaration('b', ['light'], {
        refused: () => said.push('refused'),
        accepted: () => said.push('accepted'),
      }),
    );
    deploy();
    remove();
    deploy();
    assert.deepEqual(said, ['refused', 'accepted']);
    assert.equal(registry.offer('s').functions[0]?.description, 'from b');
  });

  it('allows equal names for different sessions', () => {
    const { registry, deploy } = setup();
    let refused = 0;
    for (const session of ['s1', 's2']) {
      registry.declare(declaration(session, ['light'], { session, refused: () => (refused += 1) }));
    }
    deploy();
    assert.equal(refused, 0);
    assert.equal(registry.offer('s1').functions[0]?.description, 'from s1');
  });

  it('tells a session only when its functions changed', () => {
    const { registry, deploy } = setup();
    let changed = 0;
    registry.watch('s', { functions: () => (changed += 1) });
    const light = declaration('a', ['light']);
    const remove = registry.declare(light);
    deploy();
    assert.equal(changed, 1);
    deploy();
    remove();
    registry.declare({ ...light });
    deploy();
    assert.equal(changed, 1, 'a router that was created again with the same functions changes nothing');
    registry.declare(declaration('b', ['heating'], { session: 'another' }));
    deploy();
    assert.equal(changed, 1);
  });

  it('is the same whether the config node was constructed before or after', () => {
    const RED = { events: new EventEmitter() } as unknown as Red;
    const early = ToolRegistry.of(RED, 'config-1');
    early.declare(declaration('a', ['light']))();
    assert.equal(ToolRegistry.of(RED, 'config-1'), early);
    ToolRegistry.forget('config-1');
    assert.notEqual(ToolRegistry.of(RED, 'config-1'), early);
    ToolRegistry.forget('config-1');
  });

  it('listens to no deploy while nobody uses it', () => {
    const { registry, deploy } = setup();
    const remove = registry.declare(declaration('a', ['light']));
    deploy();
    remove();
    assert.deepEqual(offers(registry, 's'), []);
  });

  describe('on the way of calls', () => {
    const call = (id: string, session = 's'): RoutedCall => ({
      ...{ id, session, name: 'light', args: { id }, turn: 1, conversation: 'c', blocking: true },
    });
    /** A node that writes down what it hears. */
    const listening = (owner: string, heard: string[], more: Partial<Declaration> = {}): Declaration =>
      declaration(owner, ['light'], {
        call: ({ id }) => heard.push(`${owner} ${id}`),
        cancelled: (calls, reason) => heard.push(`${owner} ${reason} ${calls.map(({ id }) => id).join()}`),
        ...more,
      });

    it('brings them to the node that declares the function for that session', () => {
      const { registry, deploy } = setup();
      const heard: string[] = [];
      registry.declare(listening('a', heard, { session: 's' }));
      registry.declare(listening('b', heard, { session: 't' }));
      deploy();
      assert.equal(registry.deliver(call('1')), true);
      assert.equal(registry.deliver(call('2', 't')), true);
      assert.equal(registry.deliver(call('3', 'another')), false);
      assert.equal(registry.deliver({ ...call('4'), name: 'heating' }), false);
      registry.cancel([call('1'), call('5', 't'), call('6')], 'service');
      assert.deepEqual(heard, ['a 1', 'b 2', 'a service 1,6', 'b service 5']);
    });

    it('keeps them while the node is created again', () => {
      const { registry, deploy } = setup();
      const heard: string[] = [];
      const remove = registry.declare(listening('a', heard));
      deploy();
      registry.watch('s', { functions: () => {} });
      remove();
      assert.equal(registry.deliver(call('1')), true);
      assert.equal(registry.deliver(call('2')), true);
      registry.cancel([call('1')], 'service');
      assert.deepEqual(heard, []);
      registry.declare(listening('a', heard));
      deploy();
      assert.deepEqual(heard, ['a 2']);
    });

    it('keeps cancellations of calls that the node had before, too', () => {
      const { registry, deploy } = setup();
      const heard: string[] = [];
      const remove = registry.declare(listening('a', heard));
      registry.watch('s', { functions: () => {} });
      deploy();
      registry.deliver(call('1'));
      remove();
      registry.cancel([call('1')], 'timeout');
      registry.declare(listening('b', heard));
      deploy();
      assert.deepEqual(heard, ['a 1', 'b timeout 1']);
    });

    it('answers those whose node does not come back', async () => {
      const { registry, deploy } = setup();
      const session = `s-${Math.random()}`;
      const given: FunctionResponse[] = [];
      const letGo = holdCalls(session, {
        config: 'c',
        answer: async (response) => (given.push(response), 'sent'),
      });
      const remove = registry.declare(listening('a', []));
      deploy();
      registry.watch(session, { functions: () => {} });
      remove();
      assert.equal(registry.deliver(call('1', session)), true);
      deploy();
      await new Promise(setImmediate);
      letGo(true);
      assert.equal(given.length, 1);
      assert.equal(given[0]?.id, '1');
      assert.match(JSON.stringify(given[0]?.response), /UNAVAILABLE/);
    });
  });

  it('takes up what is declared outside of a deploy, and not in the middle of one', () => {
    const { registry, RED, deploy } = setup();
    let changed = 0;
    registry.watch('s', { functions: () => (changed += 1) });
    deploy();
    const remove = registry.declare(declaration('a', ['light']));
    registry.refresh();
    assert.deepEqual([offers(registry, 's'), changed], [['light'], 1]);
    RED.events.emit('flows:stopping');
    remove();
    registry.refresh();
    assert.deepEqual([offers(registry, 's'), changed], [['light'], 1]);
    registry.declare(declaration('a', ['light']));
    deploy();
    assert.deepEqual([offers(registry, 's'), changed], [['light'], 1]);
  });

  it('tells policies apart from functions', () => {
    const { registry, deploy } = setup();
    const said: string[] = [];
    registry.watch('s', { functions: () => said.push('functions'), policies: () => said.push('policies') });
    const remove = registry.declare(
      declaration('a', ['light'], { policies: { light: { timeoutMs: 1000 } } }),
    );
    deploy();
    assert.deepEqual(registry.offer('s').policies, { light: { timeoutMs: 1000 } });
    assert.deepEqual(said.splice(0), ['policies', 'functions']);
    remove();
    registry.declare(declaration('a', ['light'], { policies: { light: { timeoutMs: 2000 } } }));
    deploy();
    assert.deepEqual(said, ['policies']);
  });
});

/** Sessions that come and go while calls wait for their answers. */
describe('answers of calls', () => {
  const tool = { id: 'c1', name: 'light', session: 'session-of-calls' };
  const holder = (given: string[]): Parameters<typeof holdCalls>[1] => ({
    config: 'config',
    answer: ({ id, name, response }) => {
      given.push(`${id} ${name} ${JSON.stringify(response)}`);
      return Promise.resolve('sent');
    },
  });

  it('reach the session by its id', async () => {
    const given: string[] = [];
    const letGo = holdCalls(tool.session, holder(given));
    assert.equal(configOfSession(tool.session), 'config');
    assert.equal(await answerCall(tool, { response: { ok: true } }), 'sent');
    assert.deepEqual(given, ['c1 light {"ok":true}']);
    letGo(true);
    await assert.rejects(answerCall(tool, { response: {} }), { code: 'NO_SESSION' });
    assert.equal(configOfSession(tool.session), undefined);
  });

  it('wait for a session that is created again', async () => {
    const given: string[] = [];
    holdCalls(tool.session, holder([]))(false);
    const answering = answerCall(tool, { response: {} });
    const letGo = holdCalls(tool.session, holder(given));
    assert.equal(await answering, 'sent');
    assert.equal(given.length, 1);
    letGo(true);
  });

  it('reach the next session when the first one is closed while it connects for them', async () => {
    const given: string[] = [];
    let refuse = (_error: Error): void => {};
    const connecting = new Promise<never>((_resolve, reject) => (refuse = reject));
    const letGo = holdCalls(tool.session, { config: 'config', answer: () => connecting });
    const answering = answerCall(tool, { response: {} });
    letGo(false);
    refuse(new Error('closed'));
    const letNextGo = holdCalls(tool.session, holder(given));
    assert.equal(await answering, 'sent');
    assert.equal(given.length, 1);
    letNextGo(true);
  });

  it('fail once with what keeps a session that stays from connecting', async () => {
    const letGo = holdCalls(tool.session, {
      config: 'config',
      answer: () => Promise.reject(new Error('no network')),
    });
    await assert.rejects(answerCall(tool, { response: {} }), /no network/);
    letGo(true);
  });
});

import assert from 'node:assert/strict';
import { ScriptedServer } from '../support/scripted-server';
import { helper, run, sessionFlow, until } from './support';
import { declared, helpers, ROOM, stageFlow, toolsNode } from './tools-support';

/** What cannot be declared is told, and costs nothing else. */
describe('tools node: mistakes', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  const names = async (): Promise<string[]> => declared(await (await wire.connection()).message(0));

  for (const [what, row, place] of [
    ['no name', { name: '' }, /in row 2.*name/],
    ['a name that the service does not take', { name: 'turn on!' }, /"turn on!" \(row 2\).*name/],
    ['a name that is there already', { name: 'good' }, /"good" \(row 2\).*another row/],
    [
      'a type that does not exist',
      { name: 'bad', parameters: { type: 'object', properties: { room: { type: 'text' } } } },
      /parameters\.properties\.room\.type.*"text"/,
    ],
    ['parameters that are no object', { name: 'bad', parameters: { type: 'string' } }, /parameters\.type/],
    [
      'something required that is not there',
      { name: 'bad', parameters: { type: 'object', properties: {}, required: ['room'] } },
      /parameters\.required\[0\].*"room"/,
    ],
    ['parameters that are no schema', { name: 'bad', parameters: 'none' }, /parameters/],
    ['a behaviour that does not exist', { name: 'bad', behavior: 'LAZY' }, /behavior/],
    ['a scheduling that does not exist', { name: 'bad', scheduling: 'SOON' }, /scheduling/],
    ['a timeout that is no number', { name: 'bad', timeout: 'long' }, /timeout/],
    ['a confirmation in no time', { name: 'bad', confirm: 'flow', confirmTimeout: 0 }, /confirmTimeout/],
    [
      'a parameter that the confirmation needs',
      {
        name: 'bad',
        confirm: 'voice',
        parameters: { type: 'object', properties: { confirmed: { type: 'boolean' } } },
      },
      /parameters\.properties\.confirmed/,
    ],
  ] as const) {
    it(`${what}: that function is left out, with an error that names the place`, async () => {
      const flow = await run(stageFlow(wire.url, { functions: [{ name: 'good' }, row] }));
      assert.deepEqual(await names(), ['good']);
      const error = await until('an error', () => flow.errors[0]?.error);
      assert.equal(error.code, 'BAD_FUNCTION');
      assert.match(error.message, place);
      assert.match(error.message, /Correct/);
      assert.equal(error.source.id, 'router');
      assert.deepEqual(flow.statuses('router'), ['bad function']);
      await flow.deploy(
        [...stageFlow(wire.url, { functions: [{ name: 'good' }, row] }), ...helpers('more')],
        'nodes',
      );
      assert.equal(flow.errors.length, 1, 'a deploy of something else says it no second time');
    });
  }

  it('rows that are nothing at all', async () => {
    for (const functions of [null, 'none', 7, [null, 5, []]]) {
      const flow = await run([
        ...sessionFlow(wire.url, { connect: 'deploy' }),
        toolsNode([], { functions }),
        toolsNode([{ name: 'good' }], { id: 'other' }),
        ...helpers('good'),
      ]);
      const peer = await wire.connection(wire.connections.length);
      assert.deepEqual(declared(await peer.message(0)), ['good']);
      if (Array.isArray(functions)) await until('an error', () => flow.errors.length === 1);
      await helper.unload();
    }
  });

  it('stays red, whatever else happens, until it is mended', async () => {
    const flow = await run(stageFlow(wire.url, { functions: [{ name: 'good' }, { name: '' }] }));
    const peer = await wire.connection();
    await peer.message(0);
    peer.send({ toolCall: { functionCalls: [{ id: 'a', name: 'good', args: {} }] } });
    await until('the call', () => flow.got('good').length === 1);
    assert.deepEqual(flow.statuses('router'), ['bad function']);
    await flow.deploy(stageFlow(wire.url, { functions: [{ name: 'good' }, { name: 'better' }] }), 'nodes');
    await until('it is clear', () => flow.statuses('router').at(-1) === '');
    assert.equal(flow.errors.length, 1);
  });

  it('a session of another service', async () => {
    const flow = await run([
      ...sessionFlow(wire.url, { connect: 'deploy' }),
      { id: 'elsewhere', type: 'gemini-live-config', name: '', endpoint: 'custom', url: wire.url, model: '' },
      toolsNode([{ name: 'set_light', parameters: ROOM }], { config: 'elsewhere', session: 'session' }),
    ]);
    assert.deepEqual(await names(), []);
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'NO_SESSION');
    assert.match(error.message, /another service.*Choose a session of the same service/);
    assert.deepEqual(flow.statuses('router'), ['no session']);
  });

  it('a session that is deleted, and one that comes back', async () => {
    const nodes = stageFlow(wire.url, { tools: { session: 'session' } });
    const flow = await run(nodes);
    assert.deepEqual(await names(), ['set_light']);
    await flow.deploy(
      nodes.filter((node) => (node as { id: string }).id !== 'session'),
      'nodes',
    );
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'NO_SESSION');
    assert.match(error.message, /does not exist, or is disabled/);
    await flow.deploy(nodes, 'nodes');
    await until('it is clear', () => flow.statuses('router').at(-1) === '');
    assert.equal(flow.errors.length, 1);
  });
});

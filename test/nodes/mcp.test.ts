import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadLibrary } from '../../nodes/mcp/library';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { GEN_3_8 } from '../support/wire-client';
import { httpServer, pidFile, runs, STDIO_SERVER } from './mcp-support';
import { helper, run, sessionFlow, until, type Got, type Running } from './support';
import { answered, answers, calls, declared, failure, helpers, toolsNode } from './tools-support';

const SECRET = 'secret-of-the-server-4711';

/** From the model through the node to a real server and back. */
describe('mcp node', function () {
  this.timeout(60_000);
  let wire: ScriptedServer;
  let flow: Running;
  let server: Awaited<ReturnType<typeof httpServer>>;
  const closers: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    wire = await ScriptedServer.start();
    server = await httpServer();
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
    await wire.close();
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  /** At the server of these tests, unless something else is said. */
  const mcp = (more: object = {}): object => ({
    id: 'mcp',
    type: 'gemini-live-mcp',
    config: 'config',
    session: '',
    transport: 'http',
    url: server.url,
    offer: 'all',
    wires: [['seen']],
    ...more,
  });
  /** At a process of its own. */
  const program = (...args: string[]): object =>
    mcp({ transport: 'stdio', command: process.execPath, args: [STDIO_SERVER, ...args] });
  const flowOf = (nodes: object[], session: object = {}): object[] => [
    ...sessionFlow(wire.url, { connect: 'input', ...session }, { model: GEN_3_8 }),
    ...nodes,
    ...helpers('seen'),
  ];
  const shows = (text: string, node = 'mcp'): Promise<unknown> =>
    until(`${node} shows "${text}"`, () => flow.statuses(node).at(-1) === text);
  /** Starts a flow with a ready server, and a session that knows its tools. */
  const begin = async (
    nodes: object[] = [mcp()],
    credentials: object = {},
    tools = '11 tools',
  ): Promise<ScriptedConnection> => {
    flow = await run(flowOf(nodes), { credentials });
    await shows(tools);
    flow.send('session', { action: 'connect' });
    const peer = await wire.connection();
    await peer.message(0);
    return peer;
  };
  const seen = (count: number): Promise<Got[]> =>
    until('calls on the output', () => flow.got('seen').length >= count && flow.got('seen'));

  it('declares the tools of its server, with their arguments', async () => {
    const peer = await begin([mcp({ behavior: 'NON_BLOCKING' })]);
    const { setup } = (await peer.message(0)) as { setup: { tools: { functionDeclarations: object[] }[] } };
    const light = setup.tools[0]?.functionDeclarations.find(
      (one) => (one as { name: string }).name === 'set_light',
    );
    assert.deepEqual(light, {
      name: 'set_light',
      description: 'Switches a light.',
      behavior: 'NON_BLOCKING',
      parametersJsonSchema: {
        type: 'object',
        properties: {
          room: { type: 'string', enum: ['kitchen', 'bedroom', 'living room'] },
          on: { type: 'boolean' },
          brightness: { type: 'integer', minimum: 0, maximum: 100 },
        },
        required: ['room', 'on'],
        additionalProperties: false,
      },
    });
  });

  it('answers a call with what the tool gave back, and shows it', async () => {
    const peer = await begin();
    peer.send(calls({ id: 'c1', name: 'set_light', args: { room: 'Kitchen', on: 'true' } }));
    const [answer] = await answered(peer);
    assert.deepEqual(answer, { id: 'c1', name: 'set_light', response: { room: 'kitchen', on: true } });
    const [message] = (await seen(1)) as (Got & { args?: object; outcome?: string; ms?: number })[];
    assert.equal(message?.topic, 'set_light');
    assert.deepEqual(message?.payload, { room: 'kitchen', on: true });
    assert.deepEqual(message?.args, { room: 'kitchen', on: true });
    assert.deepEqual(message?.tool, { id: 'c1', name: 'set_light', session: 'session' });
    assert.equal(message?.outcome, 'sent');
    assert.equal(typeof message?.ms, 'number');
    assert.deepEqual(flow.errors, []);
    await shows('11 tools');
  });

  it('answers several calls at once, each its own: pictures, errors of the tool, refusals', async () => {
    const peer = await begin();
    peer.send(
      calls(
        { id: 'p', name: 'picture' },
        { id: 'f', name: 'fail' },
        { id: 'r', name: 'refuse' },
        { id: 'g', name: 'get_temperature', args: {} },
      ),
    );
    const all = new Map((await answered(peer, 4)).map((answer) => [answer.id, answer]));
    assert.deepEqual(all.get('p')?.response, { result: 'Here it is.', image1: { $ref: 'image1' } });
    assert.equal(all.get('p')?.parts?.[0]?.inlineData?.mimeType, 'image/png');
    assert.deepEqual(failure(all.get('f')), {
      status: 'FAILED',
      message: 'The lamp is broken.',
      retryable: false,
    });
    assert.match(failure(all.get('r')).message ?? '', /There is no tool refuse/);
    assert.deepEqual(all.get('g')?.response, { temperature: 21.5 });
    const picture = (await seen(4)).find(({ topic }) => topic === 'picture') as {
      media?: { data: Buffer }[];
    };
    assert.equal(picture.media?.[0]?.data.toString('latin1', 1, 4), 'PNG');
  });

  it('tells the server of a cancellation, and does not answer the call', async () => {
    const peer = await begin();
    peer.send(calls({ id: 's', name: 'slow' }));
    await shows('slow');
    peer.send({ toolCallCancellation: { ids: ['s'] } });
    const [message] = (await seen(1)) as (Got & { outcome?: string })[];
    assert.equal(message?.outcome, 'cancelled');
    assert.equal(message?.payload, null);
    for (let id = 1; ; id += 1) {
      peer.send(calls({ id: `h${id}`, name: 'heard' }));
      const all = await answered(peer, id);
      if (all.at(-1)?.response?.cancelled === 1) break;
    }
    assert.ok(answers(peer.received).every(({ id }) => id !== 's'));
  });

  it('gives up a call at its time limit, and the server hears of it', async () => {
    const peer = await begin([mcp({ timeout: '0.2' })]);
    peer.send(calls({ id: 's', name: 'slow' }));
    const [answer] = await answered(peer);
    assert.equal(failure(answer).status, 'TIMEOUT');
    await sleep(300);
    assert.equal(answers(peer.received).length, 1);
  });

  it('tells the sessions when the server changes its tools', async () => {
    const peer = await begin();
    peer.send(calls({ id: 'g', name: 'grow' }));
    await shows('12 tools');
    const update = await peer.until((received) => received.find((message) => 'contextUpdate' in message));
    assert.ok(declared(update).includes('tool1'));
    assert.equal(wire.connections.length, 1);
  });

  it('answers at once while the server is gone, keeps its tools, and finds it again', async () => {
    const peer = await begin([program()]);
    peer.send(calls({ id: 'd', name: 'die' }));
    const [lost] = await answered(peer);
    assert.equal(failure(lost).status, 'UNAVAILABLE');
    assert.equal(failure(lost).retryable, true);
    assert.match(failure(lost).hint ?? '', /connected again/);
    peer.send(calls({ id: 'e', name: 'fail' }));
    assert.equal(failure((await answered(peer, 2))[1]).status, 'UNAVAILABLE');
    await until('the loss is told', () => flow.errors.length === 1);
    assert.equal(flow.errors[0]?.error?.code, 'MCP_SERVER');
    await shows('11 tools');
    peer.send(calls({ id: 'f', name: 'get_temperature' }));
    assert.deepEqual((await answered(peer, 3))[2]?.response, { temperature: 21.5 });
    assert.ok(!peer.received.some((message) => 'contextUpdate' in message));
    assert.equal(flow.errors.length, 1);
  });

  it('offers what is chosen, under a prefix, to one session only', async () => {
    const other = {
      id: 'other',
      type: 'gemini-live-session',
      config: 'config',
      connect: 'input',
      wires: [[], [], []],
    };
    const peer = await begin(
      [mcp({ offer: 'some', tools: ['set_light'], prefix: 'home_', session: 'session' }), other],
      {},
      '1 tools',
    );
    assert.deepEqual(declared(await peer.message(0)), ['home_set_light']);
    peer.send(calls({ id: 'c', name: 'home_set_light', args: { room: 'kitchen', on: false } }));
    assert.deepEqual((await answered(peer))[0]?.response, { room: 'kitchen', on: false });
    flow.send('other', { action: 'connect' });
    const second = await wire.connection(1);
    assert.deepEqual(declared(await second.message(0)), []);
  });

  it('leaves a name to the node that had it first, and says so', async () => {
    const peer = await begin(
      [toolsNode([{ name: 'set_light' }]), mcp(), ...helpers('set_light')],
      {},
      'duplicate tool',
    );
    assert.equal(flow.errors[0]?.error?.code, 'DUPLICATE_TOOL');
    peer.send(calls({ id: 'c', name: 'set_light' }, { id: 'g', name: 'get_temperature' }));
    await until('the other node has its call', () => flow.got('set_light').length === 1);
    assert.equal((await answered(peer))[0]?.id, 'g');
  });

  it('tells of progress where the model does not wait', async () => {
    const peer = await begin([mcp({ behavior: 'NON_BLOCKING', progress: true, scheduling: 'INTERRUPT' })]);
    peer.send(calls({ id: 's', name: 'steps' }));
    const last = await peer.until((received) => answers(received).find(({ willContinue }) => !willContinue));
    const [first] = answers(peer.received);
    const response = { progress: 1, total: 3, message: 'step 1' };
    assert.deepEqual(first, { id: 's', name: 'steps', response, willContinue: true, scheduling: 'SILENT' });
    assert.deepEqual(last, {
      id: 's',
      name: 'steps',
      response: { result: 'finished' },
      scheduling: 'INTERRUPT',
    });
  });

  it('keeps the conversation and its tools through a deploy; the old server ends', async () => {
    const file = await pidFile();
    closers.push(file.remove);
    const nodes = [program(file.fault)];
    const peer = await begin(nodes);
    const [first = 0] = file.pids();
    peer.send(calls({ id: 's', name: 'slow' }));
    await shows('slow');
    await flow.deploy(flowOf([{ ...program(file.fault), name: 'changed' }]), 'nodes');
    assert.equal(failure((await answered(peer))[0]).status, 'UNAVAILABLE');
    await until('the new one', () => file.pids().length === 2);
    await shows('11 tools');
    await until('the old one is gone', () => !runs(first));
    peer.send(calls({ id: 'f', name: 'get_temperature' }));
    assert.deepEqual((await answered(peer, 2))[1]?.response, { temperature: 21.5 });
    assert.equal(wire.connections.length, 1);
    assert.ok(!peer.received.some((message) => 'contextUpdate' in message));
    await flow.deploy(flowOf([]), 'nodes');
    await until('nothing runs', () => !file.pids().some(runs));
    assert.deepEqual(flow.errors, []);
  });

  it('keeps secrets out of what it shows, whatever the server says', async () => {
    flow = await run(flowOf([program('once')]), {
      credentials: { mcp: { env: `TEST_SECRET=${SECRET}` } },
    });
    await until('the error', () => flow.errors.length > 0);
    assert.match(flow.errors[0]?.error?.message ?? '', /no such account: \[secret\]/);
    await shows('server is gone');
    assert.ok(!JSON.stringify([flow.errors, flow.statuses('mcp')]).includes(SECRET));
  });

  it('gives an address its token, and shows neither it nor a secret address', async () => {
    await server.close();
    server = await httpServer({ token: SECRET });
    const place = { transport: 'http', secretAddress: true };
    await begin([mcp(place)], { mcp: { token: SECRET, secretUrl: `${server.url}?key=${SECRET}` } });
    assert.ok(server.state.requests.every(({ headers }) => headers.authorization === `Bearer ${SECRET}`));
    assert.ok(server.state.requests.every(({ url }) => url.endsWith(`?key=${SECRET}`)));
    await flow.deploy(flowOf([mcp(place)]), 'nodes');
    assert.ok(!JSON.stringify([flow.errors, flow.statuses('mcp')]).includes(SECRET));
  });

  for (const [what, fields, message] of [
    ['no command', { transport: 'stdio', command: '' }, /no command/],
    ['a program that is not there', { transport: 'stdio', command: 'no-such-program' }, /cannot be started/],
    ['a password in the address', { transport: 'http', url: 'http://me:password@127.0.0.1/' }, /exported/],
    ['a wrong prefix', { prefix: '9' }, /prefix/],
    ['a wrong time limit', { timeout: 'soon' }, /time limit/],
  ] as const) {
    it(`tells of ${what}, and leaves everything else running`, async () => {
      flow = await run(flowOf([mcp(fields)]));
      await until('the error', () => flow.errors.length > 0);
      assert.match(flow.errors[0]?.error?.message ?? '', message);
      assert.ok(!JSON.stringify(flow.errors).includes('me:password'));
      flow.send('session', { action: 'connect' });
      assert.deepEqual(declared(await (await wire.connection()).message(0)), []);
    });
  }

  it('looks for the SDK where Node-RED keeps packages, and says in words how to add it', () => {
    const nowhere = path.join(path.parse(process.cwd()).root, 'package.json');
    assert.throws(() => loadLibrary('/data', [nowhere]), {
      code: 'NO_MCP_SDK',
      message: /npm install @modelcontextprotocol\/sdk" in \/data/,
    });
    assert.equal(typeof loadLibrary('/data').Client, 'function');
  });
});

import assert from 'node:assert/strict';
import type { LiveSession, LiveSessionOptions } from '../../src/live';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, type Log } from './support';

type Json = Record<string, unknown>;

const pieces = (...list: Json[]): Json => ({ toolCall: { functionCalls: list } });
const piece = (jsonPath: string, value: Json, more: Json = {}): Json => ({
  ...{ id: 'a', willContinue: true },
  partialArgs: [{ jsonPath, ...value }],
  ...more,
});
const begin = (more: Json = {}): Json => ({ id: 'a', name: 'f', willContinue: true, ...more });
const end = (more: Json = {}): Json => ({ id: 'a', ...more });
const errorsIn = (peer: ScriptedConnection): Array<{ id: string; status: string; message: string }> =>
  peer.received
    .flatMap(({ toolResponse }) => (toolResponse as { functionResponses?: Json[] })?.functionResponses ?? [])
    .map(({ id, response }) => ({ id, ...((response as Json)['error'] as object) }) as never);

describe('live: arguments that come in pieces', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  /** A session and what it tells of the calls until a mark that comes last. */
  const told = async (
    messages: Json[],
    options: Partial<LiveSessionOptions> = {},
  ): Promise<{ session: LiveSession; peer: ScriptedConnection; log: Log }> => {
    const { session, peer, log } = await bench.connected(options);
    peer.send(...messages, { mark: 1 });
    await next(session, 'unknown', ({ name }) => name === 'mark');
    return { session, peer, log };
  };

  it('are put together and told once, when they are whole', async () => {
    const { log, session } = await told([
      pieces(begin()),
      pieces(piece('$.room', { stringValue: 'living ', willContinue: true })),
      pieces(
        piece('$.room', { stringValue: 'room' }),
        piece('$.levels[0].value', { numberValue: 21.5 }),
        piece('$.levels[0].on', { boolValue: false }),
      ),
      pieces(piece('$.levels[1]', { nullValue: 'NULL_VALUE' })),
      pieces(piece("$['a \\'name\\''][\"with.dot\"]", { stringValue: 'x' })),
      pieces(end({ partialArgs: [{ jsonPath: '$.last', stringValue: '' }] })),
      pieces(end({ name: 'f', args: { again: true } })),
    ]);
    assert.deepEqual(
      of(log, 'tool-call').map(({ id, name, args, refused }) => ({ id, name, args, refused })),
      [
        {
          ...{ id: 'a', name: 'f', refused: undefined },
          args: {
            room: 'living room',
            levels: [{ value: 21.5, on: false }, null],
            "a 'name'": { 'with.dot': 'x' },
            last: '',
          },
        },
      ],
    );
    assert.deepEqual(
      session.openCalls.map(({ id }) => id),
      ['a'],
    );
  });

  it('are checked as a whole', async () => {
    const parameters = { type: 'object', properties: { degrees: { type: 'number' } }, required: ['degrees'] };
    const config = { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] };
    const { log } = await told(
      [pieces(begin()), pieces(piece('$.degrees', { stringValue: '21' })), pieces(end())],
      { config, toolPolicy: {} },
    );
    assert.deepEqual(of(log, 'tool-call')[0]?.args, { degrees: 21 });
  });

  it('are told apart when two calls come at once, and without an id belong to the call that goes on', async () => {
    const { log } = await told([
      pieces(begin(), begin({ id: 'b', name: 'g' })),
      pieces(piece('$.x', { numberValue: 1 }), piece('$.x', { numberValue: 2 }, { id: 'b' })),
      pieces(end({ id: 'b' }), end()),
      pieces({ name: 'h', willContinue: true }),
      pieces({ partialArgs: [{ jsonPath: '$.x', numberValue: 3 }], willContinue: true }),
      pieces({}),
      pieces({ name: 'h', args: { x: 4 } }),
    ]);
    assert.deepEqual(
      of(log, 'tool-call').map(({ name, args }) => [name, args]),
      [
        ['g', { x: 2 }],
        ['f', { x: 1 }],
        ['h', { x: 3 }],
        ['h', { x: 4 }],
      ],
    );
    assert.deepEqual(of(log, 'warning'), []);
  });

  const hostile: Array<[what: string, path: string, problem: RegExp]> = [
    ['a prototype', '$.__proto__.polluted', /"__proto__"/],
    ['a prototype in brackets', "$['__proto__']['polluted']", /"__proto__"/],
    ['an absurd index', '$.list[4000000000]', /more than 1000 entries/],
    ['a negative index', '$.list[-1]', /cannot be read/],
    ['a wildcard', '$.list[*]', /cannot be read/],
    ['a search', '$..x', /cannot be read/],
    ['no path', '$', /leads nowhere/],
    ['many steps', `$${'.a'.repeat(100)}`, /more than 32 steps/],
    ['many brackets', `$${'['.repeat(100_000)}`, /cannot be read/],
  ];
  for (const [what, path, problem] of hostile) {
    it(`cannot do harm with ${what}: the model is told at once`, async () => {
      const { log, peer } = await told([
        pieces(begin()),
        pieces(piece(path, { stringValue: 'x' })),
        pieces(end()),
      ]);
      await peer.until(() => errorsIn(peer).length > 0);
      const [error, ...more] = errorsIn(peer);
      assert.deepEqual([error?.id, error?.status, more], ['a', 'INVALID_ARGUMENTS', []]);
      assert.match(error?.message ?? '', problem);
      assert.equal(of(log, 'tool-call')[0]?.refused, 'INVALID_ARGUMENTS');
      assert.equal(({} as Json)['polluted'], undefined);
    });
  }

  it('may be called like what objects inherit', async () => {
    const { log } = await told([
      pieces(begin()),
      pieces(piece('$.constructor.prototype.polluted', { boolValue: true })),
      pieces(end()),
    ]);
    assert.deepEqual(Object.entries(of(log, 'tool-call')[0]?.args ?? {}), [
      ['constructor', { prototype: { polluted: true } }],
    ]);
    assert.equal(({} as Json)['polluted'], undefined);
  });

  it('contradict each other', async () => {
    const { peer } = await told([
      pieces(begin()),
      pieces(piece('$.a', { stringValue: 'x' }), piece('$.a.b', { stringValue: 'y' })),
    ]);
    await peer.until(() => errorsIn(peer).length > 0);
    assert.match(errorsIn(peer)[0]?.message ?? '', /"a" is a value/);
  });

  it('that never end are given up in time, by size, and by number', async () => {
    const slow = await told([pieces(begin())], { toolPolicy: { check: false, timeoutMs: 30 } });
    await slow.peer.until(() => errorsIn(slow.peer).length > 0);
    assert.match(errorsIn(slow.peer)[0]?.message ?? '', /did not come to an end/);
    const text = 'x'.repeat(100_000);
    const large = await told([
      pieces(begin()),
      ...Array.from({ length: 11 }, () => pieces(piece('$.a', { stringValue: text, willContinue: true }))),
    ]);
    await large.peer.until(() => errorsIn(large.peer).length > 0);
    assert.match(errorsIn(large.peer)[0]?.message ?? '', /too large/);
    const many = await told([pieces(...Array.from({ length: 51 }, (_, n) => begin({ id: `c${n}` })))]);
    await many.peer.until(() => errorsIn(many.peer).length > 0);
    assert.deepEqual(
      errorsIn(many.peer).map(({ id }) => id),
      ['c50'],
    );
  });

  it('of a call that is taken back belong to nothing, and nobody hears of it', async () => {
    const { log, peer, session } = await told([
      pieces(begin()),
      { toolCallCancellation: { ids: ['a'] } },
      pieces(piece('$.x', { numberValue: 1 }, { name: 'f' }), end({ name: 'f' })),
    ]);
    assert.deepEqual(of(log, 'tool-call'), []);
    assert.deepEqual(
      of(log, 'tool-cancel').map(({ ids, calls }) => [ids, calls]),
      [[['a'], []]],
    );
    session.respond({ id: 'a', name: 'f', response: {} });
    assert.equal((await next(session, 'tool-result')).outcome, 'cancelled');
    assert.deepEqual(errorsIn(peer), []);
  });

  it('begin anew on the next connection', async () => {
    const { session, peer, server, log } = await bench.connected({ recovery: { firstDelayMs: 1 } });
    peer.send(pieces(begin()), pieces(piece('$.x', { numberValue: 1 })), { mark: 1 });
    await next(session, 'unknown');
    peer.cut();
    const second = await server.connection(1);
    await second.message(0);
    second.send(pieces(begin()), pieces(piece('$.y', { numberValue: 2 })), pieces(end()));
    assert.deepEqual((await next(session, 'tool-call')).args, { y: 2 });
    assert.equal(of(log, 'tool-call').length, 1);
  });
});

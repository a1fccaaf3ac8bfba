import assert from 'node:assert/strict';
import { keptConversations, Memory } from '../../nodes/session/memory';
import type { Red, RedNode } from '../../nodes/shared/types';
import type { ConversationState } from '../../src/live';
import { until } from './support';

type Stores = Record<string, Record<string, unknown>>;

/** Context stores that keep JSON only, as files do. */
function world(stores: Stores = { file: {} }): {
  stores: Stores;
  writes: () => number;
  errors: string[];
  memory(identity?: string, store?: string): Memory;
} {
  let writes = 0;
  const errors: string[] = [];
  const context = {
    get(key: string, store: string, done: (error: Error | null, value?: unknown) => void) {
      const values = stores[store];
      if (values) setImmediate(done, null, values[key]);
      else setImmediate(done, new Error('the disk is gone'));
    },
    set(key: string, value: unknown, store: string, done: (error?: Error) => void) {
      writes += 1;
      const values = stores[store];
      if (!values) return setImmediate(done, new Error('the disk is gone'));
      if (value === undefined) delete values[key];
      else values[key] = JSON.parse(JSON.stringify(value));
      return setImmediate(done);
    },
  };
  const node = { id: 'session', context: () => context, error: (error: Error) => errors.push(error.message) };
  const RED = { settings: { contextStorage: { default: 'file', ...stores } } };
  return {
    stores,
    writes: () => writes,
    errors,
    memory: (identity = 'gemini a', store = 'file') =>
      new Memory(RED as unknown as Red, node as unknown as RedNode, identity, store),
  };
}

const state = (turn: number): ConversationState => ({
  conversation: 'c',
  model: 'm',
  endpoint: 'e',
  handle: `handle-${turn}`,
  history: [{ role: 'user', text: 'hello' }],
  usage: {},
  turn,
});

describe('session: the conversation in a context store', () => {
  afterEach(() => assert.equal(keptConversations(), 0));

  it('is there after a restart of Node-RED', async () => {
    const { memory, writes } = world();
    const before = memory();
    before.touch(() => state(1));
    await until('it is written', () => writes() === 1);
    // Nothing was closed: Node-RED was killed.
    assert.deepEqual(await memory().takeUp(), state(1));
  });

  it('is written as it is when it is written, and not at every turn', async () => {
    const { memory, writes } = world();
    const one = memory();
    let turn = 0;
    for (turn = 1; turn < 100; turn += 1) one.touch(() => state(turn));
    await until('it is written', () => writes() === 1);
    assert.equal((await memory().takeUp())?.turn, 100);
  });

  it('is written when the node is closed, however short the time since', async () => {
    const { memory } = world();
    const one = memory();
    one.keep(state(4));
    await one.close(false);
    const again = memory();
    assert.equal((await again.takeUp())?.turn, 4);
    await again.close(true);
  });

  it('is nobody’s when service or model are others', async () => {
    const { memory } = world();
    const one = memory();
    one.keep(state(4));
    await one.close(false);
    const other = memory('gemini b');
    assert.equal(await other.takeUp(), undefined);
    await other.close(true);
    assert.equal(await memory('gemini b').takeUp(), undefined);
  });

  it('is dropped when the node is deleted or disabled', async () => {
    const { memory, stores } = world();
    const one = memory();
    one.keep(state(4));
    await one.close(true);
    assert.deepEqual(stores.file, {});
  });

  it('does not stay in a store that was chosen before', async () => {
    const { memory, stores } = world({ file: {}, other: {} });
    const one = memory();
    one.keep(state(4));
    await one.close(false);
    const two = memory('gemini a', 'other');
    assert.equal((await two.takeUp())?.turn, 4, 'a deploy loses nothing');
    assert.deepEqual(stores.file, {});
    await two.close(false);
    const three = memory('gemini a', '');
    assert.equal((await three.takeUp())?.turn, 4);
    assert.deepEqual(stores.other, {});
    await three.close(true);
  });

  it('is not written at all without a store', async () => {
    const { memory, writes } = world();
    const one = memory('gemini a', '');
    one.touch(() => state(1));
    one.keep(state(2));
    await one.close(false);
    assert.equal(writes(), 0);
    const again = memory('gemini a', '');
    assert.equal((await again.takeUp())?.turn, 2, 'but it survives a deploy');
    await again.close(true);
  });

  it('costs nothing but itself when the store is broken', async () => {
    const { memory, errors } = world({});
    const one = memory('gemini a', 'gone');
    assert.equal(await one.takeUp(), undefined);
    one.keep(state(1));
    await one.close(false);
    assert.deepEqual([...new Set(errors)], ['the disk is gone']);
    await memory('gemini a', '').close(true);
  });

  it('is not taken from what somebody else wrote there', async () => {
    for (const strange of ['text', 7, [], { identity: 'gemini a' }, { state: {} }]) {
      const { memory } = world({ file: { 'gemini-live': strange } });
      assert.equal(await memory().takeUp(), undefined);
    }
  });

  it('is nothing that never began', async () => {
    const { memory, writes } = world();
    const one = memory();
    one.keep({ ...state(0), handle: undefined, history: [] });
    await one.close(false);
    assert.equal(writes(), 0);
  });
});

import assert from 'node:assert/strict';
import { scriptedMind, type LocalLiveServer } from '../../src/server';
import { HandleStore } from '../../src/server/handles';
import { Memory } from '../../src/server/memory';
import { GEN_3_1, NATIVE, WireClient } from '../support/wire-client';
import { closeServers, handleOf, rehearsal, setupFor } from './helpers';

/** Remembers the last thing it was told. */
const mind = scriptedMind(({ text, memory }) => {
  const known = memory.get('said') ?? 'nothing';
  memory.set('said', text);
  return `before you said ${known}`;
});

async function toldOnce(server: LocalLiveServer, model = NATIVE): Promise<WireClient> {
  const client = await WireClient.start(server, setupFor(model, { sessionResumption: {} }));
  client.sendText('apples');
  await client.until(() => handleOf(client) !== '', 'a handle');
  return client;
}

describe('local Live server: resumption', () => {
  let server: LocalLiveServer;
  before(async () => {
    server = await rehearsal({ mind });
  });
  after(closeServers);

  it('remembers behind the handle what was said', async () => {
    const first = await toldOnce(server);
    first.close();
    await first.end();
    const sessionResumption = { handle: handleOf(first) };
    const second = await WireClient.start(server, setupFor(NATIVE, { sessionResumption }));
    second.sendText('pears');
    await second.turns(1);
    assert.equal(second.transcript('outputTranscription'), 'before you said apples');
    await second.until(() => handleOf(second) !== '', 'a handle');
    assert.notEqual(handleOf(second), handleOf(first));
    second.close();
  });

  it('keeps the state at the time of the handle: an older one knows less', async () => {
    const first = await toldOnce(server);
    const older = handleOf(first);
    first.sendText('pears');
    await first.until(() => handleOf(first) !== older, 'a second handle');
    first.close();
    await first.end();
    const again = await WireClient.start(server, setupFor(NATIVE, { sessionResumption: { handle: older } }));
    again.sendText('plums');
    await again.turns(1);
    assert.equal(again.transcript('outputTranscription'), 'before you said apples');
    again.close();
  });

  it('bills the context of the conversation it goes on with', async () => {
    const first = await toldOnce(server);
    first.close();
    await first.end();
    const spent =
      first.messages.findLast((message) => message.usageMetadata)?.usageMetadata?.totalTokenCount ?? 0;
    const second = await WireClient.start(
      server,
      setupFor(NATIVE, { sessionResumption: { handle: handleOf(first) } }),
    );
    second.sendText('pears');
    await second.turns(1);
    const usage = second.messages.findLast((message) => message.usageMetadata)?.usageMetadata;
    assert.ok((usage?.promptTokenCount ?? 0) > spent);
    second.close();
  });

  it('refuses with 1011 while the old connection is open', async () => {
    const first = await toldOnce(server);
    const second = await WireClient.open(server);
    second.send({ setup: setupFor(NATIVE, { sessionResumption: { handle: handleOf(first) } }) });
    assert.equal((await second.end()).code, 1011);
    first.close();
  });

  it('refuses to go on with another model', async () => {
    const first = await toldOnce(server);
    first.close();
    await first.end();
    const second = await WireClient.open(server);
    second.send({ setup: setupFor(GEN_3_1, { sessionResumption: { handle: handleOf(first) } }) });
    assert.equal((await second.end()).code, 1007);
  });

  it('forgets handles after two hours, and the oldest when there are too many', () => {
    const store = new HandleStore();
    const conversation = { memory: new Memory(), owner: { open: false, connection: 1 }, model: 'm' };
    const first = store.save(conversation, 100);
    assert.ok(store.take(first, 100));
    assert.equal(store.take(first, 101), undefined);
    for (let i = 0; i < 1000; i++) store.save(conversation, 100);
    assert.equal(store.take(first, 0), undefined);
  });

  it('hands out copies: what is said later does not change them', () => {
    const store = new HandleStore();
    const memory = new Memory();
    memory.facts.set('a', '1');
    const handle = store.save({ memory, owner: { open: false, connection: 1 }, model: 'm' }, 100);
    memory.facts.set('a', '2');
    const taken = store.take(handle, 0)!.memory;
    assert.equal(taken.facts.get('a'), '1');
    taken.facts.set('a', '3');
    assert.equal(store.take(handle, 0)!.memory.facts.get('a'), '1');
  });
});

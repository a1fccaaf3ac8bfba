import assert from 'node:assert/strict';
import { NATIVE, WireClient } from '../support/wire-client';
import { closeServers, rehearsal, setupFor } from './helpers';

describe('local Live server: journal', () => {
  afterEach(closeServers);

  it('counts what each connection brought, and keeps it all when it is to', async () => {
    const server = await rehearsal({ keepJournal: true });
    const client = await WireClient.start(server, setupFor(NATIVE), undefined, {
      headers: { 'x-session-id': 'abc' },
    });
    client.sendAudio(new Int16Array(16_000));
    client.send({ realtimeInput: { video: { data: 'AAAA', mimeType: 'image/jpeg' } } });
    client.sendText('hello');
    await client.turns(1);
    client.close();
    await client.end();
    const [stats] = server.stats;
    assert.equal(stats?.session, 'abc');
    assert.equal(stats.audioBytes, 32_000);
    assert.equal(stats.audioMs, 1000);
    assert.equal(stats.videoFrames, 1);
    assert.equal(stats.messages, 12);
    assert.equal(stats.framesSent, client.frames.length);
    const kinds = server.journal.map(({ kind }) => kind);
    assert.equal(kinds[0], 'open');
    assert.equal(kinds.filter((kind) => kind === 'received').length, 13, 'the setup too');
    assert.equal(kinds.filter((kind) => kind === 'sent').length, client.frames.length);
  });

  it('keeps nothing by default', async () => {
    const server = await rehearsal();
    const client = await WireClient.start(server, setupFor(NATIVE));
    client.sendText('hello');
    await client.turns(1);
    assert.equal(server.journal.length, 0);
  });
});

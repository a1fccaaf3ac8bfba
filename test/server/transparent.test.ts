import assert from 'node:assert/strict';
import { scriptedEars, scriptedMind, type LocalLiveServer } from '../../src/server';
import { buzz, join, noise } from '../support/speech-like';
import { VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { assertValid, closeServers, rehearsal, setupFor } from './helpers';

const PIECE = 1600;

/** Counts what it was told; a message that is taken twice, or not at all, gives itself away. */
const counting = scriptedMind(({ memory, text }) => {
  const told = `${memory.get('told') ?? ''}${text};`;
  memory.set('told', told);
  return told;
});

const update = (client: WireClient) =>
  client.messages.findLast((message) => message.sessionResumptionUpdate)?.sessionResumptionUpdate;
const index = (client: WireClient): number => Number(update(client)?.lastConsumedClientMessageIndex ?? -1);

const setup = (more: object = {}) =>
  setupFor(VERTEX_MODEL, {
    sessionResumption: { transparent: true, ...more },
    // So that each message has an answer of its own, in its turn.
    realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' },
  });
const connect = (server: LocalLiveServer, handle?: string): Promise<WireClient> =>
  WireClient.start(server, setup(handle === undefined ? {} : { handle }), VERTEX_PATH);

/** Audio as a list of messages of 100 ms. */
function messagesOf(pcm: Int16Array): object[] {
  const out: object[] = [];
  for (let at = 0; at < pcm.length; at += PIECE) {
    const data = Buffer.from(pcm.slice(at, at + PIECE).buffer).toString('base64');
    out.push({ realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } } });
  }
  return out;
}

const text = (line: string): object => ({ realtimeInput: { text: line } });

describe('local Live server: transparent resumption on Vertex AI', () => {
  afterEach(closeServers);

  it('says up to which message the handle remembers, as a string, the setup being 0', async () => {
    const server = await rehearsal({ mind: counting });
    const client = await connect(server);
    client.send(text('one'));
    await client.until(() => index(client) >= 0, 'an update');
    assert.equal(update(client)?.lastConsumedClientMessageIndex, '1');
    assert.equal(update(client)?.resumable, true);
    client.send(text('two'));
    await client.until(() => index(client) > 1, 'the next update');
    assert.equal(index(client), 2);
    assertValid(client, 'vertex');
    client.close();
  });

  it('says nothing of the kind to a client that does not want it', async () => {
    const client = await WireClient.start(
      await rehearsal(),
      setupFor(VERTEX_MODEL, { sessionResumption: {} }),
      VERTEX_PATH,
    );
    client.send(text('one'));
    await client.until(() => update(client) !== undefined, 'an update');
    assert.equal(update(client)?.lastConsumedClientMessageIndex, undefined);
    client.close();
  });

  it('tells a quiet client now and then what it need not keep', async () => {
    const client = await connect(await rehearsal());
    for (const message of messagesOf(noise(12_000))) client.send(message);
    await client.until(() => index(client) >= 100, 'the second update');
    assert.equal(client.messages.filter((message) => message.serverContent).length, 0);
    client.close();
  });

  it('does not count speech that is not over: it must be said again', async () => {
    const server = await rehearsal({ faults: { handlesEveryMs: 20 } });
    const client = await connect(server);
    const quiet = messagesOf(noise(2000));
    for (const message of [...quiet, ...messagesOf(buzz(1000))]) client.send(message);
    await client.until(() => index(client) >= quiet.length - 8, 'an update');
    const seen = client.messages.length;
    await client.until((messages) => messages.length > seen + 3, 'more of them');
    assert.ok(index(client) <= quiet.length, `${index(client)} of ${quiet.length}`);
    client.close();
  });

  it('takes every message once when a client replays from there, wherever it is cut', async () => {
    const lines = ['one', 'two', 'three'];
    const speech = messagesOf(join(noise(600), buzz(900), noise(900)));
    const all = [text(lines[0]!), ...speech, text(lines[1]!), text(lines[2]!)];
    for (let cut = 1; cut < all.length; cut += 4) {
      const ears = scriptedEars(['speech', 'speech']);
      const server = await rehearsal({ mind: counting, ears, clock: 100 });
      const first = await connect(server);
      for (const message of all.slice(0, cut)) {
        first.send(message);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      if (index(first) < 0) await first.until(() => index(first) >= 0, 'an update');
      first.socket.terminate();
      await first.end();
      const second = await connect(server, update(first)?.newHandle);
      for (const message of all.slice(index(first))) second.send(message);
      second.send(text('end'));
      await second.until(() => /end;/.test(second.transcript('outputTranscription')), 'the last answer');
      const told = second.transcript('outputTranscription').split(/(?<=end;)/)[0]!;
      const last = told.slice(told.lastIndexOf('one;'));
      assert.equal(last, 'one;speech;two;three;end;', `cut after ${cut}, consumed ${index(first)}`);
      second.close();
      await server.close();
    }
  });
});

describe('local Live server: signals beside the conversation', () => {
  afterEach(closeServers);

  it('tells when activity begins and ends on Vertex AI', async () => {
    const server = await rehearsal();
    const client = await WireClient.start(
      server,
      setupFor(VERTEX_MODEL, { explicitVadSignal: true }),
      VERTEX_PATH,
    );
    client.sendAudio(join(noise(1000), buzz(900), noise(1200)));
    await client.turns(1);
    const signals = client.messages.flatMap(({ voiceActivity }) => voiceActivity ?? []) as Array<{
      type?: string;
      audioOffset?: string;
    }>;
    assert.deepEqual(
      signals.map(({ type }) => type),
      ['ACTIVITY_START', 'ACTIVITY_END'],
    );
    const [start, end] = signals.map(({ audioOffset }) => Number(audioOffset?.replace('s', '')));
    assert.ok(start! > 0.9 && start! < 1.4, `begins at ${start} s`);
    assert.ok(end! > 1.9 && end! < 3.1, `ends at ${end} s`);
    assertValid(client, 'vertex');
    client.close();
  });

  it('guesses what is being said before it has understood it, when asked to', async () => {
    const realtimeInputConfig = { interimTranscriptTimestampEnabled: true };
    const server = await rehearsal();
    const setupMore = setupFor(VERTEX_MODEL, { realtimeInputConfig });
    const client = await WireClient.start(server, setupMore, VERTEX_PATH);
    client.sendAudio(join(noise(400), buzz(900), noise(900)));
    await client.turns(1);
    const interim = client.messages.flatMap(
      ({ serverContent }) => serverContent?.interimInputTranscription?.text ?? [],
    );
    assert.equal(interim.length, 1);
    assert.ok(client.transcript('inputTranscription').startsWith(interim[0]!));
    assertValid(client, 'vertex');
    client.close();
  });
});

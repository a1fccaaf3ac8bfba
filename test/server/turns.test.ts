import assert from 'node:assert/strict';
import { lettersOf } from '../support/grammar';
import { buzz, join, noise } from '../support/speech-like';
import { GEN_3_1, GEN_3_8, NATIVE, VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { assertFaithful, closeServers, interruptible, rehearsal, setupFor } from './helpers';
import type { Order } from '../support/grammar';

const FAMILIES: Array<{ order: Order; model: string; path?: string }> = [
  { order: 'native', model: NATIVE },
  { order: 'combined', model: GEN_3_1 },
  { order: 'vertex', model: VERTEX_MODEL, path: VERTEX_PATH },
];

const utterance = join(noise(400), buzz(900), noise(900));

describe('local Live server: turns', () => {
  afterEach(closeServers);

  for (const { order, model, path } of FAMILIES) {
    describe(`${order} order`, () => {
      it('answers text with sound, transcript and usage', async () => {
        const client = await WireClient.start(await rehearsal(), setupFor(model), path);
        client.sendText('hello there');
        await client.turns(1);
        assert.equal(client.transcript('outputTranscription'), 'You said hello there to me just now');
        assert.equal(client.audioMs, 8 * 300);
        assert.equal(client.transcript('inputTranscription'), '', 'text is not heard');
        assertFaithful(client, order);
        client.close();
      });

      it('answers speech, and says first what it heard', async () => {
        const client = await WireClient.start(await rehearsal(), setupFor(model), path);
        client.sendAudio(utterance);
        await client.turns(1);
        assert.equal(client.transcript('inputTranscription'), ' first, I think');
        assert.match(client.transcript('outputTranscription'), /^You said first, I think to me/);
        assertFaithful(client, order);
        client.close();
      });

      it('stops in the middle when the user speaks: interrupted, turnComplete, no generationComplete', async () => {
        const server = await rehearsal(interruptible());
        const client = await WireClient.start(server, setupFor(model), path);
        client.sendAudio(utterance);
        await client.until(() => client.audioMs > 300, 'some audio');
        client.sendAudio(utterance);
        await client.turns(2);
        const letters = lettersOf(client.messages);
        assert.match(letters, /^S[^G]*YZ[IJ]+[^Y]*GZ$/);
        assert.equal(client.transcript('inputTranscription'), ' first, I think second');
        assertFaithful(client, order);
        client.close();
      });

      it('stops what still plays after its generation: generationComplete, interrupted, turnComplete', async () => {
        const server = await rehearsal({ ...interruptible(), generationSpeed: 1000 });
        const client = await WireClient.start(server, setupFor(model), path);
        client.sendText('hello');
        await client.until(() => lettersOf(client.messages).endsWith('G'), 'generationComplete');
        client.sendAudio(utterance);
        await client.until(() => /GYZI/.test(lettersOf(client.messages)), 'the interruption, then the words');
        client.close();
      });

      it('sends no transcript that was not asked for', async () => {
        const client = await WireClient.start(await rehearsal(), { model }, path);
        client.sendAudio(utterance);
        await client.turns(1);
        assert.doesNotMatch(lettersOf(client.messages), /[IJOPQB]/);
        assert.ok(client.audioMs > 0);
        assertFaithful(client, order);
        client.close();
      });

      it('sends a resumption handle after each turn when asked', async () => {
        const setup = setupFor(model, { sessionResumption: {} });
        const client = await WireClient.start(await rehearsal(), setup, path);
        client.sendAudio(utterance);
        await client.until(() => lettersOf(client.messages).endsWith('ZR'), 'a handle');
        assert.equal(client.messages.at(-1)?.sessionResumptionUpdate?.resumable, true);
        assertFaithful(client, order);
        client.close();
      });
    });
  }

  it('goes on speaking when interruption is forbidden, and answers the second request afterwards', async () => {
    const setup = setupFor(NATIVE, { realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } });
    const client = await WireClient.start(await rehearsal(), setup);
    client.sendAudio(utterance);
    await client.until(() => client.audioMs > 0, 'some audio');
    client.sendAudio(utterance);
    await client.turns(2);
    assert.doesNotMatch(lettersOf(client.messages), /Y/);
    assert.match(client.transcript('outputTranscription'), /first.*second/);
    assertFaithful(client, 'native');
    client.close();
  });

  it('is interrupted by clientContent even when speech may not interrupt', async () => {
    const setup = setupFor(NATIVE, { realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' } });
    const client = await WireClient.start(await rehearsal(interruptible()), setup);
    client.sendText('one');
    await client.until(() => client.audioMs > 0, 'some audio');
    client.sendText('two');
    await client.turns(2);
    assert.match(lettersOf(client.messages), /YZ.*GZ$/);
    assertFaithful(client, 'native');
    client.close();
  });

  it('collects clientContent until it is complete', async () => {
    const client = await WireClient.start(await rehearsal(), setupFor(NATIVE));
    client.sendText('one', false);
    client.sendText('two', false);
    client.sendText('three');
    await client.turns(1);
    assert.match(client.transcript('outputTranscription'), /^You said one two three to me/);
    assert.equal(client.completed, 1);
    client.close();
  });

  it('answers the last open turn of a history, not what was answered before', async () => {
    const client = await WireClient.start(await rehearsal(), setupFor(NATIVE));
    const turn = (role: string, text: string) => ({ role, parts: [{ text }] });
    const turns = [turn('user', 'old'), turn('model', 'answered'), turn('user', 'new')];
    client.send({ clientContent: { turns, turnComplete: true } });
    await client.turns(1);
    assert.match(client.transcript('outputTranscription'), /^You said new to me/);
    client.close();
  });

  it('takes realtimeInput.text as a turn', async () => {
    const client = await WireClient.start(await rehearsal(), setupFor(GEN_3_1));
    client.send({ realtimeInput: { text: 'by the way' } });
    await client.turns(1);
    client.send({ realtimeInput: { text: 'again' } });
    await client.turns(2);
    assert.match(client.transcript('outputTranscription'), /by the way.*said again/);
    assertFaithful(client, 'combined');
    client.close();
  });

  it('takes seeded history without answering it, and answers it when nudged with a blank', async () => {
    const setup = setupFor(GEN_3_1, { historyConfig: { initialHistoryInClientContent: true } });
    const client = await WireClient.start(await rehearsal(), setup);
    client.sendText('remembered');
    client.send({ realtimeInput: { text: ' ' } });
    await client.turns(1);
    assert.match(client.transcript('outputTranscription'), /^You said remembered to me/);
    assert.equal(client.completed, 1, 'the seed itself is not answered');
    client.close();
  });

  it('writes instead of speaking on models that can', async () => {
    const setup = {
      model: 'models/gemini-2.0-flash-live-001',
      generationConfig: { responseModalities: ['TEXT'] },
    };
    const client = await WireClient.start(await rehearsal(), setup);
    client.sendText('hello');
    await client.turns(1);
    const text = client.messages.map((m) => m.serverContent?.modelTurn?.parts?.[0]?.text ?? '').join('');
    assert.equal(text, 'You said hello to me just now');
    assertFaithful(client, 'text');
    client.close();
  });

  it('thinks aloud on 2.5 models even when not asked, unless the thinking budget is 0', async () => {
    const server = await rehearsal();
    const aloud = await WireClient.start(server, setupFor(NATIVE));
    const generationConfig = { thinkingConfig: { thinkingBudget: 0 } };
    const quiet = await WireClient.start(server, setupFor(NATIVE, { generationConfig }));
    for (const client of [aloud, quiet]) {
      client.sendText('hello');
      await client.turns(1);
      client.close();
    }
    assert.match(lettersOf(aloud.messages), /^ST/);
    assert.doesNotMatch(lettersOf(quiet.messages), /T/);
  });

  it('counts tokens: 25 per second of sound, the whole context again with every turn', async () => {
    const client = await WireClient.start(await rehearsal(), setupFor(NATIVE));
    client.sendAudio(utterance);
    await client.turns(1);
    client.sendText('more');
    await client.turns(2);
    const [first, second] = client.messages.flatMap((message) => message.usageMetadata ?? []);
    assert.ok(first && second);
    const audio = first.responseTokensDetails?.find((detail) => detail.modality === 'AUDIO');
    assert.equal(audio?.tokenCount, Math.ceil(2.7 * 25), 'nine words of 300 ms');
    assert.equal(first.totalTokenCount, first.promptTokenCount! + first.responseTokenCount!);
    assert.ok(second.promptTokenCount! > first.totalTokenCount! * 0.9, 'the first turn is billed again');
    client.close();
  });

  it('hands the declared functions, the conversation memory and the time to the mind', async () => {
    const seen: unknown[] = [];
    const server = await rehearsal({
      mind: {
        reply: ({ tools, memory, now }) => {
          memory.set('turns', String(Number(memory.get('turns') ?? 0) + 1));
          seen.push({ names: tools.map((tool) => tool.name), turns: memory.get('turns'), now });
          return { say: 'ok' };
        },
      },
    });
    const tools = [{ functionDeclarations: [{ name: 'light' }] }];
    const client = await WireClient.start(server, setupFor(GEN_3_8, { tools }));
    client.send({ realtimeInput: { text: 'one' } });
    await client.turns(1);
    client.send({ contextUpdate: { tools: { tools: [{ functionDeclarations: [{ name: 'heating' }] }] } } });
    client.send({ realtimeInput: { text: 'two' } });
    await client.turns(2);
    assert.deepEqual(
      seen.map((entry) => ({ ...(entry as object), now: (entry as { now: Date }).now instanceof Date })),
      [
        { names: ['light'], turns: '1', now: true },
        { names: ['heating'], turns: '2', now: true },
      ],
    );
    client.close();
  });

  it('tells onlookers what it heard and said, under the id the client gave', async () => {
    const server = await rehearsal();
    const events: Array<Record<string, unknown>> = [];
    server.on('heard', (event) => events.push({ ...event }));
    server.on('reply', (event) => events.push({ ...event }));
    const client = await WireClient.start(server, setupFor(NATIVE), undefined, {
      headers: { 'x-session-id': 'abc' },
    });
    client.sendAudio(utterance);
    await client.turns(1);
    const [heard, reply] = events;
    assert.equal(heard?.session, 'abc');
    assert.equal(heard?.text, 'first, I think');
    assert.equal(heard?.recognizer, 'scripted');
    assert.equal(reply?.text, 'You said first, I think to me just now');
    assert.ok(Math.abs(Number(reply?.at) - Date.now()) < 60_000);
    client.close();
  });

  it('makes the same chunks from the same seed', async () => {
    const sizes: number[][] = [];
    for (const seed of [5, 5, 6]) {
      const client = await WireClient.start(await rehearsal({ seed }), setupFor(NATIVE));
      client.sendText('hello');
      await client.turns(1);
      sizes.push(client.frames.map((frame) => frame.length));
      client.close();
    }
    assert.deepEqual(sizes[0], sizes[1]);
    assert.notDeepEqual(sizes[0], sizes[2]);
  });
});

import assert from 'node:assert/strict';
import { hasVoice, packageOf, synthesise } from '../../scripts/assets/synth';
import { SAMPLE_VOICE } from '../../scripts/assets/voices';
import { loadScenario, startServer, type LocalLiveServer } from '../../src/server';
import { Resampler } from '../../src/server/resample';
import { createVoice } from '../../src/server/voice';
import { lettersOf } from '../support/grammar';
import { buzz, join, noise } from '../support/speech-like';
import { GEN_3_1, NATIVE, WireClient } from '../support/wire-client';
import { assertFaithful, setupFor } from './helpers';

/** The shipped parts together. How well strange voices are heard is measured in docs/hearing.md. */
describe('local Live server with its own ears, mind and voice', () => {
  let server: LocalLiveServer;
  let spoken: (text: string) => Promise<Int16Array>;

  before(async () => {
    server = await startServer({ clock: 5 });
    const voice = await createVoice(await loadScenario());
    spoken = async (text) => {
      const { pcm } = await voice.speak(text);
      return join(noise(400), new Resampler(24_000, 16_000).push(pcm), noise(900));
    };
  });
  after(() => server.close());

  for (const [model, order] of [
    [NATIVE, 'native'],
    [GEN_3_1, 'combined'],
  ] as const) {
    it(`hears a phrase, answers it aloud, and stops when it is asked something else (${order})`, async () => {
      const heard: Array<{ text: string; accepted: boolean }> = [];
      server.on('heard', ({ text, accepted }) => heard.push({ text, accepted }));
      const client = await WireClient.start(server, setupFor(model));
      client.sendAudio(await spoken('please tell me a story'));
      await client.until(() => client.audioMs > 0, 'the beginning of the story');
      client.sendAudio(await spoken('turn on the kitchen light'));
      await client.turns(2);
      assert.deepEqual(heard, [
        { text: 'please tell me a story', accepted: true },
        { text: 'turn on the kitchen light', accepted: true },
      ]);
      assert.equal(
        client.transcript('inputTranscription'),
        ' please tell me a story turn on the kitchen light',
      );
      assert.match(client.transcript('outputTranscription'), /kitchen light/);
      assert.match(lettersOf(client.messages), /YZI/);
      assertFaithful(client, order);
      client.close();
      server.removeAllListeners('heard');
    });
  }

  (hasVoice(SAMPLE_VOICE) ? it : it.skip)(
    `asks before it unlocks a door, and hears the yes of a strange voice (needs the package ${packageOf(SAMPLE_VOICE)})`,
    async () => {
      const functionDeclarations = [{ name: 'unlock_front_door' }];
      const client = await WireClient.start(server, setupFor(GEN_3_1, { tools: [{ functionDeclarations }] }));
      const say = async (text: string): Promise<void> =>
        client.sendAudio(join(noise(400), await synthesise(SAMPLE_VOICE, text, 16_000), noise(900)));
      const calls = () => client.messages.flatMap(({ toolCall }) => toolCall?.functionCalls ?? []);
      const answer = async (number: number, response: object): Promise<void> => {
        await client.until(() => calls().length >= number, `call ${number}`);
        const { id, name } = calls()[number - 1]!;
        client.send({ toolResponse: { functionResponses: [{ id, name, response }] } });
        await client.turns(number);
      };
      await say('unlock the front door');
      const question = 'Shall I really unlock the front door?';
      await answer(1, { status: 'confirmation_required', question });
      assert.equal(client.transcript('outputTranscription'), question);
      await say('yes please');
      await answer(2, { status: 'ok' });
      assert.deepEqual(calls()[1]?.args, { confirmed: true });
      assert.equal(client.transcript('inputTranscription'), ' unlock the front door yes please');
      assert.match(client.transcript('outputTranscription'), /The front door is unlocked\.$/);
      assertFaithful(client, 'combined');
      client.close();
    },
  );

  it('says so when it did not recognise what it heard, and how to get more', async () => {
    const client = await WireClient.start(server, setupFor(NATIVE));
    client.sendAudio(join(noise(400), buzz(1500), noise(900)));
    await client.turns(1);
    assert.equal(client.transcript('inputTranscription'), ' (not recognised)');
    assert.match(client.transcript('outputTranscription'), /key/i);
    assert.ok(client.audioMs > 500, 'it says it aloud');
    client.close();
  });

  it('remembers a fact behind the resumption handle', async () => {
    const sessionResumption = {};
    const first = await WireClient.start(server, setupFor(NATIVE, { sessionResumption }));
    first.sendText('my name is Ada');
    await first.until((messages) => messages.some((message) => message.sessionResumptionUpdate), 'a handle');
    const handle = first.messages.at(-1)?.sessionResumptionUpdate?.newHandle;
    first.close();
    await first.end();
    const second = await WireClient.start(server, setupFor(NATIVE, { sessionResumption: { handle } }));
    second.sendText('do you know my name');
    await second.turns(1);
    assert.match(second.transcript('outputTranscription'), /Ada/);
    second.close();
  });
});

import assert from 'node:assert/strict';
import { scriptedEars, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { GEN_3_1, NATIVE, WireClient } from '../support/wire-client';
import { setupFor } from './helpers';

const turn = (role: string, text: string) => ({ role, parts: [{ text }] });
const TOLD = [
  turn('user', 'Hello.'),
  turn('model', 'Hello! You can ask me for the time.'),
  turn('user', 'My name is Ada.'),
  turn('model', 'Nice to meet you, Ada.'),
  turn('user', 'Turn on the kitchen light, please.'),
];

/** What a fresh session knows of the conversation that went before it, with the rules of the shipped scenario. */
describe('local Live server: a history that is told to a fresh session', () => {
  let server: LocalLiveServer;
  before(async () => {
    server = await startServer({
      clock: 20,
      ears: scriptedEars(['do you know my name']),
      voice: toneVoice(),
    });
  });
  after(() => server.close());

  const answerTo = async (client: WireClient, text: string, turns = 1): Promise<string> => {
    client.send({ realtimeInput: { text } });
    await client.turns(turns);
    client.close();
    return client.transcript('outputTranscription');
  };

  for (const model of [NATIVE, GEN_3_1]) {
    it(`is remembered when it is the first content (${model})`, async () => {
      const historyConfig = { initialHistoryInClientContent: true };
      const client = await WireClient.start(server, setupFor(model, { historyConfig }));
      client.send({ clientContent: { turns: TOLD, turnComplete: true } });
      assert.equal(await answerTo(client, 'what is my name'), 'Your name is Ada.');
      assert.equal(client.completed, 1, 'the history itself is not answered');
    });

    it(`is remembered when it is folded into the instructions (${model})`, async () => {
      const lines = TOLD.map(({ role, parts }) => `${role === 'user' ? 'User' : 'You'}: ${parts[0]!.text}`);
      const systemInstruction = {
        parts: [{ text: `Be brief.\nWhat was said so far:\n${lines.join('\n')}` }],
      };
      const client = await WireClient.start(server, setupFor(model, { systemInstruction }));
      assert.match(await answerTo(client, 'is the kitchen light on'), /light is on\.$/);
    });
  }

  it('is remembered in mid-session too, and only its end is answered', async () => {
    const client = await WireClient.start(server, setupFor(NATIVE));
    const turns = [...TOLD, turn('model', 'Done.'), turn('user', 'What is my name?')];
    client.send({ clientContent: { turns, turnComplete: true } });
    await client.turns(1);
    assert.equal(client.transcript('outputTranscription'), 'Your name is Ada.');
    client.close();
  });

  it('takes the end of it for a question only when nothing else is asked', async () => {
    const historyConfig = { initialHistoryInClientContent: true };
    for (const [text, answer] of [
      [' ', /^The kitchen light is on\./],
      ['what time is it', /^It is /],
    ] as const) {
      const client = await WireClient.start(server, setupFor(GEN_3_1, { historyConfig }));
      client.send({ clientContent: { turns: TOLD, turnComplete: true } });
      assert.match(await answerTo(client, text), answer);
    }
  });

  it('does not take instructions for something the user has said', async () => {
    const systemInstruction = { parts: [{ text: 'Remember that you are polite.\nYou: my name is Bob' }] };
    const client = await WireClient.start(server, setupFor(NATIVE, { systemInstruction }));
    assert.match(await answerTo(client, 'what did i tell you'), /^Nothing/);
    const other = await WireClient.start(server, setupFor(NATIVE, { systemInstruction }));
    assert.match(await answerTo(other, 'what is my name'), /^I do not know your name/);
  });
});

import assert from 'node:assert/strict';
import type { ServerEvents } from '../../src/server';
import { createMind, loadScenario } from '../../src/server/scenario';
import { lettersOf } from '../support/grammar';
import { GEN_3_1 } from '../support/wire-client';
import { assertFaithful, closeServers } from './helpers';
import { ToolTalk, type SeenCall } from './tool-talk';

describe('the shipped scenario with the functions of a home', () => {
  afterEach(closeServers);

  const rounds: Array<
    [text: string, name: string, args: object, response: Record<string, unknown>, spoken: string]
  > = [
    [
      'turn on the living room light',
      'set_light',
      { room: 'living room', on: true },
      { state: 'ON' },
      'The living room light is on.',
    ],
    [
      'turn on the kitchen light',
      'set_light',
      { room: 'kitchen', on: true },
      { state: 'OFF' },
      'The kitchen light is off.',
    ],
    [
      'dim the kitchen light to 40%',
      'set_light',
      { room: 'kitchen', on: true, brightness: 40 },
      {},
      'The kitchen light is on. It is at 40 percent.',
    ],
    [
      'open the bedroom blinds',
      'set_blinds',
      { room: 'bedroom', position: 100 },
      { position: 100 },
      'The bedroom blinds are open.',
    ],
    [
      'Close the kitchen blinds, please.',
      'set_blinds',
      { room: 'kitchen', position: 0 },
      { position: 30 },
      'The blinds are at 30 percent.',
    ],
    [
      'set the thermostat to twenty one degrees',
      'set_thermostat',
      { degrees: 21 },
      { status: 'ok' },
      'The thermostat is set to 21 degrees.',
    ],
    [
      'How warm is it in the kitchen?',
      'get_temperature',
      { room: 'kitchen' },
      { temperature: 21.5, humidity: 48 },
      'It is 21.5 degrees in the kitchen. The humidity is 48 percent.',
    ],
    [
      'how warm is it in the bedroom',
      'get_temperature',
      { room: 'bedroom' },
      { temperature: 18 },
      'It is 18 degrees in the bedroom.',
    ],
    ['set a timer for 5 minutes', 'set_timer', { minutes: 5 }, {}, '5 minutes. The timer is running.'],
    [
      'remind me to call Ann in ten minutes',
      'set_reminder',
      { minutes: 10, text: 'call Ann' },
      { result: 'I will say so at six.' },
      '10 minutes. I will say so at six.',
    ],
    ['who is at the front door', 'look_at_front_door', {}, {}, 'The camera has sent no picture.'],
    ['unlock the front door', 'unlock_front_door', {}, {}, 'The front door is unlocked.'],
    [
      'what is the weather like',
      'get_weather',
      {},
      { condition: 'sunny', temperature: 9 },
      'It is sunny, with 9 degrees outside.',
    ],
  ];
  for (const [text, name, args, response, spoken] of rounds) {
    it(`calls ${name} for "${text}" and says: ${spoken}`, async () => {
      const talk = await ToolTalk.start([name]);
      talk.ask(text);
      const made = await talk.call();
      assert.deepEqual([made.name, made.args], [name, args]);
      talk.answer(made, response);
      await talk.client.turns(1);
      assert.equal(talk.said, spoken);
      assertFaithful(talk.client, 'native');
      talk.client.close();
    });
  }

  it('answers all of these honestly without the functions', async () => {
    const mind = createMind(await loadScenario('assistant'));
    for (const [text] of rounds) {
      const reply = await mind.reply({ text, memory: new Map(), tools: [], now: new Date() });
      assert.equal(reply.calls, undefined);
      assert.match(reply.say, /rules|connected|cannot|no network/, text);
    }
  });

  it('says good night to lights and blinds: all of a kind at once, the blinds after the lights', async () => {
    const talk = await ToolTalk.start(['set_light', 'set_blinds'], GEN_3_1);
    talk.ask('good night');
    await talk.call(3);
    const lights = talk.calls;
    assert.deepEqual(
      lights.map(({ name, args }) => [name, args['room'], args['on']]),
      ['kitchen', 'bedroom', 'living room'].map((room) => ['set_light', room, false]),
    );
    assert.equal(talk.client.messages.filter(({ toolCall }) => toolCall).length, 1);
    for (const light of lights.reverse()) talk.answer(light);
    await talk.call(6);
    for (const blinds of talk.calls.slice(3)) {
      assert.deepEqual([blinds.name, blinds.args['position']], ['set_blinds', 0]);
      talk.answer(blinds);
    }
    await talk.client.turns(1);
    assert.equal(talk.said, 'Good night. The lights are off. The blinds are closed. Sleep well.');
    assertFaithful(talk.client, 'combined');
    talk.client.close();
  });

  it('passes over steps whose functions are not there', async () => {
    const talk = await ToolTalk.start(['set_blinds']);
    talk.ask('good night');
    await talk.call(3);
    for (const blinds of talk.calls) talk.answer(blinds);
    await talk.client.turns(1);
    assert.equal(talk.said, 'The blinds are closed. Sleep well.');
    talk.client.close();
  });

  describe('a timer that does not block', () => {
    const timer = [{ name: 'set_timer', behavior: 'NON_BLOCKING' }];
    const over = 'The timer for 5 minutes is over.';

    async function running(): Promise<{ talk: ToolTalk; made: SeenCall }> {
      const talk = await ToolTalk.start(timer);
      talk.ask('set a timer for 5 minutes');
      const made = await talk.call();
      await talk.client.turns(1);
      assert.equal(talk.said, '5 minutes.');
      return { talk, made };
    }

    it('is spoken about by itself when it answers, whatever was talked about since', async () => {
      const { talk, made } = await running();
      talk.ask('good morning');
      await talk.client.turns(2);
      talk.answer(made);
      await talk.until(over);
      await talk.client.turns(3);
      assertFaithful(talk.client, 'native');
      talk.client.close();
    });

    it('interrupts a story when it is told to', async () => {
      const { talk, made } = await running();
      talk.ask('tell me a story');
      await talk.until(' flow');
      talk.answer(made, {}, { scheduling: 'INTERRUPT' });
      await talk.until(over);
      assert.match(lettersOf(talk.client.messages), /Y/);
      talk.client.close();
    });

    it('waits for the end of the story when it is not', async () => {
      const { talk, made } = await running();
      talk.ask('tell me a story');
      await talk.until(' flow');
      talk.answer(made, {}, { scheduling: 'WHEN_IDLE' });
      await talk.until(`interrupted it.${over}`);
      talk.client.close();
    });

    it('is not spoken about when it is to be silent', async () => {
      const { talk, made } = await running();
      const taken = new Promise((resolve) => talk.server.once('toolResponse', resolve));
      talk.answer(made, {}, { scheduling: 'SILENT' });
      await taken;
      talk.ask('good night');
      await talk.until('sleep well.');
      assert.equal(talk.said, '5 minutes.Good night, and sleep well.');
      talk.client.close();
    });

    it('tells how it goes on before its last answer', async () => {
      const { talk, made } = await running();
      talk.answer(made, { status: 'started' }, { willContinue: true });
      await talk.until('The timer is running.');
      talk.answer(made, { result: 'The eggs are done.' });
      await talk.until('The eggs are done.');
      talk.client.close();
    });
  });

  it('takes pictures with an answer, and tells onlookers their type and size', async () => {
    const talk = await ToolTalk.start(['look_at_front_door']);
    const seen: ServerEvents['toolResponse'][0][] = [];
    talk.server.on('toolResponse', (event) => seen.push(event));
    talk.ask('who is at the front door');
    const inlineData = { mimeType: 'image/jpeg', data: Buffer.alloc(1234).toString('base64') };
    talk.answer(await talk.call(), { status: 'ok' }, { parts: [{ inlineData }] });
    await talk.client.turns(1);
    assert.equal(talk.said, 'The camera has sent a JPEG picture. I am only rules and cannot see it.');
    assert.deepEqual(seen[0]?.parts, [{ mimeType: 'image/jpeg', bytes: 1234 }]);
    talk.client.close();
  });
});

import assert from 'node:assert/strict';
import { lettersOf } from '../support/grammar';
import { buzz, join, noise } from '../support/speech-like';
import { GEN_3_8, NATIVE } from '../support/wire-client';
import { assertFaithful, closeServers } from './helpers';
import { ToolTalk, type TalkOptions } from './tool-talk';

const utterance = join(noise(400), buzz(900), noise(900));

const pause = (ms = 200): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('scenario with tools', () => {
  afterEach(closeServers);

  for (const model of [NATIVE, GEN_3_8]) {
    describe(`a chain, ${model === NATIVE ? 'blocking' : 'not blocking'}`, () => {
      const functions = ['get_temperature', 'set_thermostat'];

      it('uses the answer of one call in the next', async () => {
        const talk = await ToolTalk.start(functions, model);
        talk.ask('make it as warm as in the bedroom');
        talk.answer(await talk.call(), { temperature: 19.5 });
        const second = await talk.call(2);
        assert.deepEqual([second.name, second.args], ['set_thermostat', { degrees: 19.5 }]);
        talk.answer(second);
        await talk.until('The thermostat is set to 19.5 degrees.');
        await talk.turnEnd();
        assertFaithful(talk.client, model === NATIVE ? 'native' : 'combined');
        talk.client.close();
      });

      it('ends with an error, told by its message', async () => {
        const talk = await ToolTalk.start(functions, model);
        talk.ask('make it as warm as in the bedroom');
        const message = 'The sensor sleeps.';
        talk.answer(await talk.call(), { error: { status: 'UNAVAILABLE', message, retryable: true } });
        await talk.until(`That did not work: ${message}`);
        assert.equal(talk.calls.length, 1);
        talk.client.close();
      });

      it('goes on when the answer says that there was no error', async () => {
        const talk = await ToolTalk.start(functions, model);
        talk.ask('make it as warm as in the bedroom');
        talk.answer(await talk.call(), { temperature: 19.5, error: null });
        assert.deepEqual((await talk.call(2)).args, { degrees: 19.5 });
        talk.client.close();
      });

      it('ends when the answer lacks what the next step needs', async () => {
        const talk = await ToolTalk.start(functions, model);
        talk.ask('make it as warm as in the bedroom');
        talk.answer(await talk.call(), { status: 'ok' });
        await talk.until('something that I need for the next step.');
        assert.equal(talk.calls.length, 1);
        talk.client.close();
      });
    });
  }

  it('makes no further calls of a chain that was spoken over', async () => {
    const talk = await ToolTalk.start(['get_temperature', 'set_thermostat']);
    talk.ask('make it as warm as in the bedroom');
    const first = await talk.call();
    talk.client.sendAudio(utterance);
    await talk.client.until((messages) => messages.some((m) => m.toolCallCancellation), 'a cancellation');
    talk.answer(first, { temperature: 20 });
    await talk.client.turns(2);
    assert.equal(talk.calls.length, 1);
    assert.match(lettersOf(talk.client.messages), /^SCDYZ/);
    talk.client.close();
  });

  it('speaks about several calls without blocking once all are answered', async () => {
    const rules = [
      {
        id: 'both',
        match: 'compare',
        call: {
          all: [
            { name: 'measure', args: { place: 'in' }, as: 'inside' },
            { name: 'measure', args: { place: 'out' }, as: 'outside' },
          ],
          then: 'Inside {inside.t}, outside {outside.t}.',
        },
        say: 'no',
      },
    ];
    const talk = await ToolTalk.start(['measure'], GEN_3_8, { rules });
    talk.ask('compare');
    await talk.call(2);
    const [inside, outside] = talk.calls;
    talk.answer(outside!, { t: 3 }, { scheduling: 'SILENT' });
    await talk.client.turns(1);
    await pause();
    assert.equal(talk.said, '');
    talk.answer(inside!, { t: 20 });
    await talk.until('Inside 20, outside 3.');
    talk.client.close();
  });

  describe('asking back', () => {
    const functions = ['unlock_front_door', 'get_weather'];
    const question = 'Shall I really unlock the front door?';
    const needed = { status: 'confirmation_required', question, hint: 'Ask.' };

    async function asked(model = NATIVE, options: TalkOptions = {}): Promise<ToolTalk> {
      const talk = await ToolTalk.start(functions, model, options);
      talk.ask('unlock the front door');
      talk.answer(await talk.call(), needed);
      await talk.until(question);
      await talk.client.turns(1);
      return talk;
    }

    for (const yes of ['yes', 'Yes, please!', 'OK', 'sure, go ahead']) {
      it(`calls again, confirmed, after "${yes}"`, async () => {
        const talk = await asked();
        talk.ask(yes);
        const second = await talk.call(2);
        assert.deepEqual([second.name, second.args], ['unlock_front_door', { confirmed: true }]);
        talk.answer(second, { status: 'ok' });
        await talk.until('The front door is unlocked.');
        talk.ask(yes);
        await talk.until('enter a Gemini API key in the config node.');
        assert.equal(talk.calls.length, 2);
        talk.client.close();
      });
    }

    it('does so without blocking too', async () => {
      const talk = await asked(GEN_3_8);
      talk.ask('yes');
      talk.answer(await talk.call(2));
      await talk.until('The front door is unlocked.');
      talk.client.close();
    });

    for (const no of ['no', 'No, thank you.', 'never mind']) {
      it(`leaves it after "${no}"`, async () => {
        const talk = await asked();
        talk.ask(no);
        await talk.until('All right, I leave it.');
        talk.ask('yes');
        await talk.until('config node.');
        assert.equal(talk.calls.length, 1);
        talk.client.close();
      });
    }

    it('drops the question for anything else, and does that instead', async () => {
      const talk = await asked();
      talk.ask('what is the weather like');
      const other = await talk.call(2);
      assert.equal(other.name, 'get_weather');
      talk.answer(other, { condition: 'sunny' });
      await talk.until('It is sunny.');
      talk.ask('yes');
      await talk.until('config node.');
      assert.equal(talk.calls.length, 2);
      talk.client.close();
    });

    it('asks again when the time for the answer is over', async () => {
      const talk = await asked();
      talk.ask('yes');
      talk.answer(await talk.call(2), needed);
      await talk.until(`${question}${question}`);
      talk.ask('yes');
      talk.answer(await talk.call(3));
      await talk.until('The front door is unlocked.');
      talk.client.close();
    });

    it('listens for yes and no only while the question is open, and asks again after an unclear sound', async () => {
      const offered: boolean[] = [];
      const transcripts = ['', 'yes', 'yes'];
      const ears: TalkOptions['ears'] = {
        name: 'test',
        hear: (_pcm, phrases) => {
          offered.push(phrases.some(({ text }) => text === 'yes'));
          const text = transcripts.shift() ?? '';
          return Promise.resolve({ text, score: 0, accepted: text !== '', recognizer: 'dtw' });
        },
      };
      const talk = await asked(NATIVE, { ears });
      talk.client.sendAudio(utterance);
      await talk.until(`Please say yes or no. ${question}`);
      talk.client.sendAudio(utterance);
      talk.answer(await talk.call(2));
      await talk.until('The front door is unlocked.');
      await talk.client.turns(3);
      talk.client.sendAudio(utterance);
      await talk.client.turns(4);
      assert.deepEqual(offered, [true, true, false]);
      assert.equal(talk.calls.length, 2);
      talk.client.close();
    });

    it('keeps what else was called at once for after the yes', async () => {
      const rules = [
        {
          id: 'leave',
          match: 'i am leaving',
          call: [
            { all: [{ name: 'heat', as: 'heat' }, { name: 'lock' }] },
            { name: 'note', args: { degrees: '{heat.degrees}' }, then: 'Noted {heat.degrees}.' },
          ],
          say: 'no',
        },
      ];
      const talk = await ToolTalk.start(['heat', 'lock', 'note'], NATIVE, { rules });
      talk.ask('i am leaving');
      await talk.call(2);
      const [heat, lock] = talk.calls;
      talk.answer(heat!, { degrees: 16 });
      talk.answer(lock!, { status: 'confirmation_required' });
      await talk.until('Shall I really do that?');
      talk.ask('yes');
      const again = await talk.call(3);
      assert.deepEqual([again.name, again.args], ['lock', { confirmed: true }]);
      talk.answer(again);
      const note = await talk.call(4);
      assert.deepEqual([note.name, note.args], ['note', { degrees: 16 }]);
      talk.answer(note);
      await talk.until('Noted 16.');
      talk.client.close();
    });
  });
});

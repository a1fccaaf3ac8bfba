import assert from 'node:assert/strict';
import fc from 'fast-check';
import { announcement } from '../../src/live/say';
import type { Hearing, Mind, Reply } from '../../src/server/parts';
import { createMind, KEY_ADVICE, loadScenario } from '../../src/server/scenario';

const NOW = new Date(2026, 10, 21, 17, 5);

describe('Mind of the shipped scenario', () => {
  let mind: Mind;
  before(async () => {
    mind = createMind(await loadScenario('assistant'));
  });

  async function talk(...texts: string[]): Promise<string> {
    const memory = new Map<string, string>();
    let said = '';
    for (const text of texts) said = (await mind.reply({ text, memory, tools: [], now: NOW })).say;
    return said;
  }

  async function hear(hearing: Omit<Hearing, 'recognizer'>): Promise<string> {
    const input = { text: hearing.text, hearing: { recognizer: 'dtw', ...hearing } as const };
    return (await mind.reply({ ...input, memory: new Map(), tools: [], now: NOW })).say;
  }

  const answers: Array<[texts: string[], answer: RegExp]> = [
    [['what time is it'], /^It is 5:05 PM\.$/],
    [["What's the time?"], /^It is 5:05 PM\.$/],
    [['What is the date today?'], /^Today is Saturday, November 21st\.$/],
    [['Hey Gemini, could you please turn on the living room light?'], /^The living room light is on/],
    [['turn the bedroom light on', 'is the bedroom light on?'], /bedroom light is on\.$/],
    [
      ['turn on the kitchen light', 'switch everything off', 'is the kitchen light on'],
      /kitchen light is off/,
    ],
    [['is the kitchen light on'], /^I do not know/],
    [['set the thermostat to twenty-two degrees'], /to 22 degrees/],
    [['set the thermostat to 19', 'how warm is it'], /19 degrees/],
    [['set the thermostat to 99'], /^I do not know that/],
    [
      [announcement('The laundry is done, and: nobody\nhas fetched it.')],
      /^The laundry is done, and: nobody\nhas fetched it\.$/,
    ],
    [['set a timer for 12 minutes'], /^12 minutes\./],
    [['My name is Anna-Maria!', 'what is my name?'], /^Your name is Anna Maria\.$/],
    [['what is my name'], /^I do not know your name yet/],
    [['remember that the key is under the mat', 'what did I tell you'], /: the key is under the mat\.$/],
    [['tell me a joke', 'tell me a joke'], /thermostat/],
    [['good night', 'say that again'], /^Good night/],
  ];
  for (const [texts, answer] of answers) {
    it(`answers ${texts.join(' … ')}`, async () => assert.match(await talk(...texts), answer));
  }

  it('answers every wording that can be heard', async () => {
    const { phrases } = await loadScenario('assistant');
    for (const text of phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])])) {
      const say = await hear({ text, score: 0.3, accepted: true });
      assert.doesNotMatch(say, /I do not know that|[{}]|^$/, text);
    }
  });

  it('is honest about what it does not know, and says how to add a key', async () => {
    const say = await talk('who won the world cup');
    assert.match(say, /only rules, not the Gemini model/);
    assert.ok(say.endsWith(KEY_ADVICE));
    assert.match(
      await talk('turn on the kitchen radio'),
      /nearest thing I know is: turn on the kitchen light/,
    );
  });

  it('tells what a sound that was not recognised was like, how much it knows, and how to add a key', async () => {
    const near = await hear({ text: 'good night', score: 0.9, accepted: false });
    assert.match(near, /not sure.*good night.*only \d+ phrases/);
    assert.ok(near.endsWith(KEY_ADVICE));
    assert.match(await hear({ text: '', score: 1, accepted: false }), /^I did not understand that\./);
  });

  describe('with functions', () => {
    const ask = async (
      text: string,
      declared: string[],
      response?: Record<string, unknown>,
    ): Promise<Reply> => {
      const tools = declared.map((name) => ({ name }));
      const input = { text, memory: new Map<string, string>(), tools, now: NOW };
      const reply = await mind.reply(input);
      const [call] = reply.calls ?? [];
      if (!call || !response) return reply;
      return mind.reply({ ...input, results: [{ ...call, id: '1', text, response }] });
    };

    /** Calls as the client sees them. */
    const without = (calls: Reply['calls']): object[] =>
      (calls ?? []).map(({ name, args }) => ({ name, args }));

    it('calls one that the client has declared, with values from what was said', async () => {
      const { say, calls } = await ask('turn on the living room light', ['set_light']);
      assert.equal(say, '');
      assert.deepEqual(without(calls), [{ name: 'set_light', args: { room: 'living room', on: true } }]);
      const { calls: heating } = await ask('set the temperature to 21', ['set_thermostat']);
      assert.deepEqual(without(heating), [{ name: 'set_thermostat', args: { degrees: 21 } }]);
    });

    it('answers by itself when it is not declared', async () => {
      const { say, calls } = await ask('turn on the kitchen light', ['get_weather']);
      assert.match(say, /At least in my rules/);
      assert.equal(calls, undefined);
    });

    it('calls any function by its name', async () => {
      const { calls } = await ask('Please call the function reboot_2!', ['reboot_2']);
      assert.deepEqual(without(calls), [{ name: 'reboot_2', args: {} }]);
    });

    const results: Array<[text: string, response: Record<string, unknown>, say: string]> = [
      ['turn on the kitchen light', {}, 'The kitchen light is on.'],
      ['turn on the kitchen light', { error: 'bulb is broken' }, 'That did not work: bulb is broken'],
      [
        'turn on the kitchen light',
        { error: { status: 'TIMEOUT', message: 'No answer in time.', hint: 'x' } },
        'That did not work: No answer in time.',
      ],
      ['turn on the kitchen light', { error: { code: 7 } }, 'That did not work: code: 7'],
      ['how is the weather', { output: 'Sunny.' }, 'The function answered: Sunny.'],
      ['how is the weather', {}, 'That is done.'],
      [
        'how is the weather',
        { sky: { colour: '{blue}' }, degrees: [12, 14] },
        'The function answered: sky: colour: blue, degrees: 12, 14',
      ],
    ];
    for (const [text, response, say] of results) {
      it(`says of ${JSON.stringify(response)}: ${say}`, async () => {
        const reply = await ask(text, ['set_light', 'get_weather'], response);
        assert.equal(reply.say, say);
        assert.equal(reply.calls, undefined);
      });
    }

    it('reads out only the beginning of a long answer', async () => {
      const { say } = await ask('how is the weather', ['get_weather'], { output: 'x'.repeat(5000) });
      assert.ok(say.length < 300);
    });
  });

  it('learns from what was said before, and answers nothing', async () => {
    const memory = new Map<string, string>();
    mind.learn?.('Well, my name is Ada.', memory);
    mind.learn?.('My name is Ada.', memory);
    mind.learn?.('Tell me a joke!', memory);
    assert.deepEqual([...memory], [['name', 'Ada']]);
  });

  it('keeps conversations apart: everything it knows is in the memory it is given', async () => {
    await talk('my name is Bob');
    assert.match(await talk('what is my name'), /do not know your name/);
  });

  it('survives any text, and never shows an unfilled value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('my name is {time}', 'what is my name')), {
          maxLength: 4,
        }),
        async (texts) => {
          const said = await talk('remember {note} {time}', ...texts, 'what did i tell you');
          assert.equal(typeof said, 'string');
          assert.doesNotMatch(said, /[{}]/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMind, loadScenario, parseScenario, ScenarioError } from '../../src/server/scenario';

const rule = { id: 'door', hear: 'open the {door} door', say: 'The {door} door is open.' };
const good = { name: 'mine', slots: { door: ['front', 'back'] }, rules: [rule] };

function problem(json: unknown): string {
  try {
    parseScenario(json, 'mine.json');
  } catch (error) {
    assert.ok(error instanceof ScenarioError);
    assert.equal(error.code, 'SCENARIO_INVALID');
    return error.message;
  }
  throw new assert.AssertionError({ message: 'the scenario was taken for good' });
}

describe('Scenario file', () => {
  it('ships an assistant with at least twenty spoken phrases, each said in one way only', async () => {
    const { phrases } = await loadScenario('assistant');
    const wordings = phrases.flatMap((phrase) => [phrase.text, ...(phrase.also ?? [])]);
    assert.ok(phrases.length >= 30, `${phrases.length} phrases`);
    assert.equal(new Set(wordings).size, wordings.length);
  });

  it('expands slots into the wordings that can be heard', () => {
    const { phrases } = parseScenario(good);
    assert.deepEqual(phrases, [{ id: 'door', text: 'open the front door', also: ['open the back door'] }]);
  });

  it('spells numbers that can be heard', () => {
    const slots = { n: { from: 1, to: 99, hear: [7, 42] } };
    const { phrases } = parseScenario({
      name: 'x',
      slots,
      rules: [{ id: 'n', hear: 'channel {n}', say: '{n}' }],
    });
    assert.deepEqual(phrases, [{ id: 'n', text: 'channel seven', also: ['channel forty two'] }]);
  });

  it('fills calls from slots, and their words from the answer', async () => {
    const call = {
      name: 'open_{door}',
      args: { door: '{door}', list: ['{door}'], times: 2 },
      meanwhile: 'One moment.',
      then: 'The {door} door is {result.state}, {result}.',
    };
    const mind = createMind(parseScenario({ ...good, rules: [{ ...rule, call }] }));
    const input = { text: 'open the back door', memory: new Map<string, string>(), now: new Date() };
    const tools = [{ name: 'open_back' }];
    const first = await mind.reply({ ...input, tools });
    const args = { door: 'back', list: ['back'], times: 2 };
    const [made] = first.calls ?? [];
    assert.deepEqual([first.say, made?.name, made?.args], ['One moment.', 'open_back', args]);
    const result = { ...made!, id: '1', text: input.text, response: { state: 'ajar' } };
    const { say } = await mind.reply({ ...input, tools, results: [result] });
    assert.equal(say, 'The back door is ajar, state: ajar.');
  });

  const mistakes: Array<[what: string, json: unknown, place: RegExp]> = [
    ['no object', [], /mine\.json: file: expected an object, got an empty list/],
    ['no name', { rules: [rule] }, /: name: expected text, got nothing/],
    ['no rules', { name: 'x' }, /: rules: expected a list with at least one entry, got nothing/],
    [
      'a misspelt key',
      { ...good, rule: [] },
      /: rule: unknown key; known here: name, description, slots, rules/,
    ],
    [
      'a misspelt key in a rule',
      { ...good, rules: [{ ...rule, heer: 'x' }] },
      /: rules\[0\]\.heer: unknown key/,
    ],
    ['a number for an answer', { ...good, rules: [{ ...rule, say: 7 }] }, /: rules\[0\]\.say: .* got 7/],
    [
      'an empty answer',
      { ...good, rules: [{ ...rule, say: ['a', ' '] }] },
      /: rules\[0\]\.say\[1\]: .* empty text/,
    ],
    ['the same id twice', { ...good, rules: [rule, rule] }, /: rules\[1\]\.id: "door" is already/],
    [
      'nothing that triggers',
      { ...good, rules: [{ id: 'a', say: 'b' }] },
      /: rules\[0\]: needs "hear" or "match"/,
    ],
    [
      'a free slot to hear',
      { name: 'x', rules: [rule] },
      /: rules\[0\]\.hear\[0\]: slot \{door\} is not declared/,
    ],
    [
      'open braces',
      { ...good, rules: [{ id: 'a', match: 'b {c', say: 'd' }] },
      /: rules\[0\]: unbalanced braces/,
    ],
    [
      'an unknown value',
      { ...good, rules: [{ ...rule, say: '{window}' }] },
      /: rules\[0\]\.say: \{window\} is no slot/,
    ],
    [
      'a bad range',
      { ...good, slots: { door: { from: 1, to: '9' } } },
      /: slots\.door\.to: expected a whole number/,
    ],
    [
      'a misspelt key of a call',
      { ...good, rules: [{ ...rule, call: { name: 'f', arg: {} } }] },
      /: rules\[0\]\.call\.arg: unknown key; known here: name, args, as, meanwhile, then, later, progress/,
    ],
    [
      'a call of nothing',
      { ...good, rules: [{ ...rule, call: { args: {} } }] },
      /: rules\[0\]\.call\.name: expected text, got nothing/,
    ],
    [
      'an argument from nowhere',
      { ...good, rules: [{ ...rule, call: { name: 'f', args: { a: ['{window}'] } } }] },
      /: rules\[0\]\.call\.args: \{window\} is no slot/,
    ],
    [
      'words about a value from nowhere',
      { ...good, rules: [{ ...rule, call: { name: 'f', then: 'It is {resultat}.' } }] },
      /: rules\[0\]\.call\.then: \{resultat\} is no slot/,
    ],
    [
      'a chain that is too long',
      { ...good, rules: [{ ...rule, call: Array(5).fill({ name: 'f' }) }] },
      /: rules\[0\]\.call: has 5 steps, at most 4/,
    ],
    [
      'an empty chain',
      { ...good, rules: [{ ...rule, call: [] }] },
      /: rules\[0\]\.call: .* got an empty list/,
    ],
    [
      'a misspelt key of one of several calls',
      { ...good, rules: [{ ...rule, call: [{ name: 'f' }, { all: [{ nam: 'g' }] }] }] },
      /: rules\[0\]\.call\[1\]\.all\[0\]\.nam: unknown key; known here: name, args, as/,
    ],
    [
      'several calls and a single one in one step',
      { ...good, rules: [{ ...rule, call: { all: [{ name: 'f' }], name: 'g' } }] },
      /: rules\[0\]\.call\.name: unknown key/,
    ],
    [
      'a name that means something else',
      { ...good, rules: [{ ...rule, call: { name: 'f', as: 'result' } }] },
      /: rules\[0\]\.call\.as: "result" cannot be a name/,
    ],
    [
      'an answer that is not there yet',
      {
        ...good,
        rules: [
          {
            ...rule,
            call: [
              { name: 'f', args: { a: '{b.c}' } },
              { name: 'g', as: 'b' },
            ],
          },
        ],
      },
      /: rules\[0\]\.call\[0\]\.args: \{b\.c\} is no slot/,
    ],
    [
      'an answer under a wrong name',
      {
        ...good,
        rules: [
          {
            ...rule,
            call: [
              { name: 'f', as: 'b' },
              { name: 'g', args: { a: '{d}' } },
            ],
          },
        ],
      },
      /: rules\[0\]\.call\[1\]\.args: \{d\} is no slot/,
    ],
    [
      'a condition about nothing',
      { ...good, rules: [{ ...rule, call: { name: 'f', then: [{ when: { state: 1 }, say: 'x' }] } }] },
      /: rules\[0\]\.call\.then: \{state\} is no slot/,
    ],
    [
      'a condition without words',
      { ...good, rules: [{ ...rule, call: { name: 'f', later: [{ when: {} }] } }] },
      /: rules\[0\]\.call\.later\[0\]\.say: expected text, got nothing/,
    ],
    [
      'an unknown tool of the service',
      { ...good, rules: [{ ...rule, builtIn: { tool: 'google', say: 'x' } }] },
      /: rules\[0\]\.builtIn\.tool: known are googleSearch, codeExecution, urlContext/,
    ],
    [
      'a search without sources',
      { ...good, rules: [{ ...rule, builtIn: { tool: 'googleSearch', queries: 'x', say: 'x' } }] },
      /: rules\[0\]\.builtIn\.sources: expected a list/,
    ],
    [
      'a built-in tool with a value of another',
      { ...good, rules: [{ ...rule, builtIn: { tool: 'urlContext', say: '{output}' } }] },
      /: rules\[0\]\.builtIn\.say: \{output\} is no slot/,
    ],
    [
      'a memory that may be empty',
      { name: 'x', rules: [{ id: 'a', match: 'b {c}', remember: { d: '{c}' }, say: '{d}' }] },
      /: rules\[0\]\.otherwise: missing/,
    ],
  ];
  for (const [what, json, place] of mistakes) {
    it(`names the place of ${what}`, () => assert.match(problem(json), place));
  }

  it('says what is wrong with a file that cannot be read or is no JSON', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'scenario-'));
    try {
      await assert.rejects(loadScenario(path.join(folder, 'none.json')), { code: 'SCENARIO_NOT_FOUND' });
      await assert.rejects(loadScenario('asistant'), /the shipped scenario is "assistant"/);
      const file = path.join(folder, 'broken.json');
      await writeFile(file, '{ "name": ');
      await assert.rejects(loadScenario(file), { code: 'SCENARIO_INVALID', message: /not valid JSON/ });
      await writeFile(file, JSON.stringify(good));
      assert.equal((await loadScenario(file)).name, 'mine');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

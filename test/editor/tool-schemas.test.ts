import assert from 'node:assert/strict';
import { readPasted } from '../../nodes/shared/editor/functions/pasted';
import { outputMap } from '../../nodes/shared/editor/functions/ports';
import { functionProblems } from '../../nodes/shared/editor/functions/problems';
import { emptyFunction, functionRows } from '../../nodes/shared/editor/functions/row';
import {
  allowedText,
  hiddenKeywords,
  readParameters,
  typeOf,
  withAllowed,
  writeParameters,
} from '../../nodes/shared/editor/functions/schema-rows';

describe('rows of parameters', () => {
  it('come back as the schema that they were read from, whatever else it says', () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      properties: {
        room: { type: 'string', enum: ['kitchen', 'bath, upstairs'], description: 'where' },
        level: { type: 'integer', minimum: 0, maximum: 100, multipleOf: 5 },
        when: { type: 'object', properties: { hour: { type: 'integer' } }, required: ['hour'] },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
      required: ['room'],
    };
    const rows = readParameters(schema)!;
    assert.deepEqual(writeParameters(schema, rows), schema);
    assert.deepEqual(
      rows.map((row) => [row.name, row.required, typeOf(row.schema)]),
      [
        ['room', true, 'string'],
        ['level', false, 'integer'],
        ['when', false, 'object'],
        ['either', false, undefined],
      ],
    );
    assert.deepEqual(rows.map((row) => hiddenKeywords(row.schema)).flat(), ['multipleOf']);
  });

  it('leave alone a schema that is more than a list of properties', () => {
    assert.equal(readParameters({ anyOf: [{ type: 'object' }] }), undefined);
    assert.equal(readParameters({ $ref: '#/$defs/a', $defs: { a: {} } }), undefined);
    assert.equal(readParameters({ type: 'array', items: {} }), undefined);
  });

  for (const [type, text, keywords, shown] of [
    ['string', 'kitchen, living room', { enum: ['kitchen', 'living room'] }],
    ['string', '"a, b", "say \\"hi\\""', { enum: ['a, b', 'say "hi"'] }],
    ['string', '  ', {}, ''],
    ['number', '16.5..28', { minimum: 16.5, maximum: 28 }],
    ['integer', '-5..', { minimum: -5 }],
    ['integer', '1, 2, 5', { enum: [1, 2, 5] }],
    ['integer', 'many', { enum: ['many'] }],
  ] as const) {
    it(`take "${text}" as allowed values of a ${type}`, () => {
      const schema = withAllowed({ type, description: 'd' }, text);
      assert.deepEqual(schema, { type, description: 'd', ...keywords });
      assert.equal(allowedText(schema), shown ?? text);
    });
  }
});

describe('functions from elsewhere', () => {
  const parameters = { type: 'object', properties: { room: { type: 'string' } } };
  const expected = { ...emptyFunction('f'), description: 'does it', parameters };
  const declaration = { name: 'f', description: 'does it' };
  const api = { type: 'OBJECT', properties: { room: { type: 'STRING' } } };
  for (const [from, value] of Object.entries({
    'a declaration': { ...declaration, parameters },
    'the API': [{ functionDeclarations: [{ ...declaration, parameters: api }] }],
    'a setup': { tools: [{ functionDeclarations: [{ ...declaration, parametersJsonSchema: parameters }] }] },
    MCP: { tools: [{ ...declaration, inputSchema: parameters }] },
    OpenAI: [{ type: 'function', function: { ...declaration, parameters } }],
  })) {
    it(`are read as ${from} has them`, () => {
      assert.deepEqual(readPasted(JSON.stringify(value)), { functions: [expected] });
    });
  }

  it('a schema alone is a schema, and nonsense is told', () => {
    assert.deepEqual(readPasted(JSON.stringify(api)), { schema: parameters });
    assert.deepEqual(readPasted(''), { schema: {} });
    assert.ok('problem' in readPasted('{"type": '));
    assert.ok('problem' in readPasted('[1]'));
  });

  it('a flow file may hold anything', () => {
    assert.deepEqual(functionRows(undefined), []);
    assert.deepEqual(functionRows([null, 7, { name: 'f', parameters: 'none' }]), [emptyFunction('f')]);
  });
});

describe('what is wrong with functions', () => {
  it('is told for each of them, with its place', () => {
    const row = (name: string, more: object = {}) => ({ ...emptyFunction(name), ...more });
    const properties = {
      room: { type: 'strin' },
      level: { type: 'integer', enum: ['0-5'] },
      confirmed: { type: 'boolean' },
    };
    const found = functionProblems(
      [
        row('twice'),
        row('twice', { timeout: 'soon' }),
        row('turn on', { parameters: { type: 'object', properties } }),
        row('fine', { confirm: 'voice', timeout: 5, confirmTimeout: '' }),
        row('asks', {
          confirm: 'voice',
          parameters: { type: 'object', properties: { confirmed: { type: 'boolean' } } },
        }),
      ],
      (key) => key,
    );
    assert.deepEqual(
      found.map((problems) => problems.map(({ path }) => path)),
      [
        ['name'],
        ['name', 'timeout'],
        ['name', 'properties.room.type', 'properties.level.enum'],
        [],
        ['properties.confirmed'],
      ],
    );
  });
});

describe('outputs of a tools node', () => {
  const before = { functions: 3, confirm: false };
  it('follow their functions when these are sorted, inserted and removed', () => {
    assert.deepEqual(outputMap(before, { origins: [0, 1, 2], confirm: false }), { 0: 0, 1: 1, 2: 2, 3: 3 });
    assert.deepEqual(outputMap(before, { origins: [2, undefined, 0], confirm: false }), {
      ...{ 0: 2, 1: -1, 2: 0, 3: 3 },
      'new-1': 1,
    });
  });

  it('"to confirm" comes and goes, always last', () => {
    assert.deepEqual(outputMap({ functions: 1, confirm: false }, { origins: [0], confirm: true }), {
      ...{ 0: 0, 1: 1 },
      'new-confirm': 2,
    });
    assert.deepEqual(outputMap({ functions: 1, confirm: true }, { origins: [], confirm: false }), {
      ...{ 0: -1, 1: 0, 2: -1 },
    });
    assert.deepEqual(outputMap({ functions: 1, confirm: true }, { origins: [0, undefined], confirm: true }), {
      ...{ 0: 0, 1: 2, 2: 3 },
      'new-1': 1,
    });
  });
});

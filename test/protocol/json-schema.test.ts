import assert from 'node:assert/strict';
import { fitsSchema } from '../../src/protocol';

const object = (properties: object): object => ({ type: 'object', properties });

describe('what the schema of the API can say', () => {
  const fits: object[] = [
    object({
      room: { type: 'string', enum: ['kitchen'] },
      on: { type: 'boolean', description: 'on or off' },
    }),
    object({ level: { type: 'integer', minimum: 0, maximum: 100 }, name: { type: ['string', 'null'] } }),
    object({
      list: { type: 'array', items: object({ at: { type: 'string', pattern: '^a' } }), maxItems: '3' },
    }),
    object({ any: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
    { type: 'object', properties: {}, additionalProperties: false, required: [] },
  ];
  const not: unknown[] = [
    object({ level: { type: 'integer', exclusiveMinimum: 0 } }),
    object({ channel: { type: 'integer', enum: [1, 2] } }),
    object({ list: { type: 'array', items: { const: 'a' } } }),
    object({ any: { anyOf: [{ type: 'string', contentEncoding: 'base64' }] } }),
    object({ both: { type: 'string', anyOf: [{ type: 'string' }] } }),
    object({ nothing: { type: 'null' } }),
    object({ other: { $ref: '#/$defs/other' } }),
    object({ truth: true }),
    'object',
    null,
  ];
  for (const schema of fits)
    it(`${JSON.stringify(schema)}: yes`, () => assert.equal(fitsSchema(schema), true));
  for (const schema of not)
    it(`${JSON.stringify(schema)}: no`, () => assert.equal(fitsSchema(schema), false));

  it('ends with a schema that contains itself', () => {
    const round: Record<string, unknown> = { type: 'array' };
    round['items'] = round;
    assert.equal(fitsSchema(round), false);
  });
});

import assert from 'node:assert/strict';
import { checkArguments, checkDeclaration, toolAnswer, toolFailure } from '../../src/live';

const light = {
  name: 'set_light',
  parameters: {
    type: 'object',
    properties: {
      room: { type: 'string', enum: ['kitchen', 'bedroom', 'living room'] },
      on: { type: 'boolean' },
      brightness: { type: 'integer', minimum: 0, maximum: 100 },
      colours: { type: 'array', items: { type: 'string' } },
      fade: { type: 'object', properties: { seconds: { type: 'number' } }, required: ['seconds'] },
    },
    required: ['room'],
  },
};

describe('live: arguments of a function', () => {
  const slips: Array<[what: string, given: object, taken: object]> = [
    ['a number as text', { brightness: '21' }, { brightness: 21 }],
    ['a whole number with a point', { brightness: '21.0' }, { brightness: 21 }],
    ['a number with a sign', { fade: { seconds: ' -1.5e1 ' } }, { fade: { seconds: -15 } }],
    ['yes as text', { on: 'true' }, { on: true }],
    ['"on"', { on: 'On' }, { on: true }],
    ['0 for no', { on: 0 }, { on: false }],
    ['a number for a text', { colours: [1, true] }, { colours: ['1', 'true'] }],
    ['one for a list of one', { colours: 'red' }, { colours: ['red'] }],
    ['a list as JSON', { colours: '["red", "blue"]' }, { colours: ['red', 'blue'] }],
    ['an object as JSON', { fade: '{"seconds": "2"}' }, { fade: { seconds: 2 } }],
    ['case of an allowed value', { room: 'Kitchen' }, { room: 'kitchen' }],
    ['spelling of an allowed value', { room: 'LIVING_ROOM ' }, { room: 'living room' }],
    ['null for what may be left out', { on: null, brightness: null }, {}],
    ['more than was asked for', { why: 'dark' }, { why: 'dark' }],
  ];
  for (const [what, given, taken] of slips) {
    it(`puts right: ${what}`, () => {
      assert.deepEqual(checkArguments(light, { room: 'kitchen', ...given }), {
        args: { room: 'kitchen', ...taken },
      });
    });
  }

  const mistakes: Array<[given: unknown, problem: RegExp]> = [
    [{}, /^"room" is missing$/],
    [{ room: 'garage' }, /^"room" must be one of "kitchen", "bedroom", "living room", got "garage"$/],
    [{ room: null }, /^"room" must be .*got null$/],
    [{ room: 'kitchen', brightness: 101 }, /^"brightness" must be from 0 to 100, got 101$/],
    [{ room: 'kitchen', brightness: 21.5 }, /^"brightness" must be an integer, got 21.5$/],
    [{ room: 'kitchen', brightness: '' }, /^"brightness" must be an integer, got ""$/],
    [{ room: 'kitchen', on: 'maybe' }, /^"on" must be a boolean, got "maybe"$/],
    [{ room: 'kitchen', fade: {} }, /^"fade.seconds" is missing$/],
    [{ room: 'kitchen', colours: [{}] }, /^"colours\[0\]" must be a string, got \{\}$/],
    [[], /must be an object/],
    ['room', /must be an object/],
  ];
  for (const [given, problem] of mistakes) {
    it(`says what is wrong with ${JSON.stringify(given)}`, () => {
      const { problems = [] } = checkArguments(light, given);
      assert.match(problems[0] ?? 'nothing', problem);
    });
  }

  it('reads the API’s own schema: upper case, nullable, counts as text', () => {
    const declaration = {
      parameters: {
        type: 'OBJECT',
        properties: {
          names: { type: 'ARRAY', items: { type: 'STRING' }, minItems: '1', maxItems: '2' },
          until: { type: 'STRING', nullable: true, format: 'date-time' },
          mode: { type: 'STRING', enum: ['a', 'b'], nullable: true },
          size: { anyOf: [{ type: 'INTEGER' }, { type: 'STRING', enum: ['auto'] }] },
        },
        required: ['until'],
      },
    };
    const args = { names: ['x'], until: null, mode: null, size: 'AUTO' };
    assert.deepEqual(checkArguments(declaration, args), { args: { ...args, size: 'auto' } });
    assert.deepEqual(checkArguments(declaration, { until: null, size: '5' }), {
      args: { until: null, size: 5 },
    });
    assert.match(
      checkArguments(declaration, { until: null, names: [] }).problems?.[0] ?? '',
      /"names" must NOT have fewer/,
    );
    assert.match(
      checkArguments(declaration, { until: null, size: 'big' }).problems?.[0] ?? '',
      /"size" fits none/,
    );
  });

  it('reads JSON Schema with references, and refuses what is not declared where that is said', () => {
    const declaration = {
      parametersJsonSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'x',
        type: 'object',
        properties: { rooms: { type: 'array', items: { $ref: '#/$defs/room' } } },
        additionalProperties: false,
        $defs: { room: { type: 'object', properties: { level: { type: 'number' } } } },
      },
    };
    assert.deepEqual(checkArguments(declaration, { rooms: [{ level: '3' }] }), {
      args: { rooms: [{ level: 3 }] },
    });
    assert.deepEqual(checkArguments(declaration, { room: 1 }), {
      problems: ['"room" is not a parameter of this function'],
    });
    // The same $id again.
    assert.deepEqual(checkArguments(declaration, {}), { args: {} });
  });

  it('holds a schema that it does not understand against nobody', () => {
    for (const parameters of [
      { $ref: 'https://elsewhere.example/x' },
      { type: 'thing' },
      { properties: 7 },
    ]) {
      assert.deepEqual(checkArguments({ parameters }, { a: 1 }), { args: { a: 1 } });
    }
    const circle: Record<string, unknown> = { type: 'object' };
    circle['properties'] = { circle };
    assert.deepEqual(checkArguments({ parameters: circle }, { a: 1 }), { args: { a: 1 } });
  });

  it('changes neither what it is given nor any prototype', () => {
    const given = JSON.parse(
      '{"room":"Kitchen","fade":{"seconds":"1"},"__proto__":{"polluted":true}}',
    ) as object;
    const before = structuredClone(given);
    const { args } = checkArguments(light, given);
    assert.deepEqual(given, before);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.equal((args as { polluted?: boolean }).polluted, undefined);
    assert.ok(Object.hasOwn(args ?? {}, '__proto__'));
  });

  it('takes arguments however deep they are', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as object;
    assert.ok(checkArguments(light, { room: 'kitchen', deep }).args);
    const parameters = { type: 'object', properties: { a: { $ref: '#' } } };
    assert.ok(checkArguments({ parameters }, deep));
  });
});

describe('live: declarations', () => {
  const wrong: Array<[declaration: unknown, path: string, problem: RegExp]> = [
    [undefined, '', /object, not nothing/],
    [{}, 'name', /needs a name/],
    [{ name: '1st' }, 'name', /"1st" is no name/],
    [{ name: 'x'.repeat(129) }, 'name', /up to 128/],
    [{ name: 'f', description: 1 }, 'description', /must be a text/],
    [{ name: 'f', behavior: 'LATER' }, 'behavior', /BLOCKING or NON_BLOCKING/],
    [{ name: 'f', parameters: { type: 'array' } }, 'parameters.type', /must be "object"/],
    [{ name: 'f', parameters: [] }, 'parameters', /a list/],
    [with_({ a: { type: 'text' } }), 'parameters.properties.a.type', /"text" is no type/],
    [with_({ a: {} }), 'parameters.properties.a', /needs a "type"/],
    [with_({ a: { type: 'array' } }), 'parameters.properties.a', /needs "items"/],
    [
      with_({ a: { type: 'array', items: { type: 7 } } }),
      'parameters.properties.a.items.type',
      /7 is no type/,
    ],
    [with_({ a: { type: 'string', enum: [] } }), 'parameters.properties.a.enum', /at least one/],
    [
      with_({ a: { type: 'string', enum: ['x', 'y', ''] } }),
      'parameters.properties.a.enum[2]',
      /not be empty/,
    ],
    [with_({ a: { type: 'string', enum: ['x', 'x'] } }), 'parameters.properties.a.enum[1]', /twice/],
    [with_({ a: { type: 'string', enum: [1] } }), 'parameters.properties.a.enum[0]', /must be a text/],
    [with_({ a: { type: 'number', minimum: 3, maximum: 2 } }), 'parameters.properties.a.minimum', /3 > 2/],
    [with_({ a: { type: 'number', minimum: 'low' } }), 'parameters.properties.a.minimum', /must be a number/],
    [with_({ a: { type: 'string', maxLength: -1 } }), 'parameters.properties.a.maxLength', /whole number/],
    [
      with_({ a: { type: 'string', pattern: '(' } }),
      'parameters.properties.a.pattern',
      /no regular expression/,
    ],
    [with_({ a: { anyOf: [] } }), 'parameters.properties.a.anyOf', /list of schemas/],
    [with_({ 'a b': 1 }), 'parameters.properties["a b"]', /a number/],
    [with_({}, ['a']), 'parameters.required[0]', /no such property/],
    [with_({ a: { type: 'string' } }, ['a', 'a']), 'parameters.required[1]', /twice/],
  ];
  function with_(properties: object, required?: string[]): object {
    return { name: 'f', parameters: { type: 'object', properties, ...(required && { required }) } };
  }
  for (const [declaration, path, problem] of wrong) {
    it(`finds the mistake at ${path || 'the top'} of ${JSON.stringify(declaration)?.slice(0, 90)}`, () => {
      const [first, ...more] = checkDeclaration(declaration);
      assert.deepEqual([first?.path, more], [path, []]);
      assert.match(first?.problem ?? '', problem);
    });
  }

  it('finds nothing in good ones, of either kind', () => {
    const upper = {
      type: 'OBJECT',
      properties: { a: { type: 'ARRAY', items: { type: 'STRING' }, minItems: '1' } },
    };
    for (const declaration of [
      light,
      { name: 'f' },
      { name: 'f', parameters: upper, behavior: 'NON_BLOCKING' },
    ]) {
      assert.deepEqual(checkDeclaration(declaration), []);
    }
  });

  it('finds a circle', () => {
    const circle: Record<string, unknown> = { type: 'object' };
    circle['properties'] = { circle };
    assert.match(checkDeclaration({ name: 'f', parameters: circle })[0]?.problem ?? '', /nested/);
  });
});

describe('live: answers from what functions return', () => {
  const png = Buffer.from('iVBORw0KGgo=', 'base64');
  const pairs: Array<[value: unknown, response: object]> = [
    [undefined, { status: 'ok' }],
    [null, { status: 'ok' }],
    ['', { status: 'ok' }],
    [{}, { status: 'ok' }],
    [{ a: undefined }, { status: 'ok' }],
    [false, { result: false }],
    [0, { result: 0 }],
    ['21 degrees', { result: '21 degrees' }],
    [[], { result: [] }],
    [[1, undefined], { result: [1, null] }],
    [{ state: 'on' }, { state: 'on' }],
    [
      { at: new Date(0), many: 10n, not: NaN },
      { at: '1970-01-01T00:00:00.000Z', many: '10', not: 'NaN' },
    ],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set([1]), { result: [1] }],
    [new Date(0), { result: '1970-01-01T00:00:00.000Z' }],
    [Buffer.from('text'), { result: 'text' }],
    [new Error('no'), { error: { status: 'FAILED', message: 'no', retryable: false } }],
    [{ inner: new Error('no') }, { inner: 'no' }],
  ];
  for (const [value, response] of pairs) {
    it(`makes ${JSON.stringify(response)} of ${describeValue(value)}`, () => {
      assert.deepEqual(toolAnswer(value), { response });
    });
  }
  function describeValue(value: unknown): string {
    return value instanceof Error
      ? 'an error'
      : typeof value === 'object'
        ? String(value)
        : (JSON.stringify(value) ?? 'nothing');
  }

  it('makes parts of pictures and sound, which the response points at', () => {
    const data = png.toString('base64');
    assert.deepEqual(toolAnswer(png), {
      response: { status: 'ok' },
      parts: [{ inlineData: { mimeType: 'image/png', data } }],
    });
    assert.deepEqual(toolAnswer({ seen: 'a cat', picture: new Uint8Array(png) }), {
      response: { seen: 'a cat', picture: { $ref: 'picture' } },
      parts: [{ inlineData: { mimeType: 'image/png', data, displayName: 'picture' } }],
    });
    assert.equal(toolAnswer([png, png]).parts?.length, 2);
    assert.match(String(toolAnswer(Buffer.from([0xc3, 0x28])).response['result']), /2 bytes in a format/);
  });

  it('ends with objects that all know each other', () => {
    const crowd: Record<string, unknown>[] = Array.from({ length: 12 }, () => ({}));
    crowd.forEach((one) => crowd.forEach((other, at) => (one[`friend${at}`] = other)));
    const json = JSON.stringify(toolAnswer(crowd[0]));
    assert.ok(json.includes('[too much]') && json.length < 3_000_000, `${json.length}`);
  });

  it('survives circles, depth and what cannot be turned into JSON', () => {
    const circle: Record<string, unknown> = { a: 1, f: () => {} };
    circle['self'] = circle;
    assert.deepEqual(toolAnswer(circle), { response: { a: 1, self: '[circular]' } });
    let deep: object = {};
    for (let i = 0; i < 10_000; i++) deep = { deep };
    assert.ok(JSON.stringify(toolAnswer(deep)).includes('too deeply'));
  });

  it('tells failures without credentials, and whether trying again helps', () => {
    const message = `broker wss://user:secret@home.example refused ${'x'.repeat(2000)}`;
    const { error } = toolFailure({ status: 'FAILED', message, hint: 'Ask later.' });
    assert.ok(!error.message.includes('secret') && error.message.length < 700);
    assert.deepEqual([error.retryable, error.hint], [false, 'Ask later.']);
    assert.equal(toolFailure({ status: 'TIMEOUT', message: '' }).error.retryable, true);
  });
});

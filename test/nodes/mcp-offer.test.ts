import assert from 'node:assert/strict';
import { answerOf, failureAnswer } from '../../nodes/mcp/answers';
import { failureOf, McpFailure } from '../../nodes/mcp/failure';
import { MANY, offerOf } from '../../nodes/mcp/offer';
import { modelSchema } from '../../nodes/mcp/schema';
import { placeOf, secretsOf, type McpDef, type OfferSettings } from '../../nodes/mcp/settings';
import { readTools, type McpTool } from '../../nodes/mcp/tools-list';
import { checkDeclaration } from '../../src/protocol/function-check';

const ALL: OfferSettings = { only: undefined, prefix: '', behavior: '' };
const tool = (name: string, more: Partial<McpTool> = {}): McpTool => ({
  name,
  inputSchema: { type: 'object' },
  ...more,
});

describe('tools of an MCP server as functions', () => {
  it('take name, description and arguments over', () => {
    const inputSchema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { room: { type: 'string' } },
      required: ['room'],
      additionalProperties: false,
    };
    const { functions, warnings } = offerOf([tool('light', { description: 'Switches.', inputSchema })], ALL);
    const { $schema: _schema, ...parametersJsonSchema } = inputSchema;
    assert.deepEqual(functions, [{ name: 'light', description: 'Switches.', parametersJsonSchema }]);
    assert.deepEqual(warnings, []);
  });

  it('are chosen by the names that the server gives them', () => {
    const { functions, warnings } = offerOf([tool('a'), tool('b')], {
      ...ALL,
      only: ['b', 'c'],
      prefix: 'x_',
    });
    assert.deepEqual(
      functions.map(({ name }) => name),
      ['x_b'],
    );
    assert.match(warnings.join(), /no tool "c"/);
  });

  it('get names that the API takes, each its own, in any order of the list', () => {
    const names = ['get weather', 'get/weather', 'get_weather', '2nd', 'häuser', 'x'.repeat(200), 'plain'];
    const offers = [names, [...names].reverse()].map((list) =>
      offerOf(
        list.map((name) => tool(name)),
        ALL,
      ),
    );
    const [there = new Map(), back] = offers.map(
      ({ toolOf }) => new Map([...toolOf].map(([a, b]) => [b, a])),
    );
    assert.deepEqual([...there].sort(), [...(back ?? [])].sort());
    assert.equal(new Set(there.values()).size, names.length);
    assert.equal(there.get('plain'), 'plain');
    assert.equal(there.get('get_weather'), 'get_weather');
    assert.equal(there.get('2nd'), '_2nd');
    for (const name of there.values()) assert.deepEqual(checkDeclaration({ name }), []);
    const told = offers[0]?.warnings.filter((warning) => /is called/.test(warning)) ?? [];
    assert.equal(told.length, names.length - 2);
  });

  it('stay out with a warning when no model can be told of their arguments; the others stay', () => {
    const bad = {
      list: { type: 'array' },
      elsewhere: { type: 'object', properties: { a: { $ref: 'https://example.org/a.json' } } },
      nowhere: { type: 'object', properties: { a: { $ref: '#/$defs/none' } } },
      text: 'object',
      twice: { type: 'object', properties: { a: { type: 'strange' } } },
    };
    const tools = Object.entries(bad).map(([name, inputSchema]) => tool(name, { inputSchema }));
    const { functions, warnings } = offerOf([...tools, tool('good')], ALL);
    assert.deepEqual(
      functions.map(({ name }) => name),
      ['good'],
    );
    for (const name of Object.keys(bad))
      assert.match(warnings.join('\n'), new RegExp(`"${name}" is not offered`));
  });

  it('are warned of when there are many', () => {
    const tools = Array.from({ length: MANY + 1 }, (_none, index) => tool(`t${index}`));
    assert.match(offerOf(tools, ALL).warnings.join(), /21 tools.*choose/);
    assert.deepEqual(offerOf(tools.slice(1), ALL).warnings, []);
  });
});

describe('schema of an MCP tool', () => {
  const schemaOf = (properties: object, more: object = {}): Record<string, unknown> =>
    modelSchema({ type: 'object', properties, ...more }).schema.properties as Record<string, unknown>;

  it('has its references written out, as far as they go', () => {
    const $defs = {
      room: { type: 'string', enum: ['a', 'b'] },
      tree: { type: 'object', properties: { child: { $ref: '#/$defs/tree' } } },
    };
    const { room, tree } = schemaOf(
      { room: { $ref: '#/$defs/room', description: 'Where.' }, tree: { $ref: '#/$defs/tree' } },
      { $defs },
    );
    assert.deepEqual(room, { type: 'string', enum: ['a', 'b'], description: 'Where.' });
    assert.deepEqual(tree, {
      type: 'object',
      properties: { child: { type: 'object', properties: { child: { type: 'object' } } } },
    });
  });

  it('says in other words what the API has no keyword for', () => {
    assert.deepEqual(
      schemaOf({
        kind: { const: 'fast' },
        one: { oneOf: [{ type: 'string' }, { type: 'null' }] },
        both: {
          allOf: [
            { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
            { properties: { b: { type: 'number' } } },
          ],
        },
        date: { type: 'string', pattern: '^\\d+$', default: '1', description: 'A day.' },
        anything: {},
        list: { type: 'array' },
        pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }] },
        flag: { type: 'boolean', enum: [true] },
      }),
      {
        kind: { enum: ['fast'], type: 'string' },
        one: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        both: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'number' } },
          required: ['a'],
        },
        date: { type: 'string', description: 'A day. (default: "1") (pattern: ^\\d+$)' },
        anything: { type: 'string' },
        list: { type: 'array', items: { type: 'string' } },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
        flag: { type: 'boolean' },
      },
    );
  });

  it('says which limits it has lost, and does not change what it was made from', () => {
    const input = {
      type: 'object',
      properties: { a: { type: 'number', exclusiveMinimum: 0 } },
      if: {},
      then: {},
    };
    const before = structuredClone(input);
    assert.deepEqual(modelSchema(input).lost, ['exclusiveMinimum', 'if', 'then']);
    assert.deepEqual(input, before);
  });

  it('is all of its parts, also of parts of parts, each counted once', () => {
    const text = { type: 'string' };
    const { schema } = modelSchema({
      type: 'object',
      allOf: [
        { $ref: '#' },
        { $ref: '#/$defs/a' },
        { allOf: [{ properties: { b: text } }, { required: ['b'] }] },
        { allOf: [{ properties: { c: text } }] },
      ],
      $defs: { a: { $ref: '#/$defs/again' }, again: { properties: { a: text }, required: ['a'] } },
    });
    assert.deepEqual(schema, {
      type: 'object',
      properties: { a: text, b: text, c: text },
      required: ['a', 'b'],
    });
  });

  it('holds nothing that could break whoever writes it as JSON', () => {
    const deep = JSON.parse(`${'['.repeat(1e5)}${']'.repeat(1e5)}`) as unknown;
    const cases: object[] = ['type', 'title', 'minItems', 'propertyOrdering', 'enum'].map((name) => ({
      properties: { a: { type: 'string', [name]: deep } },
    }));
    cases.push({ allOf: Array.from({ length: 20_000 }, (_, at) => ({ properties: { [`p${at}`]: {} } })) });
    for (const inputSchema of cases) {
      const { functions, warnings } = offerOf([tool('odd', { inputSchema }), tool('fine')], ALL);
      assert.deepEqual(
        functions.map(({ name }) => name),
        ['fine'],
      );
      assert.match(warnings.join(), /"odd" is not offered: its input schema is too large/);
    }
    const { schema } = modelSchema({
      properties: { a: { type: 'string', title: { a: 1 }, minLength: [1] } },
    });
    assert.deepEqual(schema.properties, { a: { type: 'string' } });
  });

  it('is refused when it grows without bounds', () => {
    const $defs: Record<string, object> = { d0: { type: 'string' } };
    for (let level = 1; level < 20; level += 1) {
      const $ref = `#/$defs/d${level - 1}`;
      $defs[`d${level}`] = { type: 'object', properties: { a: { $ref }, b: { $ref } } };
    }
    assert.throws(
      () => modelSchema({ type: 'object', properties: { a: { $ref: '#/$defs/d19' } }, $defs }),
      /too large/,
    );
  });
});

describe('list of the tools of an MCP server', () => {
  it('passes over what is no tool', async () => {
    const tools = await readTools(() =>
      Promise.resolve({ tools: [null, 'x', {}, { name: '' }, { name: 'a' }] }),
    );
    assert.deepEqual(tools, [{ name: 'a' }]);
  });

  it('does not go round in circles, nor on for ever', async () => {
    await assert.rejects(
      readTools(() => Promise.resolve({ tools: [], nextCursor: 'again' })),
      /circles/,
    );
    let page = 0;
    const tools = await readTools(() => {
      page += 1;
      return Promise.resolve({
        tools: Array.from({ length: 900 }, () => ({ name: `t${page}` })),
        nextCursor: String(page),
      });
    });
    assert.equal(tools.length, 2000);
  });
});

describe('result of an MCP tool as an answer', () => {
  const clean = (text: string): string => text.replaceAll('abcdef', '[secret]');
  const response = (result: object): unknown => answerOf(result as never, clean).response;

  it('is what is structured, else the text, else that it went well', () => {
    const content = [{ type: 'text', text: '{"a":1}' }];
    assert.deepEqual(response({ content, structuredContent: { a: 2 } }), { a: 2 });
    assert.deepEqual(response({ content }), { a: 1 });
    assert.deepEqual(
      response({
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: '{two' },
        ],
      }),
      { result: 'one\n{two' },
    );
    assert.deepEqual(response({ content: [] }), { status: 'ok' });
    assert.deepEqual(response({}), { status: 'ok' });
  });

  it('carries pictures, sound and texts of resources; links and what is left out are named', () => {
    const data = Buffer.from('picture').toString('base64');
    const answer = answerOf(
      {
        content: [
          { type: 'text', text: 'Look.' },
          { type: 'image', data, mimeType: 'image/png' },
          { type: 'audio', data, mimeType: 'audio/wav' },
          { type: 'resource', resource: { uri: 'file:///a', text: 'inside' } },
          { type: 'resource', resource: { uri: 'file:///b', blob: data, mimeType: 'application/zip' } },
          { type: 'resource_link', uri: 'file:///c', name: 'c', other: 1 },
          { type: 'future' },
          null,
        ],
      },
      clean,
    );
    assert.deepEqual(answer.response, {
      result: 'Look.\ninside',
      image1: { $ref: 'image1' },
      audio2: { $ref: 'audio2' },
      links: [{ uri: 'file:///c', name: 'c' }],
      notSent: ['application/zip, 7 bytes', 'content of type future'],
    });
    assert.deepEqual(
      answer.parts?.map(({ inlineData }) => [
        inlineData?.mimeType,
        inlineData?.displayName,
        inlineData?.data,
      ]),
      [
        ['image/png', 'image1', data],
        ['audio/wav', 'audio2', data],
      ],
    );
    assert.equal(answer.media[0]?.data.toString(), 'picture');
  });

  it('is an error where the tool says so', () => {
    const { error } = response({ content: [{ type: 'text', text: 'Broken: abcdef.' }], isError: true }) as {
      error: object;
    };
    assert.deepEqual(error, { status: 'FAILED', message: 'Broken: [secret].', retryable: false });
  });

  it('does not list things without end', () => {
    const link = { type: 'resource_link', uri: `file:///${'x'.repeat(10_000)}`, name: 'c' };
    const content = [...Array.from({ length: 5000 }, () => link), ...Array.from({ length: 100 }, () => ({}))];
    const { links, notSent } = response({ content }) as { links: object[]; notSent: string[] };
    assert.equal(links.length, 50);
    assert.equal(notSent.at(-1), '5000 more');
    assert.ok(JSON.stringify({ links, notSent }).length < 60_000);
  });

  it('is cut when it is too long for a conversation', () => {
    const { result } = response({ content: [{ type: 'text', text: 'x'.repeat(1_000_000) }] }) as {
      result: string;
    };
    assert.ok(result.length < 70_000);
    assert.match(result, /cut: 1000000 characters/);
  });

  it('says of a failure whether trying again helps, and no secret', () => {
    const of = (failure: unknown): unknown =>
      failureAnswer(failure, (text) => text.replace('secret', '***')).response.error;
    assert.deepEqual(of(new McpFailure('Gone with the secret.', { gone: true })), {
      status: 'UNAVAILABLE',
      message: 'Gone with the ***.',
      retryable: true,
      hint: 'Tell the user that this does not work at the moment. It is being connected again; try once more later, if asked to.',
    });
    const timeout = of(failureOf({ code: -32001, message: 'x' })) as { status: string };
    assert.equal(timeout.status, 'TIMEOUT');
    const refused = of(failureOf({ code: -32602, message: 'MCP error -32602: no such room' })) as {
      message: string;
    };
    assert.equal(refused.message, 'The MCP server says: no such room');
  });
});

describe('place of an MCP server', () => {
  const read = (def: Partial<McpDef>, credentials = {}): ReturnType<typeof placeOf> =>
    placeOf(def, credentials, (text) => (text === '${HOUSE}' ? 'from-environment' : text), '/home');

  it('is a command with arguments, variables and a directory', () => {
    assert.deepEqual(
      read(
        { transport: 'stdio', command: ' npx ', args: ['-y', ' a b '], cwd: 'sub' },
        { env: 'A=1\nB = ${HOUSE}\n\nC=x=y' },
      ),
      {
        kind: 'stdio',
        command: 'npx',
        args: ['-y', ' a b '],
        cwd: '/home/sub',
        env: { A: '1', B: 'from-environment', C: 'x=y' },
      },
    );
  });

  it('is an address with headers; user and password of a secret address become one', () => {
    const def = { transport: 'http' as const, secretAddress: true };
    const credentials = {
      secretUrl: 'https://me:p%40ss@example.org/mcp?key=abcdef',
      headers: 'x-a: ${HOUSE}',
    };
    const place = read(def, credentials);
    assert.equal(place.kind === 'http' && place.url.href, 'https://example.org/mcp?key=abcdef');
    assert.deepEqual(place.kind === 'http' && place.headers, {
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
      'x-a': 'from-environment',
    });
    const secrets = secretsOf(place, credentials);
    for (const secret of ['from-environment', '?key=abcdef', credentials.secretUrl])
      assert.ok(secrets.includes(secret), secret);
  });

  it('has secrets that are known also by their parts, wherever they come from', () => {
    const secretsFor = (credentials: Record<string, string>): string[] =>
      secretsOf(read({ transport: 'http', secretAddress: true }, credentials), credentials);
    const address = 'https://me:p%40ssw%@example.org/mcp/sk-0123456789?key=abcdef';
    const secrets = [
      ...secretsFor({ secretUrl: address }),
      ...secretsFor({ secretUrl: address, token: '${HOUSE}' }),
      ...secretsFor({ secretUrl: address, headers: 'Authorization: Token of-the-header' }),
    ];
    for (const secret of ['p%40ssw%', 'sk-0123456789', 'abcdef', 'from-environment', 'of-the-header'])
      assert.ok(secrets.includes(secret), secret);
    assert.ok(!secrets.includes('mcp'));
  });

  for (const [def, message] of [
    [{ transport: 'stdio', command: '' }, /no command/],
    [{ transport: 'http', url: '' }, /no address/],
    [{ transport: 'http', url: 'house' }, /begins with http/],
    [{ transport: 'http', url: 'ftp://house/' }, /not by ftp/],
    [{ transport: 'http', url: 'http://me:password@house/' }, /exported with the flow/],
  ] as const) {
    it(`is refused as ${JSON.stringify(def)}`, () => {
      assert.throws(() => read(def), message);
      assert.throws(
        () => read(def),
        (error: Error) => !error.message.includes('password@'),
      );
    });
  }
});

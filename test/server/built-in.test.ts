import assert from 'node:assert/strict';
import { createMind, loadScenario } from '../../src/server/scenario';
import { calculate } from '../../src/server/scenario/calculate';
import { GEN_3_1, GEN_3_8, NATIVE, VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { assertFaithful, closeServers, rehearsal, setupFor } from './helpers';

const HALF_CASCADE = 'models/gemini-live-2.5-flash-preview';

const contents = (client: WireClient) => client.messages.flatMap(({ serverContent }) => serverContent ?? []);

const partsOf = (client: WireClient) => contents(client).flatMap(({ modelTurn }) => modelTurn?.parts ?? []);

describe('built-in tools on the local server', () => {
  afterEach(closeServers);

  async function start(tools: object[], model: string, path?: string): Promise<WireClient> {
    const mind = createMind(await loadScenario());
    return WireClient.start(await rehearsal({ mind }), setupFor(model, { tools }), path);
  }

  async function ask(client: WireClient, text: string): Promise<string> {
    client.send({ realtimeInput: { text } });
    await client.turns(client.completed + 1);
    return client.transcript('outputTranscription');
  }

  const places = [
    ['native', NATIVE, undefined],
    ['combined', GEN_3_1, undefined],
    ['vertex', VERTEX_MODEL, VERTEX_PATH],
  ] as const;
  for (const [order, model, path] of places) {
    it(`search: says that it is a rehearsal, and shows what sources look like (${order})`, async () => {
      const client = await start([{ googleSearch: {} }], model, path);
      const spoken = await ask(client, 'Search the web for "tea & cake" in Bath');
      assert.match(spoken, /rehearsal/);
      const [grounding, ...more] = contents(client).flatMap(
        ({ groundingMetadata }) => groundingMetadata ?? [],
      );
      assert.equal(more.length, 0);
      assert.deepEqual(grounding?.webSearchQueries, ['tea cake in Bath']);
      assert.deepEqual(grounding?.groundingChunks, [
        { web: { title: 'example.com', uri: 'https://example.com/found?q=tea%20cake%20in%20Bath' } },
        { web: { title: 'example.org', uri: 'https://example.org/also-found' } },
      ]);
      const [support] = grounding?.groundingSupports ?? [];
      assert.deepEqual(support?.groundingChunkIndices, [0, 1]);
      assert.equal(support?.segment?.text, spoken);
      assert.match(grounding?.searchEntryPoint?.renderedContent ?? '', /<a [^>]*>tea cake in Bath<\/a>/);
      assertFaithful(client, order);
      client.close();
    });
  }

  it('search: names no sources of an answer that was not searched for', async () => {
    const client = await start([{ googleSearch: {} }], NATIVE);
    await ask(client, 'good morning');
    assert.ok(contents(client).every(({ groundingMetadata }) => groundingMetadata === undefined));
    client.close();
  });

  it('code: shows what was run and what came out, before it says so', async () => {
    const client = await start([{ codeExecution: {} }], HALF_CASCADE);
    assert.equal(await ask(client, 'Calculate 17 times 23.'), 'The result is 391.');
    const [code, result, ...rest] = partsOf(client);
    assert.deepEqual(code, { executableCode: { language: 'PYTHON', code: 'print(17 * 23)\n' } });
    assert.deepEqual(result, { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '391\n' } });
    assert.ok(rest.every(({ inlineData }) => inlineData));
    assertFaithful(client, 'native');
    assert.match(await ask(client, 'calculate the meaning of life'), /only rehearse sums of two numbers/);
    client.close();
  });

  it('pages: tells which it would have read; only addresses that nobody owns count as read', async () => {
    const client = await start([{ urlContext: {} }], HALF_CASCADE);
    assert.match(await ask(client, 'Summarize https://example.com/tea?a=1.'), /have not read the page/);
    await ask(client, 'what does https://example.com.evil.net/ say');
    assert.deepEqual(
      contents(client).flatMap(({ urlContextMetadata }) => urlContextMetadata?.urlMetadata ?? []),
      [
        {
          retrievedUrl: 'https://example.com/tea?a=1',
          urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS',
        },
        {
          retrievedUrl: 'https://example.com.evil.net/',
          urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR',
        },
      ],
    );
    assertFaithful(client, 'native');
    client.close();
  });

  it('says what would be needed when a tool was not asked for', async () => {
    const client = await start([], NATIVE);
    assert.match(await ask(client, 'search the web for tea'), /when Google Search is switched on/);
    assert.match(await ask(client, 'calculate 1 plus 1'), /when code execution is switched on/);
    assert.match(await ask(client, 'read https://example.com/'), /when URL context is switched on/);
    assert.ok(partsOf(client).every((part) => !part.executableCode));
    client.close();
  });

  it('are taken over by a context update, like functions', async () => {
    const client = await start([], GEN_3_8);
    client.send({ contextUpdate: { tools: { tools: [{ googleSearch: {} }] } } });
    assert.match(await ask(client, 'search the web for tea'), /rehearsal/);
    client.close();
  });

  it('calculates with two numbers, in words or signs, and with nothing else', () => {
    const sums: Array<[text: string, expression: string, output: string]> = [
      ['17 times 23', '17 * 23', '391'],
      ['seventeen times twenty three', '17 * 23', '391'],
      ['0.1 + 0.2', '0.1 + 0.2', '0.3'],
      ['7 divided by 2', '7 / 2', '3.5'],
      ['5 minus 8', '5 - 8', '-3'],
    ];
    for (const [text, expression, output] of sums) assert.deepEqual(calculate(text), { expression, output });
    for (const text of [
      '',
      '1 / 0',
      '1 plus',
      '1 plus 2 plus 3',
      'process.exit()',
      '9'.repeat(400) + ' times 2',
    ]) {
      assert.equal(calculate(text), undefined);
    }
  });
});

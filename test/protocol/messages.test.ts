import assert from 'node:assert/strict';
import {
  apiVersionFor,
  authTokenRequest,
  contextUpdate,
  DEFAULT_MODEL,
  encode,
  encodeAudio,
  formatDuration,
  parseDuration,
  profileFor,
  realtimeInput,
  resolveTools,
  setup,
  unknownConfigFields,
} from '../../src/protocol';

describe('protocol: messages', () => {
  it('encodeAudio writes what encode(realtimeInput(…)) writes', () => {
    for (const pcm of [Buffer.alloc(0), Buffer.from([1, 2, 3]), Buffer.alloc(640, 7)]) {
      const audio = { mimeType: 'audio/pcm;rate=16000', data: pcm.toString('base64') };
      const frame = encode(realtimeInput({ audio }));
      assert.equal(encodeAudio(pcm, 16000).toString(), frame);
    }
  });

  it('leaves nulls out: some models refuse {handle: null}', () => {
    const config = { sessionResumption: { handle: null }, temperature: null, tools: null } as never;
    assert.deepEqual(setup({ model: 'm', config }), { setup: { model: 'models/m', sessionResumption: {} } });
  });

  it('keeps nulls inside free JSON', () => {
    const parametersJsonSchema = { default: null };
    const config = { tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema }] }] };
    assert.deepEqual(setup({ model: 'm', config }).setup.tools?.[0]?.functionDeclarations?.[0], {
      name: 'f',
      parametersJsonSchema,
    });
  });

  it('moves proper JSON Schema to its own field', () => {
    const parameters = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' };
    const config = { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] };
    assert.deepEqual(setup({ model: 'm', config }).setup.tools?.[0]?.functionDeclarations?.[0], {
      name: 'f',
      parametersJsonSchema: parameters,
    });
  });

  it('refuses function schemas that cannot be written', () => {
    type Circle = { type: string; items?: Circle };
    const circle: Circle = { type: 'array' };
    circle.items = circle;
    for (const parameters of [{ type: 'null' }, { type: 'string', anyOf: [{}] }, circle]) {
      const config = { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] };
      assert.throws(() => setup({ model: 'm', config }), { name: 'ProtocolError', code: 'BAD_INPUT' });
    }
  });

  it('updates the context: an empty list takes all tools away', () => {
    assert.deepEqual(contextUpdate({ systemInstruction: 'Be brief.', tools: { tools: [] } }), {
      contextUpdate: {
        systemInstruction: { role: 'user', parts: [{ text: 'Be brief.' }] },
        tools: { tools: [] },
      },
    });
    assert.deepEqual(contextUpdate({}), { contextUpdate: {} });
  });

  it('asks callable tools for their declarations, and needs that before setup', async () => {
    const callable = { tool: async () => ({ googleSearch: {} }), callTool: () => undefined };
    const config = { tools: [callable] };
    assert.throws(() => setup({ model: 'm', config }), { code: 'BAD_INPUT' });
    assert.deepEqual((await resolveTools(config)).tools, [{ googleSearch: {} }]);
  });

  it('names the configuration fields that are left out', () => {
    assert.deepEqual(unknownConfigFields({ temperature: 1, bogus: 2 }), ['bogus']);
    assert.deepEqual(unknownConfigFields(null), []);
  });

  it('reads and writes durations', () => {
    assert.deepEqual(['9.5s', '50s', '0s', '0.000000001s'].map(parseDuration), [9500, 50000, 0, 0]);
    assert.deepEqual(['', '5', '5m', 's', '1e3s', undefined].map(parseDuration), Array(6).fill(undefined));
    assert.equal(formatDuration(9500), '9.5s');
  });

  it('locks the fields of a token: all, those of the constraints, or some more', () => {
    const constraints = { model: 'm', config: { temperature: 1, tools: [{ googleSearch: {} }] } };
    assert.equal(authTokenRequest({ constraints }).fieldMask, undefined);
    const mask = 'model,generationConfig.temperature,tools';
    assert.equal(authTokenRequest({ constraints, lockFields: [] }).fieldMask, mask);
    const more = authTokenRequest({ constraints, lockFields: ['topK', 'proactivity'] });
    assert.equal(more.fieldMask, `${mask},generationConfig.topK,proactivity`);
    assert.deepEqual(authTokenRequest({ lockFields: ['topK'] }), { fieldMask: 'topK' });
    assert.deepEqual(authTokenRequest({}), {});
    assert.throws(() => authTokenRequest({ expireTime: 'soon' }), { code: 'BAD_INPUT' });
  });

  it('knows how models differ', () => {
    assert.equal(profileFor(DEFAULT_MODEL).textLane, 'realtimeInput');
    assert.equal(profileFor('models/gemini-2.5-flash-native-audio').textLane, 'clientContent');
    assert.equal(profileFor('someone/else').name, 'unknown model');
    assert.equal(apiVersionFor(DEFAULT_MODEL), 'v1beta');
    const proactive = { proactivity: { proactiveAudio: true } };
    assert.equal(apiVersionFor('gemini-2.5-flash-native-audio', proactive), 'v1alpha');
    // 3.1 does not have it at all: no version helps.
    assert.equal(apiVersionFor(DEFAULT_MODEL, proactive), 'v1beta');
    assert.equal(apiVersionFor(DEFAULT_MODEL, {}, true), 'v1alpha');
  });
});

import assert from 'node:assert/strict';
import type { LocalLiveServer } from '../../src/server';
import { cutReason } from '../../src/server/closes';
import { lettersOf } from '../support/grammar';
import { GEN_3_1, geminiPath, NATIVE, VERTEX_PATH, WireClient } from '../support/wire-client';
import { closeServers, rehearsal } from './helpers';

const INVALID = '1007 Request contains an invalid argument.';
const unknown = (name: string, path: string): string =>
  `1007 Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`;

interface Row {
  title: string;
  /** All that the client sends; a leading setup is answered by setupComplete unless it is the mistake. */
  send: unknown[];
  close: string | RegExp;
  path?: string;
}

const setup = (more: object = {}, model = NATIVE) => ({ setup: { model, ...more } });
const realtimeInput = (input: object) => ({ realtimeInput: input });
const audio = { data: 'AAAA', mimeType: 'audio/pcm;rate=16000' };
const content = { clientContent: { turns: [{ role: 'user', parts: [{ text: 'hi' }] }], turnComplete: true } };
const manual = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };

const ROWS: Row[] = [
  { title: 'a message before the setup', send: [content], close: INVALID },
  { title: 'a second setup', send: [setup(), setup()], close: INVALID },
  { title: 'two top-level fields', send: [{ ...setup(), ...content }], close: INVALID },
  { title: 'no field at all', send: [{}], close: INVALID },
  { title: 'text that is no JSON', send: ['{"setup":'], close: INVALID },
  { title: 'JSON that is no object', send: ['[1,2]'], close: INVALID },
  { title: 'JSON null', send: ['null'], close: INVALID },
  { title: 'bytes that are no text', send: [Buffer.from([0xff, 0xfe, 0])], close: INVALID },
  { title: 'an empty frame', send: [''], close: INVALID },
  {
    title: 'an unknown field of the setup',
    send: [setup({ novelty: 1 })],
    close: unknown('novelty', 'setup'),
  },
  {
    title: 'an unknown field further down, path in snake case',
    send: [setup({ generationConfig: { inputAudioTranscription: {} } })],
    close: unknown('inputAudioTranscription', 'setup.generation_config'),
  },
  {
    title: 'an unknown field in a list',
    send: [setup({ tools: [{ functionDeclarations: [{ nam: 'x' }] }] })],
    close: unknown('nam', 'setup.tools[0].function_declarations[0]'),
  },
  {
    title: 'an unknown top-level field',
    send: [{ hello: {} }],
    close: '1007 Invalid JSON payload received. Unknown name "hello": Cannot find field.',
  },
  {
    title: 'an unknown field in mid-session',
    send: [setup(), realtimeInput({ sound: audio })],
    close: unknown('sound', 'realtime_input'),
  },
  {
    title: 'a value of a wrong type',
    send: [setup({ generationConfig: { temperature: 'hot' } })],
    close: /^1007 Invalid value at 'setup\.generation_config\.temperature'/,
  },
  {
    title: 'a value that is not in the enum',
    send: [setup({ realtimeInputConfig: { activityHandling: 'SHOUT' } })],
    close: /^1007 Invalid value at 'setup\.realtime_input_config\.activity_handling'/,
  },
  { title: 'a setup without a model', send: [{ setup: {} }], close: INVALID },
  {
    title: 'an unknown model, reason cut at 123 bytes',
    send: [setup({}, 'models/gemini-0')],
    close: `1008 models/gemini-0 is not found for API version v1alpha, or is not supported for bidiGenerateContent. Call ListModels to see t`,
    path: geminiPath('v1alpha'),
  },
  {
    title: "a model by another backend's name",
    send: [setup({}, 'publishers/google/models/gemini-live-2.5-flash')],
    close: /^1008 publishers\/google\/models\/gemini-live-2\.5-flash is not found for API version v1beta/,
  },
  {
    title: 'an unknown model on Vertex AI',
    send: [setup({}, 'publishers/google/models/none')],
    close: /^1008 Publisher Model `publishers\/google\/models\/none` was not found/,
    path: VERTEX_PATH,
  },
  {
    title: 'TEXT from a model that only speaks',
    send: [setup({ generationConfig: { responseModalities: ['TEXT'] } }, 'models/gemini-3.1-flash-live')],
    close:
      '1007 The requested combination of response modalities (TEXT) is not supported by the model. models/gemini-3.1-flash-live',
  },
  {
    title: 'TEXT and AUDIO together',
    send: [setup({ generationConfig: { responseModalities: ['TEXT', 'AUDIO'] } })],
    close: /^1007 The requested combination of response modalities \(TEXT, AUDIO\) is not supported/,
  },
  {
    title: 'proactivity on v1beta',
    send: [setup({ proactivity: { proactiveAudio: true } })],
    close: unknown('proactivity', 'setup'),
  },
  {
    title: 'affective dialog on v1beta',
    send: [setup({ generationConfig: { enableAffectiveDialog: true } })],
    close: unknown('enableAffectiveDialog', 'setup.generation_config'),
  },
  {
    title: 'a handle nobody was given',
    send: [setup({ sessionResumption: { handle: 'made up' } })],
    close: '1008 Requested entity was not found',
  },
  {
    title: 'handle: null on 3.1',
    send: [setup({ sessionResumption: { handle: null } }, GEN_3_1)],
    close: INVALID,
  },
  {
    title: 'handle: null on 3.1, in snake case',
    send: [{ setup: { model: GEN_3_1, session_resumption: { handle: null } } }],
    close: INVALID,
  },
  {
    title: 'media_chunks on 3.1',
    send: [setup({}, GEN_3_1), realtimeInput({ mediaChunks: [audio] })],
    close: '1007 realtime_input.media_chunks is deprecated. Use audio, video, or text instead.',
  },
  {
    title: 'clientContent in mid-session on 3.1',
    send: [setup({}, GEN_3_1), content, content],
    close: INVALID,
  },
  {
    title: 'clientContent after realtime input on 3.1',
    send: [setup({}, GEN_3_1), realtimeInput({ text: 'hi' }), content],
    close: INVALID,
  },
  {
    title: 'function parts in seeded history',
    send: [
      setup({ historyConfig: { initialHistoryInClientContent: true } }),
      { clientContent: { turns: [{ role: 'model', parts: [{ functionCall: { name: 'x' } }] }] } },
    ],
    close: INVALID,
  },
  {
    title: 'two fields in one realtimeInput',
    send: [setup(), realtimeInput({ audio, text: 'hi' })],
    close: INVALID,
  },
  {
    title: 'activity markers while the server detects activity',
    send: [setup(), realtimeInput({ activityStart: {} })],
    close: INVALID,
  },
  {
    title: 'audio that is no PCM',
    send: [setup(), realtimeInput({ audio: { data: 'AAAA', mimeType: 'audio/mp3' } })],
    close: INVALID,
  },
  {
    title: 'audio at an impossible rate',
    send: [setup(), realtimeInput({ audio: { data: 'AAAA', mimeType: 'audio/pcm;rate=999999' } })],
    close: INVALID,
  },
  {
    title: 'data that is no base64',
    send: [setup(), realtimeInput({ audio: { data: '!!!', mimeType: 'audio/pcm' } })],
    close: INVALID,
  },
  {
    title: 'video that is no image',
    send: [setup(), realtimeInput({ video: { data: 'AAAA', mimeType: 'video/mp4' } })],
    close: INVALID,
  },
];

describe('local Live server: strictness', () => {
  let server: LocalLiveServer;
  before(async () => {
    server = await rehearsal();
  });
  after(closeServers);

  for (const { title, send, close, path } of ROWS) {
    it(`closes on ${title}`, async () => {
      const client = await WireClient.open(server, path);
      for (const message of send) client.send(message);
      const { code, reason } = await client.end();
      const got = `${code} ${reason}`;
      if (typeof close === 'string') assert.equal(got, close);
      else assert.match(got, close);
      assert.ok(Buffer.byteLength(reason) <= 123);
    });
  }

  const accepted: Array<{ title: string; setup: object; path?: string; then?: unknown[] }> = [
    {
      title: 'proactivity and affective dialog on v1alpha',
      setup: { proactivity: {}, generationConfig: { enableAffectiveDialog: true } },
      path: geminiPath('v1alpha'),
    },
    { title: 'handle: null on 2.5', setup: { sessionResumption: { handle: null } } },
    { title: 'nulls as absent', setup: { tools: null, generationConfig: { temperature: null } } },
    {
      title: 'media_chunks on 2.5',
      setup: {},
      then: [realtimeInput({ mediaChunks: [audio, { data: 'AAAA', mimeType: 'image/jpeg' }] })],
    },
    {
      title: 'snake case and url-safe base64, as the Python SDK writes them',
      setup: { generation_config: { response_modalities: ['AUDIO'] } },
      then: [{ realtime_input: { audio: { data: '-_-_', mime_type: 'audio/pcm;rate=16000' } } }],
    },
    {
      title: 'activity markers without automatic detection, in any order',
      setup: manual,
      then: [{ activityEnd: {} }, { activityStart: {} }, { activityStart: {} }].map(realtimeInput),
    },
    { title: 'video', setup: {}, then: [realtimeInput({ video: { data: 'AAAA', mimeType: 'image/jpeg' } })] },
    { title: 'audioStreamEnd without audio', setup: {}, then: [realtimeInput({ audioStreamEnd: true })] },
    {
      title: 'PCM without a rate',
      setup: {},
      then: [realtimeInput({ audio: { data: 'AA', mimeType: 'audio/pcm' } })],
    },
  ];
  for (const { title, setup: more, path, then = [] } of accepted) {
    it(`accepts ${title}`, async () => {
      const client = await WireClient.start(server, { model: NATIVE, ...more }, path);
      for (const message of then) client.send(message);
      client.sendText('still there?');
      await client.turns(1);
      client.close();
    });
  }

  it('takes JSON in binary frames too', async () => {
    const client = await WireClient.open(server);
    client.send(Buffer.from(JSON.stringify(setup())));
    await client.until((messages) => messages.length > 0);
    assert.equal(lettersOf(client.messages), 'S');
    client.close();
  });

  it('closes only the connection that broke a rule', async () => {
    const good = await WireClient.start(server, { model: NATIVE });
    const bad = await WireClient.open(server);
    bad.send('{');
    await bad.end();
    good.sendText('hello');
    await good.turns(1);
    good.close();
  });

  it('says nothing more after it closed', async () => {
    const client = await WireClient.start(server, { model: NATIVE });
    client.sendText('a long answer please');
    client.send('{');
    client.sendText('ignored');
    const before = client.frames.length;
    await client.end();
    assert.equal(client.frames.length, before);
  });

  it('demands the key when it has one: from header, query, bearer or token', async () => {
    const strict = await rehearsal({ apiKey: 'secret' });
    const query = (name: string) => `${geminiPath()}?${name}=secret`;
    const ways: Array<[string | undefined, Record<string, string>]> = [
      [undefined, { 'x-goog-api-key': 'secret' }],
      [undefined, { authorization: 'Bearer secret' }],
      [query('key'), {}],
      [query('access_token'), {}],
    ];
    for (const [path, headers] of ways) {
      const client = await WireClient.start(strict, { model: NATIVE }, path, { headers });
      client.close();
    }
    const bad: Array<Record<string, string>> = [{}, { 'x-goog-api-key': 'wrong' }];
    for (const headers of bad) {
      const client = await WireClient.open(strict, undefined, { headers });
      assert.deepEqual(await client.end(), {
        code: 1007,
        reason: 'API Key not found. Please pass a valid API key.',
      });
    }
  });

  it('cuts reasons at 123 bytes, never inside a character', () => {
    assert.equal(cutReason('x'.repeat(200)).length, 123);
    const cut = cutReason('x'.repeat(122) + 'äää');
    assert.equal(cut, 'x'.repeat(122));
    assert.equal(cutReason('short'), 'short');
  });
});

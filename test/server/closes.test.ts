import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { closes, type Close, type LocalLiveServer, type ServerOptions } from '../../src/server';
import { GEN_3_1, geminiPath, NATIVE, VERTEX_PATH, WireClient } from '../support/wire-client';
import { closeServers, handleOf, rehearsal, setupFor } from './helpers';

/** Every close that the service was seen to make, and how to be given it. */
interface Row {
  close: string;
  /** Until the client is connected, and has said what it has to say. */
  provoke: (server: LocalLiveServer) => Promise<WireClient>;
  options?: ServerOptions;
}

const content = { clientContent: { turns: [{ role: 'user', parts: [{ text: 'hi' }] }], turnComplete: true } };
const audio = { realtimeInput: { audio: { data: 'AAAA', mimeType: 'audio/pcm;rate=16000' } } };

/** Sends all of this at once. */
const says =
  (messages: object[], path?: string) =>
  async (server: LocalLiveServer): Promise<WireClient> => {
    const client = await WireClient.open(server, path);
    for (const message of messages) client.send(message);
    return client;
  };

const setup = (model = NATIVE, more: object = {}) => ({ setup: setupFor(model, { ...more }) });
const asKey = (close: Close): ServerOptions => ({ faults: { close: { ...close, afterFrames: 0 } } });

const resumesWhileOpen = async (server: LocalLiveServer): Promise<WireClient> => {
  const first = await WireClient.start(server, setupFor(NATIVE, { sessionResumption: {} }));
  first.sendText('hello');
  await first.until(() => handleOf(first) !== '', 'a handle');
  return says([setup(NATIVE, { sessionResumption: { handle: handleOf(first) } })])(server);
};

const talksWhileToolRuns = async (server: LocalLiveServer): Promise<WireClient> => {
  const tools = [{ functionDeclarations: [{ name: 'get_weather' }] }];
  const client = await says([setup(NATIVE, { tools }), content])(server);
  await client.until((messages) => messages.some(({ toolCall }) => toolCall), 'a call');
  client.send(audio);
  return client;
};

const ROWS: Row[] = [
  {
    close: `1007 Invalid JSON payload received. Unknown name "x" at 'setup.generation_config': Cannot find field.`,
    provoke: says([setup(NATIVE, { generationConfig: { x: 1 } })]),
  },
  {
    close: '1007 API key expired. Please renew the API key.',
    provoke: says([setup()]),
    options: asKey(closes.apiKeyExpired()),
  },
  {
    close: '1007 API Key not found. Please pass a valid API key.',
    provoke: says([setup()]),
    options: { apiKey: 'secret' },
  },
  {
    close:
      `1007 The requested combination of response modalities (TEXT) is not supported by the model. ${NATIVE}`.slice(
        0,
        128,
      ),
    provoke: says([setup(NATIVE, { generationConfig: { responseModalities: ['TEXT'] } })]),
  },
  {
    close: '1007 realtime_input.media_chunks is deprecated. Use audio, video, or text instead.',
    provoke: says([setup(GEN_3_1), { realtimeInput: { mediaChunks: [audio.realtimeInput.audio] } }]),
  },
  { close: '1007 Request contains an invalid argument.', provoke: says([setup(), setup()]) },
  { close: '1007 Request contains an invalid argument.', provoke: says([setup(GEN_3_1), content, content]) },
  {
    close:
      '1008 models/gemini-0 is not found for API version v1alpha, or is not supported for bidiGenerateContent. Call ListModels to see t',
    provoke: says([setup('models/gemini-0')], geminiPath('v1alpha')),
  },
  {
    close:
      '1008 Publisher Model `publishers/google/models/gemini-0` was not found or your project does not have access to it. Please ensure',
    provoke: says([setup('publishers/google/models/gemini-0')], VERTEX_PATH),
  },
  {
    close: '1008 Operation is not implemented, or supported, or enabled.',
    provoke: talksWhileToolRuns,
    options: {
      mind: { reply: () => ({ say: '', calls: [{ name: 'get_weather', args: {} }] }) },
      faults: { toolCallsInterruptedByAudio: true },
    },
  },
  {
    close: '1008 Requested entity was not found',
    provoke: says([setup(NATIVE, { sessionResumption: { handle: 'made up' } })]),
  },
  {
    close: '1008 The operation was aborted.',
    provoke: says([setup(), { realtimeInput: { video: { data: 'AAAA', mimeType: 'image/jpeg' } } }]),
    options: { clock: 1000 },
  },
  {
    close: '1011 Internal error encountered.',
    provoke: says([setup(), content]),
    options: {
      mind: {
        reply: () => {
          throw new Error('broken');
        },
      },
    },
  },
  {
    close: '1011 Deadline expired before operation could complete.',
    provoke: says([setup()]),
    options: { clock: 3000 },
  },
  {
    close: '1011 You exceeded your current quota, please check your plan and billing details.',
    provoke: says([setup(), content, content]),
    options: { limits: { turnsPerMinute: 1 }, clock: 1 },
  },
  { close: '1011 Internal error encountered.', provoke: resumesWhileOpen },
  {
    close: '1011 The service is currently unavailable.',
    provoke: says([setup()]),
    options: { faults: { closeAfterMs: { ms: 100, close: closes.unavailable() } } },
  },
];

describe('local Live server: every close of the service', () => {
  afterEach(closeServers);

  for (const { close, provoke, options } of ROWS) {
    it(close, async () => {
      const { code, reason } = await (await provoke(await rehearsal(options))).end();
      assert.equal(`${code} ${reason}`, close);
      assert.ok(Buffer.byteLength(reason) <= 123);
    });
  }

  it('HTTP 429 for one session too many, and room again when one has gone', async () => {
    const server = await rehearsal({ limits: { concurrentSessions: 1 } });
    const first = await WireClient.start(server, setupFor(NATIVE));
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(server.url.replace('http', 'ws') + geminiPath());
      socket.on('error', () => {});
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode);
        response.resume();
      });
    });
    assert.equal(status, 429);
    first.close();
    await first.end();
    await WireClient.start(server, setupFor(NATIVE));
  });

  it('counts the turns of a minute on its clock, then lets the next ones be', async () => {
    const server = await rehearsal({ limits: { turnsPerMinute: 2 }, clock: 500 });
    const client = await WireClient.start(server, setupFor(NATIVE));
    for (let turn = 1; turn <= 4; turn++) {
      client.sendText('hello');
      await client.turns(turn);
      if (turn === 2) await new Promise((resolve) => setTimeout(resolve, 150));
    }
    client.close();
  });

  it('ends a conversation after 15 minutes over all its connections, unless its context is compressed', async () => {
    const options: ServerOptions = { clock: 3000, limits: { connectionMs: 0 } };
    const server = await rehearsal(options);
    const compressed = await WireClient.start(server, setupFor(NATIVE, { contextWindowCompression: {} }));
    const first = await WireClient.start(server, setupFor(NATIVE, { sessionResumption: {} }));
    first.sendText('hello');
    await first.until(() => handleOf(first) !== '', 'a handle');
    first.close();
    await first.end();
    const resume = setupFor(NATIVE, { sessionResumption: { handle: handleOf(first) } });
    const second = await WireClient.start(server, resume);
    assert.deepEqual(await second.end(), closes.aborted());
    assert.equal(second.messages.filter(({ goAway }) => goAway).length, 1);
    const third = await WireClient.open(server);
    third.send({ setup: resume });
    assert.deepEqual(await third.end(), closes.unknownHandle());
    assert.equal(compressed.closed, undefined);
    compressed.close();
  });

  it('lets handles expire on its clock', async () => {
    const server = await rehearsal({ clock: 100, limits: { handleValidMs: 10_000 } });
    const first = await WireClient.start(server, setupFor(NATIVE, { sessionResumption: {} }));
    first.sendText('hello');
    await first.until(() => handleOf(first) !== '', 'a handle');
    first.close();
    await first.end();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const late = await WireClient.open(server);
    late.send(setup(NATIVE, { sessionResumption: { handle: handleOf(first) } }));
    assert.deepEqual(await late.end(), closes.unknownHandle());
  });
});

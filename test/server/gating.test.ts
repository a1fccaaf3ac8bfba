import assert from 'node:assert/strict';
import type { LocalLiveServer } from '../../src/server';
import {
  GEN_3_1,
  GEN_3_8,
  geminiPath,
  NATIVE,
  VERTEX_MODEL,
  VERTEX_PATH,
  WireClient,
} from '../support/wire-client';
import { closeServers, rehearsal } from './helpers';

const INVALID = '1007 Request contains an invalid argument.';
const THINKING = 'models/gemini-3.8-live-extended-thinking';
const TRANSLATE = 'models/gemini-3.5-live-translate-preview';
const TRANSCRIBE = 'models/gemini-3.5-transcribe-live';
const HALF = 'models/gemini-2.0-flash-live-001';
const VERTEX_3_8 = 'publishers/google/models/gemini-3.8-live';
const ALPHA = geminiPath('v1alpha');

const unknown = (name: string, path: string): string =>
  `1007 Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`;
const thinking = (thinkingConfig: object) => ({ generationConfig: { thinkingConfig } });
const low = thinking({ thinkingLevel: 'LOW' });
const affective = { generationConfig: { enableAffectiveDialog: true } };
const proactive = (proactiveAudio: boolean) => ({ proactivity: { proactiveAudio } });
const declared = (behavior?: string) => ({
  tools: [{ functionDeclarations: [{ name: 'f', ...(behavior && { behavior }) }] }],
});
const history = { historyConfig: { initialHistoryInClientContent: true } };
const content = (role: string, text = 'hi') => ({
  clientContent: { turns: [{ role, parts: [{ text }] }], turnComplete: true },
});
const scheduled = {
  toolResponse: { functionResponses: [{ id: '1', name: 'f', response: {}, scheduling: 'SILENT' }] },
};
const update = { contextUpdate: { systemInstruction: { parts: [{ text: 'be brief' }] } } };

interface Row {
  title: string;
  model: string;
  setup?: object;
  path?: string;
  then?: object[];
  /** Absent: accepted. */
  close?: string | RegExp;
}

const ROWS: Row[] = [
  { title: 'a thinking budget on 2.5', model: NATIVE, setup: thinking({ thinkingBudget: 512 }) },
  { title: 'a thinking level on 2.5', model: NATIVE, setup: low, close: INVALID },
  { title: 'a thinking level on 3.1', model: GEN_3_1, setup: thinking({ thinkingLevel: 'MINIMAL' }) },
  {
    title: 'a thinking budget on 3.1',
    model: GEN_3_1,
    setup: thinking({ thinkingBudget: 0 }),
    close: INVALID,
  },
  { title: 'any thinking config on 3.8', model: GEN_3_8, setup: thinking({}), close: INVALID },
  { title: 'a thinking level on 3.8 extended thinking', model: THINKING, setup: low },
  { title: 'no thinking level on 3.8 extended thinking', model: THINKING, close: INVALID },
  {
    title: 'a level that extended thinking has not',
    model: THINKING,
    setup: thinking({ thinkingLevel: 'MINIMAL' }),
    close: INVALID,
  },
  { title: 'NON_BLOCKING on 2.5', model: NATIVE, setup: declared('NON_BLOCKING') },
  { title: 'NON_BLOCKING on 3.1', model: GEN_3_1, setup: declared('NON_BLOCKING'), close: INVALID },
  { title: 'BLOCKING on 3.8', model: GEN_3_8, setup: declared('BLOCKING') },
  {
    title: 'BLOCKING on 3.8 extended thinking',
    model: THINKING,
    setup: { ...low, ...declared('BLOCKING') },
    close: INVALID,
  },
  { title: 'scheduling on 2.5', model: NATIVE, setup: declared(), then: [scheduled] },
  { title: 'scheduling on 3.1', model: GEN_3_1, setup: declared(), then: [scheduled], close: INVALID },
  { title: 'proactivity on 2.5, v1alpha', model: NATIVE, setup: proactive(true), path: ALPHA },
  {
    title: 'proactivity on 2.5, v1beta',
    model: NATIVE,
    setup: proactive(true),
    close: unknown('proactivity', 'setup'),
  },
  {
    title: 'proactivity switched off on 3.8',
    model: GEN_3_8,
    setup: proactive(false),
    path: ALPHA,
    close: INVALID,
  },
  {
    title: 'proactivity on half-cascade models',
    model: HALF,
    setup: proactive(true),
    path: ALPHA,
    close: INVALID,
  },
  { title: 'affective dialog on 3.8', model: GEN_3_8, setup: affective, path: ALPHA, close: INVALID },
  { title: 'affective dialog on 2.5, Vertex AI', model: VERTEX_MODEL, setup: affective, path: VERTEX_PATH },
  {
    title: 'a history that ends with the user, on 2.5',
    model: NATIVE,
    setup: history,
    then: [content('user')],
  },
  {
    title: 'a history that ends with the model, on 2.5',
    model: NATIVE,
    setup: history,
    then: [content('model')],
    close: INVALID,
  },
  {
    title: 'a history that ends with the model, on 3.1',
    model: GEN_3_1,
    setup: history,
    then: [content('model')],
  },
  {
    title: 'input before the history, on 3.1',
    model: GEN_3_1,
    setup: history,
    then: [{ realtimeInput: { text: 'hi' } }],
    close: INVALID,
  },
  { title: 'contextUpdate on 3.8', model: GEN_3_8, then: [update] },
  { title: 'contextUpdate on 3.1', model: GEN_3_1, then: [update], close: INVALID },
  { title: 'clientContent in mid-session on 3.8', model: GEN_3_8, then: [content('user'), content('user')] },
  {
    title: 'translationConfig on the translating model',
    model: TRANSLATE,
    setup: { generationConfig: { translationConfig: { targetLanguageCode: 'de' } } },
  },
  {
    title: 'translationConfig on another model',
    model: NATIVE,
    setup: { generationConfig: { translationConfig: { targetLanguageCode: 'de' } } },
    close: INVALID,
  },
  { title: 'tools on the translating model', model: TRANSLATE, setup: declared(), close: INVALID },
  {
    title: 'AUDIO from the transcribing model',
    model: TRANSCRIBE,
    setup: { generationConfig: { responseModalities: ['AUDIO'] } },
    close: /^1007 The requested combination of response modalities \(AUDIO\) is not supported/,
  },
  {
    title: 'transparent resumption on the Gemini API',
    model: NATIVE,
    setup: { sessionResumption: { transparent: true } },
    close: unknown('transparent', 'setup.session_resumption'),
  },
  {
    title: 'explicit signals of activity on the Gemini API',
    model: NATIVE,
    setup: { explicitVadSignal: true },
    close: unknown('explicitVadSignal', 'setup'),
  },
  {
    title: 'labels on the Gemini API',
    model: NATIVE,
    setup: { labels: { team: 'a' } },
    close: unknown('labels', 'setup'),
  },
  {
    title: 'all three of them on Vertex AI',
    model: VERTEX_3_8,
    setup: { sessionResumption: { transparent: true }, explicitVadSignal: true, labels: { team: 'a' } },
    path: VERTEX_PATH,
  },
];

describe('local Live server: what each model takes', () => {
  let server: LocalLiveServer;
  before(async () => {
    server = await rehearsal();
  });
  after(closeServers);

  for (const { title, model, setup = {}, path, then = [], close } of ROWS) {
    it(`${close ? 'refuses' : 'accepts'} ${title}`, async () => {
      const client = await WireClient.open(server, path);
      client.send({ setup: { model, ...setup } });
      for (const message of then) client.send(message);
      if (close) {
        const { code, reason } = await client.end();
        if (typeof close === 'string') assert.equal(`${code} ${reason}`, close);
        else assert.match(`${code} ${reason}`, close);
      } else {
        // A handle on that the connection still stands: after a ping all that was sent before has been read.
        await client.until((messages) => messages.length > 0);
        await new Promise((resolve) => client.socket.once('pong', resolve).ping());
        assert.equal(client.closed, undefined);
        client.close();
      }
    });
  }

  for (const [title, more] of [
    ['proactivity', proactive(true)],
    ['affective dialog', affective],
  ] as const) {
    it(`never answers a setup with ${title} on 3.1, as was reported`, async () => {
      const client = await WireClient.open(server, ALPHA);
      client.send({ setup: { model: GEN_3_1, ...more } });
      await new Promise((resolve) => client.socket.once('pong', resolve).ping());
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(client.frames.length, 0);
      assert.equal(client.closed, undefined);
      client.close();
    });
  }

  it('only writes down what it hears on the transcribing model', async () => {
    const setup = { model: TRANSCRIBE, generationConfig: { responseModalities: ['TEXT'] } };
    const client = await WireClient.start(server, setup);
    client.send({ realtimeInput: { text: 'hello' } });
    await client.turns(1);
    assert.equal(client.messages.filter((message) => message.serverContent?.modelTurn).length, 0);
    client.close();
  });

  it('tells apart the end of a turn and the end of the work on 3.8 extended thinking', async () => {
    const client = await WireClient.start(server, { model: THINKING, ...low });
    client.send({ realtimeInput: { text: 'hello' } });
    await client.until(
      (messages) => messages.some((m) => m.serverContent?.interactionStatus === 'IDLE'),
      'IDLE',
    );
    const kinds = client.messages.flatMap(({ serverContent }) =>
      serverContent?.turnComplete ? ['turnComplete'] : (serverContent?.interactionStatus ?? []),
    );
    assert.deepEqual(kinds, ['IN_PROGRESS', 'turnComplete', 'IDLE']);
    client.close();
  });
});

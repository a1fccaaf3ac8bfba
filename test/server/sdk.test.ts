import assert from 'node:assert/strict';
import type { LiveServerMessage } from '../../src/protocol';
import {
  closes,
  scriptedEars,
  scriptedMind,
  startServer,
  toneVoice,
  type LocalLiveServer,
  type Reply,
} from '../../src/server';
import { lettersOf, obeys } from '../support/grammar';
import { until } from '../support/processes';
import { checkServer } from '../support/schema-check';
import { buzz, join, noise } from '../support/speech-like';
import { closeServers, interruptible, rehearsal } from './helpers';

const load3 = () => import('@google/genai');
/** What is used here is alike in both versions. */
const load2 = () => import('@google/genai-2') as unknown as ReturnType<typeof load3>;
type Sdk = Awaited<ReturnType<typeof load3>>;
type Session = Awaited<ReturnType<InstanceType<Sdk['GoogleGenAI']>['live']['connect']>>;

const MODELS = {
  native: 'gemini-2.5-flash-native-audio-preview-09-2025',
  combined: 'gemini-3.1-flash-live-preview',
} as const;

interface Talk {
  session: Session;
  messages: LiveServerMessage[];
  text(side: 'inputTranscription' | 'outputTranscription'): string;
  turns(count: number): Promise<unknown>;
  closed?: { code: number; reason: string };
}

type Config = Parameters<InstanceType<Sdk['GoogleGenAI']>['live']['connect']>[0]['config'];

const client = (sdk: Sdk, server: LocalLiveServer, apiKey = 'any', apiVersion = 'v1beta') =>
  new sdk.GoogleGenAI({ apiKey, httpOptions: { baseUrl: server.url, apiVersion } });

async function talk(
  sdk: Sdk,
  server: LocalLiveServer,
  model: string,
  config: Config = {},
  ai = client(sdk, server),
): Promise<Talk> {
  const messages: LiveServerMessage[] = [];
  const completed = (): number => messages.filter((m) => m.serverContent?.turnComplete).length;
  const talk: Partial<Talk> = {
    messages,
    text: (side) => messages.map((m) => m.serverContent?.[side]?.text ?? '').join(''),
    turns: (count) => until(`turn ${count}`, completed, (done) => done >= count),
  };
  talk.session = await ai.live.connect({
    model,
    config: {
      responseModalities: [sdk.Modality.AUDIO],
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      ...config,
    },
    callbacks: {
      onmessage: (message) => messages.push(JSON.parse(JSON.stringify(message)) as LiveServerMessage),
      onclose: ({ code, reason }) => (talk.closed = { code, reason }),
    },
  });
  return talk as Talk;
}

function sendSpeech(session: Session): void {
  const pcm = join(noise(300), buzz(800), noise(900));
  for (let at = 0; at < pcm.length; at += 1600) {
    const data = Buffer.from(pcm.slice(at, at + 1600).buffer).toString('base64');
    session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
  }
}

function assertFaithful(messages: LiveServerMessage[], order: 'native' | 'combined'): void {
  for (const message of messages) assert.deepEqual(checkServer(message, { backend: 'gemini' }), []);
  assert.ok(obeys(order, messages), lettersOf(messages));
}

for (const [version, load] of [
  ['3.1.0', load3],
  ['2.32.0', load2],
] as const) {
  describe(`official SDK ${version} and the local Live server`, () => {
    let sdk: Sdk;
    before(async () => {
      sdk = await load();
    });
    afterEach(closeServers);

    for (const order of ['native', 'combined'] as const) {
      it(`holds a text turn (${order})`, async () => {
        const { session, messages, text, turns } = await talk(sdk, await rehearsal(), MODELS[order]);
        session.sendClientContent({ turns: 'hello there' });
        await turns(1);
        assert.equal(text('outputTranscription'), 'You said hello there to me just now');
        assertFaithful(messages, order);
        session.close();
      });

      it(`holds a spoken turn (${order})`, async () => {
        const { session, messages, text, turns } = await talk(sdk, await rehearsal(), MODELS[order]);
        sendSpeech(session);
        await turns(1);
        assert.equal(text('inputTranscription'), ' first, I think');
        assert.match(text('outputTranscription'), /^You said first, I think/);
        assertFaithful(messages, order);
        session.close();
      });

      it(`is interrupted by new speech (${order})`, async () => {
        const server = await rehearsal(interruptible());
        const { session, messages, turns } = await talk(sdk, server, MODELS[order]);
        sendSpeech(session);
        await until('some sound', () => /[AB]/.test(lettersOf(messages)));
        sendSpeech(session);
        await turns(2);
        assert.match(lettersOf(messages), /^S[^G]*YZI[^Y]*GZ$/);
        assertFaithful(messages, order);
        session.close();
      });
    }

    for (const order of ['native', 'combined'] as const) {
      it(`calls a function and uses the answer (${order})`, async () => {
        const server = await rehearsal({
          mind: scriptedMind(({ results }): Reply => {
            if (results) return { say: `It is ${String(results[0]?.response['sky'])} today` };
            return { say: '', calls: [{ name: 'get_weather', args: { city: 'London' } }] };
          }),
        });
        const tools = [{ functionDeclarations: [{ name: 'get_weather', description: 'Weather of a city' }] }];
        const { session, messages, text, turns } = await talk(sdk, server, MODELS[order], { tools });
        // clientContent is taken by both models as the first message.
        session.sendClientContent({ turns: 'what is the weather' });
        await until('the call', () => messages.some((message) => message.toolCall));
        const [call] = messages.flatMap((message) => message.toolCall?.functionCalls ?? []);
        assert.deepEqual([call?.name, call?.args], ['get_weather', { city: 'London' }]);
        session.sendToolResponse({
          functionResponses: { id: call?.id, name: 'get_weather', response: { sky: 'foggy' } },
        });
        await turns(1);
        assert.equal(text('outputTranscription'), 'It is foggy today');
        assertFaithful(messages, order);
        session.close();
      });
    }

    it('is warned, and goes on with the conversation on a new connection', async () => {
      const server = await startServer({ clock: 20, ears: scriptedEars([]), voice: toneVoice() });
      try {
        const first = await talk(sdk, server, MODELS.native, { sessionResumption: {} });
        first.session.sendClientContent({ turns: 'my name is Ada' });
        const handle = (): string | undefined =>
          first.messages.findLast((message) => message.sessionResumptionUpdate?.resumable)
            ?.sessionResumptionUpdate?.newHandle;
        await until('a handle', () => handle() !== undefined);
        server.goAway('5s');
        await until('goAway', () => first.messages.some((message) => message.goAway?.timeLeft === '5s'));
        await until('the end', () => first.closed !== undefined);
        assert.deepEqual(first.closed, closes.deadline());
        const second = await talk(sdk, server, MODELS.native, { sessionResumption: { handle: handle() } });
        second.session.sendClientContent({ turns: 'what is my name' });
        await second.turns(1);
        assert.equal(second.text('outputTranscription'), 'Your name is Ada.');
        second.session.close();
      } finally {
        await server.close();
      }
    });

    describe('with a token', () => {
      const { warn } = console;
      /* eslint-disable no-console -- the SDK calls tokens experimental there */
      before(() => (console.warn = () => {}));
      after(() => (console.warn = warn));
      /* eslint-enable no-console */

      it('talks, and shows nothing else', async () => {
        const server = await rehearsal({ apiKey: 'the right one' });
        const token = await client(sdk, server, 'the right one', 'v1alpha').authTokens.create({
          config: {
            uses: 1,
            // Only what is named here is fixed; without this line the client's setup would not be read at all.
            lockAdditionalFields: [],
            liveConnectConstraints: {
              model: MODELS.native,
              config: { temperature: 0.2, sessionResumption: {} },
            },
          },
        });
        assert.match(token.name ?? '', /^auth_tokens\//);
        const ai = client(sdk, server, token.name, 'v1alpha');
        const { session, text, turns } = await talk(sdk, server, MODELS.native, {}, ai);
        session.sendRealtimeInput({ text: 'hello there' });
        await turns(1);
        assert.equal(text('outputTranscription'), 'You said hello there to me just now');
        session.close();
      });
    });

    it('is told why it was refused', async () => {
      const server = await rehearsal({ apiKey: 'the right one' });
      const closes: string[] = [];
      server.on('close', ({ code, reason }) => closes.push(`${code} ${reason}`));
      // 2.32 never settles when it is refused before setupComplete, so the promise is not waited for.
      talk(sdk, server, MODELS.native).catch(() => undefined);
      await until('the refusal', () => closes.length > 0);
      assert.deepEqual(closes, ['1007 API Key not found. Please pass a valid API key.']);
    });

    it('connects to the Vertex path', async () => {
      const server = await rehearsal();
      const ai = new sdk.GoogleGenAI({
        vertexai: true,
        apiKey: 'any',
        httpOptions: { baseUrl: server.url },
      });
      const messages: LiveServerMessage[] = [];
      const session = await ai.live.connect({
        model: 'gemini-live-2.5-flash-native-audio',
        config: { outputAudioTranscription: {} },
        callbacks: { onmessage: (message) => messages.push(message as LiveServerMessage) },
      });
      session.sendClientContent({ turns: 'hello' });
      await until('the turn', () => messages.some((m) => m.serverContent?.turnComplete));
      const usage = messages.at(-1)?.usageMetadata;
      assert.ok((usage?.responseTokenCount ?? 0) > 0, 'the SDK reads the counts of Vertex');
      assert.ok(messages.some((m) => m.serverContent?.modelTurn?.role === 'model'));
      session.close();
    });
  });
}

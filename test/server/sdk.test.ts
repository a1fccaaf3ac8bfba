import assert from 'node:assert/strict';
import type { LiveServerMessage } from '../../src/protocol';
import type { LocalLiveServer } from '../../src/server';
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

async function talk(sdk: Sdk, server: LocalLiveServer, model: string): Promise<Talk> {
  const ai = new sdk.GoogleGenAI({
    apiKey: 'any',
    httpOptions: { baseUrl: server.url, apiVersion: 'v1beta' },
  });
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

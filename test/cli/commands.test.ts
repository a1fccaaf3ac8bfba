import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LiveSession } from '../../src/live';
import { recordingLine, type RecordingEntry } from '../../src/protocol';
import { scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { Commands, endInside, inside, ran, written } from './support';

const MODEL = 'gemini-2.5-flash-native-audio-preview-09-2025';
const KEY = 'AIzaTopSecretOfThisTest_0123456789';

describe('gemini-live check, token, replay', () => {
  const commands = new Commands();
  const servers: LocalLiveServer[] = [];
  let folder: string;
  let recording: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'commands-'));
    recording = path.join(folder, 'talk.jsonl');
    await ran(
      ['chat', '--endpoint', (await serve()).url, '--model', MODEL, '--record', recording],
      {},
      'first words\nsecond words\n',
    );
  });
  afterEach(async () => {
    await commands.end();
    await endInside();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  after(() => rm(folder, { recursive: true }));

  async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<LocalLiveServer> {
    const mind = scriptedMind(({ text }) => `You said ${text}.`);
    const server = await startServer({ clock: 10, voice: toneVoice(100), mind, ...options });
    servers.push(server);
    return server;
  }

  describe('check', () => {
    it('says in words that all is well, in a process of its own', async () => {
      const { url } = await serve();
      const run = commands.start(['check', '--endpoint', url]);
      assert.equal(await run.exit, 0, run.err);
      assert.match(
        run.out,
        /^All is well: connected after \d+ ms, and the setup was accepted \d+ ms later\.\n$/,
      );
    });

    it('says in words what is wrong and what to do', async () => {
      const { url } = await serve({ apiKey: KEY });
      const wrong = await ran(['check', '--endpoint', url]);
      assert.equal(wrong.code, 4);
      assert.match(wrong.out, /^It does not work: The service refused the API key.*\nCheck the key/);
      const nobody = await ran(['check', '--endpoint', 'http://127.0.0.1:1']);
      assert.equal(nobody.code, 3);
      assert.match(nobody.out, /Nothing listens at the address/);
    });

    it('tells the same as JSON', async () => {
      const { url } = await serve({ apiKey: KEY });
      const env = { GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: url };
      const good = JSON.parse((await ran(['check', '--json'], env)).out) as Record<string, unknown>;
      assert.equal(good['ok'], true);
      assert.match(String(good['endpoint']), /the Gemini API with the key from GEMINI_API_KEY/);
      assert.ok(Number(good['connectMs']) >= 0 && Number(good['setupMs']) >= 0);
      const bad = await ran(['check', '--json'], { ...env, GEMINI_API_KEY: 'AIzaAnotherKeyThatIsWrong' });
      const { ok, code, advice } = JSON.parse(bad.out) as Record<string, unknown>;
      assert.deepEqual([ok, code, bad.code], [false, 'SETUP_REFUSED', 4]);
      assert.match(String(advice), /Check the key/);
      assert.doesNotMatch(bad.out + bad.err, /AnotherKey/);
    });
  });

  describe('token', () => {
    it('makes a token with which another client can talk', async () => {
      const { url } = await serve({ apiKey: KEY });
      const env = { GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: url };
      const made = await ran(['token', '--uses', '2', '--minutes', '5'], env);
      assert.equal(made.code, 0, made.err);
      assert.match(made.out, /^auth_tokens\/\S+\n$/);
      assert.match(made.err, /can be opened until \d{4}-.* and last until \d{4}-/);
      const token = made.out.trim();
      const answer = await ran(['chat', '--once', 'hi', '--json'], {
        GEMINI_TOKEN: token,
        GOOGLE_GEMINI_BASE_URL: url,
      });
      assert.equal(answer.code, 0, answer.err);
      assert.doesNotMatch(answer.out, new RegExp(token));
      await writeFile(path.join(folder, 'token'), token);
      const byFile = await ran(['check', '--token', `@${path.join(folder, 'token')}`, '--endpoint', url]);
      assert.equal(byFile.code, 0, byFile.out);
    });

    it('locks it to a model, and tells it as JSON', async () => {
      const { url } = await serve({ apiKey: KEY });
      const env = { GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: url };
      const made = await ran(['token', '--lock', '--model', MODEL, '--json'], env);
      const { token, expireTime } = JSON.parse(made.out) as Record<string, string>;
      assert.match(token!, /^auth_tokens\//);
      assert.ok(Date.parse(expireTime!) > Date.now());
    });

    it('needs a key, and says when the service refuses it', async () => {
      const none = await ran(['token']);
      assert.equal(none.code, 2);
      assert.match(none.err, /made from an API key, and there is none\.\nSet GEMINI_API_KEY/);
      const { url } = await serve({ apiKey: KEY });
      const wrong = await ran(['token'], {
        GEMINI_API_KEY: 'AIzaWrongWrongWrong',
        GOOGLE_GEMINI_BASE_URL: url,
      });
      assert.notEqual(wrong.code, 0);
      assert.doesNotMatch(wrong.err, /WrongWrong/);
      const bad = await ran(['token', '--uses', 'many'], { GEMINI_API_KEY: KEY });
      assert.match(bad.err, /--uses must be a number/);
    });
  });

  describe('replay', () => {
    it('shows both sides of a recording, in a process of its own', async () => {
      const run = commands.start(['replay', recording, '--speed', '0']);
      assert.equal(await run.exit, 0, run.err);
      assert.equal(run.out, 'You said first words.\nYou said second words.\n');
      assert.match(run.err, /Recorded \d{4}-.* with gemini-2\.5.*\nyou: first words[\s\S]*you: second words/);
    });

    it('keeps the pace, and saves the voice', async () => {
      const wav = path.join(folder, 'a.wav');
      const run = await ran(['replay', recording, '--speed', '20', '--save', wav, '--json']);
      assert.equal(run.code, 0, run.err);
      const events = run.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string });
      assert.equal(events.filter(({ event }) => event === 'turn').length, 2);
      assert.ok((await stat(wav)).size > 500 * 48, 'the voice of both answers');
    });

    it('serves another client, and says how it differs', async () => {
      const talk = async (url: string, texts: string[]): Promise<void> => {
        const session = new LiveSession({
          endpoint: { backend: 'local', baseUrl: url },
          model: MODEL,
          config: {
            responseModalities: ['AUDIO'],
            inputAudioTranscription: {},
            outputAudioTranscription: {},
            sessionResumption: {},
            contextWindowCompression: { slidingWindow: {} },
          },
        });
        await session.connect();
        for (const text of texts) {
          const turn = new Promise((resolve) => session.once('turn', resolve));
          session.sendText(text);
          await turn;
        }
        await session.close();
      };
      const same = inside(['replay', recording, '--serve', '0', '--verify', '--speed', '0']);
      await written(same, 'out', /http:\S+\n/);
      await talk(same.out.trim(), ['first words', 'second words']);
      assert.equal(await same.exit, 0);
      assert.match(same.err, /#1 waits for setup[\s\S]*#1 is over[\s\S]*did as in the recording/);
      const other = inside(['replay', recording, '--serve', '0', '--verify', '--speed', '0']);
      await written(other, 'out', /http:\S+\n/);
      await talk(other.out.trim(), ['first words', 'third words']);
      assert.equal(await other.exit, 1);
      assert.match(other.out, /Connection 1: .*"third words", in the recording it is "second words"/);
    });

    it('serves until Ctrl-C', async () => {
      const run = commands.start(['replay', recording, '--serve', '0']);
      await written(run, 'out', /http:\S+\n/);
      run.child.kill('SIGINT');
      assert.equal(await run.exit, 0, run.err);
    });

    it('goes through every connection, and shows functions and what was cut off', async () => {
      const header = {
        format: 'gemini-live-recording',
        version: 1,
        at: 0,
        model: MODEL,
        endpoint: 'gemini',
      } as const;
      const call = { id: 'c', name: 'light', args: { on: true } };
      const lines: Array<[number, string, object]> = [
        [1, 'sent', { setup: { model: `models/${MODEL}` } }],
        [1, 'received', { setupComplete: {} }],
        [
          1,
          'sent',
          { clientContent: { turns: [{ role: 'user', parts: [{ text: 'light' }] }], turnComplete: true } },
        ],
        [1, 'received', { toolCall: { functionCalls: [call] } }],
        [
          1,
          'sent',
          { toolResponse: { functionResponses: [{ id: 'c', name: 'light', response: { done: 1 } }] } },
        ],
        [1, 'received', { serverContent: { outputTranscription: { text: 'On.' } } }],
        [1, 'closed', { code: 1006, reason: '', by: 'server' }],
        [2, 'sent', { setup: { model: `models/${MODEL}` } }],
        [2, 'received', { setupComplete: {} }],
        [2, 'received', { serverContent: { outputTranscription: { text: 'Again.' } } }],
      ];
      const entries = lines.map(
        ([connection, dir, message], i) => ({ ms: i * 10, connection, dir, message }) as RecordingEntry,
      );
      const file = path.join(folder, 'two.jsonl');
      await writeFile(file, [header, ...entries].map(recordingLine).join('') + '{"ms":');
      const run = await ran(['replay', file, '--speed', '0']);
      assert.equal(run.code, 0, run.err);
      assert.equal(run.out, 'On.\nAgain.\n');
      assert.match(run.err, /was cut off/);
      assert.doesNotMatch(run.err, /UNKNOWN_FUNCTION/, 'nobody but the recording answers');
      assert.match(
        run.err,
        /connection 1 ---[\s\S]*→ light\(\{"on":true\}\)[\s\S]*← \{"done":1\}[\s\S]*connection 2 ---/,
      );
    });

    it('says what is wrong with a file', async () => {
      const bad = path.join(folder, 'bad.jsonl');
      await writeFile(
        bad,
        '{"format":"gemini-live-recording","version":1,"at":0,"model":"m","endpoint":"e"}\n{"ms":"x"}\n',
      );
      for (const [args, message] of [
        [[bad], /bad\.jsonl: Line 2 of the recording: "ms" must be a number from 0, not "x"/],
        [[path.join(folder, 'none')], /none cannot be read: it does not exist/],
        [[], /replay needs the name of one recording/],
        [[recording, '--serve', '99999'], /--serve must be a port/],
      ] as const) {
        const run = await ran(['replay', ...args]);
        assert.match(run.err, message);
        assert.equal(run.code, 2);
      }
    });
  });
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readOptions, UsageError } from '../../scripts/demo/options';
import { parseWav } from '../../src/media';
import { packedPackage } from '../support/package';
import { rms, samplesOf } from '../support/sound';
import { DemoFolders } from './demo-run';

describe('demo', function () {
  this.timeout(120_000);
  let demo: DemoFolders;

  before(packedPackage);
  beforeEach(async () => {
    demo = await DemoFolders.make();
  });
  afterEach(() => demo.remove());

  it('with --once switches a light of the simulated home, leaves the spoken answer and its conversation, and nothing else', async () => {
    const { code, output } = await demo.start('--once', '--out', demo.out).ended;
    assert.equal(code, 0, output);
    const { format, data } = parseWav(await readFile(path.join(demo.out, 'reply.wav')));
    assert.deepEqual({ rate: format.rate, channels: format.channels }, { rate: 24_000, channels: 1 });
    assert.ok(rms(samplesOf(data)) > 0.02, 'the answer is silent');
    const conversation = JSON.parse(
      await readFile(path.join(demo.out, 'conversation.json'), 'utf8'),
    ) as Conversation;
    assert.deepEqual(Object.keys(conversation), [
      'turns',
      'heard',
      'timeToFirstAudioMs',
      'model',
      'endpoint',
      'toolCalls',
      'devices',
    ]);
    const [user, model] = conversation.turns;
    assert.equal(conversation.turns.length, 2);
    assert.equal(user?.role, 'user');
    assert.match(user?.text ?? '', /turn on the kitchen light/i);
    assert.equal(model?.role, 'model');
    assert.match(model?.text ?? '', /kitchen light is on/);
    const [call, ...more] = conversation.toolCalls;
    assert.deepEqual(more, []);
    assert.equal(call?.name, 'set_light');
    assert.deepEqual(call?.args, { room: 'kitchen', on: true });
    assert.equal(call?.response.state, 'ON', 'what the light has reported');
    assert.equal(typeof call?.ms, 'number');
    const { kitchen_light, bedroom_light } = conversation.devices;
    assert.deepEqual([kitchen_light?.state, bedroom_light?.state], ['ON', 'OFF']);
    assert.ok(['dtw', 'pocketsphinx'].includes(conversation.heard.recognizer), 'heard acoustically');
    assert.equal(typeof conversation.heard.score, 'number');
    assert.ok(conversation.timeToFirstAudioMs > 0);
    assert.equal(conversation.endpoint, 'local');
    assert.deepEqual(readdirSync(demo.out).sort(), ['conversation.json', 'reply.wav']);
    assert.deepEqual(demo.leftovers(), []);
    for (const said of [user?.text, model?.text, 'http://127.0.0.1:'])
      assert.ok(output.includes(said!), output);
    assert.match(output, /^device +kitchen_light OFF → ON$/m);
    assert.match(
      output,
      /^call +set_light \{"room":"kitchen","on":true\} → \{.*"state":"ON".*\} \(\d+ ms\)$/m,
    );
  });

  describe('command line', () => {
    const read = (args: string[], env: NodeJS.ProcessEnv = {}) => readOptions(args, env);
    const refuses = (args: string[], message: RegExp) =>
      assert.throws(
        () => read(args),
        (error: unknown) => error instanceof UsageError && message.test(error.message),
      );

    it('asks locally, whatever key there is, unless it is told otherwise', () => {
      assert.deepEqual(read([], { GEMINI_API_KEY: 'key' }), { once: false, help: false, endpoint: 'local' });
      const { endpoint, apiKey } = read(['--endpoint', 'gemini'], { GEMINI_API_KEY: 'key' });
      assert.deepEqual({ endpoint, apiKey }, { endpoint: 'gemini', apiKey: 'key' });
    });

    it('makes the folder for the answer, and takes a file to ask with', async () => {
      const question = path.join(demo.out, 'question.wav');
      await writeFile(question, 'RIFF');
      const folder = path.join(demo.out, 'new', 'folder');
      const { out, ask, once } = read(['--once', '--out', folder, '--ask', question]);
      assert.deepEqual({ out, ask, once }, { out: folder, ask: question, once: true });
      assert.deepEqual(readdirSync(folder), []);
    });

    it('says what is wrong with it and what to do', async () => {
      const empty = path.join(demo.out, 'empty.wav');
      await writeFile(empty, '');
      refuses(['--once'], /--out DIR/);
      refuses(['--nonsense'], /--nonsense[^]*npm run demo/);
      refuses(['--endpoint', 'gemini'], /GEMINI_API_KEY/);
      refuses(['--endpoint', 'mars'], /local or gemini/);
      refuses(['--ask', path.join(demo.out, 'nowhere.wav')], /no file .*nowhere\.wav/);
      refuses(['--ask', empty], /not an audio file/);
      refuses(['--ask', demo.out], /not an audio file/);
      refuses(['--out', path.join(empty, 'folder')], /cannot be written to/);
    });
  });
});

interface Conversation {
  turns: { role: string; text: string }[];
  heard: { recognizer: string; score: number };
  timeToFirstAudioMs: number;
  endpoint: string;
  toolCalls: { name: string; args: object; response: Record<string, unknown>; ms: number }[];
  devices: Record<string, Record<string, unknown>>;
}

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseWav } from '../../src/media';
import { packedPackage, ROOT } from '../support/package';
import { descendants, hasProc, stillRunning, until } from '../support/processes';
import { rms, samplesOf } from '../support/sound';

interface Outcome {
  code: number | null;
  output: string;
}

/** `npm run demo`, as a person types it. */
describe('demo', function () {
  this.timeout(120_000);
  let out: string;

  before(packedPackage);
  beforeEach(async () => {
    out = await mkdtemp(path.join(tmpdir(), 'demo-out-'));
  });
  afterEach(() => rm(out, { recursive: true, force: true }));

  function start(
    args: string[],
    env: NodeJS.ProcessEnv = {},
  ): { child: ChildProcess; ended: Promise<Outcome>; output: () => string } {
    const child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
      cwd: ROOT,
      env: { ...process.env, GEMINI_API_KEY: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const ended = new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, output })));
    return { child, ended, output: () => output };
  }

  const userDirs = () => readdirSync(tmpdir()).filter((name) => name.startsWith('node-red-'));

  it('with --once leaves a spoken answer and its conversation, and nothing else', async () => {
    const before = userDirs();
    const { code, output } = await start(['--once', '--out', out]).ended;
    assert.equal(code, 0, output);
    const { format, data } = parseWav(await readFile(path.join(out, 'reply.wav')));
    assert.deepEqual({ rate: format.rate, channels: format.channels }, { rate: 24_000, channels: 1 });
    assert.ok(rms(samplesOf(data)) > 0.02, 'the answer is silent');
    const conversation = JSON.parse(
      await readFile(path.join(out, 'conversation.json'), 'utf8'),
    ) as Conversation;
    assert.deepEqual(Object.keys(conversation), [
      'turns',
      'heard',
      'timeToFirstAudioMs',
      'model',
      'endpoint',
    ]);
    const [user, model] = conversation.turns;
    assert.equal(conversation.turns.length, 2);
    assert.equal(user?.role, 'user');
    assert.match(user?.text ?? '', /what time is it/i);
    assert.equal(model?.role, 'model');
    assert.match(model?.text ?? '', /\d/);
    assert.ok(['dtw', 'pocketsphinx'].includes(conversation.heard.recognizer), 'heard acoustically');
    assert.equal(typeof conversation.heard.score, 'number');
    assert.ok(conversation.timeToFirstAudioMs > 0);
    assert.equal(conversation.endpoint, 'local');
    assert.deepEqual(readdirSync(out).sort(), ['conversation.json', 'reply.wav']);
    assert.deepEqual(
      userDirs().filter((name) => !before.includes(name)),
      [],
    );
    for (const said of [user?.text, model?.text, 'http://127.0.0.1:'])
      assert.ok(output.includes(said!), output);
  });

  it('stays until it is told to stop, and then leaves nothing running', async function () {
    if (!hasProc) this.skip();
    const { child, ended, output } = start([]);
    await until('the conversation is over', output, (text) => /Ctrl-C/.test(text), 60_000);
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output())?.[0] ?? '';
    assert.equal((await fetch(url)).status, 200);
    const running = descendants(child.pid!);
    assert.ok(
      running.some(({ command }) => /red\.js|node-red/.test(command)),
      JSON.stringify(running),
    );
    child.kill('SIGTERM');
    await ended;
    await until(
      'everything has ended',
      () => stillRunning(running),
      (left) => left.length === 0,
    );
  });

  it('fails with advice for what it cannot do', async () => {
    const notAudio = path.join(out, 'not-audio.wav');
    await writeFile(notAudio, 'this is no audio');
    const cases: [string[], RegExp][] = [
      [['--once'], /--out DIR/],
      [['--nonsense'], /--nonsense/],
      [['--endpoint', 'gemini'], /GEMINI_API_KEY/],
      [['--ask', path.join(out, 'nowhere.wav')], /no file .*nowhere\.wav/],
      [['--once', '--out', out, '--ask', notAudio], /not-audio\.wav/],
    ];
    for (const [args, message] of cases) {
      const { code, output } = await start(args).ended;
      assert.notEqual(code, 0, `${args.join(' ')} should fail`);
      assert.match(output, message);
    }
    assert.ok(!existsSync(path.join(out, 'conversation.json')));
  });
});

interface Conversation {
  turns: { role: string; text: string }[];
  heard: { recognizer: string; score: number };
  timeToFirstAudioMs: number;
  endpoint: string;
}

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PCM_16K, readWavHeader, wavHeader } from '../../src/media';
import { parseRecording } from '../../src/protocol';
import { scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { until } from '../support/processes';
import { Commands, endInside, inside, ran, written, type Run } from './support';

describe('gemini-live chat', () => {
  const commands = new Commands();
  const servers: LocalLiveServer[] = [];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chat-'));
  });
  afterEach(async () => {
    await commands.end();
    await endInside();
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await rm(folder, { recursive: true });
  });

  async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<LocalLiveServer> {
    const server = await startServer({
      clock: 10,
      voice: toneVoice(100),
      mind: scriptedMind(({ text, results, memory }) => {
        if (results) return `The result is ${JSON.stringify(results.map(({ response }) => response))}.`;
        if (text === 'story') return 'once upon a time '.repeat(300);
        const call = /^call (\w+)/.exec(text)?.[1];
        if (call) return { say: '', calls: [{ name: call, args: { city: 'Bern' } }] };
        const before = memory.get('last') ?? 'nothing';
        memory.set('last', text);
        return `You said ${text}, before that ${before}.`;
      }),
      ...options,
    });
    servers.push(server);
    return server;
  }
  const ended = async (run: Run): Promise<Run & { code: number | string }> =>
    Object.assign(run, { code: await run.exit });
  const file = (name: string): string => path.join(folder, name);

  it('answers without a key, says that it rehearses, and keeps words and remarks apart', async () => {
    const run = await ended(commands.start(['chat', '--once', 'what time is it']));
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /^It is .*\n$/);
    assert.match(run.err, /Talking to the local Live server, which answers by rules.*set GEMINI_API_KEY/);
    assert.match(run.err, /\[first sound after .* s of speech · \d+ tokens in, \d+ out\]/);
  });

  it('takes lines from a pipe, one after the other, and commands', async () => {
    const { url } = await serve();
    const lines =
      'one\n\n/nope\n/say\n/image no.png\n/audio no.wav\n  two \n//three\n/say hurry\n/quit\nnever said\n';
    const run = await ended(commands.start(['chat', '--endpoint', url], {}, lines));
    assert.equal(run.code, 0, run.err);
    const said = run.out.trim().split('\n');
    assert.deepEqual(said.slice(0, 3), [
      'You said one, before that nothing.',
      'You said two, before that one.',
      'You said /three, before that two.',
    ]);
    assert.match(said[3]!, /You said Announce the following/);
    assert.doesNotMatch(run.out, /never/);
    assert.match(run.err, /There is no command \/nope\. \/help shows all/);
    assert.match(run.err, /\/say needs a text/);
    assert.match(
      run.err,
      /no\.png cannot be read[\s\S]*no\.wav/,
      'the lines after them are said all the same',
    );
  });

  it('saves the voice of all answers', async () => {
    const { url } = await serve();
    const run = await ran(['chat', '--endpoint', url, '--save', file('a.wav')], {}, 'one\ntwo\n');
    assert.equal(run.code, 0, run.err);
    const wav = await readFile(file('a.wav'));
    const header = readWavHeader(wav);
    // Seven words each, 100 ms a word.
    assert.ok(header && wav.length - 44 >= 1200 * 48, String(wav.length));
  });

  it('does not claim to have saved what it could not', async () => {
    const { url } = await serve();
    const run = await ran(['chat', '--endpoint', url, '--once', 'one', '--save', file('no/a.wav')]);
    assert.match(run.out, /You said one/);
    assert.match(run.err, /folder .*no does not exist/);
    assert.equal(run.code, 1);
  });

  it('answers calls from a JSON file and from modules of both kinds', async () => {
    const { url } = await serve();
    const declaration = {
      name: 'weather',
      description: 'd',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    };
    await writeFile(file('t.json'), JSON.stringify([{ ...declaration, result: { sky: 'blue' } }]));
    await writeFile(
      file('t.cjs'),
      `exports.weather = async ({ city }) => 'rain in ' + city;
       exports.weather.description = 'd';
       exports.broken = () => { throw new Error('no sensor'); };
       setInterval(() => {}, 1000);`,
    );
    await writeFile(
      file('t.mjs'),
      `export default [{ name: 'weather', run: ({ city }) => ({ city, wind: 3 }) }];`,
    );
    const runs = await Promise.all([
      ran(['chat', '--endpoint', url, '--tools', file('t.json'), '--once', 'call weather']),
      ended(
        commands.start(
          ['chat', '--endpoint', url, '--tools', file('t.cjs')],
          {},
          'call weather\ncall broken\n',
        ),
      ),
      ran(['chat', '--endpoint', url, '--tools', file('t.mjs'), '--once', 'call weather']),
    ]);
    for (const run of runs) assert.equal(run.code, 0, run.err);
    assert.match(runs[0].out, /result is \[\{"sky":"blue"\}\]/);
    assert.match(runs[0].err, /→ weather\(\{"city":"Bern"\}\)\n\s+← \{"sky":"blue"\}/);
    assert.match(runs[1].out, /\[\{"result":"rain in Bern"\}\][\s\S]*\[\{"error":"no sensor"\}\]/);
    assert.match(runs[2].out, /\[\{"city":"Bern","wind":3\}\]/);
  });

  it('says what is wrong with a file of tools', async () => {
    await writeFile(file('bad.json'), '{"name"');
    await writeFile(file('twice.json'), '[{"name":"a"},{"name":"a"}]');
    await writeFile(file('throws.cjs'), 'throw new Error("at home")');
    await writeFile(file('none.cjs'), 'exports.a = 1');
    await writeFile(
      file('type.json'),
      '[{"name":"a","parameters":{"type":"object","properties":{"on":{"type":"boolen"}}}}]',
    );
    const cases: Array<[string, RegExp]> = [
      ['none.json', /none\.json cannot be used: it cannot be read \(ENOENT\)/],
      ['bad.json', /it is no JSON/],
      ['twice.json', /the function a is there twice/],
      ['throws.cjs', /at home/],
      ['none.cjs', /declares no function/],
      ['type.json', /"a", parameters\.properties\.on\.type: "boolen" is no type/],
      ['tools.txt', /must be a \.json, \.js/],
    ];
    const runs = await Promise.all(
      cases.map(([name]) => ran(['chat', '--tools', file(name), '--once', 'hello'])),
    );
    cases.forEach(([, message], i) => {
      assert.equal(runs[i]!.code, 2);
      assert.match(runs[i]!.err, message);
    });
  });

  it('tells events as JSON lines', async () => {
    const { url } = await serve();
    const run = await ran(['chat', '--endpoint', url, '--json', '--once', 'one']);
    assert.equal(run.code, 0, run.err);
    const events = run.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; to?: string; model?: string });
    assert.ok(events.some(({ event, to }) => event === 'state' && to === 'ready'));
    assert.equal(events.find(({ event }) => event === 'turn')?.model, 'You said one, before that nothing.');
    assert.equal(run.err, '');
  });

  it('goes on with a conversation in a file', async () => {
    const { url } = await serve();
    const args = ['chat', '--endpoint', url, '--resume', file('talk.json'), '--once'];
    assert.equal((await ran([...args, 'one'])).code, 0);
    assert.equal((await stat(file('talk.json'))).mode & 0o077, 0, 'it holds a handle');
    const second = await ran([...args, 'two']);
    assert.match(second.out, /before that one/);
    assert.match(second.err, /the conversation goes on/);
    await writeFile(file('talk.json'), '[]');
    const third = await ran([...args, 'three']);
    assert.equal(third.code, 2);
    assert.match(third.err, /talk\.json holds no conversation/);
  });

  it('uses key, token and model as it is told, and neither shows nor records them', async () => {
    const secret = 'AIzaTopSecretOfThisTest_0123456789';
    const { url } = await serve({ apiKey: secret });
    await writeFile(file('key'), `${secret}\n`);
    const args = ['--once', 'one', '--record', file('r.jsonl')];
    const byFile = await ran(['chat', '--endpoint', url, '--key-file', file('key'), ...args]);
    assert.equal(byFile.code, 0, byFile.err);
    assert.match(byFile.err, /Recorded \d+ frames in .*r\.jsonl/);
    const recording = await readFile(file('r.jsonl'), 'utf8');
    assert.ok(parseRecording(recording).entries.length > 5);
    const byEnv = await ran(['chat', ...args], {
      GEMINI_API_KEY: secret,
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_MODEL: 'gemini-2.5-flash-native-audio-preview-09-2025',
    });
    assert.equal(byEnv.code, 0, byEnv.err);
    assert.match(byEnv.err, /the Gemini API with the key from GEMINI_API_KEY\. Model: gemini-2\.5/);
    assert.match(byEnv.err, /\$\d.*so far \$/, 'it costs');
    // A key of the environment is Google's: an address of somebody else does not get it.
    const foreign = await ran(['chat', '--endpoint', url, '--once', 'one'], {
      GEMINI_API_KEY: secret,
    });
    assert.equal(foreign.code, 4);
    assert.match(foreign.err, /without a key[\s\S]*API Key not found/);
    for (const { out, err } of [byFile, byEnv, foreign])
      assert.doesNotMatch(out + err + recording, /TopSecret/);
  });

  it('says what is wrong, what to do, and by its exit code', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const mute = await serve({ faults: { neverSetupComplete: true } });
    const silent = await serve({ mind: { reply: () => new Promise<never>(() => {}) } });
    const cases: Array<[string[], number, RegExp]> = [
      [
        ['--endpoint', `http://127.0.0.1:${port}`],
        3,
        /Nothing listens at the address.*\nCheck host and port/,
      ],
      [['--endpoint', mute.url, '--timeout', '0.2'], 3, /did not answer the setup within 0\.2 s/],
      [['--endpoint', silent.url, '--timeout', '0.5'], 1, /No answer came for 0\.5 s\.\n.*--timeout/],
      [['--endpoint', 'local', '--model', 'gemini-none'], 4, /model does not exist here.*\nCheck the name/],
      [['--endpoint', 'gemini'], 2, /needs a key, and there is none\.\nSet GEMINI_API_KEY/],
      [['--endpoint', 'vertex'], 2, /id of a Google Cloud project/],
      [['--endpoint', 'mars'], 2, /must be local, gemini, vertex or a URL, not "mars"/],
      [['--timeout', 'soon'], 2, /--timeout must be a number above 0, not "soon"/],
      [['--nonsense'], 2, /Unknown option '--nonsense'/],
      [['hello'], 2, /"hello" is no option/],
      [['--api-key', 'abc'], 2, /no option for a key: every user.*\nSet GEMINI_API_KEY, or use --key-file/],
      [['--key-file', file('no')], 2, /file .*no with the key cannot be read \(ENOENT\)/],
      [['--system', `@${file('no')}`], 2, /instructions in .*no cannot be read/],
    ];
    const runs = await Promise.all(cases.map(([args]) => ran(['chat', '--once', 'hi', ...args])));
    cases.forEach(([args, code, message], i) => {
      assert.match(runs[i]!.err, message, args.join(' '));
      assert.equal(runs[i]!.code, code, `${args.join(' ')}: ${runs[i]!.err}`);
      assert.doesNotMatch(runs[i]!.err, /\bat .*\.ts:\d/, 'no stack for what a user can change');
    });
  });

  it('ends on Ctrl-C while it connects, while it waits, and in an answer; nothing stays behind', async () => {
    const mute = await serve({ faults: { neverSetupComplete: true } });
    const slow = await serve({ clock: 1 });
    const connecting = commands.start(['chat', '--endpoint', mute.url], {}, null);
    const idle = commands.start(['chat', '--endpoint', slow.url, '--record', file('r.jsonl')], {}, null);
    const busy = commands.start(['chat', '--endpoint', slow.url, '--once', 'story', '--save', file('a.wav')]);
    await until(
      'three clients',
      () => mute.connections + slow.connections,
      (count) => count === 3,
    );
    await written(idle, 'err', /Talking to/);
    await written(busy, 'out', /once upon/);
    for (const { child } of [connecting, idle, busy]) child.kill('SIGINT');
    assert.deepEqual(await Promise.all([connecting.exit, idle.exit, busy.exit]), [130, 130, 130]);
    for (const { err } of [connecting, idle, busy]) assert.doesNotMatch(err, /Error|error|at /);
    await until('no client', () => mute.connections + slow.connections === 0);
    assert.equal(parseRecording(await readFile(file('r.jsonl'), 'utf8')).entries.at(-1)?.dir, 'closed');
    assert.ok(readWavHeader(await readFile(file('a.wav'))), 'what was said until then');
  });

  it('ends when nobody reads its output any more, and on a polite kill', async () => {
    const { url } = await serve({ clock: 1 });
    const piped = commands.start(['chat', '--endpoint', url, '--once', 'story']);
    const killed = commands.start(['chat', '--endpoint', url], {}, null);
    await written(piped, 'out', /once/);
    piped.child.stdout?.destroy();
    await written(killed, 'err', /Talking to/);
    killed.child.kill('SIGTERM');
    assert.deepEqual(await Promise.all([piped.exit, killed.exit]), [0, 143]);
    assert.equal(piped.err.match(/EPIPE/), null);
  });

  it('ends with a message when the service goes for good', async () => {
    const server = await serve();
    const run = inside(['chat', '--endpoint', server.url]);
    run.input.write('one\n');
    await written(run, 'out', /You said one/);
    await server.close();
    assert.equal(await run.exit, 3);
    assert.match(
      run.err,
      /connecting again[\s\S]*gemini-live: Gave up after 3 attempts.*Nothing listens.*\nCheck host and port/,
    );
  });

  describe('with a person in front', () => {
    it('shows when it is their turn, and stays after a mistake', async () => {
      const { url } = await serve();
      const run = inside(['chat', '--endpoint', url], {}, true);
      await written(run, 'err', /Write, and press Enter[\s\S]*> /);
      run.input.write('/help\r');
      await written(run, 'err', /\/image FILE/);
      run.input.write('/image nothing.jpg\r');
      await written(run, 'err', /nothing\.jpg cannot be read/);
      run.input.write('one\r');
      await written(run, 'out', /You said one, before that nothing\.\n/);
      run.input.write('/quit\r');
      assert.equal(await run.exit, 0);
    });

    it('interrupts an answer with the first Ctrl-C, and ends with the next', async () => {
      const { url } = await serve({ clock: 1 });
      const run = inside(['chat', '--endpoint', url], {}, true);
      await written(run, 'err', /> /);
      run.input.write('story\r');
      await written(run, 'out', /once upon/);
      run.input.write('\x03');
      await written(run, 'err', /Ctrl-C once more[\s\S]*\(interrupted\)/);
      const said = run.out.length;
      run.input.write('one\r');
      await written(run, 'out', /You said one/);
      assert.doesNotMatch(run.out.slice(said), /upon/);
      await written(run, 'err', /\[interrupted[\s\S]*\[first sound[\s\S]*> /);
      run.input.write('\x03');
      assert.equal(await run.exit, 0);
    });

    it('ends with the second Ctrl-C also while the service still speaks', async () => {
      const { url } = await serve({ clock: 1 });
      const run = inside(['chat', '--endpoint', url], {}, true);
      await written(run, 'err', /> /);
      run.input.write('story\r');
      await written(run, 'out', /once upon/);
      run.input.write('\x03');
      await written(run, 'err', /Ctrl-C once more[\s\S]*\(interrupted\)/);
      run.input.write('\x03');
      assert.equal(await run.exit, 0);
      assert.equal(run.err.match(/Ctrl-C once more/g)?.length, 1);
    });

    it('sends pictures, sounds and new instructions', async () => {
      const server = await serve({ keepJournal: true });
      await writeFile(file('a.jpg'), Buffer.from('ffd8ffe000104a46494600', 'hex'));
      await writeFile(file('a.txt'), 'no picture');
      await writeFile(file('a.wav'), Buffer.concat([wavHeader(PCM_16K, 3200), Buffer.alloc(3200)]));
      const run = inside(['chat', '--endpoint', server.url, '--model', 'gemini-3.8-live'], {}, true);
      await written(run, 'err', /> /);
      run.input.write(`/image ${file('a.txt')}\r`);
      await written(run, 'err', /a\.txt is neither JPEG nor PNG/);
      run.input.write(`/image ${file('a.jpg')}\r/context Be short.\r/audio ${file('a.wav')}\r`);
      const sent = (): string => JSON.stringify(server.journal);
      await until('all of it', sent, (all) =>
        [/"video":\{"mimeType":"image\/jpeg"/, /Be short\./, /"audio":\{/, /"audioStreamEnd":true/].every(
          (part) => part.test(all),
        ),
      );
      run.input.write(`/audio ${file('none.wav')}\r`);
      await written(run, 'err', /none\.wav/);
    });

    it('interrupts with /interrupt, and ends with the end of the input', async () => {
      const { url } = await serve({ clock: 1 });
      const run = inside(['chat', '--endpoint', url], {}, true);
      await written(run, 'err', /> /);
      run.input.write('story\r');
      await written(run, 'out', /once upon/);
      run.input.write('/interrupt\r');
      await written(run, 'err', /\(interrupted\)/);
      run.input.end();
      assert.equal(await run.exit, 0);
    });
  });

  it('explains itself', async () => {
    const runs = await Promise.all(
      [
        ['--help'],
        ['chat', '--help'],
        ['check', '-h'],
        ['token', '--help'],
        ['replay', '--help'],
        ['--version'],
        [],
        ['nope'],
      ].map((args) => ran(args)),
    );
    assert.deepEqual(
      runs.map(({ code }) => code),
      [0, 0, 0, 0, 0, 0, 2, 2],
    );
    for (const { out } of runs.slice(0, 5)) assert.match(out, /^Usage: gemini-live/);
    assert.match(runs[5]!.out, /^\d+\.\d+\.\d+\n$/);
    assert.match(runs[7]!.err, /no command "nope"[\s\S]*Usage/);
  });
});

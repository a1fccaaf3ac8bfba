import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { Recorder, type RecorderOptions, type RecorderWarning } from '../../src/live';
import { parseRecording, type Recording } from '../../src/protocol';
import { until } from '../support/processes';

const OPENED = { at: 1, model: 'm', endpoint: 'local', session: 's' };

describe('live: recorder', () => {
  let folder: string;
  const warnings: RecorderWarning[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'recorder-'));
    warnings.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  const recorder = (options: Partial<RecorderOptions> = {}): Recorder =>
    new Recorder({ file: path.join(folder, 'a.jsonl'), onWarning: (w) => warnings.push(w), ...options });
  const read = async (file = path.join(folder, 'a.jsonl')): Promise<Recording> =>
    parseRecording(await readFile(file, 'utf8'));

  it('writes every frame of every connection in order, with times', async () => {
    const tap = recorder();
    tap.opened(OPENED);
    tap.sent('{"setup":{"model":"models/m"}}');
    tap.received(Buffer.from('{"setupComplete":{}}'));
    tap.closed({ code: 1006, reason: 'lost', by: 'server' });
    tap.opened({ ...OPENED, at: 2 });
    tap.received([Buffer.from('{"a"'), Buffer.from(':1}')]);
    tap.received(new Uint8Array(Buffer.from('{"b":1}')).buffer);
    tap.received('no JSON');
    const stats = await tap.close();
    const { header, entries, complete } = await read();
    assert.deepEqual(header, {
      format: 'gemini-live-recording',
      version: 1,
      at: 1,
      model: 'm',
      endpoint: 'local',
    });
    assert.deepEqual(
      entries.map(({ ms: _ms, ...entry }) => entry),
      [
        { connection: 1, dir: 'opened', message: { session: 's' } },
        { connection: 1, dir: 'sent', message: { setup: { model: 'models/m' } } },
        { connection: 1, dir: 'received', message: { setupComplete: {} } },
        { connection: 1, dir: 'closed', message: { code: 1006, reason: 'lost', by: 'server' } },
        { connection: 2, dir: 'opened', message: { session: 's' } },
        { connection: 2, dir: 'received', message: { a: 1 } },
        { connection: 2, dir: 'received', message: { b: 1 } },
        { connection: 2, dir: 'received', text: 'no JSON' },
      ],
    );
    assert.ok(entries.every(({ ms }, i) => ms >= (entries[i - 1]?.ms ?? 0)));
    assert.ok(complete);
    assert.deepEqual(stats, { file: tap.file, frames: 5, bytes: (await stat(tap.file)).size, dropped: 0 });
    assert.equal((await stat(tap.file)).mode & 0o077, 0, 'what people said is for nobody else');
    assert.deepEqual(warnings, []);
  });

  it('begins anew in an existing file, unless the name has the time in it', async () => {
    const file = path.join(folder, 'a.jsonl');
    await writeFile(file, 'old\n');
    const tap = recorder({ file });
    tap.opened(OPENED);
    await tap.close();
    assert.equal((await read()).entries.length, 1);
    const timed = recorder({ file: path.join(folder, 'talk {time}.jsonl') });
    timed.opened(OPENED);
    await timed.close();
    assert.match((await readdir(folder)).join(), /talk \d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.jsonl/);
  });

  it('writes nothing when nothing was connected', async () => {
    const tap = recorder();
    assert.deepEqual(await tap.close(), { file: tap.file, frames: 0, bytes: 0, dropped: 0 });
    assert.deepEqual(await readdir(folder), []);
  });

  it('stops at its limit with a readable file, and says so once', async () => {
    const tap = recorder({ maxBytes: 2000 });
    tap.opened(OPENED);
    for (let i = 0; i < 100; i++) tap.received(JSON.stringify({ serverContent: { n: i } }));
    const { frames, dropped, bytes } = await tap.close();
    assert.ok(bytes <= 2000 && bytes > 1500, String(bytes));
    assert.equal(frames + dropped, 100);
    const { entries } = await read();
    assert.equal(entries.filter(({ dir }) => dir === 'received').length, frames);
    assert.match(JSON.stringify(entries.at(-1)), /"note".*limit of 2000 bytes/);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['RECORDING_FULL'],
    );
    assert.match(warnings[0]!.message, /limit of 2000 bytes.*session goes on/);
  });

  it('has a header also when the limit is absurd', async () => {
    const tap = recorder({ maxBytes: 1 });
    tap.opened(OPENED);
    tap.received('{}');
    await tap.close();
    assert.equal((await read()).header.model, 'm');
  });

  it('leaves out what the disk cannot take in time, and tells where', async () => {
    const tap = recorder({ maxQueueBytes: 1000 });
    tap.opened(OPENED);
    const frame = JSON.stringify({ text: 'x'.repeat(80) });
    for (let i = 0; i < 50; i++) tap.received(frame);
    await until('the first part to be written', () => tap.stats.bytes > 0);
    await until(
      'room',
      () => {
        tap.received(frame);
        return tap.stats.dropped;
      },
      (dropped) => dropped > 0,
    );
    tap.closed({ code: 1000, reason: '', by: 'client' });
    const { frames, dropped } = await tap.close();
    const { entries } = await read();
    assert.equal(entries.filter(({ dir }) => dir === 'received').length, frames);
    const missing = entries.map((e) => (e.dir === 'note' ? Number(/^\d+/.exec(e.message.text)?.[0]) : 0));
    assert.equal(
      missing.reduce((sum, n) => sum + n, 0),
      dropped,
    );
    assert.equal(entries.at(-1)?.dir, 'closed', 'how it ended is never left out');
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['RECORDING_GAP'],
    );
  });

  const unwritable: Array<[string, () => Promise<string>, RegExp]> = [
    [
      'a folder that is not there',
      async () => path.join(folder, 'no', 'a.jsonl'),
      /folder .*no does not exist\. Create/,
    ],
    ['a folder', async () => folder, /it is a folder\. Add a file name/],
    [
      'a file where a folder should be',
      async () => {
        await writeFile(path.join(folder, 'file'), '');
        return path.join(folder, 'file', 'a.jsonl');
      },
      /is no folder/,
    ],
    ['a full disk', async () => '/dev/full', /disk is full\. Make room/],
    [
      'a pipe that nobody reads',
      async () => {
        const pipe = path.join(folder, 'pipe');
        await once(spawn('mkfifo', [pipe]), 'close');
        return pipe;
      },
      /pipe or socket/,
    ],
  ];
  for (const [name, place, message] of unwritable) {
    it(`gives one warning for ${name}, and the session goes on`, async function () {
      const file = await place();
      if (file.startsWith('/dev') && !existsSync(file)) return this.skip();
      const tap = recorder({ file });
      tap.opened(OPENED);
      tap.sent('{}');
      await until('the warning', () => warnings.length > 0);
      tap.received('{}');
      tap.closed({ code: 1000, reason: '', by: 'client' });
      const { frames, dropped } = await tap.close();
      assert.deepEqual({ frames, dropped }, { frames: 0, dropped: 2 }, 'all is counted');
      assert.equal(warnings.length, 1);
      assert.equal(warnings[0]!.code, 'RECORDING_FAILED');
      assert.match(warnings[0]!.message, message);
      assert.match(warnings[0]!.message, /session goes on/);
    });
  }

  it('survives a listener that throws', async () => {
    const tap = recorder({
      file: path.join(folder, 'no', 'a.jsonl'),
      onWarning: () => {
        throw new Error('listener');
      },
    });
    tap.opened(OPENED);
    await tap.close();
  });

  it('never writes a secret, wherever it stands', async () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{16,32}$/);
    await fc.assert(
      fc.asyncProperty(secret, secret, secret, fc.json(), async (key, handle, header, json) => {
        const tap = recorder({ secrets: [key] });
        tap.opened({ ...OPENED, model: `models/${key}` });
        const headers = { Authorization: `Bearer ${header}` };
        tap.sent(
          JSON.stringify({
            setup: { tools: [{ mcpServers: [{ headers }] }], url: `wss://a:${key}@b/?key=${key}` },
          }),
        );
        tap.received(JSON.stringify({ sessionResumptionUpdate: { newHandle: handle, resumable: true } }));
        tap.sent(JSON.stringify({ setup: { sessionResumption: { handle } } }));
        tap.received(Buffer.from(`{"text":"${key} ${header}", "newHandle": "${handle}"`));
        tap.received(JSON.stringify({ [key]: { deep: [JSON.parse(json), `x${key}${handle}`] } }));
        tap.closed({ code: 1008, reason: `no ${handle} for ${header} and ${key}`, by: 'server' });
        await tap.close();
        const text = await readFile(tap.file, 'utf8');
        for (const word of [key, handle, header]) assert.ok(!text.includes(word), text);
        assert.equal(parseRecording(text).entries.length, 7);
      }),
      { numRuns: 20, seed: 4 },
    );
  });

  it('leaves a readable file when the process is killed', async () => {
    const file = path.join(folder, 'killed.jsonl');
    const script = `
      const { Recorder } = require(${JSON.stringify(path.resolve('src/live/recorder'))});
      const tap = new Recorder({ file: ${JSON.stringify(file)} });
      tap.opened({ at: 1, model: 'm', endpoint: 'local', session: 's' });
      setInterval(() => tap.received('{"n":' + Date.now() + '}'), 2);`;
    const child = spawn(process.execPath, ['-r', 'tsx/cjs', '-e', script], { stdio: 'inherit' });
    await until('some lines', async () => existsSync(file) && (await stat(file)).size > 5000);
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.ok((await read(file)).entries.length > 50);
  });
});

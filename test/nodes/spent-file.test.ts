import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SpentFile } from '../../nodes/config/spent-file';
import { scriptedEars, scriptedMind, startServer, toneVoice } from '../../src/server';
import { events, helper, run, sessionFlow, until } from './support';

const NAME = '.gemini-live-spent.json';
const never = (message: string): void => assert.fail(message);

/** The day's sum outlives Node-RED: a limit of cost that forgets is none. */
describe('config node: what was spent today', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'spent-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Another folder with the same file: the next process. */
  async function restarted(): Promise<string> {
    const next = path.join(folder, `next-${Math.random()}`);
    await cp(path.join(folder, NAME), path.join(next, NAME));
    return next;
  }

  it('is known after a restart, without the key, and only while the day lasts', async () => {
    const before = SpentFile.in(folder, never);
    before.save('hash of yesterday', { day: '2026-01-30', usd: 5 });
    before.save('hash', { day: '2026-01-31', usd: 1 });
    before.save('hash', { day: '2026-01-31', usd: 1.5 });
    await before.written();
    const after = SpentFile.in(await restarted(), never);
    assert.deepEqual(after.load('hash'), { day: '2026-01-31', usd: 1.5 });
    assert.equal(after.load('hash of yesterday'), undefined);
    assert.equal(after.load('another'), undefined);
  });

  it('is one sum for all who ask for the same folder', () => {
    assert.equal(SpentFile.in(folder, never), SpentFile.in(`${folder}/.`, never));
  });

  it('begins at 0 with a file that is spoilt', async () => {
    for (const text of ['', '{"hash":', '[]', '{"hash": null, "b": {"day": 5}}']) {
      const place = await mkdtemp(path.join(folder, 'spoilt-'));
      await writeFile(path.join(place, NAME), text);
      assert.equal(SpentFile.in(place, never).load('hash'), undefined, text);
    }
  });

  it('says so when it cannot be written, and still counts', async () => {
    const told: string[] = [];
    const file = SpentFile.in(path.join(folder, 'missing'), (message) => told.push(message));
    file.save('hash', { day: '2026-01-31', usd: 2 });
    await file.written();
    assert.equal(file.load('hash')?.usd, 2);
    assert.match(told.join(), /cannot be kept .* user directory writable/s);
  });

  it('keeps the cost of a conversation through the nodes', async () => {
    const server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(() => 'hello'),
      voice: toneVoice(),
      clock: 10,
    });
    try {
      const flow = await run(sessionFlow(server.url, {}, { costDay: '100' }), {
        userDir: folder,
        credentials: { config: { apiKey: 'AIza-secret-key' } },
      });
      flow.send('session', { payload: 'hello' });
      const usage = await until('the cost', () => events(flow, 'events', 'usage')[0]);
      const { day } = (usage.payload as { costUsd: { day: number } }).costUsd;
      assert.ok(day > 0);
      await until('the file', () => existsSync(path.join(folder, NAME)));
      await SpentFile.in(folder, never).written();
      const text = await readFile(path.join(folder, NAME), 'utf8');
      const [kept] = Object.values(JSON.parse(text) as Record<string, { usd: number }>);
      assert.ok(kept && kept.usd >= day);
      assert.ok(!text.includes('AIza'));
    } finally {
      await helper.unload();
      await server.close();
    }
  });
});

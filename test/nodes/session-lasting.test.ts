import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  embeddedServer,
  scriptedEars,
  scriptedMind,
  startServer,
  toneVoice,
  type LocalLiveServer,
} from '../../src/server';
import { frame, microphone } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

/** What a session node does while its conversation goes on for long, and when it may not. */
describe('session node: lasting', () => {
  let server: LocalLiveServer;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lasting-'));
    server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(({ text, memory }) => {
        const told = /my name is (\w+)/.exec(text)?.[1];
        if (told) memory.set('name', told);
        return text === 'who am I' ? `You are ${memory.get('name') ?? 'unknown'}` : `You said ${text}`;
      }),
      voice: toneVoice(),
      clock: 10,
    });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const turns = (flow: Running): { model: string; say?: string }[] =>
    events(flow, 'events', 'turn').map(({ payload }) => payload as { model: string });
  async function ask(flow: Running, text: string): Promise<string | undefined> {
    const before = turns(flow).length;
    flow.send('session', { payload: text });
    await until(`an answer to "${text}"`, () => turns(flow).length > before);
    return turns(flow).at(-1)?.model;
  }

  it('goes on after a drop, shows it, and raises no error', async () => {
    const flow = await run(sessionFlow(server.url));
    await ask(flow, 'my name is Ada');
    server.dropAll();
    await until('it has been restored', () => events(flow, 'events', 'restored').length === 1);
    assert.equal(await ask(flow, 'who am I'), 'You are Ada');
    assert.deepEqual(
      events(flow, 'events', 'restored').map(
        ({ payload }) => (payload as { stateRestored: boolean }).stateRestored,
      ),
      [true],
    );
    assert.ok(events(flow, 'events', 'waiting').length > 0, 'it says what it waits for');
    const shown = flow.statuses('session');
    assert.ok(shown.includes('connecting again'), shown.join());
    assert.ok(
      shown.some((text) => /^again in \d+ s$/.test(text)),
      shown.join(),
    );
    assert.equal(shown.at(-1), 'custom');
    assert.deepEqual(flow.errors, []);
  });

  it('hands over when the service says goodbye', async () => {
    const flow = await run(sessionFlow(server.url));
    await ask(flow, 'my name is Ada');
    server.goAway('50s');
    await until('it has been restored', () => events(flow, 'events', 'restored').length === 1);
    assert.equal(await ask(flow, 'who am I'), 'You are Ada');
    assert.ok(events(flow, 'events', 'go-away').length > 0);
    assert.deepEqual(flow.errors, []);
  });

  it('keeps what arrives while it connects again', async () => {
    const flow = await run(sessionFlow(server.url));
    await ask(flow, 'my name is Ada');
    server.dropAll();
    await until('it is noticed', () => flow.statuses('session').includes('connecting again'));
    assert.equal(await ask(flow, 'who am I'), 'You are Ada');
    assert.deepEqual(flow.errors, []);
  });

  it('says "failed" once it has tried often enough, with one error', async () => {
    const flow = await run(sessionFlow(server.url, {}, { attempts: '2', firstDelay: '0', maxDelay: '0' }));
    await ask(flow, 'hello');
    await server.close();
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.match(error.message, /Gave up after 2 attempts/);
    await until('it shows it', () => flow.statuses('session').at(-1) === 'connect failed');
    assert.equal(flow.errors.length, 1);
  });

  it('begins again for a microphone when the service has said goodbye, and not when the flow has', async () => {
    const flow = await run(sessionFlow(server.url));
    const mic = microphone();
    flow.send('session', { payload: mic.handle });
    const heard = (index: number): boolean => {
      mic.write(frame(0));
      return (server.stats[index]?.audioMs ?? 0) > 0;
    };
    await until('it is heard', () => heard(0));
    server.closeAll({ code: 1000, reason: 'Bye.' });
    await until('it is heard again', () => heard(1));
    flow.send('session', { action: 'disconnect' });
    await until('the connection is gone', () => server.connections === 0);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(server.stats.length, 2);
    assert.deepEqual(flow.errors, []);
    mic.end();
  });

  it('says announcements after the answer that is being given', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'please say many words' });
    await until('the answer', () => flow.got('audio').length === 1);
    flow.send('session', { action: 'say', payload: 'The laundry is done.' });
    await until('both', () => turns(flow).length === 2);
    assert.match(turns(flow)[1]?.model ?? '', /The laundry is done/);
    assert.equal(events(flow, 'events', 'interrupted').length, 0);
    assert.deepEqual(flow.errors, []);
  });

  it('interrupts for an announcement with priority', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { payload: 'please say many words so that this takes a little while'.repeat(5) });
    await until('the answer', () => flow.got('audio').length === 1);
    flow.send('session', { action: 'say', payload: 'Smoke in the kitchen!', priority: true });
    await until('the announcement', () => turns(flow).some(({ model }) => model.includes('Smoke')));
    assert.equal(events(flow, 'events', 'interrupted').length, 1);
  });

  it('refuses an announcement without words', async () => {
    const flow = await run(sessionFlow(server.url));
    flow.send('session', { action: 'say', payload: { a: 1 } });
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'BAD_PAYLOAD');
  });

  it('ends when its money is spent, with one error and a status that says so', async () => {
    const flow = await run(sessionFlow(server.url, {}, { costConversation: '0.0000001' }));
    flow.send('session', { payload: 'hello' });
    await until('the connection is closed', () =>
      events(flow, 'events', 'state').some(({ payload }) => (payload as { to: string }).to === 'closed'),
    );
    const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
    assert.equal(error?.error?.code, 'COST_LIMIT');
    assert.equal(flow.statuses('session').at(-1), 'cost limit reached');
    const reached = events(flow, 'events', 'cost-limit').at(-1)?.payload as { level: string };
    assert.equal(reached.level, 'reached');
  });

  it('waits for its turn where turns are limited, and shows it', async () => {
    const flow = await run(sessionFlow(server.url, {}, { turnsPerMinute: '1' }));
    await ask(flow, 'one');
    flow.send('session', { payload: 'two' });
    await until('it waits', () => events(flow, 'events', 'waiting').length > 0);
    const [waiting] = events(flow, 'events', 'waiting');
    assert.equal((waiting?.payload as { for: string }).for, 'turn');
    assert.ok(flow.statuses('session').some((text) => /^waits \d+ s$/.test(text)));
    assert.deepEqual(flow.errors, []);
  });

  it('records every frame into a file of the user directory, without the key', async () => {
    const flow = await run(sessionFlow(server.url, { record: 'talk.jsonl', recordAudio: false }), {
      userDir: folder,
      credentials: { config: { apiKey: 'secret-key-77' } },
    });
    await ask(flow, 'hello, secret-key-77');
    flow.send('session', { action: 'disconnect' });
    await until('it is closed', () => server.connections === 0);
    const file = path.join(folder, 'talk.jsonl');
    await until(
      'the end is written',
      () => existsSync(file) && readFileSync(file, 'utf8').includes('"closed"'),
    );
    const text = readFileSync(file, 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines[0]?.format, 'gemini-live-recording');
    assert.ok(lines.some(({ dir, message }) => dir === 'sent' && 'setup' in (message as object)));
    assert.ok(!text.includes('secret-key-77'));
    assert.ok(!/"data":"[A-Za-z0-9+/]{100}/.test(text), 'no sound');
  });

  it('talks on when it cannot record, and says so once', async () => {
    const flow = await run(sessionFlow(server.url, { record: 'no/such/folder/talk.jsonl' }), {
      userDir: folder,
    });
    assert.equal(await ask(flow, 'hello'), 'You said hello');
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'RECORDING_FAILED');
    assert.equal(flow.errors.length, 1);
  });

  for (const [what, end] of [
    ['while it is connected', () => {}],
    ['after it was disconnected', (flow: Running) => flow.send('session', { action: 'disconnect' })],
  ] as const) {
    it(`gives the local server back at once when it is deleted ${what}`, async () => {
      const flow = await run(sessionFlow('', {}, { endpoint: 'local', scenario: '' }));
      await ask(flow, 'what time is it');
      const mine = await embeddedServer();
      await mine.release();
      end(flow);
      await until('the state', () => flow.got('events').length > 0);
      await flow.deploy([]);
      assert.equal(await listening(mine.server.url), false);
    });
  }
});

async function listening(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

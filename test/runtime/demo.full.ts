import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packedPackage, ROOT } from '../support/package';
import { descendants, hasProc, stillRunning, until } from '../support/processes';
import { DemoFolders } from './demo-run';

describe('demo, left running or failing', function () {
  this.timeout(120_000);
  let demo: DemoFolders;

  before(packedPackage);
  beforeEach(async () => {
    demo = await DemoFolders.make();
  });
  afterEach(() => demo.remove());

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`stays until npm gets a ${signal}, and then leaves nothing running`, async function () {
      if (!hasProc) this.skip();
      const { child, ended, output } = demo.start();
      await until('the conversation is over', output, (text) => /Ctrl-C/.test(text), 60_000);
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output())?.[0] ?? '';
      assert.equal((await fetch(url)).status, 200);
      const running = descendants(child.pid!);
      assert.ok(
        running.some(({ command }) => /red\.js|node-red/.test(command)),
        JSON.stringify(running),
      );
      child.kill(signal);
      await until(
        'everything has ended',
        () => stillRunning(running),
        (left) => left.length === 0,
      );
      await ended;
      await until(
        'the user directory is gone',
        () => demo.leftovers(),
        (left) => left.length === 0,
      );
    });
  }

  it('answers what needs no device, from a file of one’s own', async () => {
    const ask = path.join(ROOT, 'nodes/audio-in/samples/what-time-is-it.ogg');
    const { code, output } = await demo.start('--once', '--out', demo.out, '--ask', ask).ended;
    assert.equal(code, 0, output);
    const kept = await readFile(path.join(demo.out, 'conversation.json'), 'utf8');
    const { turns, toolCalls, devices } = JSON.parse(kept) as Conversation;
    assert.deepEqual(toolCalls, []);
    assert.match(turns[0]?.text ?? '', /what time is it/);
    assert.match(turns[1]?.text ?? '', /^It is \d/);
    assert.equal(devices.kitchen_light?.state, 'OFF');
    assert.doesNotMatch(output, /^(call|device) /m);
  });

  it('fails with advice when it is asked with something that is no sound', async () => {
    const notAudio = path.join(demo.out, 'not-audio.wav');
    await writeFile(notAudio, 'this is no audio');
    const { code, output } = await demo.start('--once', '--out', demo.out, '--ask', notAudio).ended;
    assert.notEqual(code, 0);
    assert.match(output, /The demo failed: .*not-audio\.wav/);
    assert.deepEqual(readdirSync(demo.out), ['not-audio.wav']);
    assert.deepEqual(demo.leftovers(), []);
  });

  it('ends with a status and a sentence when the command line is wrong', async () => {
    const { code, output } = await demo.start('--once').ended;
    assert.equal(code, 1);
    assert.match(output, /^\s*--once needs --out DIR/);
  });
});

interface Conversation {
  turns: { text: string }[];
  toolCalls: unknown[];
  devices: Record<string, { state: string }>;
}

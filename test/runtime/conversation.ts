import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseWav } from '../../src/media';
import type { Comms } from '../support/comms';
import { NodeRed, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { descendants, hasProc, until } from '../support/processes';
import { skipWithout } from '../support/skip';
import { rms, samplesOf } from '../support/sound';
import { example, only } from './flows';

/** The packed package in a real Node-RED holds the conversation of example 02, twice, and stops clean. */
export function describeConversation(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`packed package in Node-RED ${name}`, function () {
    this.timeout(120_000);
    const flow = example('02 - Ask with a spoken file');
    const session = only(flow, 'gemini-live-session');
    const [asked, saved] = ['text of both sides', 'saved as'];
    let nodeRed: NodeRed | undefined;
    let comms: Comms;

    before(async function () {
      const runtime = find();
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime });
      comms = await nodeRed.events();
    });
    after(() => nodeRed?.stop());

    it('loads every node without a complaint', async () => {
      const { version } = await nodeRed!.admin<{ version: string }>('GET', 'settings');
      assert.ok(version.startsWith(`${name}.`), version);
      const sets = await nodeRed!.admin<
        { module: string; types: string[]; err?: string; enabled: boolean }[]
      >('GET', 'nodes');
      const ours = sets.filter(({ module }) => module === '@parley/node-red-gemini-live');
      const types = ours.flatMap((set) => set.types).sort();
      assert.deepEqual(
        types,
        [
          'audio-in',
          'audio-out',
          'config',
          'from-messages',
          'mcp',
          'session',
          'to-messages',
          'tool-response',
          'tools',
          'video-in',
        ].map((type) => `gemini-live-${type}`),
      );
      assert.deepEqual(
        ours.filter((set) => set.err !== undefined || !set.enabled),
        [],
      );
      assert.deepEqual(
        nodeRed!.log.filter((line) => /\[(error|warn)\].*gemini/i.test(line)),
        [],
      );
    });

    it('says where it is going to talk to before it does', async () => {
      await nodeRed!.deploy(flow);
      const { text } = await comms.status(({ id, text }) => id === session.id && Boolean(text));
      assert.match(String(text), /local/);
    });

    for (const time of ['first', 'second']) {
      it(`hears a spoken request, writes and speaks the answer (${time} time)`, async () => {
        comms.clear();
        const file = path.join(nodeRed!.userDir, 'gemini-live-reply.wav');
        await nodeRed!.inject(only(flow, 'inject').id);
        const heard = await comms.debugged(
          ({ name, msg }) => name === asked && /what time/i.test(String(msg.payload)),
        );
        assert.ok(heard);
        const done = await comms.debugged(({ name }) => name === saved);
        assert.ok(JSON.stringify(done.msg).includes('gemini-live-reply.wav'), JSON.stringify(done.msg));
        await comms.debugged(({ name, msg }) => name === asked && /^It is \d/.test(String(msg.payload)));
        assert.ok(existsSync(file));
        const { format, data } = parseWav(await readFile(file));
        assert.deepEqual({ rate: format.rate, channels: format.channels }, { rate: 24_000, channels: 1 });
        assert.ok(data.length > 24_000, `${data.length} bytes`);
        assert.ok(rms(samplesOf(data)) > 0.02, 'the answer is silent');
      });
    }

    it('has no process left when nobody speaks', async function () {
      if (!hasProc) this.skip();
      await until(
        'all child processes gone',
        () => descendants(nodeRed!.pid),
        (left) => left.length === 0,
      );
    });

    it('stops when it is told to', async () => {
      const { userDir } = nodeRed!;
      await nodeRed!.stop();
      nodeRed = undefined;
      assert.ok(!existsSync(userDir));
    });
  });
}

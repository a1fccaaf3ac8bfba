import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { example } from '../runtime/flows';
import { NodeRed } from '../support/node-red';

const SECRETS = {
  apiKey: 'secret-key-4711',
  token: 'auth_tokens/secret-token-4712',
  serviceAccount: '{"type": "service_account", "client_email": "a@b", "private_key": "secret-private-4713"}',
  headers: 'x-extra: secret-header-4714',
  proxyUser: 'secret-user-4715',
  proxyPassword: 'secret-password-4716',
};

describe('nodes in a real Node-RED', function () {
  this.timeout(120_000);
  let server: LocalLiveServer;
  let nodeRed: NodeRed;

  before(async () => {
    server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(({ text }) => `You said ${text}`),
      voice: toneVoice(),
      clock: 10,
    });
    nodeRed = await NodeRed.start();
  });
  after(async () => {
    await nodeRed?.stop();
    await server.close();
  });

  it('has no secret of the config node in its flows, its files or its log', async () => {
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'test' },
      {
        id: 'ask',
        type: 'inject',
        z: 'tab',
        props: [{ p: 'payload', v: 'hello', vt: 'str' }],
        wires: [['session']],
      },
      { id: 'session', type: 'gemini-live-session', z: 'tab', config: 'config', wires: [[], [], ['events']] },
      { id: 'events', type: 'debug', z: 'tab', active: true, tosidebar: true, complete: 'true', wires: [] },
      {
        id: 'config',
        type: 'gemini-live-config',
        name: '',
        endpoint: 'custom',
        url: server.url,
        credentials: SECRETS,
      },
    ]);
    const comms = await nodeRed.events();
    await nodeRed.inject('ask');
    await comms.debugged(({ msg }) => msg.event === 'turn');
    const told = await Promise.all(
      ['GET flows', 'GET credentials/gemini-live-config/config'].map((request) => {
        const [method = '', route = ''] = request.split(' ');
        return nodeRed.admin(method, route);
      }),
    );
    const shown = (told[1] ?? {}) as Record<string, unknown>;
    assert.equal(shown.has_apiKey, true, 'the key has been taken');
    assert.equal(shown.proxyUser, SECRETS.proxyUser, 'a user name is shown to those who may edit');
    delete shown.proxyUser;
    const files = await filesIn(nodeRed.userDir);
    assert.ok(files.length > 1);
    const everything = [JSON.stringify(told), ...nodeRed.log, ...files].join('\n');
    assert.deepEqual(everything.match(/[^"\s]*secret-\w+-47\d\d/g), null);
  });

  for (const [title, button, debug, said] of [
    ['05 - Announcements from automations', 'the laundry is done', 'text of both sides', /laundry/],
    ['06 - A conversation that survives', 'hello there', 'how it stands', /^ready$/],
  ] as const) {
    it(`holds the conversation of "${title}"`, async () => {
      const flow = example(title);
      await nodeRed.deploy(flow);
      const comms = await nodeRed.events();
      comms.clear();
      await nodeRed.inject(flow.find(({ type, name }) => type === 'inject' && name === button)!.id);
      await comms.debugged(({ name, msg }) => name === debug && said.test(String(msg.payload)));
    });
  }
});

/** Texts of all files of a user directory, without what npm installed. */
async function filesIn(userDir: string): Promise<string[]> {
  const names = await readdir(userDir, { recursive: true });
  const own = names.filter((name) => !name.split(path.sep).includes('node_modules'));
  const texts = own.map(async (name) => {
    const file = path.join(userDir, name);
    return (await stat(file)).isFile() ? readFile(file, 'utf8') : '';
  });
  return (await Promise.all(texts)).filter((text) => text !== '');
}

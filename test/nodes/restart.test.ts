import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { NodeRed, type FlowNode } from '../support/node-red';

const SECRETS = {
  apiKey: 'secret-key-4711',
  token: 'auth_tokens/secret-token-4712',
  serviceAccount: '{"type": "service_account", "client_email": "a@b", "private_key": "secret-private-4713"}',
  headers: 'x-extra: secret-header-4714',
  proxyUser: 'secret-user-4715',
  proxyPassword: 'secret-password-4716',
};

describe('a real Node-RED', function () {
  this.timeout(180_000);
  let server: LocalLiveServer;
  let folder: string;
  let nodeRed: NodeRed | undefined;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'restart-'));
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
  afterEach(() => nodeRed?.stop());
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const flow = (config: object = {}): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'test' },
    ...['my name is Ada', 'who am I'].map((payload, i) => ({
      id: `ask${i}`,
      type: 'inject',
      z: 'tab',
      props: [{ p: 'payload', v: payload, vt: 'str' }],
      wires: [['session']],
    })),
    {
      id: 'session',
      type: 'gemini-live-session',
      z: 'tab',
      config: 'config',
      connect: 'input',
      store: 'disk',
      wires: [[], [], ['events']],
    },
    { id: 'events', type: 'debug', z: 'tab', active: true, tosidebar: true, complete: 'true', wires: [] },
    { id: 'config', type: 'gemini-live-config', name: '', endpoint: 'custom', url: server.url, ...config },
  ];

  const start = async (): Promise<NodeRed> => {
    const contextStorage = {
      default: { module: 'memory' },
      disk: { module: 'localfilesystem', config: { dir: folder, flushInterval: 1 } },
    };
    nodeRed = await NodeRed.start({ settings: { contextStorage } });
    return nodeRed;
  };

  it('takes a conversation up again after it was restarted', async () => {
    const answers = async (running: NodeRed, id: string): Promise<string> => {
      const comms = await running.events();
      comms.clear();
      await running.inject(id);
      const { msg } = await comms.debugged((message) => message.msg.event === 'turn');
      return (msg.payload as { model: string }).model;
    };
    const first = await start();
    await first.deploy(flow());
    assert.equal(await answers(first, 'ask0'), 'You said my name is Ada');
    await first.stop();
    const second = await start();
    await second.deploy(flow());
    assert.equal(await answers(second, 'ask1'), 'You are Ada');
  });

  it('has no secret of the config node in its flows, its files or its log', async () => {
    const running = await start();
    const secret = { ...flow().find(({ id }) => id === 'config')!, credentials: SECRETS };
    await running.deploy([...flow().filter(({ id }) => id !== 'config'), secret]);
    await running.inject('ask0');
    await (await running.events()).debugged((message) => message.msg.event === 'turn');
    const told = await Promise.all(
      ['GET flows', 'GET credentials/gemini-live-config/config'].map((request) => {
        const [method = '', route = ''] = request.split(' ');
        return running.admin(method, route);
      }),
    );
    const shown = (told[1] ?? {}) as Record<string, unknown>;
    assert.equal(shown.has_apiKey, true, 'the key has been taken');
    assert.equal(shown.proxyUser, SECRETS.proxyUser, 'a user name is shown to those who may edit');
    delete shown.proxyUser;
    const files = await filesIn(running.userDir);
    assert.ok(files.length > 1);
    const everything = [JSON.stringify(told), ...running.log, ...files].join('\n');
    assert.deepEqual(everything.match(/[^"\s]*secret-\w+-47\d\d/g), null);
  });
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

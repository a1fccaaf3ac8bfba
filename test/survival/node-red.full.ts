import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import type { Comms } from '../support/comms';
import { type FlowNode, NodeRed } from '../support/node-red';
import { packedPackage } from '../support/package';

const FACT = 'the blue key';
const ID = {
  tab: 'talk-tab',
  config: 'talk-config',
  session: 'talk-session',
  text: 'talk-text',
  events: 'talk-events',
};
/** Longer than the session and the context store wait before they write (ms). */
const WRITTEN_MS = 4000;

const settings = {
  contextStorage: {
    default: { module: 'memory' },
    disk: { module: 'localfilesystem', config: { flushInterval: 1 } },
  },
};

/** Buttons, session with its conversation on disk, and Debug nodes. */
function flow(endpoint: object): FlowNode[] {
  const node = (id: string, type: string, fields: object, wires: string[][] = []): FlowNode => ({
    id,
    type,
    z: ID.tab,
    x: 100,
    y: 100,
    ...fields,
    wires,
  });
  const button = (id: string, v: string): FlowNode =>
    node(id, 'inject', { repeat: '', once: false, props: [{ p: 'payload', v, vt: 'str' }] }, [[ID.session]]);
  const debug = (id: string): FlowNode =>
    node(id, 'debug', { active: true, tosidebar: true, complete: 'true', targetType: 'full' });
  return [
    { id: ID.tab, type: 'tab', label: 'talk' },
    {
      id: ID.config,
      type: 'gemini-live-config',
      name: '',
      resumption: true,
      outputTranscription: true,
      ...endpoint,
    },
    button('talk-tell', `remember that ${FACT}`),
    button('talk-recall', 'what do you remember'),
    node(
      ID.session,
      'gemini-live-session',
      { config: ID.config, connect: 'input', realtime: true, store: 'disk' },
      [[], [ID.text], [ID.events]],
    ),
    debug(ID.text),
    debug(ID.events),
  ];
}

/** What a Debug node behind the session has shown. */
const shown = (comms: Comms, id: string, fits: (msg: Record<string, unknown>) => boolean) =>
  comms.debugged((message) => message.id === id && fits(message.msg), 60_000);

async function ask(nodeRed: NodeRed, button: string, answer: RegExp): Promise<void> {
  const comms = await nodeRed.events();
  comms.clear();
  await nodeRed.inject(button);
  await shown(comms, ID.text, ({ role, payload }) => role === 'model' && answer.test(String(payload)));
  // The handle for what was said comes when the turn is over.
  await shown(comms, ID.events, ({ event }) => event === 'turn');
  await shown(comms, ID.events, ({ event }) => event === 'resumption');
}

describe('survival: a restart of Node-RED', function () {
  this.timeout(180_000);
  let server: LocalLiveServer;
  let nodeRed: NodeRed | undefined;

  before(async () => {
    await packedPackage();
    server = await startServer({ voice: toneVoice(), clock: 20 });
  });
  after(() => server.close());
  afterEach(async () => {
    await nodeRed?.stop();
    nodeRed = undefined;
  });

  const ends: Record<string, (running: NodeRed) => Promise<void>> = {
    'stopped as a service': (running) => running.stop({ keep: true }),
    killed: async (running) => {
      await sleep(WRITTEN_MS);
      await running.kill();
    },
  };
  const endpoints: Record<string, { restored: boolean; endpoint: () => object }> = {
    'at a server that goes on': { restored: true, endpoint: () => ({ endpoint: 'custom', url: server.url }) },
    // Its handles end with the process: what was said is told to a fresh session.
    'at the embedded server': { restored: false, endpoint: () => ({ endpoint: 'local' }) },
  };

  for (const [how, end] of Object.entries(ends)) {
    for (const [where, { restored, endpoint }] of Object.entries(endpoints)) {
      it(`${how}, ${where}: the conversation goes on from the context store`, async () => {
        nodeRed = await NodeRed.start({ settings });
        await nodeRed.deploy(flow(endpoint()));
        await ask(nodeRed, 'talk-tell', /I will remember/);
        await end(nodeRed);
        nodeRed = await NodeRed.start({ settings, userDir: nodeRed.userDir });
        await ask(nodeRed, 'talk-recall', new RegExp(FACT));
        const { msg } = await shown(await nodeRed.events(), ID.events, ({ event }) => event === 'restored');
        const { stateRestored, seeded = 0 } = msg.payload as { stateRestored: boolean; seeded?: number };
        assert.equal(stateRestored, restored);
        if (!restored) assert.ok(seeded >= 2, 'the history was told');
      });
    }
  }
});

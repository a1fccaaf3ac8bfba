import assert from 'node:assert/strict';
import { ScriptedServer } from '../support/scripted-server';
import { helper, run, sessionFlow, until } from './support';
import { answers, calls, toolsNode } from './tools-support';

describe('tools and tool-response nodes', () => {
  let wire: ScriptedServer;

  beforeEach(async () => (wire = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await wire.close();
  });

  it('bring a call from the session through the flow and its answer back', async () => {
    const flow = await run([
      ...sessionFlow(wire.url, { connect: 'deploy' }),
      toolsNode([{ name: 'set_light' }], { wires: [['light', 'answer'], []] }),
      { id: 'light', type: 'helper' },
      { id: 'answer', type: 'gemini-live-tool-response' },
    ]);
    const peer = await wire.connection();
    await peer.message(0);
    peer.send(calls({ id: 'c1', name: 'set_light', args: { room: 'kitchen', on: true } }));
    const message = await until('the call', () => flow.got('light')[0]);
    assert.deepEqual(message.payload, { room: 'kitchen', on: true });
    assert.equal(message.topic, 'set_light');
    assert.deepEqual(message.tool, { id: 'c1', name: 'set_light', session: 'session' });
    const [answer] = await peer.until((received) => answers(received).length > 0 && answers(received));
    assert.equal(answer?.id, 'c1');
    assert.deepEqual(answer?.response, { room: 'kitchen', on: true });
    await until('it shows it', () => flow.statuses('answer').at(-1) === 'sent');
    assert.equal(flow.statuses('router').at(-1), 'set_light');
    assert.deepEqual(flow.errors, []);
  });
});

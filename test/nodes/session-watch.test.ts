import assert from 'node:assert/strict';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { makePicture } from '../support/pictures';
import { events, helper, run, sessionFlow, until, type Running } from './support';

/** Comments on pictures that nobody asked for, through a real session node and the local server. */
describe('session node: watching', () => {
  let server: LocalLiveServer;
  let flow: Running;
  /** What the model says to pictures alone, one after the other. */
  let comments: string[];
  /** What it was asked in writing. */
  let asked: string[];

  beforeEach(async () => {
    [comments, asked] = [[], []];
    const mind = scriptedMind(({ text }) => {
      asked.push(text);
      return /Nobody has said anything/.test(text) ? (comments.shift() ?? '<nothing>') : `You said ${text}`;
    });
    server = await startServer({ ears: scriptedEars([]), mind, voice: toneVoice(), clock: 10 });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const told = (type: string): number =>
    events(flow, 'events', 'watch').filter(({ payload }) => (payload as { type: string }).type === type)
      .length;
  const show = async (color: string): Promise<void> =>
    flow.send('session', { payload: await makePicture(`color=${color}:s=64x48`) });
  const watching = async (fields: object = {}): Promise<void> => {
    const session = { watch: true, watchEvery: '0.2', ...fields };
    flow = await run(sessionFlow(server.url, session));
  };

  it('swallows an answer that says nothing, and says one that does', async () => {
    await watching();
    comments = ['<nothing>', 'A red door.'];
    await show('black');
    await until('it was swallowed', () => told('swallowed') === 1);
    await until('its usage is told', () => events(flow, 'events', 'usage').length > 0);
    assert.deepEqual([flow.got('audio').length, flow.got('text').length], [0, 0]);
    assert.equal(events(flow, 'events', 'turn').length, 0);
    await show('red');
    await until('the comment', () => events(flow, 'events', 'turn').length === 1);
    assert.deepEqual(
      flow.got('text').map(({ payload, role }) => [payload, role]),
      [['A red door.', 'model']],
    );
    assert.equal(flow.got('audio').length, 1);
    assert.deepEqual([told('asked'), told('swallowed'), told('said')], [2, 1, 1]);
    assert.deepEqual(flow.errors, []);
  });

  it('asks in the words of the dialog, after as many new pictures as it says', async () => {
    await watching({ watchFrames: '2', watchPrompt: 'Is the door open?', watchNothing: 'no change' });
    comments = ['No change.'];
    await show('black');
    // The second one waits for the pace of the model: it is sent a second later.
    await until('a picture is there', () => (server.stats.at(-1)?.videoFrames ?? 0) === 1);
    assert.equal(told('asked'), 0);
    await show('white');
    await until('it was swallowed', () => told('swallowed') === 1);
    assert.match(asked[0] ?? '', /Is the door open\?.*"no change"/);
  });

  it('does not watch where the flow does not say so, as older ones do not', async () => {
    flow = await run(sessionFlow(server.url));
    await show('black');
    await until('the picture is there', () => (server.stats.at(-1)?.videoFrames ?? 0) === 1);
    flow.send('session', { payload: 'hello' });
    await until('the answer', () => events(flow, 'events', 'turn').length === 1);
    assert.deepEqual(asked, ['hello']);
    assert.equal(told('asked'), 0);
  });
});

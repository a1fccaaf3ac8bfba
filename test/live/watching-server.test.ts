import assert from 'node:assert/strict';
import { LiveSession } from '../../src/live';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { makePicture } from '../support/pictures';
import { logOf, next, of } from './support';

describe('live: turns about pictures alone, with the local server', () => {
  let server: LocalLiveServer;
  let session: LiveSession;
  /** What the model says to pictures alone, one after the other. */
  let comments: string[];

  beforeEach(async () => {
    comments = [];
    const mind = scriptedMind(({ text }) =>
      /Nobody has said anything/.test(text) ? (comments.shift() ?? '<nothing>') : `You said ${text}.`,
    );
    server = await startServer({ ears: scriptedEars([]), mind, voice: toneVoice(), clock: 10 });
    session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: server.url },
      watching: { everyMs: 10, quietMs: 0 },
      recovery: false,
    });
    logOf(session);
    await session.connect();
  });
  afterEach(async () => {
    await session.close();
    await server.close();
  });

  const show = async (color: string): Promise<void> =>
    void session.video.write(await makePicture(`color=${color}:s=64x48`));

  it('are heard only when there is something to say', async () => {
    comments = ['<nothing>', 'A red door.', 'Nothing!'];
    for (const [color, type] of [
      ['black', 'swallowed'],
      ['red', 'said'],
      ['blue', 'swallowed'],
    ] as const) {
      await show(color);
      await next(session, 'watch', (event) => event.type === type);
      if (type === 'said') await next(session, 'activity', (event) => event.type === 'playback-drained');
    }
    const log = logOf(session);
    assert.deepEqual(
      of(log, 'turn').map(({ model, watch, turn }) => [model, watch, turn]),
      [['A red door.', true, 2]],
    );
    assert.equal(of(log, 'audio').length, 1);
    assert.deepEqual(session.stats.watching, { asked: 3, swallowed: 2, said: 1, unanswered: 0 });
    const { usage } = session.conversationState();
    const told = of(log, 'usage').at(-1)!;
    assert.deepEqual(usage, told.total);
    assert.ok(usage.totalTokenCount! > of(log, 'turn')[0]!.usage!.totalTokenCount!, 'silence is paid for');
  });

  it('never take the answer from somebody who asks at the same time', async () => {
    comments = ['A red door.', '<nothing>', 'A blue door.', '<nothing>'];
    for (const color of ['red', 'black', 'blue', 'white']) {
      await show(color);
      await next(session, 'watch', (event) => event.type === 'asked');
      session.sendText(color);
      await next(session, 'turn', ({ model }) => model.includes(`You said ${color}.`));
      await next(session, 'activity', (event) => event.type === 'playback-drained');
    }
    const users = of(logOf(session), 'turn').map(({ user }) => user);
    assert.deepEqual(
      users.filter((user) => user !== ''),
      ['red', 'black', 'blue', 'white'],
    );
    const { asked, swallowed, said, unanswered } = session.stats.watching;
    assert.equal(asked, swallowed + said + unanswered);
  });
});

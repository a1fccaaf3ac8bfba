import assert from 'node:assert/strict';
import { createMedia } from '../../src/media';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { makePicture } from '../support/pictures';
import { helper, run, sessionFlow, until } from './support';

describe('session node: fresh pictures', () => {
  let server: LocalLiveServer;
  beforeEach(async () => {
    const mind = scriptedMind(({ text }) => `You said ${text}`);
    server = await startServer({ ears: scriptedEars([]), mind, voice: toneVoice(), clock: 10 });
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  it('wants one of every stream of pictures that it is shown, when something is asked', async () => {
    const writers = ['one', 'two'].map((label) =>
      createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest', label }),
    );
    const wanted: string[] = [];
    for (const { handle } of writers) handle.on('wanted', () => wanted.push(handle.label));
    const flow = await run(sessionFlow(server.url));
    for (const { handle } of writers) flow.send('session', { payload: handle });
    await until('both are read', () => writers.every(({ handle }) => handle.stats.readers === 1));
    writers[0]!.write(await makePicture('color=black:s=64x48'));
    await until('a picture is there', () => (server.stats.at(-1)?.videoFrames ?? 0) === 1);
    assert.deepEqual(wanted, []);
    flow.send('session', { payload: 'what is that' });
    await until('both are wanted', () => wanted.length === 2);
    writers[0]!.end();
    await until('one is over', () => writers[0]!.handle.stats.readers === 0);
    flow.send('session', { payload: 'and that' });
    await until('the other is wanted', () => wanted.length === 3);
    assert.deepEqual([...wanted].sort(), ['one', 'two', 'two']);
    writers[1]!.end();
  });
});

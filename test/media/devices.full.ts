import assert from 'node:assert/strict';
import { captureMicrophone } from '../../src/media/capture';
import { Playout } from '../../src/media/playout';
import { runningTools } from '../../src/media/process';
import { turn, wholeTurn } from '../support/media';
import { descendants, hasProc, until } from '../support/processes';
import { describePulse, PulseServer } from '../support/pulse';

const CYCLES = 100;

describePulse('media: devices opened and closed a hundred times', () => {
  let pulse: PulseServer;
  let tools: number;
  let children: number;
  const countChildren = (): number => (hasProc ? descendants(process.pid).length : 0);
  before(async () => {
    pulse = await PulseServer.start();
    tools = runningTools();
    children = countChildren();
  });
  after(() => pulse?.stop());
  afterEach(async () => {
    assert.equal(runningTools(), tools);
    await until('no child is left', countChildren, (count) => count === children);
    assert.equal(process.listenerCount('exit'), listeners);
  });
  let listeners: number;
  beforeEach(() => {
    listeners = process.listenerCount('exit');
  });

  it('microphone', async () => {
    for (let i = 0; i < CYCLES; i++) {
      const stop = new AbortController();
      const handle = captureMicrophone({ signal: stop.signal });
      // Now and then before it has begun, as a redeploy would.
      if (i % 4) await until('sound comes', () => handle.stats.written > 0);
      stop.abort();
      await until('it ended', () => handle.state === 'ended');
    }
    assert.equal(await pulse.streams('source-outputs'), 0);
  });

  it('loudspeaker, closed while it plays', async () => {
    for (let i = 0; i < CYCLES; i++) {
      const player = new Playout();
      const done = player.play(turn(440, 2000).handle);
      await new Promise((resolve) => setTimeout(resolve, (i % 5) * 20));
      await player.close();
      assert.equal((await done).aborted, true);
    }
    await until(
      'no stream is left',
      () => pulse.streams('sink-inputs'),
      (count) => count === 0,
    );
  });

  it('one loudspeaker, interrupted again and again', async () => {
    const player = new Playout();
    for (let i = 0; i < CYCLES; i++) {
      const writer = turn(440, 2000);
      const done = player.play(writer.handle);
      await until('it plays', () => writer.handle.played.ms > 20);
      writer.abort('INTERRUPTED');
      await done;
      assert.equal(writer.handle.events.listenerCount('abort'), 0);
    }
    assert.equal((await player.play(wholeTurn(440, 100).handle)).playedMs, 100);
    await player.close();
    await until(
      'no stream is left',
      () => pulse.streams('sink-inputs'),
      (count) => count === 0,
    );
  });
});

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describePulse } from '../support/pulse';
import { LoudSpeaker } from './loud-speaker';

const TURNS = 20;
/** So much of a story is played before somebody speaks over it (ms). */
const LISTEN_MS = 4000;

describePulse('a loudspeaker beside the microphone, for long', function () {
  this.timeout(300_000);
  let room: LoudSpeaker;
  before(async () => (room = await LoudSpeaker.start()));
  after(() => room?.stop());

  it(`the model does not interrupt itself in ${TURNS} turns with the default setting`, async () => {
    await room.deploy({});
    for (let turn = 0; turn < TURNS; turn += 1) await room.askShort();
    assert.deepEqual(room.oddTurns, []);
    assert.equal(room.turns.length, TURNS);
    assert.deepEqual(room.errors, []);
  });

  it('"barge-in": it is not interrupted by its echo, but by somebody who speaks over it', async () => {
    await room.deploy({ echo: 'barge-in' });
    await room.askLong();
    await sleep(LISTEN_MS);
    assert.deepEqual(room.interruptions, []);
    await interrupt();
  });

  it('with the echo canceller of the system it is interrupted by real speech', async () => {
    await room.deploy({ echo: 'auto', canceller: true });
    await room.askLong();
    await sleep(LISTEN_MS);
    await interrupt();
  });

  /** Somebody says something, is heard, and answered. */
  async function interrupt(): Promise<void> {
    const interrupted = room.event('interrupted');
    await Promise.all([interrupted, room.say('turn-on-the-kitchen-light')]);
    await room.spoken();
    assert.deepEqual(room.errors, []);
  }
});

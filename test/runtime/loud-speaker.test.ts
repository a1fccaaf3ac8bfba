import assert from 'node:assert/strict';
import { describePulse } from '../support/pulse';
import { LoudSpeaker } from './loud-speaker';

describePulse('a loudspeaker beside the microphone', function () {
  this.timeout(120_000);
  let room: LoudSpeaker;
  before(async () => (room = await LoudSpeaker.start()));
  after(() => room?.stop());

  it('makes the model interrupt itself when nothing is done against it', async () => {
    await room.deploy({ echo: 'off' });
    await Promise.all([room.event('interrupted'), room.askLong()]);
  });

  it('does not with the default setting', async () => {
    await room.deploy({ echo: 'auto' });
    for (let turn = 0; turn < 3; turn += 1) await room.askShort();
    assert.deepEqual(room.oddTurns, []);
    assert.equal(room.turns.length, 3);
    assert.deepEqual(room.errors, []);
  });

  it('and nobody is heard over an answer: that takes an echo canceller', async () => {
    await room.deploy({ echo: 'auto' });
    await room.askLong();
    await room.say('turn-on-the-kitchen-light');
    assert.deepEqual(room.interruptions, []);
  });
});

import assert from 'node:assert/strict';
import { Talk } from './talk';

const SEED = 42;

describe('survival: one conversation, whatever happens to its connection', function () {
  this.timeout(120_000);
  let talk: Talk;
  afterEach(() => talk?.close());

  it(`lives through drops, GoAways, a poisoned handle and a restart of the server (seed ${SEED})`, async () => {
    talk = await Talk.start({ seed: SEED });
    for (let i = 0; i < 6; i++) await talk.exchange(() => talk.server.dropAll());
    await talk.recall();
    for (let i = 0; i < 2; i++) await talk.exchange(() => talk.server.goAway('10s'));
    await talk.recall();
    talk.server.faults.poisonedHandles = 'silent';
    await talk.exchange(() => talk.server.dropAll());
    await talk.recall();
    talk.server.faults.poisonedHandles = undefined;
    await talk.exchange(() => talk.restartServer());
    await talk.recall();
    await talk.exchange(() => talk.restartServer(true));
    await talk.recall();
    assert.equal(talk.answered, 1 + 6 + 2 + 1 + 1 + 1 + 5);
    assert.ok(talk.restored.includes(true) && talk.restored.includes(false), talk.restored.join());
    talk.account.checkCalls();
    talk.account.checkSound(talk.speech, talk.session.stats);
  });
});

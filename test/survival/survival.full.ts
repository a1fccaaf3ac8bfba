import assert from 'node:assert/strict';
import type { LiveSessionOptions } from '../../src/live';
import { Talk } from './talk';

const DROPS = 50;
const GOAWAYS = 10;
const POISONED = 3;

/** Sessions that recover by different means. */
const SESSIONS: Record<string, { seed: number; session: Partial<LiveSessionOptions> }> = {
  'a model that is told its history': { seed: 1, session: {} },
  'a model that has it in its instructions': {
    seed: 2,
    session: { model: 'gemini-2.5-flash-native-audio-preview-12-2025' },
  },
};

describe('survival: one conversation with a remembered fact', function () {
  this.timeout(300_000);
  for (const [name, { seed, session }] of Object.entries(SESSIONS)) {
    it(`${name}: ${DROPS} drops, ${GOAWAYS} GoAways, ${POISONED} poisoned handles, two restarts (seed ${seed})`, async () => {
      const talk = await Talk.start({ seed, session });
      try {
        const { random } = talk;
        for (let i = 0; i < DROPS; i++) {
          await talk.exchange(() => talk.server.dropAll());
          if (i % 10 === 9) await talk.recall();
        }
        for (let i = 0; i < GOAWAYS; i++) {
          const silentAfter = random.chance(0.3);
          await talk.exchange(() =>
            talk.server.goAway(random.pick(['50s', '10s', '1s', '300s']), { silentAfter }),
          );
        }
        await talk.recall();
        for (let i = 0; i < POISONED; i++) {
          const close = { code: 1011, reason: 'Internal error encountered.' };
          talk.server.faults.poisonedHandles = i === 1 ? close : 'silent';
          await talk.exchange(() => talk.server.dropAll());
          await talk.recall();
          talk.server.faults.poisonedHandles = undefined;
        }
        await talk.exchange(() => talk.restartServer());
        await talk.recall();
        await talk.exchange(() => talk.restartServer(true));
        await talk.recall();
        assert.equal(talk.answered, 1 + DROPS + 5 + GOAWAYS + 1 + 2 * POISONED + 4);
        assert.ok(talk.restored.filter(Boolean).length >= DROPS / 2, 'most of the time the service resumed');
        assert.ok(
          talk.restored.filter((restored) => !restored).length > POISONED,
          'it was told afresh, and said so',
        );
        assert.ok(talk.account.answeredCalls > DROPS / 8, 'functions were called');
        talk.account.checkCalls();
        talk.account.checkSound(talk.speech, talk.session.stats);
      } finally {
        await talk.close();
      }
    });
  }
});

import assert from 'node:assert/strict';
import { Talk } from './talk';

const DROPS = 50;
const GOAWAYS = 10;
const POISONED = 3;

/** Models that take history, text and functions in different ways. */
const MODELS = [
  'gemini-3.1-flash-live-preview',
  'gemini-2.5-flash-native-audio-preview-12-2025',
  'gemini-3.8-live',
];

describe('survival: one conversation with a remembered fact', function () {
  this.timeout(300_000);
  MODELS.forEach((model, seed) => {
    it(`${model}: ${DROPS} drops, ${GOAWAYS} GoAways, ${POISONED} poisoned handles, two restarts (seed ${seed})`, async () => {
      const talk = await Talk.start({ seed, session: { model } });
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
        assert.ok(talk.account.callCount > DROPS / 8, 'functions were called');
        talk.account.checkCalls();
        talk.account.checkSound(talk.speech, talk.session.stats);
      } finally {
        await talk.close();
      }
    });
  });

  it(`Vertex AI: ${DROPS} drops and ${GOAWAYS} GoAways, and each message counts exactly once (seed 9)`, async () => {
    const model = 'gemini-live-2.5-flash-native-audio';
    const talk = await Talk.start({ seed: 9, vertex: true, session: { model } });
    try {
      for (let i = 0; i < DROPS; i++) await talk.exchange(() => talk.server.dropAll());
      await talk.recall();
      for (let i = 0; i < GOAWAYS; i++) await talk.exchange(() => talk.server.goAway('10s'));
      await talk.recall();
      assert.deepEqual(
        talk.restored.filter((restored) => !restored),
        [],
        'the service resumed each time',
      );
      talk.account.checkCalls();
      talk.account.checkSound(talk.speech, talk.session.stats);
      talk.account.checkExactlyOnce(talk.speech, talk.session.stats, talk.written);
    } finally {
      await talk.close();
    }
  });
});

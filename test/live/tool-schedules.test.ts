import assert from 'node:assert/strict';
import { runSchedules } from './tool-schedules';

describe('live: calls at random moments', function () {
  this.timeout(120_000);

  it('are answered once each, or were taken back or lost, in 150 schedules of fixed seeds', async () => {
    const { calls, answers, outcomes, steps } = await runSchedules(1, 150);
    assert.ok(calls > 500 && answers > 300, JSON.stringify({ calls, answers }));
    for (const outcome of ['sent', 'duplicate', 'late', 'cancelled', 'lost']) {
      assert.ok((outcomes[outcome] ?? 0) > 20, `${outcome}: ${JSON.stringify(outcomes)}`);
    }
    assert.ok(
      Object.values(steps).every((times) => times > 50),
      JSON.stringify(steps),
    );
  });
});

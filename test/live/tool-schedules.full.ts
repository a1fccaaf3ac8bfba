import assert from 'node:assert/strict';
import { runSchedules } from './tool-schedules';

describe('live: calls at random moments, for long', function () {
  this.timeout(600_000);

  it('are answered once each, or were taken back or lost, in 1,000 schedules of fixed seeds', async () => {
    const { calls, answers } = await runSchedules(1, 1000);
    assert.ok(calls > 3000 && answers > 2000, JSON.stringify({ calls, answers }));
  });
});

import { reporters, Runner, type MochaOptions } from 'mocha';

/**
 * Mocha's `dot` report, ended by one plain line `N passed, N failed, N skipped`, which every continuous
 * integration service can read, and by the titles of what was skipped, so that a skip is never silent.
 *
 * With `CI=true` everything that a test may need is installed, so a skip is a failure there; only tests that read
 * reference material kept outside the repository may skip, and say `(workspace)` in their title.
 */
class SummaryReporter extends reporters.Dot {
  constructor(runner: Runner, options?: MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    const refused: string[] = [];
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const title = test.fullTitle();
      if (process.env.CI !== 'true' || title.includes('(workspace)')) {
        skipped.push(title);
        return;
      }
      refused.push(title);
      runner.failures += 1; // makes the run end with a status that is not 0
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      for (const title of skipped) process.stdout.write(`skipped: ${title}\n`);
      for (const title of refused) process.stdout.write(`failed: skipped although CI=true: ${title}\n`);
      process.stdout.write(
        `${passes} passed, ${failures + refused.length} failed, ${skipped.length} skipped\n`,
      );
    });
  }
}

module.exports = SummaryReporter;

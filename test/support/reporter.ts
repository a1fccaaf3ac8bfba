import { reporters, Runner, type MochaOptions } from 'mocha';

/**
 * Mocha's `dot` report, ended by one plain line `N passed, N failed, N skipped`, which every continuous
 * integration service can read, and by the titles of what was skipped, so that a skip is never silent.
 */
class SummaryReporter extends reporters.Dot {
  constructor(runner: Runner, options?: MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      for (const title of skipped) process.stdout.write(`skipped: ${title}\n`);
      process.stdout.write(`${passes} passed, ${failures} failed, ${skipped.length} skipped\n`);
    });
  }
}

module.exports = SummaryReporter;

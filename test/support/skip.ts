/**
 * Skips a test for want of something on this machine, and says what. Continuous integration has everything, so there
 * the reporter counts a skip as a failure (see reporter.ts).
 * @param missing what is missing and how to get it; nothing missing, nothing skipped
 */
export function skipWithout(context: Mocha.Context, missing: string | false | undefined): void {
  if (!missing) return;
  process.stdout.write(`\nskipping: ${missing}\n`);
  context.skip();
}

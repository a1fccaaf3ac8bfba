import assert from 'node:assert/strict';

/**
 * Runs something while no rejection may go unhandled and no emitter may collect listeners. An exception that nobody
 * catches ends the process or the test: mocha sees to that.
 */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  const warn = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') seen.push(warning);
  };
  process.on('unhandledRejection', note);
  process.on('warning', warn);
  try {
    const result = await work();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(seen, []);
    return result;
  } finally {
    process.off('unhandledRejection', note);
    process.off('warning', warn);
  }
}

import type { Writable } from 'node:stream';
import { EXIT } from './failure';

/** Exit codes of a program that a signal ended, as shells number them. */
const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

/** How long an orderly end may take after somebody asked for it three times (count). */
const ENOUGH = 3;

/**
 * Calls back with the exit code when the program is to end: on signals, and when nobody reads its output any more. The
 * third signal ends the process at once.
 *
 * @returns stops listening
 */
export function onStop(stop: (code: number) => void, out: Writable): () => void {
  let count = 0;
  const listeners = Object.entries(SIGNALS).map(([signal, code]) => {
    const listener = (): void => {
      if (++count >= ENOUGH) process.exit(code);
      stop(code);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  const broken = (): void => stop(EXIT.ok);
  out.on('error', broken);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

import type { EventEmitter } from 'node:events';

/**
 * Calls every listener of an event, in order. Unlike `emit`, one that throws, or returns a promise that rejects, costs
 * neither the others nor the caller anything, and an `error` that nobody listens to is nothing special.
 *
 * @param failed told what a listener threw; must not throw itself
 */
export function callListeners(
  emitter: Pick<EventEmitter, 'rawListeners'>,
  event: string,
  args: readonly unknown[],
  failed: (error: unknown) => void,
): void {
  for (const listener of emitter.rawListeners(event)) {
    try {
      const result: unknown = Reflect.apply(listener, emitter, args);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

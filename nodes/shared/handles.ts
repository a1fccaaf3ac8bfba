import { createMedia, isMediaError, type MediaError, type MediaHandle } from '../../src/media';

/** How a stream ended. */
export type Outcome = { state: 'ended' | 'expired' } | { state: 'aborted'; error: MediaError };

/** Waits until a stream has ended, was aborted or has expired. Never rejects. */
export function finished(handle: MediaHandle): Promise<Outcome> {
  const now = outcomeOf(handle);
  if (now) return Promise.resolve(now);
  return new Promise((resolve) => {
    const settle = (): void => {
      handle.off('end', settle);
      handle.off('abort', settle);
      handle.off('expired', settle);
      resolve(outcomeOf(handle) ?? { state: 'ended' });
    };
    handle.on('end', settle);
    handle.on('abort', settle);
    handle.on('expired', settle);
  });
}

function outcomeOf(handle: MediaHandle): Outcome | undefined {
  if (handle.state === 'aborted' && handle.error) return { state: 'aborted', error: handle.error };
  if (handle.state === 'ended' || handle.state === 'expired') return { state: handle.state };
  return undefined;
}

/** Whether a stream was stopped on purpose: nothing went wrong then. */
export function onPurpose(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'INTERRUPTED' || code === 'CANCELLED' || code === 'NODE_CLOSED';
}

/** Waits for a promise, but not longer than that: closing a node must not hang. Never rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.then(undefined, () => {}), late]);
  clearTimeout(timer);
}

/**
 * The same audio as a stream that gives every reader all of it. A file's stream gives its beginning to the first reader only.
 */
export function retained(source: MediaHandle): MediaHandle {
  const { format, label, meta } = source;
  const writer = createMedia({ format, policy: 'retain', label, meta });
  const pump = async (): Promise<void> => {
    for await (const chunk of source) writer.write(chunk);
    writer.end();
  };
  pump().catch((error: unknown) =>
    writer.abort(isMediaError(error) ? error : 'SOURCE_FAILED', String(error)),
  );
  return writer.handle;
}

import { MediaError, redact } from './errors';

/** Nothing within this time (ms) means that the server is gone. */
const IDLE_MS = 10_000;

/**
 * Fetches audio in this process. For addresses that carry credentials: given to ffmpeg, they would stand in the list of
 * processes for every user of the machine to read.
 *
 * @throws MediaError `NOT_FOUND`, `SOURCE_FAILED`
 */
export async function* httpBytes(address: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const name = redact(address);
  const url = new URL(address);
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = url.password = '';
  const stop = new AbortController();
  const watch = (): NodeJS.Timeout =>
    setTimeout(() => stop.abort(new Error(`nothing came for ${IDLE_MS / 1000} s`)), IDLE_MS);
  let idle = watch();
  try {
    const response = await fetch(url, {
      headers: login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
      signal: AbortSignal.any([signal, stop.signal]),
    });
    if (!response.ok || !response.body) throw refused(response, name);
    for await (const chunk of response.body) {
      // While nobody takes the bytes, their not coming is no fault of the server.
      clearTimeout(idle);
      yield Buffer.from(chunk as Uint8Array);
      idle = watch();
    }
  } catch (error) {
    if (error instanceof MediaError) throw error;
    const { message, cause } = error as Error & { cause?: Error & { code?: string } };
    const why = cause?.code ?? cause?.message ?? message;
    throw new MediaError(
      'SOURCE_FAILED',
      `Cannot fetch ${name}: ${redact(why)}. Check that the server is up and may be reached from here.`,
    );
  } finally {
    clearTimeout(idle);
    stop.abort();
  }
}

function refused(response: Response, name: string): MediaError {
  const gone = response.status === 404 || response.status === 410;
  return new MediaError(
    gone ? 'NOT_FOUND' : 'SOURCE_FAILED',
    `${name} answered ${response.status} ${response.statusText}. Check the ${gone ? 'address' : 'address and the credentials'}.`,
  );
}

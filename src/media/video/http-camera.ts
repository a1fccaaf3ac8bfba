import { MediaError, redact } from '../errors';
import { authorization, type Login } from './digest';
import type { RunOptions } from './grab';
import { JpegSplitter } from './jpeg';
import type { AddressSource } from './source';
import { Stills } from './stills';

/** Largest single picture, bytes. */
const MAX_PICTURE = 64 * 1024 * 1024;

/** Splits an address into what may be shown and its login; fields of their own go before what stands in the address. */
export function loginOf({ url, user, password }: AddressSource): { url: URL; login: Login | undefined } {
  const address = new URL(url);
  const login = {
    user: user ?? decodeURIComponent(address.username),
    password: password ?? decodeURIComponent(address.password),
  };
  address.username = address.password = '';
  return { url: address, login: login.user || login.password ? login : undefined };
}

/** Fetches with a login, remembering what the server asked for. */
class Client {
  #challenge: string | null = null;
  #count = 0;

  constructor(
    private readonly url: URL,
    private readonly login: Login | undefined,
    private readonly name: string,
  ) {}

  /** @throws MediaError `NOT_FOUND`, `SOURCE_FAILED` */
  async get(signal: AbortSignal): Promise<Response> {
    let response = await this.#fetch(signal);
    if (response.status === 401 && this.login) {
      // Also for a nonce that has grown old.
      this.#challenge = response.headers.get('www-authenticate');
      this.#count = 0;
      await response.body?.cancel();
      response = await this.#fetch(signal);
    }
    if (response.ok && response.body) return response;
    await response.body?.cancel();
    const { status, statusText } = response;
    const answered = `${this.name} answered ${status} ${statusText}`.trim();
    if (status === 401 || status === 403)
      throw new MediaError(
        'SOURCE_FAILED',
        `${answered}. ${this.login ? 'Check' : 'Enter'} user and password.`,
      );
    throw new MediaError(
      status === 404 || status === 410 ? 'NOT_FOUND' : 'SOURCE_FAILED',
      `${answered}. Check the address.`,
    );
  }

  async #fetch(signal: AbortSignal): Promise<Response> {
    const path = `${this.url.pathname}${this.url.search}`;
    this.#count += 1;
    const header =
      this.login && authorization(this.#challenge, this.login, { method: 'GET', path }, this.#count);
    try {
      return await fetch(this.url, { signal, headers: header ? { authorization: header } : {} });
    } catch (error) {
      throw unreachable(error, this.name);
    }
  }
}

function unreachable(error: unknown, name: string): MediaError {
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  const why = redact(cause?.code ?? cause?.message ?? message);
  const advice = 'Check that it is switched on and may be reached from here.';
  return new MediaError('SOURCE_FAILED', `${name} cannot be reached: ${why}. ${advice}`);
}

/**
 * Frames of a network camera over HTTP: motion JPEG, or one picture per request, which the answer itself tells apart. Fetched here
 * and not by ffmpeg, which would assume 25 frames a second and deliver late (measured: the first frame after 6.6 s), and would show
 * the password in its arguments.
 *
 * @throws MediaError `NOT_FOUND`, `SOURCE_FAILED`, `UNSUPPORTED_FORMAT`
 */
export async function watchHttp(source: AddressSource, options: RunOptions): Promise<void> {
  const { signal, settings, wish } = options;
  const { url, login } = loginOf(source);
  const name = redact(url.href);
  const client = new Client(url, login, name);
  const stills = new Stills(options);
  try {
    while (!signal.aborted) {
      const began = Date.now();
      const response = await client.get(signal);
      const single = await readPictures(response, name, stills);
      if (!single) throw new MediaError('SOURCE_FAILED', `${name} ended its stream of pictures.`);
      await stills.settled();
      if (stills.problem) throw stills.problem;
      await wish.pause(Math.max(0, began + 1000 / settings.fps - Date.now()), signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof MediaError ? error : unreachable(error, name);
  } finally {
    await stills.close();
  }
}

/** @returns whether it was one picture */
async function readPictures(response: Response, name: string, stills: Stills): Promise<boolean> {
  const type = (response.headers.get('content-type') ?? '').toLowerCase();
  if (/^image\//.test(type)) {
    stills.take(await readAll(response, name), Date.now());
    return true;
  }
  if (/^(text|video\/(?!x-motion-jpeg)|application\/(json|x-mpegurl|vnd))/.test(type)) {
    await response.body?.cancel();
    throw new MediaError(
      'UNSUPPORTED_FORMAT',
      `${name} gives ${type.split(';')[0]}, not pictures. Enter the address of its motion JPEG, of a single picture, or its RTSP address.`,
    );
  }
  const splitter = new JpegSplitter();
  for await (const chunk of response.body!) {
    for (const { jpeg, at } of splitter.push(Buffer.from(chunk as Uint8Array))) stills.take(jpeg, at);
  }
  return false;
}

async function readAll(response: Response, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body!) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_PICTURE)
      throw new MediaError('SOURCE_FAILED', `${name} sends a picture of more than ${MAX_PICTURE >> 20} MB.`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

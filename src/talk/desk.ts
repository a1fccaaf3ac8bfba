import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageFiles } from './files';
import { bodyOf, sendFile, sendJson, sendNothing, sendRefusal } from './http';
import { isOwnOrigin, isSecure, mayBeOwn } from './origin';
import { COOKIE, type Pairing } from './pairing';
import { refusal } from './refusals';
import type { Route } from './routes';
import type { Tokens } from './tokens';
import type { TalkErrorCode } from './wire';

/** What the desk gives out, and who decides about it. */
export interface DeskOptions {
  readonly files: PageFiles;
  readonly origins: readonly string[];
  readonly tokens: Tokens;
  readonly pairing: Pairing | undefined;
  readonly pairingMs: number;
  /** A page by its name. */
  readonly page: (name: string) => { readonly full: boolean } | undefined;
}

/** Answers HTTP requests: the page and its files to anybody, a token to those who may talk, a pairing for the right PIN. */
export class Desk {
  constructor(private readonly options: DeskOptions) {}

  /** @returns false when the route is none that HTTP answers */
  answer(route: Route, request: IncomingMessage, response: ServerResponse): boolean {
    if (route.kind === 'unknown' || route.kind === 'socket') return false;
    const allowed = route.kind === 'pair' ? ['POST'] : ['GET', 'HEAD'];
    if (!allowed.includes(request.method ?? '')) sendNothing(response, 405, { allow: allowed.join(', ') });
    else if (route.kind === 'pair') this.#pair(request, response).catch(() => response.destroy());
    else if (route.kind === 'asset') this.#file(route.file, request, response);
    else if (!this.options.page(route.page)) sendRefusal(response, refusal('NO_SUCH_PAGE'));
    else if (route.kind === 'token') this.#token(route.page, request, response);
    // Relative, so that it holds behind any prefix: everything in the page is relative to its address without the slash.
    else if (route.kind === 'slash')
      sendNothing(response, 308, { location: `../${encodeURIComponent(route.page)}` });
    else if (route.kind === 'manifest') sendFile(request, response, this.options.files.manifest(route.page));
    else this.#file('index.html', request, response);
    return true;
  }

  #file(name: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.options.files.get(name);
    const message = `The talk page has no file "${name}".`;
    if (file) sendFile(request, response, file);
    else sendRefusal(response, refusal('NO_SUCH_PAGE', { message, advice: 'Install the package again.' }));
  }

  #token(page: string, request: IncomingMessage, response: ServerResponse): void {
    const { origins, pairing, tokens } = this.options;
    let code: TalkErrorCode | undefined;
    if (!mayBeOwn(request, origins)) code = 'WRONG_ORIGIN';
    else if (pairing?.knows(request.headers.cookie) === false) code = 'PIN_NEEDED';
    else if (this.options.page(page)?.full) code = 'FULL';
    if (code) sendRefusal(response, refusal(code));
    else sendJson(response, 200, tokens.issue(page));
  }

  async #pair(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origins, pairing, pairingMs } = this.options;
    if (!isOwnOrigin(request, origins)) return sendRefusal(response, refusal('WRONG_ORIGIN'));
    const body = await bodyOf(request);
    if (!pairing) return sendNothing(response, 204, {});
    const pin = typeof body === 'object' && body !== null && 'pin' in body ? body.pin : undefined;
    if (typeof pin !== 'string' || !/^\d{6}$/.test(pin)) {
      const message = 'That is no PIN.';
      return sendRefusal(response, refusal('BAD_REQUEST', { message, advice: 'Enter six digits.' }));
    }
    const attempt = pairing.attempt(pin);
    if (attempt.ok) {
      // Without a path it holds for all that lies beside `pair`, as the browser sees it: all pages, behind any prefix.
      const attributes = [`Max-Age=${Math.floor(pairingMs / 1000)}`, 'HttpOnly', 'SameSite=Strict'];
      if (isSecure(request)) attributes.push('Secure');
      const cookie = [`${COOKIE}=${attempt.cookie}`, ...attributes].join('; ');
      return sendNothing(response, 204, { 'set-cookie': cookie });
    }
    const { left, retryMs } = attempt;
    if (retryMs !== undefined) sendRefusal(response, refusal('TOO_MANY_ATTEMPTS', { retryMs }));
    else
      sendRefusal(
        response,
        refusal('WRONG_PIN', { message: `That PIN is not right; ${left} more attempts.` }),
      );
  }
}

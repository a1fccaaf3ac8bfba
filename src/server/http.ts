import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { BadTokenRequest, type TokenMint } from './auth-tokens';
import { credentialOf, isTokenRoute } from './routes';

/** A request for a token is far smaller. */
const MAX_BODY = 1024 * 1024;

/**
 * Answers a request that is no WebSocket upgrade: what this is at the root, new tokens for `POST …/auth_tokens`.
 * @param apiKey that must be shown for a token; undefined: any, or none
 */
export async function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  mint: TokenMint,
  apiKey: string | undefined,
): Promise<void> {
  if (!isTokenRoute(request.url)) {
    const root = request.url === '/';
    const text = root
      ? 'This is the local Gemini Live server. Connect a Live API client to it with this address as base URL.\n'
      : 'Not found: the local Live server serves only WebSocket connections of the Live API.\n';
    return answer(response, root ? 200 : 404, 'text/plain; charset=utf-8', text);
  }
  if (request.method !== 'POST')
    return fail(response, 405, 'METHOD_NOT_ALLOWED', 'Tokens are made with POST.');
  if (apiKey !== undefined && credentialOf(request) !== apiKey) {
    return fail(response, 400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.');
  }
  try {
    const name = mint.mint(await bodyOf(request));
    answer(response, 200, 'application/json; charset=utf-8', `${JSON.stringify({ name }, null, 2)}\n`);
  } catch (error) {
    if (!(error instanceof BadTokenRequest)) throw error;
    fail(response, 400, 'INVALID_ARGUMENT', error.message);
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new BadTokenRequest('The request is too large.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadTokenRequest('Invalid JSON payload received.');
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, connection: 'close' });
  response.end(body);
}

/** An error as Google's APIs write it. */
function fail(response: ServerResponse, code: number, status: string, message: string): void {
  const body = JSON.stringify({ error: { code, message, status } }, null, 2);
  answer(response, code, 'application/json; charset=utf-8', `${body}\n`);
}

/** Refuses an upgrade with a readable body, and hangs up. */
export function refuseUpgrade(stream: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  stream.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
      'content-type: text/plain; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

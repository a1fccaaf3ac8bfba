import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PageFile } from './files';
import { statusOf } from './refusals';
import type { Refusal } from './wire';

/** A PIN is far smaller. */
const MAX_BODY = 1024;

/** Only what this origin serves runs; nobody else's page may frame ours and catch a click on "allow the microphone". */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
  'permissions-policy': 'microphone=(self), camera=(self), display-capture=(self)',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Sends a file, or says that the browser has it already. */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  const known = request.headers['if-none-match'] === file.etag;
  // Always asked for again: an update of the package must not meet last week's page.
  const headers = { ...HEADERS, 'cache-control': 'no-cache', etag: file.etag };
  if (known) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.body.length });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

/** Sends JSON that nobody may keep. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...HEADERS,
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Sends a status without a body. */
export function sendNothing(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { ...HEADERS, 'cache-control': 'no-store', ...headers }).end();
}

/** Refuses a request. */
export function sendRefusal(response: ServerResponse, refused: Refusal): void {
  sendJson(response, statusOf(refused.code), refused);
}

/**
 * The JSON body of a request, also where a body parser of the host was faster. Undefined when it is none, or too large: then
 * the rest is not read.
 */
export async function bodyOf(request: IncomingMessage & { body?: unknown }): Promise<unknown> {
  if (request.body !== undefined) return request.body;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Refuses an upgrade with a readable body, and hangs up. */
export function refuseUpgrade(socket: Duplex, refused: Refusal): void {
  const status = statusOf(refused.code);
  const body = JSON.stringify(refused);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  // An upgraded socket has no timeouts of its own: one that is never closed by the other side must not stay.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

import type { RequestListener } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers a request that is no WebSocket upgrade. */
export const answerHttp: RequestListener = (request, response) => {
  const root = request.url === '/';
  const text = root
    ? 'This is the local Gemini Live server. Connect a Live API client to it with this address as base URL.\n'
    : 'Not found: the local Live server serves only WebSocket connections of the Live API.\n';
  response.writeHead(root ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(text);
};

/** Refuses an upgrade with a readable body, and hangs up. */
export function refuseUpgrade(stream: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  stream.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: text/plain; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

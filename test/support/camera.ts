import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a camera of the test serves. */
export interface Camera {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Requests so far, by path. */
  readonly requests: string[];
  /** Open connections. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

/** User and password of `/basic` and `/digest`. */
export const LOGIN = { user: 'guard', password: 'p@ss/w:rd' };

/**
 * A network camera on loopback. `/stream` is motion JPEG, `/raw` the same without anything between the frames, `/snapshot` one
 * picture per request, `/png` one of another kind; `/silent` never answers, `/stalls` stops in the middle, `/dies` ends after two
 * frames; `/damaged` cuts every second frame off; `/basic` and `/digest` want a login; `/page` is none.
 *
 * @param frames shown one after the other, over and over
 */
export async function startCamera(
  frames: readonly Buffer[],
  { intervalMs = 40, png = Buffer.alloc(0) } = {},
): Promise<Camera> {
  const requests: string[] = [];
  let shown = 0;
  const next = (): Buffer => frames[shown++ % frames.length]!;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').split('?')[0]!;
    requests.push(path);
    switch (path) {
      case '/snapshot':
        return void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(next());
      case '/png':
        return void response.writeHead(200, { 'content-type': 'image/png' }).end(png);
      case '/page':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Camera</h1>');
      case '/silent':
        return;
      case '/basic':
        if (
          request.headers.authorization ===
          `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`
        )
          return stream(response, next, { intervalMs });
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
      case '/digest':
        if (digestIsRight(request)) return stream(response, next, { intervalMs });
        return void response
          .writeHead(401, {
            'www-authenticate': `Digest realm="camera", nonce="${NONCE}", qop="auth", algorithm=MD5`,
          })
          .end();
      case '/raw':
        return stream(response, next, { intervalMs, type: 'video/x-motion-jpeg', bare: true });
      case '/stalls':
        return stream(response, next, { intervalMs, stopAfter: 2, hang: true });
      case '/dies':
        return stream(response, next, { intervalMs, stopAfter: 2 });
      case '/damaged':
        return stream(response, () => (shown % 2 ? next() : next().subarray(0, -200)), { intervalMs });
      case '/stream':
        return stream(response, next, { intervalMs });
      default:
        return void response.writeHead(404).end();
    }
  };
  const server = createServer((request, response) => {
    response.on('error', () => {});
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface StreamOptions {
  intervalMs: number;
  type?: string;
  bare?: boolean;
  stopAfter?: number;
  hang?: boolean;
}

async function stream(
  response: ServerResponse,
  next: () => Buffer,
  { intervalMs, type, bare, stopAfter = Infinity, hang }: StreamOptions,
): Promise<void> {
  response.writeHead(200, { 'content-type': type ?? 'multipart/x-mixed-replace; boundary=frame' });
  for (let sent = 0; !response.destroyed; sent++) {
    if (sent >= stopAfter) {
      if (!hang) response.destroy();
      return;
    }
    const jpeg = next();
    if (!bare)
      response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
    if (!bare) response.write('\r\n');
    await sleep(intervalMs);
  }
}

const NONCE = 'dcd98b7102dd2f0e8b11d0f600bfb0c0';

/** RFC 7616, 3.4.1, worked out from the other side. */
function digestIsRight(request: IncomingMessage): boolean {
  const header = request.headers.authorization ?? '';
  if (!header.startsWith('Digest ')) return false;
  const fields = Object.fromEntries(
    [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]+))/g)].map(([, name, quoted, plain]) => [
      name,
      quoted ?? plain,
    ]),
  ) as Record<string, string>;
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const one = md5(`${LOGIN.user}:camera:${LOGIN.password}`);
  const two = md5(`${request.method}:${request.url}`);
  const right = md5(`${one}:${NONCE}:${fields.nc}:${fields.cnonce}:auth:${two}`);
  return fields.response === right && fields.nonce === NONCE && fields.uri === request.url;
}

import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { classifyClose } from '../../protocol';
import { LiveError } from '../errors';
import { excerpt, hostOf } from '../redact';
import { agentFor } from './agent';
import type { NetworkOptions } from './proxy';

/** One request of a few bytes. */
export interface JsonRequest {
  url: string;
  headers: Record<string, string>;
  body: object;
  network?: NetworkOptions;
  /** How long the whole exchange may take (ms). */
  timeoutMs: number;
  /** Taken out of everything that is shown. */
  secrets: readonly string[];
}

/** An answer larger than this (bytes) is not the one that was asked for. */
const MAX_BODY_BYTES = 256 * 1024;
/** How much of a refusal is shown (characters). */
const MAX_REASON = 300;

/**
 * Posts JSON and reads JSON, through the same proxies and with the same trust as the WebSocket.
 *
 * @throws LiveError (as rejection) `BAD_CONFIG`, `CONNECT_FAILED`, `CONNECT_TIMEOUT`, `HTTP_REFUSED`
 */
export async function postJson(request: JsonRequest): Promise<unknown> {
  const { status, body } = await exchange(request);
  const host = hostOf(request.url);
  if (status < 200 || status > 299) {
    const reason = excerpt(reasonIn(body), request.secrets, MAX_REASON);
    const { policy, title, advice } = classifyClose(status, reason, { inSetup: true });
    throw new LiveError(
      'HTTP_REFUSED',
      `${title} (${host}, HTTP status ${status}${reason && `: ${reason}`})`,
      {
        policy,
        advice,
        reason,
        httpStatus: status,
      },
    );
  }
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new LiveError('CONNECT_FAILED', `${host} answered with something that is not JSON`, {
      advice: 'Check the address: another program may listen there.',
      policy: 'fatal',
    });
  }
}

function exchange(request: JsonRequest): Promise<{ status: number; body: string }> {
  const { url, headers, network, timeoutMs, secrets } = request;
  const agent = agentFor(url, network);
  const data = JSON.stringify(request.body);
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const send = url.startsWith('https:') ? https.request : http.request;
    const call = send(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(data)),
      },
      agent: agent ?? false,
    });
    const timer = setTimeout(() => {
      const message = `${hostOf(url)} did not answer within ${timeoutMs / 1000} s`;
      call.destroy(
        new LiveError('CONNECT_TIMEOUT', message, {
          advice: 'Check address, proxy and network.',
          policy: 'retry',
        }),
      );
      agent?.destroy();
    }, timeoutMs);
    call.on('close', () => clearTimeout(timer));
    call.on('error', (error) => reject(error instanceof LiveError ? error : failed(error, url, secrets)));
    call.on('response', (response) => {
      readAll(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body }),
        (error: Error) => reject(failed(error, url, secrets)),
      );
    });
    call.end(data);
  }).finally(() => agent?.destroy());
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('The answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(error: Error & { errors?: Error[] }, url: string, secrets: readonly string[]): LiveError {
  const text = error.message || error.errors?.[0]?.message || error.name;
  const reason = excerpt(text, secrets, MAX_REASON);
  const { policy, title, advice } = classifyClose(1006, reason, { inSetup: true });
  return new LiveError('CONNECT_FAILED', `${title} (${hostOf(url)}: ${reason})`, { policy, advice, reason });
}

/** Google's services say what is wrong in `error.message`. */
function reasonIn(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message;
  } catch {
    // Plain text, or a page of some gateway.
  }
  return body;
}

import type { Request, Response } from 'express';
import { excerpt } from '../../src/live/redact';
import type { Credentials } from '../config/credentials';
import { KEPT } from '../config/values';
import { asError } from '../shared/errors';
import type { Red } from '../shared/types';
import { userDir } from '../shared/values';
import { Connection, CONNECTION_TIMES } from './connection';
import { loadLibrary } from './library';
import { fromEnvironment } from './node';
import { CREDENTIALS, placeOf, secretsOf, type PlaceDef } from './settings';

/** What "list tools" found. Holds no secret. */
export interface ToolList {
  ok: boolean;
  /** What happened, where it failed. */
  message?: string;
  tools?: { name: string; description: string }[];
}

/** Lists that are being made at the same time: each may start a process. */
const AT_ONCE = 3;
const MAX_TEXT = 600;

const served = new WeakSet<object>();

/**
 * `POST gemini-live/mcp/tools` with `{id, fields, credentials}` as they stand in the dialog: connects, and answers with a
 * {@link ToolList}. It may start a program, so it is for those who may deploy flows, which may do the same.
 */
export function serveToolList(RED: Red): void {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  let running = 0;
  RED.httpAdmin.post(
    '/gemini-live/mcp/tools',
    RED.auth.needsPermission('flows.write'),
    (request: Request, response: Response): void => {
      if (running >= AT_ONCE) {
        response.status(429).json({ ok: false, message: RED._('list.busy') });
        return;
      }
      running += 1;
      const left = new AbortController();
      response.on('close', () => left.abort());
      listOf(RED, request.body, left.signal)
        .then(
          (result) => response.json(result),
          () => response.status(400).json({ ok: false, message: RED._('list.bad') }),
        )
        .finally(() => (running -= 1));
    },
  );
}

async function listOf(RED: Red, body: unknown, signal: AbortSignal): Promise<ToolList> {
  const { id, fields, credentials } = body as {
    id: string;
    fields: Partial<PlaceDef>;
    credentials: Credentials;
  };
  const saved = (RED.nodes.getCredentials(id) ?? {}) as Credentials;
  const node = RED.nodes.getNode(id) ?? {};
  const resolve = (text: string): string => fromEnvironment(RED, node, text);
  const given: Credentials = Object.fromEntries(
    Object.keys(CREDENTIALS).map((name) => [
      name,
      credentials[name] === KEPT ? saved[name] : credentials[name],
    ]),
  );
  const def = {
    ...fields,
    command: resolve(fields.command ?? ''),
    args: (fields.args ?? []).map(resolve),
    cwd: resolve(fields.cwd ?? ''),
    url: resolve(fields.url ?? ''),
  };
  let secrets: string[] = [];
  let connection: Connection | undefined;
  try {
    const place = placeOf(def, given, resolve, userDir(RED));
    secrets = secretsOf(place, given);
    connection = await Connection.open(loadLibrary(userDir(RED)), place, signal, CONNECTION_TIMES);
    const tools = await connection.tools();
    const text = (value: unknown): string =>
      typeof value === 'string' ? excerpt(value, secrets, MAX_TEXT) : '';
    return {
      ok: true,
      tools: tools.map((tool) => ({ name: tool.name, description: text(tool.description ?? tool.title) })),
    };
  } catch (error) {
    return { ok: false, message: excerpt(asError(error).message, secrets, MAX_TEXT) };
  } finally {
    await connection?.close();
  }
}

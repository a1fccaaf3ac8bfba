import type { Request, Response } from 'express';
import { LiveSession } from '../../src/live';
import { within } from '../shared/handles';
import { asError } from '../shared/errors';
import type { Red } from '../shared/types';
import { userDir } from '../shared/values';
import { secretsOf, valuesOf, type Credentials } from './credentials';
import { FIELDS, type FieldName } from './fields';
import { prepare } from './prepare';
import { inWords, type ConfigDef, type Words } from './settings';
import { KEPT } from './values';

/** What became of a test. Holds no secret. */
export interface TestResult {
  ok: boolean;
  /** What happened, in one or two sentences. */
  message: string;
  endpoint?: string;
  model?: string;
  /** From the beginning to the accepted setup (ms). */
  ms?: number;
  /** Code of the failure. */
  code?: string;
  /** What the model's profile or the service had to say. */
  warnings?: string[];
}

/** Tests in any minute: each is a session start, which services count. */
const PER_MINUTE = 10;
const MINUTE_MS = 60_000;
/** Longest wait for the socket, and then for the answer to the setup (ms, each). */
const TIMEOUT_MS = 8000;
const CLOSE_MS = 2000;

const served = new WeakSet<object>();

/**
 * `POST gemini-live/config/test` with `{id, fields, credentials}` as they stand in the dialog: connects, and answers with a
 * {@link TestResult}. Whoever may change flows may do this: with a changed address the saved key goes somewhere else, as it would
 * with a changed flow.
 */
export function serveTest(RED: Red): void {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  const starts: number[] = [];
  RED.httpAdmin.post(
    '/gemini-live/config/test',
    RED.auth.needsPermission('flows.write'),
    (request: Request, response: Response): void => {
      const now = Date.now();
      while (starts[0] !== undefined && now - starts[0] >= MINUTE_MS) starts.shift();
      if (starts.length >= PER_MINUTE) {
        const seconds = String(Math.ceil((starts[0]! + MINUTE_MS - now) / 1000));
        response.status(429).json({ ok: false, message: RED._('test.again', { seconds }) });
        return;
      }
      starts.push(now);
      testOf(RED, request.body).then(
        (result) => response.json(result),
        () => response.status(400).json({ ok: false, message: RED._('test.bad') }),
      );
    },
  );
}

async function testOf(RED: Red, body: unknown): Promise<TestResult> {
  const { id, fields, credentials } = body as { id: string; fields: ConfigDef; credentials: Credentials };
  const saved = (RED.nodes.getCredentials(id) ?? {}) as Credentials;
  const resolve = (value: unknown): unknown => fromEnvironment(RED, value);
  const names = Object.keys(FIELDS) as FieldName[];
  const def: Partial<ConfigDef> = Object.fromEntries(names.map((name) => [name, resolve(fields[name])]));
  const secrets = Object.fromEntries(
    names.map((name) => {
      const value = credentials[name];
      return [name, resolve(value === KEPT ? saved[name] : value) as string | undefined];
    }),
  );
  return tryOut(def, secrets, userDir(RED), (key, values = {}) => RED._(key, values));
}

/** `${NAME}` as a whole is a variable, as Node-RED has it when a flow is deployed. */
function fromEnvironment(RED: Red, value: unknown): unknown {
  if (typeof value !== 'string' || !/^\$\{[^}]+\}$/.test(value.trim())) return value;
  return RED.util.evaluateNodeProperty(value.trim(), 'env', {} as never, {}) || value;
}

/**
 * Connects with the values of a dialog, says what happened, and disconnects. Never rejects.
 *
 * @param folder where relative file names start
 */
export async function tryOut(
  def: Partial<ConfigDef>,
  credentials: Credentials,
  folder: string,
  words: Words,
): Promise<TestResult> {
  const secrets = secretsOf(credentials);
  const clean = (text: string): string =>
    secrets.reduce((out, secret) => out.replaceAll(secret, '[secret]'), text);
  const started = performance.now();
  const warnings: string[] = [];
  let done = async (): Promise<void> => {};
  try {
    const values = valuesOf(def, credentials);
    const { endpoint, settings } = await prepare(values, [], folder);
    done = () => endpoint.release(true);
    const session = new LiveSession({
      setupTimeoutMs: TIMEOUT_MS,
      ...settings,
      endpoint: endpoint.connection,
      recovery: false,
      limits: {},
    });
    done = async () => {
      await within(CLOSE_MS, session.close());
      await endpoint.release(true);
    };
    session.on('warning', ({ message }) => warnings.push(clean(message)));
    await session.connect();
    const ms = Math.round(performance.now() - started);
    const where = { endpoint: endpoint.label, model: settings.model ?? '' };
    const service = words(`service.${endpoint.label}`);
    const message = words('test.ok', { service, model: where.model, ms: String(ms) });
    return { ok: true, message: [message, ...warnings].join(' '), ...where, ms, warnings };
  } catch (thrown) {
    const error = asError(inWords(thrown, words));
    return { ok: false, message: clean(error.message), ...(error.code && { code: error.code }), warnings };
  } finally {
    await done().catch(() => {});
  }
}

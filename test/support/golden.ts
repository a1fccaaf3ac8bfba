import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a caller gave the official SDK, and what it sent. See `test/golden/README.md`. */
export interface Golden {
  name: string;
  input: {
    client: {
      apiKey?: string;
      vertexai?: boolean;
      project?: string;
      location?: string;
      googleAuthOptions?: string;
      httpOptions?: { baseUrl?: string; apiVersion?: string; headers?: Record<string, string> };
    };
    model: string;
    config: Record<string, unknown> | null;
    sends: Array<[string, Record<string, unknown>]>;
    token?: {
      uses: number;
      expireTime: string;
      newSessionExpireTime: string;
      liveConnectConstraints: { model: string; config: Record<string, unknown> };
      lockAdditionalFields: string[];
    };
  };
  url: string | null;
  headers: Record<string, string> | null;
  frames: Array<{ json: unknown }>;
  /** What `connect()` threw. */
  error?: string;
  /** What the sends threw. */
  sendErrors?: string[];
  http?: Array<{ url: string; body: Record<string, unknown> }>;
}

const FOLDER = path.resolve(__dirname, '../golden');
const INT64 = new Set(['triggerTokens', 'targetTokens', 'lastConsumedClientMessageIndex']);
const OPAQUE = new Set(['args', 'response', 'parametersJsonSchema', 'responseJsonSchema', 'labels']);

/** All recorded cases. */
export function loadGoldens(): Golden[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as Golden);
}

/**
 * One form for all spellings that proto3 JSON treats alike: camelCase, int64 as string, standard base64 without
 * padding, null as absent, keys in order. Free JSON inside `args` and the like stays as it is.
 */
export function canon(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => canon(item));
  if (value !== null && typeof value === 'object') {
    if (OPAQUE.has(key)) return value;
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined && item !== null)
      .map(([name, item]): [string, unknown] => {
        const camel = key === 'properties' ? name : camelCase(name);
        return [camel, canon(item, camel)];
      });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (INT64.has(key)) return String(value);
  if (key === 'data' && typeof value === 'string') {
    return value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  }
  return value;
}

/** Where two values differ, as `$.path: …` lines. */
export function difference(sdk: unknown, ours: unknown, at = '$'): string[] {
  if (Object.is(sdk, ours)) return [];
  if (isTree(sdk) && isTree(ours) && Array.isArray(sdk) === Array.isArray(ours)) {
    const a = sdk as Record<string, unknown>;
    const b = ours as Record<string, unknown>;
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
      if (!(key in a)) return [`${at}.${key}: only ours ${JSON.stringify(b[key])}`];
      if (!(key in b)) return [`${at}.${key}: only SDK ${JSON.stringify(a[key])}`];
      return difference(a[key], b[key], `${at}.${key}`);
    });
  }
  return [`${at}: SDK ${JSON.stringify(sdk)} / ours ${JSON.stringify(ours)}`];
}

/** Compares URL (path and version; authentication is checked apart) and frames with a recorded case. */
export function diffGolden(golden: Golden, ours: { url?: string; frames: unknown[] }): string[] {
  const out: string[] = [];
  if (golden.url && ours.url !== undefined && barePath(golden.url) !== barePath(ours.url)) {
    out.push(`url: SDK ${barePath(golden.url)} / ours ${barePath(ours.url)}`);
  }
  const count = Math.max(golden.frames.length, ours.frames.length);
  for (let i = 0; i < count; i++) {
    const sdk = golden.frames[i]?.json ?? null;
    out.push(...difference(canon(sdk), canon(ours.frames[i] ?? null), `frame ${i}`));
  }
  return out;
}

function barePath(url: string): string {
  return url
    .replace(/^wss?:\/\/[^/]+/, '')
    .replace(/^\/+/, '/')
    .replace(/\?.*$/, '');
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function isTree(value: unknown): boolean {
  return value !== null && typeof value === 'object';
}

/** What an address below the hub's path means. */
export type Route =
  | { kind: 'page' | 'token' | 'socket' | 'manifest' | 'slash'; page: string }
  | { kind: 'asset'; file: string }
  | { kind: 'pair' }
  | { kind: 'unknown' };

/** Names below the path that are no pages. */
const RESERVED = ['assets', 'pair', 'sw.js'];
const KINDS = new Map([
  [undefined, 'page'],
  ['', 'slash'],
  ['token', 'token'],
  ['socket', 'socket'],
  ['manifest.webmanifest', 'manifest'],
] as const);

/** Whether a page may have this name: it stands in an address, so it must be one part of one. */
export function isPageName(name: string): boolean {
  if (name === '.' || name === '..' || RESERVED.includes(name) || name.trim() !== name) return false;
  return /^[^/\\\p{C}]{1,100}$/u.test(name);
}

/**
 * Reads the address of a request.
 *
 * @param url path and query, as in the request line
 * @param base where the hub is mounted, without a slash at the end
 * @returns undefined when it does not lie below the base
 */
export function routeOf(url: string | undefined, base: string): Route | undefined {
  const path = (url ?? '').split(/[?#]/, 1)[0]!;
  if (!path.startsWith(`${base}/`)) return undefined;
  const parts = path.slice(base.length + 1).split('/');
  const [first = '', second] = parts.map(decoded);
  if (parts.length === 1 && first === 'pair') return { kind: 'pair' };
  if (parts.length === 1 && first === 'sw.js') return { kind: 'asset', file: first };
  if (parts.length === 2 && first === 'assets' && second) return { kind: 'asset', file: second };
  const kind = KINDS.get(second as undefined);
  if (parts.length > 2 || kind === undefined || !isPageName(first)) return { kind: 'unknown' };
  return { kind, page: first };
}

/** An address that cannot be decoded is not one of ours: the empty text matches nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '/';
  }
}

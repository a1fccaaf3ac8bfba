import { createHash, randomBytes } from 'node:crypto';

/** User and password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');

/**
 * The `Authorization` header that a server asks for with its `WWW-Authenticate` header: Digest (RFC 7616, MD5 and SHA-256), which most
 * network cameras want, else Basic. undefined when it asks for something else.
 */
export function authorization(
  challenge: string | null,
  { user, password }: Login,
  request: { method: string; path: string },
  nonceCount: number,
): string | undefined {
  const digest = /Digest\s+((?:[\w-]+=(?:"[^"]*"|[^\s,]+)\s*,?\s*)+)/i.exec(challenge ?? '')?.[1];
  if (!digest) return /Basic/i.test(challenge ?? '') ? basic({ user, password }) : undefined;
  const fields = [...digest.matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,]+))/g)];
  const given = new Map(
    fields.map(([, name, quoted, plain]) => [name!.toLowerCase(), quoted ?? plain ?? '']),
  );
  const [realm, nonce] = [given.get('realm') ?? '', given.get('nonce') ?? ''];
  const asked = given.get('algorithm') ?? 'MD5';
  const algorithm = /sha-?256/i.test(asked) ? 'sha256' : 'md5';
  const cnonce = randomBytes(8).toString('hex');
  const nc = nonceCount.toString(16).padStart(8, '0');
  const qop = given
    .get('qop')
    ?.split(/[\s,]+/)
    .includes('auth')
    ? 'auth'
    : undefined;
  const first = hash(algorithm, `${user}:${realm}:${password}`);
  const secret = /-sess$/i.test(asked) ? hash(algorithm, `${first}:${nonce}:${cnonce}`) : first;
  const about = hash(algorithm, `${request.method}:${request.path}`);
  const response = hash(
    algorithm,
    qop ? `${secret}:${nonce}:${nc}:${cnonce}:${qop}:${about}` : `${secret}:${nonce}:${about}`,
  );
  const opaque = given.get('opaque');
  return [
    `Digest username="${user.replace(/["\\]/g, '\\$&')}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${request.path}"`,
    `response="${response}"`,
    `algorithm=${asked}`,
    ...(qop ? [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ');
}

/** Basic needs no challenge. */
function basic({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

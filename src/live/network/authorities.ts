import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls, { type SecureContext } from 'node:tls';
import { LiveError } from '../errors';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Reading the list of authorities costs milliseconds, and sessions connect again and again with the same one. */
const contexts = new Map<string, SecureContext>();
const MAX_CONTEXTS = 8;

/**
 * A TLS context that trusts the given authorities in addition to those that Node.js trusts anyway.
 *
 * @param ca one or several certificates (PEM).
 * @throws LiveError `BAD_CONFIG` when there is none in it, or one that cannot be read.
 */
export function contextFor(ca: string): SecureContext {
  const known = contexts.get(ca);
  if (known) return known;
  const context = tls.createSecureContext({ ca: [...usualAuthorities(), ...certificatesOf(ca)] });
  contexts.set(ca, context);
  if (contexts.size > MAX_CONTEXTS) contexts.delete(contexts.keys().next().value ?? '');
  return context;
}

function certificatesOf(ca: string): string[] {
  const certificates = ca.match(PEM) ?? [];
  try {
    for (const pem of certificates) new X509Certificate(pem);
  } catch {
    throw bad('a certificate in it cannot be read');
  }
  if (certificates.length === 0) throw bad('there is no certificate in it');
  return certificates;
}

function bad(what: string): LiveError {
  return new LiveError('BAD_CONFIG', `The certificate authority (CA) cannot be used: ${what}`, {
    advice: 'Give it as PEM text: -----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----.',
    policy: 'fatal',
  });
}

/** Giving `ca` replaces the whole list, so what stands in it by default is added. */
function usualAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  if (getCACertificates) return getCACertificates('default');
  return [...tls.rootCertificates, ...extraAuthorities()];
}

/** Node.js 20 does not tell what `NODE_EXTRA_CA_CERTS` has added. */
function extraAuthorities(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (!file) return [];
  try {
    return readFileSync(file, 'utf8').match(PEM) ?? [];
  } catch {
    // Node.js itself only warns about a file that it cannot read.
    return [];
  }
}

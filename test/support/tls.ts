import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** An authority made for one test run, and the certificate of a server that it vouches for. */
export interface Authority {
  /** Certificate of the authority (PEM). */
  ca: string;
  /** Certificate and private key of the server (PEM). */
  cert: string;
  key: string;
}

/** What is missing for {@link makeAuthority}, for `skipWithout`. */
export function opensslMissing(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'certificates are made with openssl (Debian: apt-get install openssl)';
  }
}

/**
 * Makes an authority nobody else trusts, and a server certificate for the given names.
 *
 * @param names such as `DNS:live.test` or `IP:127.0.0.1`.
 */
export function makeAuthority(names: readonly string[]): Authority {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gemini-live-tls-'));
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    writeFileSync(path.join(folder, 'names'), `subjectAltName=${names.join(',')}\n`);
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=Test authority',
    );
    openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=Test server');
    const signed = ['-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', ...signed, '-days', '2', '-extfile', 'names', '-out', 'server.pem');
    return { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

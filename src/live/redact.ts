import { createHash } from 'node:crypto';
import { redact as redactUrls } from '../media';

/** What credentials look like, wherever they come from. */
const PATTERNS: ReadonlyArray<[RegExp, string]> = [
  [/AIza[\w-]{10,}/g, '[key]'],
  [/auth_tokens\/[\w.-]+/g, '[token]'],
  [/ya29\.[\w.-]+/g, '[token]'],
  [/\b(Bearer|Token)\s+[\w.\-/+=]+/g, '$1 [token]'],
];

/**
 * Takes credentials out of a text from the network before it becomes a message.
 *
 * @param secrets the session's own credentials, taken out wherever they stand.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let out = text;
  for (const secret of secrets) if (secret.length > 3) out = out.replaceAll(secret, '[secret]');
  for (const [pattern, replacement] of PATTERNS) out = out.replace(pattern, replacement);
  return redactUrls(out);
}

/** Host and port of a URL, without what may stand before: user and password. Empty when it is no URL. */
export function hostOf(url: string): string {
  try {
    return new URL(url.trim()).host;
  } catch {
    // Perhaps a password with a "/" in it: none of it may be shown.
    return '';
  }
}

/** A text from the network as one line of limited length, safe to show. */
export function excerpt(text: string, secrets: readonly string[], limit: number): string {
  const line = redact(text, secrets)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/** A handle is as good as the conversation behind it, so events show only enough to tell one from another. */
export function fingerprint(handle: string): string {
  return createHash('sha256').update(handle).digest('hex').slice(0, 12);
}

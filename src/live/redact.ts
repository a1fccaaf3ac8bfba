/** What credentials look like, wherever they come from. */
const PATTERNS: ReadonlyArray<[RegExp, string]> = [
  [/AIza[\w-]{10,}/g, '[key]'],
  [/auth_tokens\/[\w.-]+/g, '[token]'],
  [/ya29\.[\w.-]+/g, '[token]'],
  [/\b(Bearer|Token)\s+[\w.\-/+=]+/g, '$1 [token]'],
  [/([?&](?:key|access_token)=)[^&\s"']+/g, '$1[key]'],
  [/\/\/[^/@\s]+@/g, '//[credentials]@'],
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
  return out;
}

/** A text from the network as one line of limited length, safe to show. */
export function excerpt(text: string, secrets: readonly string[], limit: number): string {
  const line = redact(text, secrets)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

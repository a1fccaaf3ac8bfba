/** Puts values into a text, inner braces first (`{light {room}}`); nothing when a value is not known. */
export function fill(text: string, known: (key: string) => string | undefined): string | undefined {
  let missing = false;
  const once = (part: string): string =>
    part.replace(/\{([^{}]*)\}/g, (_, key: string) => {
      const value = known(key);
      if (value === undefined) missing = true;
      return value ?? '';
    });
  const filled = once(once(text));
  return missing ? undefined : filled;
}

/**
 * Whether something is shown, by what other fields say: `endpoint=auto|gemini or endpoint=token and tokenFrom=mint`. The dialog
 * hides by it, and what is hidden is not sent. `*` is any value but none.
 *
 * @param read value of a field as text
 */
export function shown(condition: string, read: (field: string) => string): boolean {
  return alternatives(condition).some((all) => all.every(({ field, values }) => fits(values, read(field))));
}

/** The fields that a condition asks about. */
export function askedFor(condition: string): string[] {
  return [...new Set(alternatives(condition).flatMap((all) => all.map(({ field }) => field)))];
}

function alternatives(condition: string): { field: string; values: string[] }[][] {
  return condition.split(' or ').map((all) =>
    all.split(' and ').map((one) => {
      const [field = '', values = ''] = one.trim().split('=');
      return { field, values: values.split('|') };
    }),
  );
}

function fits(values: string[], value: string): boolean {
  return values.includes(value) || (value !== '' && values.includes('*'));
}

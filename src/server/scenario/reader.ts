/** Refuses a scenario, naming the place of the mistake. */
export type Fail = (place: string, problem: string) => never;

/** Small typed readers that name the place of a mistake. */
export class Reader {
  constructor(readonly fail: Fail) {}

  object(value: unknown, place: string, known?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(place, `expected an object, got ${kindOf(value)}`);
    }
    for (const key of Object.keys(value)) {
      if (known && !known.includes(key)) {
        this.fail(place ? `${place}.${key}` : key, `unknown key; known here: ${known.join(', ')}`);
      }
    }
    return value as Record<string, unknown>;
  }

  list(value: unknown, place: string): unknown[] {
    if (!Array.isArray(value) || value.length === 0) {
      return this.fail(place, `expected a list with at least one entry, got ${kindOf(value)}`);
    }
    return value;
  }

  text(value: unknown, place: string): string {
    if (typeof value !== 'string' || !value.trim())
      return this.fail(place, `expected text, got ${kindOf(value)}`);
    return value;
  }

  /** One text or a list of texts. */
  texts(value: unknown, place: string): string[] {
    if (typeof value === 'string') return [this.text(value, place)];
    return this.list(value, place).map((entry, index) => this.text(entry, `${place}[${index}]`));
  }

  number(value: unknown, place: string): number {
    if (!Number.isInteger(value)) return this.fail(place, `expected a whole number, got ${kindOf(value)}`);
    return value as number;
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length ? 'a list' : 'an empty list';
  if (typeof value === 'string') return value.trim() ? `"${value}"` : 'an empty text';
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
}
